import type { Dialog, World } from '../world/world.ts';
import { createSessions, type Sessions } from './application.ts';
import { watchWorld } from './ok-events.ts';
import { createUpdates, type Updates } from './updates.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** What OK knows beyond the world. */
export interface OkNetwork {
  world: World;
  sessions: Sessions;
  webhooks: Webhooks;
  updates: Updates;
  /** Presses that were not answered yet, by callbackId: in which chat. */
  presses: Map<string, Dialog>;
}

// Unanswered presses are kept for ever at OK, as far as anybody knows; the oldest go first here.
const PRESSES_MAX = 10_000;

/** OK over this world: from here on what people do in it is told to webhooks and to long polling. */
export function createOkNetwork(world: World): OkNetwork {
  const network: OkNetwork = {
    world,
    sessions: createSessions(world),
    webhooks: createWebhooks(world),
    updates: createUpdates(world),
    presses: new Map(),
  };
  watchWorld(world, (event) => {
    const copies = world.faults.drawCopies('ok');
    network.webhooks.publish(event, copies);
    network.updates.publish(event, copies);
  });
  world.on('pressed', ({ dialog, callbackId }) => {
    if (dialog.group.network !== 'ok') return;
    network.presses.set(callbackId, dialog);
    const oldest = network.presses.size > PRESSES_MAX ? network.presses.keys().next() : undefined;
    if (oldest?.done === false) network.presses.delete(oldest.value);
  });
  world.on('reset', (options) => {
    network.sessions.reset();
    network.webhooks.reset(options);
    network.updates.reset(options);
    network.presses.clear();
  });
  return network;
}

import type { Chat, Dialog, Group, Message, Person, World } from '../world/world.ts';
import { OK_APPLICATION } from './application.ts';
import { type ApplicationEvents, createApplicationEvents } from './application-events.ts';
import { createGroupTokens, type GroupTokens } from './group-tokens.ts';
import { watchWorld } from './ok-events.ts';
import { createOkSettings, type OkSettings } from './ok-settings.ts';
import { createMassNotifications, type MassNotifications } from './rest/mass-notifications.ts';
import { createQuotas, type Quotas } from './rest/quotas.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createUpdates, type Updates } from './updates.ts';
import { createUploads, type Uploads } from './uploads/uploads.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** What OK knows beyond the world. */
export interface OkNetwork {
  world: World;
  settings: OkSettings;
  sessions: Sessions;
  /** Addresses that the application has registered. Compared character by character up to the query (contracts/ok.md 2.1). */
  redirectUris: Set<string>;
  groupTokens: GroupTokens;
  webhooks: Webhooks;
  updates: Updates;
  applicationEvents: ApplicationEvents;
  uploads: Uploads;
  quotas: Quotas;
  massNotifications: MassNotifications;
  /** The newest notification by sendSimple of each person. */
  notifications: Map<Person, Message>;
  /** Presses that were not answered yet, by callbackId: where. */
  presses: Map<string, { place: Dialog | Chat; person: Person }>;
}

// Unanswered presses are kept for ever at OK, as far as anybody knows; the oldest go first here.
const PRESSES_MAX = 10_000;

/** OK over this world: from here on what people do in it is told to webhooks and to long polling. */
export function createOkNetwork(world: World): OkNetwork {
  const settings = createOkSettings();
  const updates = createUpdates(world);
  const webhooks = createWebhooks(world, settings);
  const network: OkNetwork = {
    world,
    settings,
    sessions: createSessions(world, settings),
    redirectUris: new Set(OK_APPLICATION.redirectUris),
    groupTokens: createGroupTokens(world),
    webhooks,
    updates,
    applicationEvents: createApplicationEvents(webhooks, updates),
    uploads: createUploads(world, settings),
    quotas: createQuotas(world.clock),
    massNotifications: createMassNotifications(world),
    notifications: new Map(),
    presses: new Map(),
  };
  watchWorld(world, (event) => {
    const copies = world.faults.drawCopies('ok');
    webhooks.publish(event, copies);
    updates.publish(event, copies);
  });
  const adoptTokens = (group: Group, extra: Record<string, unknown>): void => {
    if (group.network !== 'ok' || !Array.isArray(extra['attachments'])) return;
    for (const { payload } of extra['attachments'] as { payload?: { token?: unknown } }[]) {
      if (typeof payload?.token === 'string') network.uploads.adopt(group, payload.token);
    }
  };
  const keepPress = (callbackId: string, place: Dialog | Chat, person: Person): void => {
    if (place.group.network !== 'ok') return;
    network.presses.set(callbackId, { place, person });
    const oldest = network.presses.size > PRESSES_MAX ? network.presses.keys().next() : undefined;
    if (oldest?.done === false) network.presses.delete(oldest.value);
  };
  world.on('pressed', ({ dialog, callbackId }) => keepPress(callbackId, dialog, dialog.person));
  world.on('chatPressed', ({ chat, callbackId, person }) => keepPress(callbackId, chat, person));
  // What a person sent may be sent on by its token (contracts/ok.md 3.4).
  world.on('said', ({ dialog, extra }) => adoptTokens(dialog.group, extra));
  world.on('chatSaid', ({ chat, author, extra }) => {
    if (author !== null) adoptTokens(chat.group, extra);
  });
  world.on('reset', (options) => {
    settings.reset();
    network.sessions.reset();
    network.redirectUris = new Set(OK_APPLICATION.redirectUris);
    network.groupTokens.reset();
    webhooks.reset(options);
    updates.reset(options);
    network.applicationEvents.reset(options);
    network.uploads.reset();
    network.quotas.reset();
    network.massNotifications.reset();
    network.notifications.clear();
    network.presses.clear();
  });
  return network;
}

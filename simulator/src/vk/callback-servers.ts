import type { Lanes } from '../delivery/delivery.ts';
import type { Group, World } from '../world/world.ts';
import { createCallbackSender, postCallback } from './callback-sender.ts';
import type { EventSettings } from './event-settings.ts';
import { eventBody, type VkEvent } from './vk-events.ts';

/** At most so many servers per community (contracts/vk.md 1.1). */
export const CALLBACK_SERVERS_MAX = 10;

// A server that does not know the code yet (it is told after it was added) gets the confirmation again. [?] Ours.
const CONFIRMATION_REPEATS_MS = [1_000, 5_000, 15_000];

/** `unconfigured`: not asked yet; `wait`: asked to confirm; `failed`: did not confirm, or an event failed at every try. */
export type CallbackStatus = 'unconfigured' | 'wait' | 'ok' | 'failed';

export interface CallbackServerFields {
  url: string;
  title: string;
  /** Sent with every event; empty for none. */
  secretKey: string;
}

export interface CallbackServer extends CallbackServerFields {
  readonly id: number;
  status: CallbackStatus;
  readonly events: EventSettings;
}

/** The callback servers of all communities: their list, their handshake and what is sent to them. */
export interface CallbackServers {
  list(group: Group): readonly CallbackServer[];
  find(group: Group, id: number): CallbackServer | null;
  /** Null where the community has `CALLBACK_SERVERS_MAX`. The confirmation goes out at once. */
  add(group: Group, fields: CallbackServerFields): CallbackServer | null;
  /** Asks for a confirmation again. */
  edit(group: Group, server: CallbackServer, fields: CallbackServerFields): void;
  /** Asks for a confirmation where the server has not confirmed and is not being asked; what waits for it is tried again after that. */
  confirm(group: Group, server: CallbackServer): void;
  delete(group: Group, server: CallbackServer): void;
  /** What a server must answer to `confirmation`: the same for all servers of a community until it is changed. */
  confirmationCode(group: Group): string;
  /** VK changes the code from time to time (contracts/vk.md 1.1). [?] Whether the code before is still taken is not known. */
  changeCode(group: Group, options: { isOldTaken: boolean }): void;
  publish(event: VkEvent, copies: number): void;
  /** Drops what waits to be sent; the servers too where `subscriptions`. */
  reset(options: { subscriptions: boolean }): void;
  /** Nothing is sent from here on. */
  stop(): void;
}

interface Entry {
  server: CallbackServer;
  sender: Lanes<Record<string, unknown>>;
  /** Ends the handshake that is going on. */
  handshake: AbortController;
  /** Whether it ever confirmed: only then it gets events, also while it is asked again. */
  isConfirmed: boolean;
}

export function createCallbackServers(world: World): CallbackServers {
  const entries = new Map<Group, Entry[]>();
  /** The one that is told, then those that are still taken. */
  const codes = new Map<Group, [string, ...string[]]>();
  let lastId = 0;

  const ofGroup = (group: Group): Entry[] => entries.get(group) ?? [];
  const entryOf = (group: Group, server: CallbackServer): Entry | undefined =>
    ofGroup(group).find((entry) => entry.server === server);
  const close = ({ handshake, sender }: Entry): void => {
    handshake.abort();
    sender.stop();
  };
  const remove = (group: Group, server: CallbackServer): void => {
    const entry = entryOf(group, server);
    if (entry !== undefined) close(entry);
    entries.set(
      group,
      ofGroup(group).filter((other) => other !== entry),
    );
  };
  const openSender = (group: Group, server: CallbackServer): Lanes<Record<string, unknown>> =>
    createCallbackSender(world, () => ({ url: server.url, secret: secretOf(server) }), {
      taken: () => {
        if (server.status !== 'failed') return;
        server.status = 'ok';
        entryOf(group, server)?.sender.hurry();
      },
      gaveUp: () => {
        server.status = 'failed';
      },
      removed: () => remove(group, server),
      isFailed: () => server.status === 'failed',
    });
  const confirmationCode = (group: Group): string => {
    const taken = codes.get(group) ?? [world.ids.hex(8)];
    codes.set(group, taken);
    return taken[0];
  };

  const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const cancel = world.clock.schedule(resolve, delayMs);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });

  const shakeHands = async (group: Group, entry: Entry): Promise<void> => {
    entry.handshake.abort();
    entry.handshake = new AbortController();
    const { signal } = entry.handshake;
    const { server } = entry;
    server.status = 'wait';
    // The secret stands in the confirmation too: receivers check it before they look at the type (contracts/vk.md 1.1).
    const body = { type: 'confirmation', group_id: Number(group.id), ...secretOf(server) };
    for (const repeatAfterMs of [...CONFIRMATION_REPEATS_MS, null]) {
      const answer = await postCallback(world, { url: server.url, body, retryCounter: 0, signal });
      if (signal.aborted) return;
      const isTaken = (code: string): boolean => code === confirmationCode(group) || (codes.get(group)?.includes(code) ?? false);
      if (answer.kind === 'answered' && isTaken(answer.body)) {
        server.status = 'ok';
        entry.isConfirmed = true;
        entry.sender.hurry();
        return;
      }
      if (repeatAfterMs !== null) await pause(repeatAfterMs, signal);
      if (signal.aborted) return;
    }
    server.status = 'failed';
  };

  return {
    list: (group) => ofGroup(group).map(({ server }) => server),
    find: (group, id) => ofGroup(group).find(({ server }) => server.id === id)?.server ?? null,
    add(group, fields) {
      const own = ofGroup(group);
      if (own.length >= CALLBACK_SERVERS_MAX) return null;
      lastId += 1;
      // [?] Which events VK switches on for a new server is not known: none, so that a client must say what it wants.
      const events: EventSettings = { apiVersion: '5.199', enabled: new Set() };
      const server: CallbackServer = { ...fields, id: lastId, status: 'unconfigured', events };
      const entry: Entry = { server, sender: openSender(group, server), handshake: new AbortController(), isConfirmed: false };
      entries.set(group, [...own, entry]);
      void shakeHands(group, entry);
      return server;
    },
    edit(group, server, fields) {
      Object.assign(server, fields);
      const entry = entryOf(group, server);
      if (entry !== undefined) void shakeHands(group, entry);
    },
    confirm(group, server) {
      const entry = entryOf(group, server);
      const isAskedOrDone = server.status === 'wait' || server.status === 'ok';
      if (entry !== undefined && !isAskedOrDone) void shakeHands(group, entry);
    },
    delete: remove,
    confirmationCode,
    changeCode(group, { isOldTaken }) {
      const old = confirmationCode(group);
      codes.set(group, isOldTaken ? [world.ids.hex(8), old] : [world.ids.hex(8)]);
    },
    publish(event, copies) {
      for (const { server, sender, isConfirmed } of ofGroup(event.group)) {
        if (!isConfirmed || !server.events.enabled.has(event.type)) continue;
        const body = eventBody(event, server.events.apiVersion);
        for (let copy = 0; copy < copies; copy += 1) sender.add(event.dialogKey, body);
      }
    },
    reset({ subscriptions }) {
      for (const [group, own] of entries) {
        for (const entry of own) {
          entry.sender.stop();
          entry.sender = openSender(group, entry.server);
          if (subscriptions) close(entry);
        }
      }
      if (subscriptions) entries.clear();
    },
    stop() {
      for (const entry of [...entries.values()].flat()) close(entry);
    },
  };
}

function secretOf({ secretKey }: CallbackServerFields): { secret?: string } {
  return secretKey === '' ? {} : { secret: secretKey };
}

import type { Channel, Outgoing, SendOutcome } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import { createSlidingWindow, LIMITS, type SlidingWindow } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Claim, ClaimedMessage, ClaimRequest } from './claim.ts';
import { loopFailed, sendAnswered } from './events.ts';
import type { Settlement, Settler } from './settle.ts';

/** What a lane needs of the rest; the ports of its simulation too. */
export interface LaneParts {
  clock: Clock;
  /** Connections through which messages of this group go, the community's own first: replies do not wait behind notifications. */
  connectionsOf(network: 'vk' | 'ok', groupId: string): Promise<readonly Connection[]>;
  channel(connectionId: number): Promise<Channel>;
  claim(request: ClaimRequest, now: Date): Promise<Claim>;
  /** Takes over what an earlier owner left in flight. */
  recover(laneId: number, epoch: number): Promise<void>;
  outgoing(message: ClaimedMessage, lane: LaneIdentity, connection: Connection): Promise<Outgoing>;
  settler: Settler;
  pauseConnection(connectionId: number, reason: string): Promise<void>;
  sendTimeoutMs: number;
}

export interface LaneIdentity {
  laneId: number;
  epoch: number;
  network: 'vk' | 'ok';
  groupId: string;
}

/** The queue of one group, owned by this process: claims as many due messages as the limits have free slots, and sends them. */
export interface Lane extends LaneIdentity {
  /** There is new work, on one connection or on any. */
  wake(connectionId?: number): void;
  /** Stops claiming and waits for launched calls and their outcomes. Resolves with how long the group must stay quiet yet. */
  stop(): Promise<number>;
  /** The lease is not ours any more: nothing more is launched or written. */
  lose(): void;
}

interface Line {
  connection: Connection;
  calls: SlidingWindow | null;
  /** There may be due work. */
  hot: boolean;
  throttledUntil: number;
}

const IDLE_MS = 1_000;
const CONNECTIONS_AGE_MS = 2_000;
const STOP_WAIT_MS = 10_000;
// Slots of single calls free one by one: a claim that waits this much longer takes several at once.
const GATHER_MS = 5;

/** `leaseValid` says by the monotonic clock whether we may still launch; `quietMs` is how long to launch nothing at first. */
export function openLane(identity: LaneIdentity, quietMs: number, leaseValid: () => boolean, parts: LaneParts): Lane {
  const { clock } = parts;
  const { laneId, epoch, network, groupId } = identity;
  const lines = new Map<number, Line>();
  const inFlight = new Set<Promise<void>>();
  const replyTails = new Map<string, Promise<unknown>>();
  let notifications = createSlidingWindow({ ...LIMITS.notificationsPerGroup, clock });
  let notificationsMax: number = LIMITS.notificationsPerGroup.max;
  let connectionsReadAt = Number.NEGATIVE_INFINITY;
  let stopping = false;
  let lost = false;
  let wakeUp: () => void = () => {};
  let woken = false;

  const wake = (connectionId?: number): void => {
    for (const [id, line] of lines) if (connectionId === undefined || id === connectionId) line.hot = true;
    signal();
  };
  const signal = (): void => {
    woken = true;
    wakeUp();
  };
  const waitForWake = async (ms: number): Promise<void> => {
    if (woken || stopping) {
      woken = false;
      return;
    }
    const controller = new AbortController();
    wakeUp = () => controller.abort();
    await clock.sleep(ms, controller.signal);
    wakeUp = () => {};
    woken = false;
  };

  const readConnections = async (): Promise<void> => {
    if (clock.monotonic() - connectionsReadAt < CONNECTIONS_AGE_MS) return;
    const found = await parts.connectionsOf(network, groupId);
    connectionsReadAt = clock.monotonic();
    for (const connection of found) {
      const known = lines.get(connection.id);
      if (known === undefined)
        lines.set(connection.id, { connection, calls: callWindow(connection, clock), hot: true, throttledUntil: 0 });
      else {
        if (known.connection.pausedReason !== null && connection.pausedReason === null) known.hot = true;
        known.connection = connection;
      }
    }
    for (const id of lines.keys()) if (!found.some((connection) => connection.id === id)) lines.delete(id);
    const max = Math.min(...found.map(({ settings }) => settings.messagesPerSecond ?? LIMITS.notificationsPerGroup.max));
    if (Number.isFinite(max) && max !== notificationsMax) {
      // A window of another size starts empty of memory: stay quiet until every old slot would be free.
      await clock.sleep(notifications.allFreeInMs());
      notificationsMax = max;
      notifications = createSlidingWindow({ max, windowMs: LIMITS.notificationsPerGroup.windowMs, clock });
    }
  };

  /** One look at every connection. Returns milliseconds until slots free for work that waits, or the idle time. */
  const claimRound = async (): Promise<number> => {
    let waitMs = IDLE_MS;
    for (const line of lines.values()) {
      if (!line.hot || line.connection.pausedReason !== null) continue;
      const throttledMs = line.throttledUntil - clock.monotonic();
      if (throttledMs > 0) {
        waitMs = Math.min(waitMs, throttledMs);
        continue;
      }
      const room = roomOn(line, notifications);
      if (room.limit === 0) {
        waitMs = Math.min(waitMs, room.nextFreeInMs + GATHER_MS);
        continue;
      }
      line.hot = false;
      const claim = await parts.claim(
        { laneId, epoch, network, connection: line.connection, priorityMax: room.priorityMax, limit: room.limit },
        new Date(clock.now()),
      );
      // Replies alone were asked for when no notification may go: the others still wait.
      if (claim.more || room.priorityMax === 0) line.hot = true;
      if (claim.messages.length > 0) launch(line, claim.messages);
      if (claim.more) waitMs = 0;
      else if (room.priorityMax === 0) waitMs = Math.min(waitMs, notifications.nextFreeInMs() ?? IDLE_MS);
    }
    return waitMs;
  };

  const launch = (line: Line, messages: readonly ClaimedMessage[]): void => {
    const slots = messages.filter((message) => message.kind === 'notification').length;
    notifications.take(slots);
    const isBatch = line.connection.kind === 'notify';
    if (!isBatch) line.calls?.take(messages.length);
    for (const batch of isBatch ? [messages] : messages.map((message) => [message])) {
      const [first] = batch;
      const tail = first?.kind === 'reply' ? replyTails.get(first.recipientId) : undefined;
      const call = (tail ?? Promise.resolve())
        .then(() => send(line, batch))
        .catch((error) => loopFailed({ loop: 'send', error }));
      if (first?.kind === 'reply') {
        // Two replies of one dialog leave in their order, although calls run side by side.
        replyTails.set(first.recipientId, call);
        void call.then(() => replyTails.get(first.recipientId) === call && replyTails.delete(first.recipientId));
      }
      inFlight.add(call);
      void call.then(() => inFlight.delete(call));
    }
  };

  const send = async (line: Line, batch: readonly ClaimedMessage[]): Promise<void> => {
    const { connection } = line;
    const prepared = await prepare(connection, batch);
    if (prepared === null) {
      giveBackSlots(line, batch);
      return lost ? undefined : parts.settler.settle(batch.map((message) => settlement(message, NOT_LAUNCHED_LATER, null)));
    }
    const { channel, outgoing } = prepared;
    // The last moment: after it the network has the message. What expired stays for the expiry to report; without the lease
    // the next owner takes all of it over.
    const expired = batch.map((message) => message.expiresAt <= clock.now());
    const launched = leaseValid() && !lost ? outgoing.filter((_, index) => !expired[index]) : [];
    const unused = batch.filter((message) => !launched.some((item) => item.message === message));
    giveBackSlots(line, unused);
    if (!leaseValid() || lost) return;

    const outcomes =
      launched.length === 0
        ? []
        : await channel.send(
            launched.map((item) => item.outgoing),
            AbortSignal.timeout(parts.sendTimeoutMs),
          );
    const sentNotifications = launched.filter(({ message }) => message.kind === 'notification').length;
    notifications.answered(sentNotifications);
    if (connection.kind !== 'notify') line.calls?.answered(launched.length);
    signal();
    await react(line, outcomes);
    const settled = [
      ...launched.map(({ message }, index) => ({ message, outcome: outcomes[index] ?? UNANSWERED })),
      ...unused.map((message) => ({ message, outcome: NOT_LAUNCHED })),
    ];
    if (lost) return;
    await parts.settler.settle(settled.map(({ message, outcome }) => settlement(message, outcome, channel)));
  };

  /** Null when the database or the connection's secrets cannot be read now. */
  const prepare = async (connection: Connection, batch: readonly ClaimedMessage[]) => {
    try {
      const channel = await parts.channel(connection.id);
      const outgoing = await Promise.all(
        batch.map(async (message) => ({ message, outgoing: await parts.outgoing(message, identity, connection) })),
      );
      return { channel, outgoing };
    } catch (error) {
      loopFailed({ loop: 'prepare', error });
      return null;
    }
  };

  const settlement = (message: ClaimedMessage, outcome: SendOutcome, channel: Channel | null): Settlement => ({
    messageId: message.messageId,
    laneId,
    epoch,
    attempt: message.attempt,
    outcome,
    dropsRepeats: channel?.capabilities.dropsRepeats ?? false,
    awaitsReceipts: channel?.capabilities.reportsDelivered ?? false,
  });

  const giveBackSlots = (line: Line, unused: readonly ClaimedMessage[]): void => {
    notifications.giveBack(unused.filter((message) => message.kind === 'notification').length);
    if (line.connection.kind !== 'notify') line.calls?.giveBack(unused.length);
  };

  const react = async (line: Line, outcomes: readonly SendOutcome[]): Promise<void> => {
    for (const outcome of outcomes) {
      const code = 'networkCode' in outcome ? outcome.networkCode : '';
      sendAnswered({ connectionId: line.connection.id, channel: line.connection.kind, outcome: outcome.kind, code });
      if (outcome.kind === 'throttled' && outcome.scope === 'lane') {
        line.throttledUntil = Math.max(line.throttledUntil, clock.monotonic() + outcome.retryAfterMs);
      }
    }
    const stopped = outcomes.find((outcome) => outcome.kind === 'stopped');
    if (stopped !== undefined) {
      await parts.pauseConnection(line.connection.id, `${stopped.networkCode}: ${stopped.detail}`);
      connectionsReadAt = Number.NEGATIVE_INFINITY;
    }
  };

  const run = async (): Promise<void> => {
    await clock.sleep(quietMs);
    await untilDone('recover', () => parts.recover(laneId, epoch));
    while (!stopping && !lost) {
      try {
        await readConnections();
        const waitMs = leaseValid() ? await claimRound() : IDLE_MS;
        if (waitMs > 0) await waitForWake(waitMs);
      } catch (error) {
        loopFailed({ loop: 'lane', error });
        for (const line of lines.values()) line.hot = true; // the claim that failed may have left work behind
        await clock.sleep(IDLE_MS);
      }
    }
  };
  const untilDone = async (loop: string, work: () => Promise<void>): Promise<void> => {
    while (!stopping && !lost) {
      try {
        return await work();
      } catch (error) {
        loopFailed({ loop, error });
        await clock.sleep(IDLE_MS);
      }
    }
  };
  const running = run();

  return {
    ...identity,
    wake,
    async stop() {
      stopping = true;
      wakeUp();
      await running;
      await Promise.race([Promise.all(inFlight), clock.sleep(STOP_WAIT_MS)]);
      return notifications.allFreeInMs();
    },
    lose() {
      lost = true;
      wakeUp();
    },
  };
}

const UNANSWERED: SendOutcome = { kind: 'unanswered', detail: 'the channel gave no outcome' };
// Expired between claim and launch: back into the queue, where the expiry finds it at once.
const NOT_LAUNCHED: SendOutcome = { kind: 'throttled', scope: 'lane', retryAfterMs: 0, networkCode: '' };
const NOT_LAUNCHED_LATER: SendOutcome = { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: '' };

function callWindow({ kind, settings }: Connection, clock: Clock): SlidingWindow | null {
  if (kind === 'notify')
    return settings.callsPerSecond === undefined
      ? null
      : createSlidingWindow({ max: settings.callsPerSecond, windowMs: 1_000, clock });
  const limit = kind === 'vk' ? LIMITS.vkCalls : LIMITS.okCalls;
  return createSlidingWindow({ max: settings.callsPerSecond ?? limit.max, windowMs: limit.windowMs, clock });
}

/** How many messages a connection may send now: its calls bound all of them, the group's slots bound notifications. */
function roomOn(line: Line, notifications: SlidingWindow): { limit: number; priorityMax: 0 | 1; nextFreeInMs: number } {
  const slots = notifications.free();
  const slotsInMs = notifications.nextFreeInMs() ?? IDLE_MS;
  if (line.connection.kind === 'notify') return { limit: slots, priorityMax: 1, nextFreeInMs: slotsInMs };
  const calls = line.calls?.free() ?? Number.POSITIVE_INFINITY;
  const callsInMs = line.calls?.nextFreeInMs() ?? IDLE_MS;
  if (calls === 0) return { limit: 0, priorityMax: 0, nextFreeInMs: callsInMs };
  return slots === 0
    ? { limit: calls, priorityMax: 0, nextFreeInMs: slotsInMs }
    : { limit: Math.min(calls, slots), priorityMax: 1, nextFreeInMs: 0 };
}

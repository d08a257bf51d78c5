import type { Channel, Outgoing } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import { createSlidingWindow, LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Claim, ClaimedMessage, ClaimRequest } from './claim.ts';
import { loopFailed } from './events.ts';
import { type HandOver, handOverAfter, NOTHING_TAKEN } from './hand-over.ts';
import { createLaneCalls } from './lane-calls.ts';
import { createLine, type Line, type Room, roomOn } from './lane-line.ts';
import { type Cursor, createLaneQueues, type QueueName, type QueueShare } from './lane-queues.ts';
import type { Settler } from './settle.ts';
import type { UpstreamBreakers } from './upstream-breaker.ts';
import type { Work } from './work.ts';

/** What a lane needs of the rest; the ports of its simulation too. */
export interface LaneParts {
  clock: Clock;
  /** A few seconds old at most; null where there is none any more. */
  connection(connectionId: number): Promise<Connection | null>;
  channel(connectionId: number): Promise<Channel>;
  claim(request: ClaimRequest): Promise<Claim>;
  /** Takes over what is in flight for this lane, but for the messages `inHand`. */
  recover(lane: LaneIdentity, inHand: readonly number[]): Promise<void>;
  outgoing(message: ClaimedMessage, lane: LaneIdentity, connection: Connection): Promise<Outgoing>;
  settler: Settler;
  /** `refused`: the channel whose token it is about. */
  pauseConnection(connectionId: number, reason: string, refused: Channel): Promise<void>;
  breakers: UpstreamBreakers;
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
  /** There is due work. */
  wake(work: Omit<Work, 'laneId'>): void;
  /** Queues with nothing due when they were looked at, and up to where that was. */
  coldQueues(): readonly (QueueName & { after: Cursor | null })[];
  /** Something is in flight that an earlier owner left, or committed too late for `recover` at our beginning to see. */
  recoverSoon(): void;
  /** Stops claiming and waits for launched calls and their outcomes. */
  stop(): Promise<Parting>;
  /** The lease is not ours any more: nothing more is launched or written. */
  lose(): void;
}

/** What the next owner must keep to: the slots that are not free yet, or, where they are not all known (null), a time of quiet. */
export interface Parting {
  quietMs: number;
  handOver: HandOver | null;
}

interface OpenLine {
  line: Line;
  connection: Connection;
  room: Room;
}

const RETRY_MS = 1_000;
// Whatever wakes a lane is also found by the look at the queues that lanes.ts takes: this only bounds one sleep.
const SLEEP_MAX_MS = 60_000;
const STOP_WAIT_MS = 10_000;
// Slots of many calls free one by one: a claim that waits this much longer takes several at once.
const GATHER_MS = 5;
// A claim that failed may have been committed without our hearing of it, even a while later: when after it to look for what is in nobody's hand.
const STRAYS_SOUGHT_AFTER_MS = [0, 1_000, 5_000, 30_000];

/**
 * `leaseValid` says by the monotonic clock whether we may still launch; `start.quietMs` is how long to launch nothing at first,
 * `start.handOver` what the last owner left.
 */
export function openLane(identity: LaneIdentity, start: Parting, leaseValid: () => boolean, parts: LaneParts): Lane {
  const { clock } = parts;
  const openedAt = clock.monotonic();
  const leftToUs = (): HandOver => handOverAfter(start.handOver ?? NOTHING_TAKEN, clock.monotonic() - openedAt);
  const { laneId, epoch, network } = identity;
  const lines = new Map<number, Line>();
  const queues = createLaneQueues();
  const notifications = createSlidingWindow({ ...LIMITS.notificationsPerGroup, clock, cooling: leftToUs().notifications });
  const ended = new AbortController();
  let lost = false;
  let wakeUp: () => void = () => {};
  let woken = false;
  // Who hands over has heard of all its calls; what is in flight all the same is found by the look at the queues.
  let recoverDue = start.handOver === null;
  let straysSoughtAt: readonly number[] = [];

  const mayLaunch = (): boolean => !lost && leaseValid();
  const signal = (): void => {
    woken = true;
    wakeUp();
  };
  const calls = createLaneCalls({ ...parts, identity, notifications, mayLaunch, isLost: () => lost, onFreed: signal });

  const waitForWake = async (ms: number): Promise<void> => {
    if (!woken && !ended.signal.aborted) {
      const controller = new AbortController();
      wakeUp = () => controller.abort('woken'); // with a reason of our own: Node makes an error with a stack otherwise
      await clock.sleep(Math.min(ms, SLEEP_MAX_MS), controller.signal);
      wakeUp = () => {};
    }
    woken = false;
  };

  /** Brings the line up to its connection's settings; null where nothing may be claimed on it now. */
  const openLine = async (line: Line): Promise<Connection | null> => {
    const connection = await parts.connection(line.connectionId);
    if (connection === null) return null;
    line.follow(connection, await batchMaxOf(connection.id));
    notifications.setMax(Math.min(...[...lines.values()].map((other) => other.notificationsMax)));
    return connection.pausedReason === null ? connection : null;
  };

  /** One where the channel cannot be had now: what is claimed then learns of it by itself. */
  const batchMaxOf = (connectionId: number): Promise<number> =>
    parts.channel(connectionId).then(
      ({ capabilities }) => capabilities.batchMax,
      () => 1,
    );

  /** One claim on every connection with work. Returns how long to wait for slots that free by themselves, Infinity for none. */
  const claimRound = async (): Promise<number> => {
    const { open, waitMs } = roomsOn(await openLines());
    const slots = notifications.free();
    const shares = queues.share(new Map([...open].map(([id, { room }]) => [id, room.messages])), slots);
    if (shares.size === 0) {
      const slotsAreMissing = slots === 0 && queues.hasNotifications(open.keys());
      return slotsAreMissing ? Math.min(waitMs, (notifications.nextFreeInMs() ?? Infinity) + GATHER_MS) : waitMs;
    }
    // One connection that fails must not keep the others from their turn.
    const claims = await Promise.allSettled([...shares].map(([id, own]) => claimOn(open.get(id) as OpenLine, own)));
    const failed = claims.find((claim) => claim.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return 0;
  };

  /** The lines with work that are not paused. */
  const openLines = async (): Promise<readonly { line: Line; connection: Connection }[]> => {
    const open: { line: Line; connection: Connection }[] = [];
    const hot = queues.hotConnections();
    for (const line of lines.values()) {
      if (!hot.has(line.connectionId)) continue;
      const connection = await openLine(line);
      if (connection === null)
        queues.cool(line.connectionId); // its rows are due: the next look at the queues wakes us again
      else open.push({ line, connection });
    }
    return open;
  };

  /** Those on which calls may be made now, and how long to wait for the others. In the turn of the claim: a probe goes alone. */
  const roomsOn = (
    found: readonly { line: Line; connection: Connection }[],
  ): { open: ReadonlyMap<number, OpenLine>; waitMs: number } => {
    const open = new Map<number, OpenLine>();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const { line, connection } of found) {
      const closedForMs = line.pace.closedForMs();
      const room = roomOn(line);
      if (closedForMs > 0) waitMs = Math.min(waitMs, closedForMs);
      else if (room.messages === 0) waitMs = Math.min(waitMs, room.nextFreeInMs + GATHER_MS);
      else open.set(line.connectionId, { line, connection, room });
    }
    return { open, waitMs };
  };

  const claimOn = async ({ line, connection, room }: OpenLine, shares: readonly QueueShare[]): Promise<void> => {
    const noCall = (): void => line.pace.heard([], clock.monotonic());
    line.pace.trying();
    try {
      const claim = await parts.claim({ laneId, epoch, network, connection, queues: shares });
      for (const [index, share] of shares.entries()) queues.looked(share, claim.looked[index] ?? null);
      if (claim.messages.length === 0) noCall();
      calls.launch(line, connection, claim.messages, room.calls);
    } catch (error) {
      noCall();
      for (const share of shares) queues.looked(share, null); // it may have left work behind
      straysSoughtAt = STRAYS_SOUGHT_AFTER_MS.map((ms) => clock.monotonic() + ms);
      throw error;
    }
  };

  /** Returns how long to wait until strays are to be looked for again. */
  const recoverIfDue = async (): Promise<number> => {
    const later = straysSoughtAt.filter((at) => at > clock.monotonic());
    if (recoverDue || later.length < straysSoughtAt.length) {
      recoverDue = true; // until it has come to its end
      await parts.recover(identity, calls.inHand());
      recoverDue = false;
      straysSoughtAt = later;
    }
    return (later[0] ?? Number.POSITIVE_INFINITY) - clock.monotonic();
  };

  const run = async (): Promise<void> => {
    await sleepUntil(clock, openedAt + start.quietMs, ended.signal);
    while (!ended.signal.aborted) {
      try {
        const straysInMs = await recoverIfDue();
        const waitMs = Math.min(straysInMs, leaseValid() ? await claimRound() : RETRY_MS);
        if (waitMs > 0) await waitForWake(waitMs);
      } catch (error) {
        loopFailed({ loop: 'lane', error });
        await clock.sleep(RETRY_MS, ended.signal);
      }
    }
  };
  const running = run();

  const handOver = (): HandOver => {
    const used = [...lines].flatMap(([id, { calls: window }]) => (window === null ? [] : [[id, window.cooling()] as const]));
    return { notifications: notifications.cooling(), calls: { ...leftToUs().calls, ...Object.fromEntries(used) } };
  };

  return {
    ...identity,
    wake(work) {
      const { connectionId } = work;
      if (!lines.has(connectionId)) {
        const cooling = leftToUs().calls[connectionId];
        lines.set(connectionId, createLine(connectionId, clock, parts.breakers(connectionId), cooling));
      }
      queues.wake(work, work);
      signal();
    },
    coldQueues: () => queues.cold(),
    recoverSoon() {
      recoverDue = true;
      signal();
    },
    async stop() {
      ended.abort('stopped');
      signal();
      await running;
      const over = new AbortController();
      await Promise.race([calls.finished(), clock.sleep(STOP_WAIT_MS, over.signal)]);
      over.abort('over');
      // A call that is still out holds its slot until its time-out and the window after it.
      if (calls.inHand().length > 0)
        return { quietMs: parts.sendTimeoutMs + LIMITS.notificationsPerGroup.windowMs, handOver: null };
      const quietMs = Math.max(openedAt + start.quietMs - clock.monotonic(), notifications.allFreeInMs());
      return { quietMs, handOver: clock.monotonic() < openedAt + start.quietMs ? null : handOver() };
    },
    lose() {
      lost = true;
      ended.abort('lost');
      signal();
    },
  };
}

/** Timers may fire a little early, and then the quiet time would not be kept. */
async function sleepUntil(clock: Clock, until: number, signal: AbortSignal): Promise<void> {
  for (let ms = until - clock.monotonic(); ms > 0 && !signal.aborted; ms = until - clock.monotonic())
    await clock.sleep(Math.ceil(ms), signal);
}

import type { Channel, Outgoing } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import { createSlidingWindow, LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Claim, ClaimedMessage, ClaimRequest } from './claim.ts';
import { loopFailed } from './events.ts';
import { createLaneCalls } from './lane-calls.ts';
import { createLine, type Line, type Room, roomOn } from './lane-line.ts';
import type { Settler } from './settle.ts';
import type { UpstreamBreakers } from './upstream-breaker.ts';

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
  /** There is due work on this connection. */
  wake(connectionId: number): void;
  /** Something is in flight that an earlier owner left, or committed too late for `recover` at our beginning to see. */
  recoverSoon(): void;
  /** Stops claiming and waits for launched calls and their outcomes. Resolves with how long the group must stay quiet yet. */
  stop(): Promise<number>;
  /** The lease is not ours any more: nothing more is launched or written. */
  lose(): void;
}

const RETRY_MS = 1_000;
// Whatever wakes a lane is also found by the look at the queues that lanes.ts takes: this only bounds one sleep.
const SLEEP_MAX_MS = 60_000;
const STOP_WAIT_MS = 10_000;
// Slots of many calls free one by one: a claim that waits this much longer takes several at once.
const GATHER_MS = 5;
// A claim that failed may have been committed without our hearing of it, even a while later: when after it to look for what is in nobody's hand.
const STRAYS_SOUGHT_AFTER_MS = [0, 1_000, 5_000, 30_000];

/** `leaseValid` says by the monotonic clock whether we may still launch; `quietMs` is how long to launch nothing at first. */
export function openLane(identity: LaneIdentity, quietMs: number, leaseValid: () => boolean, parts: LaneParts): Lane {
  const { clock } = parts;
  const { laneId, epoch, network } = identity;
  const lines = new Map<number, Line>();
  const notifications = createSlidingWindow({ ...LIMITS.notificationsPerGroup, clock });
  const ended = new AbortController();
  let lost = false;
  let wakeUp: () => void = () => {};
  let woken = false;
  let recoverDue = true;
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

  /** One look at every connection with work. Returns how long to wait for slots that free by themselves, Infinity for none. */
  const claimRound = async (): Promise<number> => {
    let waitMs = Number.POSITIVE_INFINITY;
    let failure: unknown;
    for (const line of [...lines.values()].filter(({ hot }) => hot)) {
      try {
        waitMs = Math.min(waitMs, await lookAt(line));
      } catch (error) {
        failure ??= error; // one connection that fails must not keep the others from their turn
      }
    }
    if (failure !== undefined) throw failure;
    return waitMs;
  };

  const lookAt = async (line: Line): Promise<number> => {
    const closedForMs = line.pace.closedForMs();
    if (closedForMs > 0) return closedForMs;
    line.hot = false; // what comes while we look makes it hot again
    const connection = await openLine(line);
    if (connection === null) return Number.POSITIVE_INFINITY; // its rows are due: the next look at the queues wakes us again
    const room = roomOn(line, notifications);
    if (room.limit === 0) {
      line.hot = true;
      return room.nextFreeInMs + GATHER_MS;
    }
    if (room.priorityMax === 1) {
      // Next time the others choose first: a connection with a long queue must not take every slot.
      lines.delete(line.connectionId);
      lines.set(line.connectionId, line);
    }
    const { more } = await claimOn(line, connection, room);
    // Replies alone were asked for when no notification may go: the others still wait.
    line.hot ||= more || room.priorityMax === 0;
    if (more) return 0;
    return room.priorityMax === 0 ? room.nextFreeInMs + GATHER_MS : Number.POSITIVE_INFINITY;
  };

  const claimOn = async (line: Line, connection: Connection, { priorityMax, limit, calls: callsMax }: Room): Promise<Claim> => {
    const noCall = (): void => line.pace.heard([], clock.monotonic());
    line.pace.trying();
    try {
      const claim = await parts.claim({ laneId, epoch, network, connection, priorityMax, limit });
      if (claim.messages.length === 0) noCall();
      calls.launch(line, connection, claim.messages, callsMax);
      return claim;
    } catch (error) {
      noCall();
      line.hot = true; // it may have left work behind
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
    await sleepUntil(clock, clock.monotonic() + quietMs, ended.signal);
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

  return {
    ...identity,
    wake(connectionId) {
      const line = lines.get(connectionId) ?? createLine(connectionId, clock, parts.breakers(connectionId));
      lines.set(connectionId, line);
      line.hot = true;
      signal();
    },
    recoverSoon() {
      recoverDue = true;
      signal();
    },
    async stop() {
      ended.abort();
      signal();
      await running;
      const over = new AbortController();
      await Promise.race([calls.finished(), clock.sleep(STOP_WAIT_MS, over.signal)]);
      over.abort('over');
      // A call that is still out holds its slot until its time-out and the window after it.
      const unanswered = calls.inHand().length > 0;
      return unanswered ? parts.sendTimeoutMs + LIMITS.notificationsPerGroup.windowMs : notifications.allFreeInMs();
    },
    lose() {
      lost = true;
      ended.abort();
      signal();
    },
  };
}

/** Timers may fire a little early, and then the quiet time would not be kept. */
async function sleepUntil(clock: Clock, until: number, signal: AbortSignal): Promise<void> {
  for (let ms = until - clock.monotonic(); ms > 0 && !signal.aborted; ms = until - clock.monotonic())
    await clock.sleep(Math.ceil(ms), signal);
}

import type { EventEntry, EventFrame, Frame } from '@soroka/api';
import { backOffMs } from './back-off.ts';
import type { Clock, Random } from './ports.ts';
import { AccessLost, type EventTransport } from './transport.ts';

/** `live`: over a socket; `polling`: sockets do not pass, events come all the same; `offline`: the next try is awaited. */
export type EventClientState = 'connecting' | 'live' | 'polling' | 'offline' | 'access-lost' | 'stopped';

export interface EventClientParts {
  transport: EventTransport;
  clock: Clock;
  random: Random;
  /** Where it stood when the app was closed; null begins with the present. */
  cursor: number | null;
  /** In the order of the log, each number once. `sequence` is the cursor from now on, worth keeping with what was stored. */
  onEntries(entries: readonly EventEntry[], sequence: number): void;
  /** What is shown must be loaded anew, from lists that are as of `asOf` or later. Events wait until it is done. */
  onReset(asOf: number): Promise<void>;
  onState?(state: EventClientState): void;
}

export interface EventClient {
  /** Resolves when it was stopped, or lost its access. */
  run(): Promise<void>;
  /** The network is back, or the app was opened: tries at once. */
  wake(): void;
  stop(): void;
}

const GOING_AWAY = 1001; // RFC 6455, 7.4.1: the server is being stopped
const RESTART_SPREAD_MS = 1_000;
const FAILED_SOCKETS_MAX = 3;
/** How long frames are polled before a socket is tried again. */
const POLL_FOR_MS = 60_000;
const POLL_WAIT_SECONDS = 25;
const QUIET_POLL_PAUSE_MS = 500;
/** Until the hello says how long a line may be silent. */
const HELLO_WITHIN_MS = 15_000;

/** How a line ended: whether it had said hello, and what its socket was closed with. */
interface LineEnd {
  wasLive: boolean;
  code: number | null;
}

/** Keeps up with the events of an account, whatever its connections do: nothing is lost, nothing comes twice. */
export function createEventClient(parts: EventClientParts): EventClient {
  const { transport, clock, random } = parts;
  const stopped = new AbortController();
  let { cursor } = parts;
  let pause = new AbortController();
  const tell = (state: EventClientState): void => parts.onState?.(state);

  const reset = async (asOf: number): Promise<void> => {
    // The cursor moves when the lists are loaded: where that fails, it is asked for again.
    await parts.onReset(asOf);
    cursor = asOf;
  };
  const apply = ({ sequence, entries }: EventFrame): void => {
    cursor = sequence;
    parts.onEntries(entries, sequence);
  };
  /** Asks for what is missing before `frame`, which then goes on from where we stand. */
  const catchUp = async (frame: EventFrame): Promise<void> => {
    while (cursor !== null && cursor < frame.after) {
      const from: number = cursor;
      for (const missing of await transport.poll({ after: from, waitSeconds: 0 }, stopped.signal)) await take(missing);
      if (cursor === from) throw new Error(`the server has nothing after ${from}, and told of ${frame.sequence}`);
    }
  };
  const take = async (frame: Frame): Promise<void> => {
    if (frame.type === 'hello') {
      if (cursor === null) await reset(frame.asOf);
    } else if (frame.type === 'reset') {
      await reset(frame.asOf);
    } else {
      if (cursor !== null && frame.after > cursor) await catchUp(frame);
      if (cursor === null || frame.sequence > cursor) apply(frame);
    }
  };

  /** One socket from its opening to its end. */
  const holdSocket = async (): Promise<LineEnd> => {
    const over = new AbortController();
    const end: LineEnd = { wasLive: false, code: null };
    let silentSince = clock.now();
    let silenceMaxMs = HELLO_WITHIN_MS;
    let work = Promise.resolve();
    const line = transport.openSocket(cursor, {
      onFrame(frame) {
        silentSince = clock.now();
        if (frame.type === 'hello') silenceMaxMs = 2 * frame.heartbeatMs;
        work = work.then(async () => {
          if (over.signal.aborted) return;
          await take(frame);
          if (frame.type !== 'hello' || end.wasLive) return;
          end.wasLive = true;
          tell('live');
        });
        work.catch(() => over.abort()); // what follows would have a gap: another socket begins where this one failed
      },
      onClosed(code) {
        end.code = code;
        over.abort();
      },
    });
    const ended = AbortSignal.any([over.signal, stopped.signal]);
    while (!ended.aborted) {
      const leftMs = silentSince + silenceMaxMs - clock.now();
      if (leftMs <= 0) break;
      await clock.sleep(leftMs, ended);
    }
    over.abort();
    line.close();
    await work.catch(() => {});
    return end;
  };

  const poll = async (): Promise<void> => {
    for (const until = clock.now() + POLL_FOR_MS; !stopped.signal.aborted && clock.now() < until; ) {
      const frames = await transport.poll({ after: cursor, waitSeconds: POLL_WAIT_SECONDS }, stopped.signal);
      tell('polling');
      const before = cursor;
      for (const frame of frames) await take(frame);
      // Whoever answers at once that there is nothing does not wait as asked: it is not asked without a pause.
      if (cursor === before) await clock.sleep(QUIET_POLL_PAUSE_MS, stopped.signal);
    }
  };
  const wait = async (ms: number): Promise<void> => {
    tell('offline');
    pause = new AbortController();
    await clock.sleep(ms, AbortSignal.any([pause.signal, stopped.signal]));
  };

  const connectAgainAndAgain = async (): Promise<void> => {
    let failures = 0;
    while (!stopped.signal.aborted) {
      tell('connecting');
      const { wasLive, code } = await holdSocket();
      if (stopped.signal.aborted) return;
      failures = wasLive ? 0 : failures + 1;
      if (code === GOING_AWAY) {
        await wait(random() * RESTART_SPREAD_MS);
        continue;
      }
      // The first poll also tells whether it is our access that is missing, which a socket does not say.
      const polled = failures < FAILED_SOCKETS_MAX ? null : await poll().catch((error: unknown) => error);
      if (polled instanceof AccessLost) throw polled;
      if (!stopped.signal.aborted) await wait(backOffMs(failures, random));
    }
  };

  return {
    async run() {
      try {
        await connectAgainAndAgain();
        tell('stopped');
      } catch (error) {
        if (!(error instanceof AccessLost)) throw error;
        tell('access-lost');
      }
    },
    wake: () => pause.abort(),
    stop: () => stopped.abort(),
  };
}

import { setTimeout as wait } from 'node:timers/promises';
import { mostInWindow } from './distribution.ts';
import { type Program, startProgram } from './program.ts';

const PROGRAM = new URL('./instant-network.ts', import.meta.url).pathname;
const LOOK_EVERY_MS = 100;
const STALLED_AFTER_MS = 30_000;

/** What came to the network, by its own clock. */
export interface Taken {
  calls: number;
  messages: number;
  /** When the first and the last message came, ms since 1970. */
  firstAt: number;
  lastAt: number;
  /** The most that one group got in any second. */
  worstSecond: number;
}

/** The network that takes everything at once. */
export interface EngineNetwork extends AsyncDisposable {
  url: string;
  reset(): Promise<void>;
  /** Waits until it has that many messages; fails where nothing comes for half a minute. */
  untilCame(messages: number): Promise<void>;
  taken(): Promise<Taken>;
}

export async function startEngineNetwork(): Promise<EngineNetwork> {
  const program: Program = await startProgram([PROGRAM], {});
  const get = async <Answer>(path: string): Promise<Answer> => (await fetch(program.url + path)).json() as Promise<Answer>;
  return {
    url: program.url,
    async reset() {
      await fetch(`${program.url}/reset`, { method: 'POST' });
    },
    async untilCame(messages) {
      let most = -1;
      let changedAt = performance.now();
      for (;;) {
        const { count } = await get<{ count: number }>('/count');
        if (count >= messages) return;
        if (count > most) {
          most = count;
          changedAt = performance.now();
        }
        if (performance.now() - changedAt > STALLED_AFTER_MS)
          throw new Error(`${count} of ${messages} messages came to the network, and nothing moves`);
        await wait(LOOK_EVERY_MS);
      }
    },
    async taken() {
      const { calls, arrivals } = await get<{ calls: number; arrivals: [string, number][] }>('/arrivals');
      const times = arrivals.map(([, at]) => at).sort((a, b) => a - b);
      const groups = Map.groupBy(arrivals, ([service]) => service).values();
      return {
        calls,
        messages: arrivals.length,
        firstAt: times[0] ?? Number.NaN,
        lastAt: times.at(-1) ?? Number.NaN,
        worstSecond: Math.max(
          ...[...groups].map((own) =>
            mostInWindow(
              own.map(([, at]) => at),
              1_000,
            ),
          ),
        ),
      };
    },
    [Symbol.asyncDispose]: program.stop,
  };
}

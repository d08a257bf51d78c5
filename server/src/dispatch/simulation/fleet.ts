import type { Dispatch } from '../dispatch.ts';
import { createProcess, type SimulatedProcess, type Surroundings } from './process.ts';

/** A process with the core that runs in it. */
export interface Member {
  process: SimulatedProcess;
  dispatch: Dispatch;
}

/** The processes of the program, as a supervisor keeps them: who dies is replaced. */
export interface Fleet {
  start(): void;
  /** One of those that live and were not asked to stop; null where there is none. */
  some(): Member | null;
  /** What a process calls itself in the store. */
  workerIdOf(name: string): string;
  readonly deaths: number;
  /** One of them is asked to stop, and another is started. */
  restart(member: Member): void;
  /** All are stopped or killed, and no other is started before that long. */
  sleep(ms: number): void;
  /** How long there will be none yet, in ms. */
  asleepForMs(): number;
  /** Resolves when all have stopped; no other is started from now on. */
  stopAll(): Promise<void>;
}

export function createFleet(parts: {
  surroundings: Omit<Surroundings, 'onDeath'>;
  dispatchOf(process: SimulatedProcess, workerId: string): Dispatch;
}): Fleet {
  const { timeline, random } = parts.surroundings;
  const alive = new Map<string, Member>();
  const mourners = new Map<string, () => void>();
  let isOver = false;
  let asleepUntil = 0;
  let [started, deaths] = [0, 0];

  const workerIdOf = (name: string): string => `00000000-0000-0000-0000-${name.replace(/\D/g, '').padStart(12, '0')}`;
  const start = (): void => {
    if (isOver || timeline.now() < asleepUntil) return;
    started += 1;
    const name = `process ${started}`;
    const process = createProcess(name, surroundings);
    const dispatch = parts.dispatchOf(process, workerIdOf(name));
    alive.set(name, { process, dispatch });
    dispatch.run();
  };
  const surroundings: Surroundings = {
    ...parts.surroundings,
    onDeath({ name }) {
      deaths += 1;
      alive.delete(name);
      mourners.get(name)?.();
      timeline.after(random.between(50, 1_500), 'supervisor', 'starts a process', start);
    },
  };
  const death = (name: string): Promise<void> => new Promise((resolve) => mourners.set(name, resolve));

  return {
    start,
    some: () => (alive.size === 0 ? null : random.pick([...alive.values()])),
    workerIdOf,
    get deaths() {
      return deaths;
    },
    restart({ process, dispatch }) {
      timeline.note(process.name, 'is asked to stop');
      alive.delete(process.name);
      start();
      void dispatch.stop().catch(() => {});
    },
    sleep(ms) {
      asleepUntil = timeline.now() + ms;
      const count = alive.size;
      for (const { process, dispatch } of alive.values()) {
        if (random.chance(0.5)) process.kill();
        else void dispatch.stop().catch(() => {});
        alive.delete(process.name);
      }
      for (let index = 0; index < Math.max(1, count); index += 1)
        timeline.after(ms + random.between(0, 300), 'supervisor', 'starts a process', start);
    },
    asleepForMs: () => Math.max(0, asleepUntil - timeline.now()),
    async stopAll() {
      isOver = true;
      // Deaths are listened for first: a process may die at the first thing it does to stop.
      await Promise.all([...alive].map(([name, { dispatch }]) => Promise.race([death(name), dispatch.stop()])));
    },
  };
}

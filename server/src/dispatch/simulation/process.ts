import type { Clock } from '../../platform/clock.ts';
import { createTransactionEnd, type Database, type Queryable } from '../../platform/database.ts';
import type { FaultRates } from './faults.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { MemoryStore } from './store/memory-store.ts';
import { databaseError, type Transaction } from './store/transactions.ts';
import type { Timeline } from './timeline.ts';

/** Where a call of a port may be the last thing its process does. */
export type CrashPhase = 'before' | 'unanswered' | 'answered';

/** What processes share, and what may go wrong now. */
export interface Surroundings {
  timeline: Timeline;
  random: SeededRandom;
  store: MemoryStore;
  leaseMs: number;
  /** All zero once faults have ended. */
  faults(): FaultRates;
  /** Asked once per call of a port; null: the process lives on. */
  crashAtNextPoint(): CrashPhase | null;
  /** Called at once when a process dies. */
  onDeath(process: SimulatedProcess): void;
}

/** One process of the program as the simulation holds it: its clock, its sight of the database, its life and death. */
export interface SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly database: Database;
  isAlive(): boolean;
  /**
   * Does `effect` somewhat later, or `atOnce`, and answers still later. The dead ask for nothing and hear no answers; what
   * they asked for before is not done, or perhaps done where it `outlives` them.
   */
  call<Result>(
    what: string,
    effect: () => Result | Promise<Result>,
    how?: { outlives?: boolean; atOnce?: boolean },
  ): Promise<Result>;
  /** The process hears something: now, when it wakes, or never. */
  hear(tell: () => void): void;
  kill(): void;
  stepClock(ms: number): void;
}

export const WALL_START = Date.UTC(2026, 0, 15, 20, 59, 50); // ten seconds before midnight in Moscow
const CLOCK_OFF_MAX_MS = 5_000;
/** What a server carries out whether or not whoever asked still lives. */
const OUTLIVING = { outlives: true } as const;
export const connectionLost = () => databaseError('ECONNRESET', 'Connection terminated unexpectedly');
const REFUSALS = [
  connectionLost,
  () => databaseError('40001', 'could not serialize access'),
  () => databaseError('53100', 'could not extend file: No space left on device'),
];

export function createProcess(name: string, { timeline, random, store, ...world }: Surroundings): SimulatedProcess {
  const started = timeline.now();
  let alive = true;
  let wallOffset = 0;
  let asleep: (() => void)[] | null = null;
  const open = new Set<Transaction>();

  const kill = (): void => {
    if (!alive) return;
    alive = false;
    timeline.note(name, 'is killed');
    for (const tx of open) timeline.after(random.between(0, 100), 'database', `rolls back for ${name}`, () => store.rollBack(tx));
    world.onDeath(process);
  };
  const fallAsleep = (): void => {
    const ms = world.leaseMs * random.between(0.2, 3);
    const heard: (() => void)[] = [];
    asleep = heard;
    timeline.note(name, `stands still for ${Math.round(ms)} ms`);
    timeline.after(ms, name, 'goes on', () => {
      asleep = null;
      for (const tell of heard) timeline.after(0, name, 'hears what came meanwhile', () => hear(tell));
    });
  };
  const hear = (tell: () => void): void => {
    if (!alive) return;
    if (asleep === null && random.chance(world.faults().pause)) fallAsleep();
    if (asleep !== null) asleep.push(tell);
    else tell();
  };

  const call = <Answer>(
    what: string,
    effect: () => Answer | Promise<Answer>,
    how: { outlives?: boolean; atOnce?: boolean } = {},
  ) =>
    new Promise<Answer>((resolve, reject) => {
      if (!alive) return;
      const crash = world.crashAtNextPoint();
      if (crash === 'before') return kill();
      const answered = <Said>(say: (said: Said) => void, said: Said): void => {
        if (crash === 'unanswered') kill();
        hear(() => {
          say(said);
          if (crash === 'answered') kill();
        });
      };
      const answer = <Said>(say: (said: Said) => void, said: Said): void => {
        if (random.chance(0.2)) timeline.after(random.between(0, 5), name, 'hears of it', () => answered(say, said));
        else answered(say, said);
      };
      const carryOut = (): void => {
        if (!alive && !(how.outlives === true && random.chance(0.5))) return;
        let result: Answer | Promise<Answer>;
        try {
          result = effect();
        } catch (error) {
          answer(reject, error);
          return;
        }
        if (result instanceof Promise)
          result.then(
            (later) => answer(resolve, later),
            (error: unknown) => answer(reject, error),
          );
        else answer(resolve, result);
      };
      if (how.atOnce === true) carryOut();
      else timeline.after(delay(), name, what, carryOut);
    });
  const delay = (): number => (random.chance(world.faults().statementSlow) ? random.between(100, 4_000) : random.between(0.2, 3));

  // A statement is carried out, or refused with no effect, or carried out and answered with an error.
  const perhapsRefused = (tx: Transaction, statement?: string): void => {
    if (tx.over) throw connectionLost();
    const { statementRefused, renewalRefused } = world.faults();
    if (!random.chance(statement === 'dispatch.lanes.renew' ? Math.max(statementRefused, renewalRefused) : statementRefused))
      return;
    store.rollBack(tx);
    throw random.pick(REFUSALS)();
  };
  const perhapsUnheard = (tx: Transaction): void => {
    if (!random.chance(world.faults().answerLost)) return;
    if (!tx.over) store.rollBack(tx);
    throw connectionLost();
  };
  const alone = (statement: string, values: readonly unknown[]): Promise<object[]> =>
    call(
      statement,
      () => {
        const tx = store.begin(name);
        perhapsRefused(tx, statement);
        const done = (rows: object[]): object[] => {
          store.commit(tx);
          perhapsUnheard(tx);
          return rows;
        };
        const failed = (error: unknown): never => {
          if (!tx.over) store.rollBack(tx);
          throw error;
        };
        let rows: object[] | Promise<object[]>;
        try {
          rows = store.run(tx, statement, values);
        } catch (error) {
          return failed(error);
        }
        return rows instanceof Promise ? rows.then(done, failed) : done(rows);
      },
      OUTLIVING,
    );
  const within = (tx: Transaction): Queryable => {
    const run = (statement: string, values: readonly unknown[]): Promise<object[]> =>
      call(statement, () => {
        perhapsRefused(tx);
        const rows = store.run(tx, statement, values);
        const done = (found: object[]): object[] => {
          perhapsUnheard(tx);
          return found;
        };
        return rows instanceof Promise ? rows.then(done) : done(rows);
      });
    return {
      rows: <Row extends object>(statement: { name: string }, values: readonly unknown[] = []) =>
        run(statement.name, values) as Promise<Row[]>,
      run: (statement, values = []) => run(statement.name, values).then(({ length }) => length),
    };
  };
  const commit = (tx: Transaction): Promise<void> =>
    call(
      'commit',
      () => {
        perhapsRefused(tx);
        store.commit(tx);
        perhapsUnheard(tx);
      },
      OUTLIVING,
    );

  const database: Database = {
    rows: <Row extends object>(statement: { name: string }, values: readonly unknown[] = []) =>
      alone(statement.name, values) as Promise<Row[]>,
    run: (statement, values = []) => alone(statement.name, values).then(({ length }) => length),
    async transaction(work) {
      const tx = store.begin(name);
      open.add(tx);
      try {
        const end = createTransactionEnd();
        const result = await work({ ...within(tx), ...end });
        await end.runBeforeCommit();
        await commit(tx);
        end.runAfterCommit();
        return result;
      } catch (error) {
        if (!tx.over) store.rollBack(tx);
        throw error;
      } finally {
        open.delete(tx);
      }
    },
    async listen(channel, onNotice) {
      const stop = store.listen(channel, (payload) => {
        if (alive && random.chance(0.9))
          timeline.after(random.between(0, 5), name, 'gets a notice', () => hear(() => onNotice(payload)));
      });
      return async () => stop();
    },
    close: async () => {},
  };

  const clock: Clock = {
    now: () => Math.floor(WALL_START + timeline.now() + wallOffset),
    monotonic: () => timeline.now() - started,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (!alive) return;
        if (signal?.aborted) return resolve();
        const done = (): void => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        };
        // Node's timers may fire a millisecond early, and are often late.
        const timer = timeline.after(ms - random.fraction() + random.fraction() * 3, name, 'timer', () => hear(done));
        const aborted = (): void => {
          timer.cancel();
          resolve();
        };
        signal?.addEventListener('abort', aborted);
      }),
  };

  const process: SimulatedProcess = {
    ...{ name, clock, database, call, hear, kill },
    isAlive: () => alive,
    stepClock(ms) {
      wallOffset = Math.min(CLOCK_OFF_MAX_MS, Math.max(-CLOCK_OFF_MAX_MS, wallOffset + ms));
      timeline.note(name, `its wall clock is off by ${Math.round(wallOffset)} ms`);
    },
  };
  return process;
}

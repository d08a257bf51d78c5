import type { BotState, Recorded } from '../model/model.ts';

/** The scene went another way than when it was recorded. Holds names of operations, no answers. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** A scene asked for something while another question of it still waited. */
export class UnawaitedQuestion extends Error {
  override readonly name = 'UnawaitedQuestion';
}

// A scene that asked so often goes in circles; each event runs over the whole record.
const RECORD_MAX = 1_000;

/** A scene run over its record. What is recorded is given back and done no second time; what is new is done and recorded. */
export interface Replay {
  /** Does `work` once. The same operations must come in the same order on every run. */
  once<T>(operation: string, work: () => T): T;
  /** The same for what takes its time; a failure is recorded too, and thrown again. */
  onceLater<T>(operation: string, work: () => T | Promise<T>): Promise<T>;
  /** Gives what is recorded, else what `arrived` finds; where that finds nothing either, the scene stands still here. */
  await<T>(operation: string, arrived: () => { value: T } | undefined): Promise<T>;
  /** Settles when the scene stands still. */
  readonly stoodStill: Promise<void>;
  /** What went wrong even if the scene caught it. */
  problem(): Error | undefined;
}

export function createReplay(record: Recorded[]): Replay {
  let position = 0;
  let isStill = false;
  let isBusy = false;
  let problem: Error | undefined;
  const stop = Promise.withResolvers<void>();
  const fail = (error: Error): never => {
    problem ??= error;
    stop.resolve();
    throw error;
  };
  /** The next of the record, if there is one. */
  const next = (operation: string): Recorded | undefined => {
    if (problem !== undefined) throw problem;
    if (isStill || isBusy) return fail(new UnawaitedQuestion(`${operation} came while another operation was not awaited`));
    const entry = record[position];
    if (entry !== undefined && entry.operation !== operation)
      return fail(new Divergence(`operation ${position + 1} was ${entry.operation} and is ${operation}`));
    if (entry === undefined && record.length >= RECORD_MAX)
      return fail(new RangeError(`more than ${RECORD_MAX} operations in one scene`));
    position += 1;
    return entry;
  };
  return {
    stoodStill: stop.promise,
    problem: () => problem,
    once<T>(operation: string, work: () => T): T {
      const entry = next(operation);
      if (entry !== undefined) return entry.value as T;
      const value = work();
      record.push({ operation, ...(value !== undefined && { value: asJson(value) }) });
      return value;
    },
    async onceLater<T>(operation: string, work: () => T | Promise<T>): Promise<T> {
      const entry = next(operation);
      if (entry?.error !== undefined) throw new Error(entry.error);
      if (entry !== undefined) return entry.value as T;
      isBusy = true;
      try {
        const value = asJson(await work()) as T;
        record.push({ operation, ...(value !== undefined && { value }) });
        return value;
      } catch (error) {
        const message = error instanceof Error ? error.message : 'something that is no error was thrown';
        record.push({ operation, error: message });
        throw new Error(message, { cause: error });
      } finally {
        isBusy = false;
      }
    },
    await<T>(operation: string, arrived: () => { value: T } | undefined): Promise<T> {
      const entry = next(operation);
      if (entry !== undefined) return Promise.resolve(entry.value as T);
      const found = arrived();
      if (found !== undefined) {
        record.push({ operation, value: asJson(found.value) });
        return Promise.resolve(found.value);
      }
      isStill = true;
      stop.resolve();
      return Promise.withResolvers<T>().promise; // never settles: the next event runs the scene anew
    },
  };
}

/** As it will come back from the database; the first run must not see more than the later ones. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** What is stored of a running scene. */
export type StoredScene = NonNullable<BotState['scene']>;

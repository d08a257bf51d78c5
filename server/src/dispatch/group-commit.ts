import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';

/** Lets requests that come at the same time share one transaction. Why so: docs/decisions/0003-group-commit.md. */
export interface GroupCommit<Request, Answer> {
  /** `size` in messages. Rejects with what the request failed for, or with `overloaded` where too much waits already. */
  add(request: Request, size: number): Promise<Answer>;
}

/** One for each request of a batch, in its order: nothing that befalls a request may befall its neighbours. */
export type Outcome<Answer> = PromiseSettledResult<Answer>;

export interface GroupCommitParts<Request, Answer> {
  clock: Clock;
  /** Carries a batch out. */
  commit(requests: readonly Request[]): Promise<readonly Outcome<Answer>[]>;
  /** A batch takes no more messages; a request that is larger is a batch alone. */
  batchMax: number;
  /** Batches under way at once; each holds a database connection. */
  atOnceMax: number;
  /** Messages that may wait for their batch. */
  waitingMax: number;
  /** How long requests wait for the batch before theirs, in ms: one that waits for a lock must not hold up all others. */
  patienceMs: number;
}

interface Waiting<Request, Answer> {
  request: Request;
  size: number;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

export function createGroupCommit<Request, Answer>(parts: GroupCommitParts<Request, Answer>): GroupCommit<Request, Answer> {
  const { clock, commit, batchMax, atOnceMax, waitingMax, patienceMs } = parts;
  let waiting: Waiting<Request, Answer>[] = [];
  let waitingMessages = 0;
  let underWay = 0;
  /** Whose end the waiting ones wait for; null when they need not. */
  let awaited: AbortController | null = null;

  const takeBatch = (): Waiting<Request, Answer>[] => {
    let size = 0;
    const tooMany = waiting.findIndex((one, index) => {
      size += one.size;
      return index > 0 && size > batchMax;
    });
    const batch = waiting.slice(0, tooMany === -1 ? waiting.length : tooMany);
    waiting = waiting.slice(batch.length);
    waitingMessages -= batch.reduce((sum, one) => sum + one.size, 0);
    return batch;
  };

  const startWhatMay = (): void => {
    while (waiting.length > 0 && underWay < atOnceMax && (awaited === null || waitingMessages >= batchMax))
      void start(takeBatch());
  };

  const start = async (batch: readonly Waiting<Request, Answer>[]): Promise<void> => {
    underWay += 1;
    const ended = new AbortController();
    awaited = ended;
    const goOn = (): void => {
      if (awaited === ended) awaited = null;
      startWhatMay();
    };
    void clock.sleep(patienceMs, ended.signal).then(goOn);
    try {
      const outcomes = await commit(batch.map(({ request }) => request));
      for (const [index, one] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome?.status === 'fulfilled') one.resolve(outcome.value);
        else one.reject(outcome === undefined ? new Error('the batch has fewer answers than requests') : outcome.reason);
      }
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
    underWay -= 1;
    ended.abort('ended'); // with a reason of our own: Node makes an error with a stack otherwise
    goOn();
  };

  return {
    add: (request, size) =>
      new Promise((resolve, reject) => {
        if (waitingMessages + size > waitingMax) {
          reject(new AppError('overloaded', `${waitingMessages} messages wait to be stored; nothing of this request was stored`));
          return;
        }
        waiting.push({ request, size, resolve, reject });
        waitingMessages += size;
        startWhatMay();
      }),
  };
}

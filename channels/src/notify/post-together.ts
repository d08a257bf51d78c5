import type { SendOutcome } from '../channel.ts';

/** One message as JSON text. */
export type Item = string;
/** Posts the items in one request; an outcome for each, in their order. */
export type Post = (items: readonly Item[], signal: AbortSignal) => Promise<readonly SendOutcome[]>;

const NOT_SENT: SendOutcome = { kind: 'failed', networkCode: 'given_up' };
const GIVEN_UP: SendOutcome = { kind: 'unanswered', detail: 'given_up' };

interface Waiting {
  items: readonly Item[];
  signal: AbortSignal;
  resolve(outcomes: readonly SendOutcome[]): void;
  reject(error: unknown): void;
}

/**
 * What is sent in one turn of the event loop leaves in as few posts as hold `togetherMax` items each: a process sends for many groups
 * at once, and a request costs both sides more than the messages in it. Nobody waits for others: what comes later goes by itself,
 * and so does a call of more items.
 *
 * Whoever gives up is answered at once; the post goes on for the others, and ends when all of them have given up.
 */
export function createPostTogether(post: Post, togetherMax: number): Post {
  let waiting: Waiting[] = [];

  const postAll = async (calls: readonly Waiting[]): Promise<void> => {
    const [first] = calls as [Waiting];
    try {
      const giveUp = calls.length === 1 ? first.signal : allGivenUp(calls);
      const outcomes = await post(
        calls.flatMap(({ items }) => items),
        giveUp,
      );
      let taken = 0;
      for (const { items, resolve } of calls) {
        resolve(outcomes.slice(taken, taken + items.length));
        taken += items.length;
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  };

  const postWaiting = (): void => {
    const calls = waiting.filter(({ signal }) => !signal.aborted);
    for (const { items, resolve } of waiting.filter(({ signal }) => signal.aborted)) resolve(items.map(() => NOT_SENT));
    waiting = [];
    for (const together of packed(calls, togetherMax)) {
      void postAll(together);
      for (const { items, signal, resolve } of together)
        signal.addEventListener('abort', () => resolve(items.map(() => GIVEN_UP)), { once: true });
    }
  };

  return (items, signal) => {
    if (items.length === 0) return Promise.resolve([]);
    if (waiting.length === 0) setImmediate(postWaiting);
    return new Promise((resolve, reject) => waiting.push({ items, signal, resolve, reject }));
  };
}

/** In their order; a call is never torn apart. */
function packed(calls: readonly Waiting[], togetherMax: number): Waiting[][] {
  const posts: Waiting[][] = [];
  let size = togetherMax;
  for (const call of calls) {
    size += call.items.length;
    if (size <= togetherMax) posts.at(-1)?.push(call);
    else {
      posts.push([call]);
      size = call.items.length;
    }
  }
  return posts;
}

function allGivenUp(calls: readonly Waiting[]): AbortSignal {
  const giveUp = new AbortController();
  let left = calls.length;
  for (const { signal } of calls)
    signal.addEventListener(
      'abort',
      () => {
        left -= 1;
        if (left === 0) giveUp.abort();
      },
      { once: true },
    );
  return giveUp.signal;
}

import type { VkApi } from './vk-api.ts';

/** Messages take 18 of the 20 calls a second that VK allows for a token (dev.vk.com, quoted by vksdk): these are the other two. */
export const SET_UP_CALLS_PER_SECOND = 2;
const WINDOW_MS = 1_000;

/**
 * The same API for everything but messages (set-up of webhooks, long poll, people's names, answers to buttons, edits, uploads): waits so that no more than
 * `callsPerSecond` of its calls fall into any second, counted from their answers, and lets the messages of the same token have
 * the rest.
 */
export function leaveRoomForMessages(api: VkApi, callsPerSecond = SET_UP_CALLS_PER_SECOND): VkApi {
  const answeredAt: number[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  return {
    ...api,
    call(method, params, signal) {
      const turn = queue.then(async () => {
        const first = answeredAt.length < callsPerSecond ? undefined : answeredAt.shift();
        if (first !== undefined) await pause(first + WINDOW_MS - performance.now(), signal);
        try {
          return await api.call(method, params, signal);
        } finally {
          answeredAt.push(performance.now());
        }
      });
      queue = turn.catch(() => {}); // its caller hears of it; the next call goes on
      return turn;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  // Timers cut fractions off and may fire up to a millisecond early.
  const timerMs = Math.ceil(ms) + 1;
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerMs);
    signal.addEventListener('abort', done);
  });
}

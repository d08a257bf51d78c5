import { createLanes, type Lanes, postJson } from '../delivery/delivery.ts';
import type { World } from '../world/world.ts';

/** How VK calls a callback server. [?] VK documents none of these numbers; they are ours (contracts/vk.md 1.3). */
export const CALLBACK = {
  answerWithinMs: 10_000,
  /** Waits before the second, third … try of one event. When the last fails too, the server is `failed`. */
  retryAfterMs: [5_000, 15_000, 60_000, 300_000],
  /** A `Retry-After` further away than this is ignored (contracts/vk.md 1.3: "less than 3 hours"). */
  postponedAtMostMs: 3 * 3_600_000,
  /** A failed server is tried again after this with the event it failed at. */
  failedForMs: 600_000,
} as const;

/** What a server said to one POST. */
export type CallbackAnswer =
  /** HTTP 200 with this body. */
  | { kind: 'answered'; body: string }
  /** 410, 429 or 503 with a `Retry-After`. */
  | { kind: 'postponed'; untilMs: number }
  | { kind: 'failed' };

/**
 * Posts one body to a callback server and waits at most `CALLBACK.answerWithinMs`. `retryCounter` 0 sends no header
 * `X-Retry-Counter`: VK leaves it out on the first try. Redirects are failures. Never throws.
 */
export async function postCallback(
  world: World,
  request: { url: string; body: unknown; retryCounter: number; signal: AbortSignal },
): Promise<CallbackAnswer> {
  const { url, body, retryCounter, signal } = request;
  const headers: Record<string, string> = retryCounter > 0 ? { 'x-retry-counter': String(retryCounter) } : {};
  const timeoutMs = CALLBACK.answerWithinMs;
  const posted = await postJson(world.clock, { url, json: JSON.stringify(body), headers, timeoutMs, signal });
  if (posted === null) return { kind: 'failed' };
  if (posted.status === 200) return { kind: 'answered', body: posted.body };
  const untilMs = [410, 429, 503].includes(posted.status) ? Date.parse(posted.headers.get('retry-after') ?? '') : Number.NaN;
  const aheadMs = untilMs - world.clock.now();
  // A number of seconds, which HTTP allows too, reads as a date long past: then the schedule holds.
  return aheadMs > 0 && aheadMs < CALLBACK.postponedAtMostMs ? { kind: 'postponed', untilMs } : { kind: 'failed' };
}

/** Asked at each try: an event that waits goes to the server as it is by then. */
export interface CallbackTarget {
  url: string;
  /** Goes into every body; empty where no key is set. */
  secret: { secret?: string };
}

/** What a server must hear of its deliveries. */
export interface DeliveryListener {
  /** Some event was taken. */
  taken(): void;
  /** One event failed at its first try and at every repeat. */
  gaveUp(): void;
  /** The server answered `remove`. */
  removed(): void;
  /** Whether VK has stopped sending to it for a while: then a new event waits too. */
  isFailed(): boolean;
}

/**
 * Sends events to one server, in order within a dialog. An event that is not answered with `ok` is sent again by the schedule,
 * and what came later in its dialog waits for it.
 */
export function createCallbackSender(
  world: World,
  target: () => CallbackTarget,
  listener: DeliveryListener,
): Lanes<Record<string, unknown>> {
  return createLanes(world.clock, async (event, { pause, signal }) => {
    if (listener.isFailed()) await pause(CALLBACK.failedForMs);
    let failures = 0;
    for (let retryCounter = 0; !signal.aborted; retryCounter += 1) {
      const { url, secret } = target();
      const answer = await postCallback(world, { url, body: { ...event, ...secret }, retryCounter, signal });
      if (signal.aborted) return;
      if (answer.kind === 'answered' && answer.body === 'remove') return listener.removed();
      if (answer.kind === 'answered' && answer.body === 'ok') return listener.taken();
      if (answer.kind === 'postponed') {
        await pause(Math.max(0, answer.untilMs - world.clock.now()));
        continue;
      }
      const delayMs = CALLBACK.retryAfterMs[failures];
      failures += 1;
      if (delayMs === undefined) listener.gaveUp();
      await pause(delayMs ?? CALLBACK.failedForMs);
    }
  });
}

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
  const timeout = new AbortController();
  const cancel = world.clock.schedule(() => timeout.abort(), CALLBACK.answerWithinMs);
  try {
    const response = await fetch(request.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(request.retryCounter > 0 ? { 'x-retry-counter': String(request.retryCounter) } : {}),
      },
      body: JSON.stringify(request.body),
      redirect: 'manual',
      signal: AbortSignal.any([timeout.signal, request.signal]),
    });
    const body = await response.text();
    if (response.status === 200) return { kind: 'answered', body };
    const untilMs = [410, 429, 503].includes(response.status)
      ? Date.parse(response.headers.get('retry-after') ?? '')
      : Number.NaN;
    const aheadMs = untilMs - world.clock.now();
    return aheadMs < CALLBACK.postponedAtMostMs ? { kind: 'postponed', untilMs } : { kind: 'failed' };
  } catch {
    return { kind: 'failed' }; // refused, reset, timed out: to VK all the same
  } finally {
    cancel();
  }
}

/** One event on its way to one server. */
interface Delivery {
  body: Record<string, unknown>;
  /** How often it was sent already: `X-Retry-Counter`. */
  tries: number;
  /** How many of those failed; a postponement is none. */
  failures: number;
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

export interface CallbackSender {
  /** Sends it after what was sent for its dialog before. */
  send(dialogKey: string, body: Record<string, unknown>): void;
  /** Tries at once again what waits, as after a new confirmation. */
  hurry(): void;
  /** Drops what waits; nothing is sent from here on. */
  stop(): void;
}

/**
 * Sends events to one server: in order within a dialog, dialogs beside each other. An event that is not answered with `ok` is
 * sent again by the schedule, and what came later in its dialog waits for it.
 */
export function createCallbackSender(world: World, target: () => CallbackTarget, listener: DeliveryListener): CallbackSender {
  const lanes = new Map<string, Delivery[]>();
  const waiting = new Set<() => void>();
  const stopped = new AbortController();

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const goOn = (): void => {
        cancel();
        waiting.delete(goOn);
        resolve();
      };
      const cancel = world.clock.schedule(goOn, delayMs);
      waiting.add(goOn);
    });

  const afterFailure = (delivery: Delivery): number => {
    const delayMs = CALLBACK.retryAfterMs[delivery.failures];
    delivery.failures += 1;
    if (delayMs !== undefined) return delayMs;
    listener.gaveUp();
    return CALLBACK.failedForMs;
  };

  const deliver = async (delivery: Delivery): Promise<void> => {
    if (listener.isFailed()) await pause(CALLBACK.failedForMs);
    while (!stopped.signal.aborted) {
      const { body, tries: retryCounter } = delivery;
      const { url, secret } = target();
      const answer = await postCallback(world, { url, body: { ...body, ...secret }, retryCounter, signal: stopped.signal });
      delivery.tries += 1;
      if (stopped.signal.aborted) return;
      if (answer.kind === 'answered' && answer.body === 'remove') return listener.removed();
      if (answer.kind === 'answered' && answer.body === 'ok') return listener.taken();
      await pause(answer.kind === 'postponed' ? Math.max(0, answer.untilMs - world.clock.now()) : afterFailure(delivery));
    }
  };

  const work = async (dialogKey: string, lane: Delivery[]): Promise<void> => {
    for (;;) {
      const next = lane[0];
      if (next === undefined) break;
      await deliver(next);
      lane.shift();
    }
    lanes.delete(dialogKey);
  };

  return {
    send(dialogKey, body) {
      if (stopped.signal.aborted) return;
      const delivery: Delivery = { body, tries: 0, failures: 0 };
      const busy = lanes.get(dialogKey);
      if (busy !== undefined) {
        busy.push(delivery);
        return;
      }
      const lane = [delivery];
      lanes.set(dialogKey, lane);
      void work(dialogKey, lane);
    },
    hurry() {
      for (const goOn of [...waiting]) goOn();
    },
    stop() {
      stopped.abort();
      for (const lane of lanes.values()) lane.length = 0;
      for (const goOn of [...waiting]) goOn();
    },
  };
}

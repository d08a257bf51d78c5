/**
 * What answers that are no answer yet lead to (reliability 3.5), as data. Times in milliseconds.
 * Which of these a network's code means, its own table says: channels/src/vk/vk-error-table.ts, ok/ok-errors.ts, notify/notify-answer.ts.
 */
export const BACK_OFF = {
  /** Too many calls a second: the lane goes on at `share` of its rate for `holdMs`, then grows by so many a second, each second. */
  rate: { share: 0.5, holdMs: 1_000, growsPerSecond: 2 },
  /** The quota of a method is used up: the lane pauses; then one message tries, and if that fails the pause is twice as long. */
  quota: { firstMs: 60_000, factor: 2, maxMs: 3_600_000 },
  /** Flood control: only this person waits, the lane goes on. The published rule of WhatsApp: 4^X s, X from 0. */
  flood: { firstMs: 1_000, factor: 4, maxMs: 86_400_000 },
  /** The network names a time (Retry-After): it is obeyed within these. */
  asked: { minMs: 1_000, maxMs: 3_600_000 },
  /** A passing error or no answer: this message alone. */
  passing: { firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 },
  /** So large a share of so many calls failed within the window: the connection pauses, then one message tries. */
  breaker: { windowMs: 10_000, callsMin: 20, failedShare: 0.5, firstMs: 5_000, factor: 2, maxMs: 60_000 },
} as const;

/** The n-th pause of a row, n from 0. */
export function pauseMs({ firstMs, factor, maxMs }: { firstMs: number; factor: number; maxMs: number }, n: number): number {
  return Math.min(maxMs, firstMs * factor ** n);
}

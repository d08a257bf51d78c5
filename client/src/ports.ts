/** Time as the client sees it; an app gives its own, tests one that they drive. */
export interface Clock {
  /** Wall time, milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A number from 0 to 1, without 1. */
export type Random = () => number;

import type { Random } from './ports.ts';

const FIRST_MS = 500;
const MAX_MS = 30_000;

/**
 * Milliseconds before try `attempt` (from 0), anywhere between none and a bound that doubles up to half a minute: a server that comes
 * back is not met by everybody at once. "Full jitter": aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.
 */
export function backOffMs(attempt: number, random: Random): number {
  return random() * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
}

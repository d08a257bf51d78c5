/** The messages that wait in one lane, by the minute in which they become due: well enough to say when one more will be sent. */
export interface WaitingLine {
  /** Monotonic ms of the look that counted them; minutes count from it. */
  at: number;
  /** How many become due in each minute, with holes; what was due at the look is in minute 0. A ttl has 1,440 of them. */
  byMinute: number[];
}

const MINUTE_MS = 60_000;

export function minuteOf(line: WaitingLine, dueAt: number): number {
  return Math.max(0, Math.floor((dueAt - line.at) / MINUTE_MS));
}

/** `dueAt` in monotonic ms. */
export function join(line: WaitingLine, dueAt: number): void {
  const minute = minuteOf(line, dueAt);
  line.byMinute[minute] = (line.byMinute[minute] ?? 0) + 1;
}

/**
 * When one more message that is due at `dueAt` will have been sent, in monotonic ms, and how many stand before it. The lane sends what is
 * due in the order in which it became due, `perSecond` of it; what was sent since the look is left out.
 */
export function placeIn(line: WaitingLine, perSecond: number, dueAt: number, now: number): { sentAt: number; before: number } {
  const own = minuteOf(line, dueAt);
  const intervalMs = 1_000 / perSecond;
  let freeAt = line.at;
  let before = 0;
  for (let minute = 0; minute <= own; minute += 1) {
    const count = line.byMinute[minute] ?? 0;
    if (count === 0) continue;
    const from = Math.max(freeAt, line.at + minute * MINUTE_MS);
    freeAt = from + count * intervalMs;
    before += Math.ceil(Math.min(count, Math.max(0, freeAt - Math.max(from, now)) / intervalMs));
  }
  return { sentAt: Math.max(freeAt, dueAt, now) + intervalMs, before };
}

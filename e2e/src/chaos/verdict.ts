import type { LoadLane } from './lanes.ts';
import type { Order } from './load.ts';

/** What the outer world saw of a run. */
export interface Sightings {
  /** When messages came to each person on their lane's network, by phone; ms since 1970. */
  arrivals: ReadonlyMap<string, readonly number[]>;
  /** What the customer was told of each message. */
  told: ReadonlyMap<number, ReadonlySet<string>>;
}

export interface Tally {
  accepted: number;
  /** Answered OK, and never at the network. */
  lost: number;
  /** Came again at a network that knows a repeat by its key. */
  doubled: number;
  /** Came again at the network that knows no key: a call without an answer is sent again, as its template says. */
  allowedDoubles: number;
  /** Answered OK, and the customer never heard that it went. */
  unheard: number;
}

const WENT: readonly string[] = ['SENT', 'DELIVERED', 'READ'];
/** Said of what may have gone, to a network without keys. */
const MAY_HAVE_GONE = 'UNKNOWN';

/**
 * Holds what was accepted against what came, person by person. Orders that were not answered OK may have come, but nobody gets
 * more than was ordered for them.
 */
export function tally(orders: readonly Order[], { arrivals, told }: Sightings): Tally {
  const result: Tally = { accepted: 0, lost: 0, doubled: 0, allowedDoubles: 0, unheard: 0 };
  for (const [phone, own] of Map.groupBy(orders, (order) => order.phone)) {
    const isKeyed = own[0]?.lane.isKeyed ?? true;
    const came = arrivals.get(phone)?.length ?? 0;
    result[isKeyed ? 'doubled' : 'allowedDoubles'] += Math.max(0, came - own.length);
    let mustHaveCome = 0;
    for (const { messageId } of own) {
      if (messageId === null) continue;
      result.accepted += 1;
      const statuses = told.get(messageId) ?? new Set<string>();
      if (!isKeyed && statuses.has(MAY_HAVE_GONE)) continue;
      mustHaveCome += 1;
      if (!WENT.some((status) => statuses.has(status))) result.unheard += 1;
    }
    result.lost += Math.max(0, mustHaveCome - came);
  }
  return result;
}

/** A time in which every lane should have worked; ms since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** When messages came by each lane, oldest first. A lane by which nothing came is there, too. */
export type LaneTimes = ReadonlyMap<LoadLane, Float64Array>;

export function timesOfLanes(orders: readonly Order[], { arrivals }: Sightings): LaneTimes {
  const phonesOf = new Map<LoadLane, Set<string>>();
  for (const { lane, phone } of orders) {
    const phones = phonesOf.get(lane) ?? new Set();
    phonesOf.set(lane, phones.add(phone));
  }
  return new Map(
    [...phonesOf].map(([lane, phones]) => [
      lane,
      Float64Array.from([...phones].flatMap((phone) => arrivals.get(phone) ?? [])).sort(),
    ]),
  );
}

/** The longest time within the spans in which some lane sent nothing although customers kept writing to it; ms. */
export function longestSilence(lanes: LaneTimes, spans: readonly Span[]): number {
  let longest = 0;
  for (const times of lanes.values()) {
    for (const { from, to } of spans) {
      const points = [from, ...times.filter((at) => at > from && at < to), to];
      for (const [index, at] of points.entries()) longest = Math.max(longest, at - (points[index - 1] ?? at));
    }
  }
  return longest;
}

/** Messages a second of the slowest lane over all the spans together; NaN where there are none. */
export function slowestPace(lanes: LaneTimes, spans: readonly Span[]): number {
  const tookMs = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const counts = [...lanes.values()].map(
    (times) => times.filter((at) => spans.some(({ from, to }) => at >= from && at < to)).length,
  );
  return (Math.min(...counts) * 1_000) / tookMs;
}

/** The most that came by one lane within any 1,000 ms, wherever these begin: t and t + 1,000 are not in one of them. */
export function worstSecond(lanes: LaneTimes): number {
  let most = 0;
  for (const times of lanes.values()) {
    let first = 0;
    for (const [index, at] of times.entries()) {
      while (at - (times[first] ?? at) >= 1_000) first += 1;
      most = Math.max(most, index - first + 1);
    }
  }
  return most;
}

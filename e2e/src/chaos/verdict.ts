import type { Order } from './load.ts';

/** What the outer world saw of a run. */
export interface Sightings {
  /** When each message came to its person on its lane's network, by phone; ms since 1970. */
  arrivals: ReadonlyMap<string, readonly number[]>;
  /** What the customer was told of each message. */
  told: ReadonlyMap<number, ReadonlySet<string>>;
}

export interface Tally {
  accepted: number;
  /** Answered OK, and never at the network. */
  lost: number;
  /** More than once at a network that knows a repeat by its key. */
  doubled: number;
  /** More than once at the network that knows no key: a call without an answer is sent again, as its template says. */
  allowedDoubles: number;
  /** Answered OK, and the customer never heard that it went. */
  unheard: number;
}

const WENT: readonly string[] = ['SENT', 'DELIVERED', 'READ'];
/** Said of what may have gone, to a network without keys. */
const MAY_HAVE_GONE = 'UNKNOWN';

/** Holds what was accepted against what came. Orders that were not answered OK may have come, but never twice. */
export function tally(orders: readonly Order[], { arrivals, told }: Sightings): Tally {
  const result: Tally = { accepted: 0, lost: 0, doubled: 0, allowedDoubles: 0, unheard: 0 };
  for (const { phone, lane, messageId } of orders) {
    const times = arrivals.get(phone)?.length ?? 0;
    if (times > 1 && lane.isKeyed) result.doubled += 1;
    if (times > 1 && !lane.isKeyed) result.allowedDoubles += times - 1;
    if (messageId === null) continue;
    result.accepted += 1;
    const statuses = told.get(messageId) ?? new Set<string>();
    const isLeftOpen = !lane.isKeyed && statuses.has(MAY_HAVE_GONE);
    if (times === 0 && !isLeftOpen) result.lost += 1;
    if (!isLeftOpen && !WENT.some((status) => statuses.has(status))) result.unheard += 1;
  }
  return result;
}

/** A time in which every lane should have worked; ms since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** The longest time within the spans in which some lane sent nothing although customers kept writing to it; ms. */
export function longestSilence(orders: readonly Order[], { arrivals }: Sightings, spans: readonly Span[]): number {
  const timesOfLane = new Map<Order['lane'], number[]>();
  for (const { lane, phone } of orders) {
    const times = timesOfLane.get(lane) ?? [];
    timesOfLane.set(lane, times);
    times.push(...(arrivals.get(phone) ?? []));
  }
  let longest = 0;
  for (const times of timesOfLane.values()) {
    times.sort((a, b) => a - b);
    for (const { from, to } of spans) {
      const points = [from, ...times.filter((at) => at > from && at < to), to];
      for (const [index, at] of points.entries()) longest = Math.max(longest, at - (points[index - 1] ?? at));
    }
  }
  return longest;
}

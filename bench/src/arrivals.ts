import type { Town } from './town.ts';

/** A notification that the upstream took. */
export interface Arrival {
  phone: string;
  /** The name of its sender: one for each group. */
  service: string;
  /** When its call came in, by the simulator's clock, ms since 1970. */
  at: number;
}

type Page = { count: number; items: readonly [service: string, phone: string, at: number][] };

/** All that the simulator has taken since its last reset, oldest first. */
export async function readArrivals({ control }: Town): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for (;;) {
    const { count, items } = (await control(`/arrivals?from=${arrivals.length}`)) as Page;
    for (const [service, phone, at] of items) arrivals.push({ service, phone, at });
    if (arrivals.length >= count) return arrivals;
    if (items.length === 0) throw new Error(`the simulator has forgotten the first of ${count} notifications`);
  }
}

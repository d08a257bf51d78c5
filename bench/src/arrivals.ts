import type { Town } from './town.ts';

/** A notification that the upstream took. */
export interface Arrival {
  phone: string;
  /** The name of its sender: one for each group. */
  service: string;
  /** When its call came in, by the simulator's clock, ms since 1970. */
  at: number;
}

const PAGE_SIZE = 200;
const UPSTREAM_KEY = 'notify-demo';

interface Page {
  items: readonly { phone: string; service: string; createdAt: string }[];
  nextCursor: string | null;
}

/** All that the simulator has taken since its last reset, newest first. */
export async function readArrivals({ simulatorUrl }: Town): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor === null ? {} : { cursor }) });
    const response = await fetch(`${simulatorUrl}/notify/vk/messages?${query}`, {
      headers: { Authorization: `Key ${UPSTREAM_KEY}` },
    });
    const page = (await response.json()) as Page;
    for (const { phone, service, createdAt } of page.items) arrivals.push({ phone, service, at: Date.parse(createdAt) });
    cursor = page.nextCursor;
  } while (cursor !== null);
  return arrivals;
}

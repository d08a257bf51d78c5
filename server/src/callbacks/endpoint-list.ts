import type { ENDPOINT_STATES } from '@soroka/api';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

/** One host of a customer, as all processes together know it. */
export interface EndpointItem {
  id: number;
  /** Scheme, host and port. */
  origin: string;
  /**
   * `failing`: the last call failed. `paused`: most of the latest did, none goes there for a while. `disabled`: nothing but failures
   * for five days; its callbacks are parked until it is enabled.
   */
  state: (typeof ENDPOINT_STATES)[number];
  /** Calls since the last success. */
  failures: number;
  failingSince: Date | null;
  pausedUntil: Date | null;
  disabledAt: Date | null;
  /** Of the last failure. */
  problem: string | null;
  createdAt: Date;
}

export interface EndpointPage {
  items: readonly EndpointItem[];
  nextCursor: string | null;
}

const ITEM = `id, origin,
  case
    when disabled_at is not null then 'disabled'
    when open_until > $1 then 'paused'
    when failing_since is not null then 'failing'
    else 'working'
  end as state,
  failures, failing_since as "failingSince", case when open_until > $1 then open_until end as "pausedUntil",
  disabled_at as "disabledAt", problem, created_at as "createdAt"`;

const LIST = {
  name: 'callbacks_endpoints',
  text: `select ${ITEM} from callback_endpoint where account_id = $2 and ($3::int is null or id < $3) order by id desc limit $4`,
};
const GET = { name: 'callbacks_endpoint', text: `select ${ITEM} from callback_endpoint where account_id = $2 and id = $3` };
const ENABLE = {
  name: 'callbacks_enable',
  text: `
  update callback_endpoint set disabled_at = null, failing_since = null, failures = 0, open_until = null, problem = null
  where account_id = $2 and id = $3
  returning ${ITEM}`,
};
const ID_MAX = 2 ** 31 - 1;

/** Newest first. Throws `parameter.invalid` for a cursor that is none of ours. */
export async function listEndpoints(
  database: Database,
  clock: Clock,
  accountId: number,
  page: { cursor?: string; limit: number },
): Promise<EndpointPage> {
  const before = page.cursor === undefined ? null : readCursor(page.cursor);
  const rows = await database.rows<EndpointItem>(LIST, [new Date(clock.now()), accountId, before, page.limit + 1]);
  const items = rows.slice(0, page.limit);
  return { items, nextCursor: rows.length > page.limit ? String(items.at(-1)?.id) : null };
}

function readCursor(cursor: string): number {
  if (!/^\d{1,10}$/.test(cursor))
    throw new AppError('parameter.invalid', 'give nextCursor of the page before, unchanged', { field: 'cursor' });
  return Math.min(Number(cursor), ID_MAX);
}

export async function getEndpoint(database: Database, clock: Clock, accountId: number, id: number): Promise<EndpointItem | null> {
  if (id > ID_MAX) return null;
  return (await database.rows<EndpointItem>(GET, [new Date(clock.now()), accountId, id]))[0] ?? null;
}

/** Lets calls through from now on, whatever failed before; null where the account has no such endpoint. */
export async function enableEndpoint(
  database: Database,
  clock: Clock,
  accountId: number,
  id: number,
): Promise<EndpointItem | null> {
  if (id > ID_MAX) return null;
  return (await database.rows<EndpointItem>(ENABLE, [new Date(clock.now()), accountId, id]))[0] ?? null;
}

import type { Queryable } from '../platform/database.ts';
import type { CallRecord } from './calls.ts';

const DAY_MS = 86_400_000;
// reliability.md 1.4. The tries of one callback are not enough: a host that is rarely called may fail twice in five days.
const FAILING_TO_DISABLE_MS = 5 * DAY_MS;
const FAILURES_TO_DISABLE = 11;

/** What calls of one endpoint in one round came to. */
interface Health {
  failures: number;
  succeeded: boolean;
  problem: string | null;
  /** Null unless the breaker opened. */
  openUntil: Date | null;
}

// Rows are locked in one order, so that two processes cannot wait for each other. What did not fail is only read.
const RECORD_HEALTH = {
  name: 'callbacks_record_health',
  text: `
  with health as (
    select * from unnest($1::int[], $2::int[], $3::boolean[], $4::text[], $5::timestamptz[])
      as item(endpoint_id, failures, succeeded, problem, open_until)
  ), changed as (
    select id, health.*
    from callback_endpoint
    join health on health.endpoint_id = id
    where health.failures > 0 or failing_since is not null
    order by id
    for no key update of callback_endpoint
  )
  update callback_endpoint set
    failing_since = case when changed.failures = 0 then null when succeeded then $6 else coalesce(failing_since, $6) end,
    failures = case when succeeded then 0 else callback_endpoint.failures end + changed.failures,
    open_until = case when succeeded then changed.open_until else coalesce(changed.open_until, callback_endpoint.open_until) end,
    problem = changed.problem,
    disabled_at = case
      when disabled_at is null and not succeeded and failing_since <= $7 and callback_endpoint.failures + changed.failures >= $8 then $6
      else disabled_at
    end
  from changed
  where callback_endpoint.id = changed.id
  returning callback_endpoint.id as "endpointId", account_id as "accountId", callback_endpoint.failures, failing_since as "failingSince",
    coalesce(disabled_at = $6, false) as "isDisabledNow"`,
};

/** An endpoint that gets no calls any more until somebody enables it. */
export interface DisabledEndpoint {
  endpointId: number;
  accountId: number;
  failures: number;
  failingSince: Date;
}

/** Keeps for all processes, and for whoever looks, how the endpoints of these calls fare. Returns those that are disabled from now on. */
export async function recordHealth(
  tx: Queryable,
  calls: readonly CallRecord[],
  openUntil: ReadonlyMap<number, Date>,
  nowMs: number,
): Promise<DisabledEndpoint[]> {
  const healths = [...healthsOf(calls, openUntil)];
  const rows = await tx.rows<DisabledEndpoint & { isDisabledNow: boolean }>(RECORD_HEALTH, [
    healths.map(([endpointId]) => endpointId),
    healths.map(([, { failures }]) => failures),
    healths.map(([, { succeeded }]) => succeeded),
    healths.map(([, { problem }]) => problem),
    healths.map(([, health]) => health.openUntil),
    new Date(nowMs),
    new Date(nowMs - FAILING_TO_DISABLE_MS),
    FAILURES_TO_DISABLE,
  ]);
  return rows.filter(({ isDisabledNow }) => isDisabledNow).map(({ isDisabledNow: _, ...endpoint }) => endpoint);
}

function healthsOf(calls: readonly CallRecord[], openUntil: ReadonlyMap<number, Date>): Map<number, Health> {
  const healths = new Map<number, Health>();
  for (const { endpointId, outcome, problem } of calls) {
    const before = healths.get(endpointId) ?? { failures: 0, succeeded: false };
    const failed = outcome !== 'delivered';
    healths.set(endpointId, {
      failures: failed ? before.failures + 1 : 0,
      succeeded: before.succeeded || !failed,
      problem: failed ? problem : null,
      openUntil: failed ? (openUntil.get(endpointId) ?? null) : null,
    });
  }
  return healths;
}

// What stands in its queues when it is disabled, or comes later. Callbacks that are tried at this moment get their own outcome.
const PARK = {
  name: 'callbacks_park_disabled',
  text: `
  with due as (
    select id, follower_ids
    from callback
    where endpoint_id = any($1::int[]) and again = any('{false,true}') and state <> 'parked' and not follows
      and due_at <= $2 and (held_until is null or held_until <= $2) and (batch_id is null or batch_id = id)
    limit $3
    for update skip locked
  ), led as (
    update callback set state = 'parked', due_at = $2, held_until = null, problem = $4
    from due
    where callback.id = due.id
    returning callback.form
  ), followed as (
    update callback set state = 'parked', due_at = $2, held_until = null, problem = $4
    where id = any(array(select unnest(follower_ids) from due)) and state <> 'parked'
    returning callback.form
  )
  select form from led union all select form from followed`,
};
const PARKED_AT_ONCE_MAX = 2_000;
const PARKED_BECAUSE = 'the endpoint is disabled';

/** Parks what is due of disabled endpoints, a bounded number; returns the forms of what it parked. */
export async function parkDisabled(
  tx: Queryable,
  endpointIds: readonly number[],
  nowMs: number,
): Promise<('status' | 'incoming')[]> {
  const rows = await tx.rows<{ form: 'status' | 'incoming' }>(PARK, [
    endpointIds,
    new Date(nowMs),
    PARKED_AT_ONCE_MAX,
    PARKED_BECAUSE,
  ]);
  return rows.map(({ form }) => form);
}

import type { Queryable, Statement } from '../platform/database.ts';
import { DEFAULT_CLASS, PARKED, PRIORITY_OF_CLASS } from './classes.ts';
import type { StepPlan } from './plan.ts';
import type { Candidate } from './store-accepted.ts';

// Null for the default one, as in rows of releases that knew no classes.
const CLASS = `case priority ${Object.entries(PRIORITY_OF_CLASS)
  .filter(([name]) => name !== DEFAULT_CLASS)
  .map(([name, priority]) => `when ${priority} then '${name}'`)
  .join(' ')} end`;

// One statement for both tables and the new ids: a batch without keys or budgets takes one round trip. What messages of a
// batch have in common goes over once (`common`), as a batch is mostly one text to many people: per message it was half of
// the cost of acceptance on both sides. An id that is given is kept.
const INSERT: Statement = {
  name: 'dispatch.accept.insert',
  text: `
    with own as materialized (
      select coalesce(given_id, nextval('message_id')) as id, o.*
      from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::json[], $7::json[], $8::text[]) with ordinality
        as o(given_id, common, phone, text, template_data, callback_data, client_message_id, position)
    ), shared as materialized (
      select *
      from unnest($9::bigint[], $10::bigint[], $11::text[], $12::int[], $13::text[], $14::jsonb[], $15::jsonb[], $16::text[], $17::text[],
        $18::timestamptz[], $19::int[], $20::bigint[], $21::timestamptz[], $22::timestamptz[], $23::smallint[], $24::int[]) with ordinality
        as s(account_id, sender_id, service, template_id, delivery_policy, steps, windows, status_url, channel, expires_at, lane_id,
          connection_id, due_at, step_ends_at, priority, template_version, common)
    ), paused as materialized (
      select account_id, sender_id from sender_pause where account_id = any($9::bigint[]) and sender_id = any($10::bigint[])
      for key share
    ), stored as (
      insert into message (account_id, created_at, kind, id, sender_id, service, template_id, phone, text, template_data,
        delivery_policy, steps, windows, status_url, callback_data, client_message_id, channel, expires_at, class, template_version)
      select account_id, $1, 'notification', id, sender_id, service, template_id, phone, text, template_data, delivery_policy, steps,
        windows, status_url, callback_data, client_message_id, channel, expires_at, ${CLASS}, template_version
      from own join shared using (common)
    ), waiting as (
      insert into delivery (account_id, priority, message_id, expires_at, lane_id, connection_id, due_at, step_ends_at)
      select account_id, priority + case when (account_id, sender_id) in (select account_id, sender_id from paused) then ${PARKED} else 0 end,
        id, expires_at, lane_id, connection_id, due_at, step_ends_at
      from own join shared using (common)
    )
    select id from own order by position`,
};

/** Stores the candidates; their ids in the same order, those of `idOf` where it knows them. */
export async function insertAccepted(
  tx: Queryable,
  now: Date,
  candidates: readonly Candidate[],
  idOf: (candidate: Candidate) => number | null = () => null,
): Promise<readonly number[]> {
  if (candidates.length === 0) return [];
  const { shared, commonOf } = shareCommon(candidates);
  const rows = await tx.rows<{ id: number }>(INSERT, [
    now,
    candidates.map(idOf),
    commonOf,
    candidates.map(({ item }) => item.phone),
    candidates.map(({ text }) => text),
    candidates.map(({ item }) => item.templateDataJson),
    candidates.map(({ item }) => item.callbackDataJson ?? null),
    candidates.map(({ item }) => item.clientMessageId ?? null),
    shared.map(({ accountId }) => accountId),
    shared.map(({ sender }) => sender.id),
    shared.map(({ sender }) => sender.name),
    shared.map(({ templateId }) => templateId),
    shared.map(({ item }) => item.deliveryPolicy),
    shared.map(({ steps }) => JSON.stringify(steps)),
    shared.map(({ windows }) => (windows === null ? null : JSON.stringify(windows))),
    shared.map(({ statusUrl }) => statusUrl),
    shared.map((candidate) => firstStep(candidate).route),
    shared.map(({ expiresAt }) => expiresAt),
    shared.map((candidate) => firstStep(candidate).laneId),
    shared.map((candidate) => firstStep(candidate).connectionId),
    shared.map(({ dueAt }) => dueAt),
    shared.map((candidate) => {
      const { timeoutSeconds } = firstStep(candidate);
      return timeoutSeconds === undefined ? null : new Date(candidate.dueAt.getTime() + timeoutSeconds * 1_000);
    }),
    shared.map(({ priority }) => priority),
    shared.map(({ templateVersion }) => templateVersion),
  ]);
  return rows.map(({ id }) => id);
}

/** One candidate for each different set of shared columns, and for each candidate which of them is its own, from 1. */
function shareCommon(candidates: readonly Candidate[]): { shared: readonly Candidate[]; commonOf: readonly number[] } {
  const shared: Candidate[] = [];
  const numbers = new Map<string, number>();
  const commonOf = candidates.map((candidate) => {
    const { sender, templateId, templateVersion, priority, item, steps, windows, statusUrl, dueAt, expiresAt } = candidate;
    const times = [dueAt.getTime(), expiresAt.getTime()];
    // Without the account: a sender belongs to one.
    const key = JSON.stringify([
      sender.id,
      templateId,
      templateVersion,
      priority,
      item.deliveryPolicy,
      steps,
      windows,
      statusUrl,
      times,
    ]);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, shared.push(candidate));
    return shared.length;
  });
  return { shared, commonOf };
}

function firstStep(candidate: Candidate): StepPlan {
  return candidate.steps[0] as StepPlan;
}

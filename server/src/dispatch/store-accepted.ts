import type { Sender } from '../connections/connections.ts';
import type { Budgets } from '../limits/limits.ts';
import type { Database, Queryable, Statement } from '../platform/database.ts';
import type { AcceptAnswer, AcceptResult, NewNotification, Refusal, Remember } from './contract.ts';
import { insertAccepted } from './insert-accepted.ts';
import type { StepPlan } from './plan.ts';
import type { ZonedWindow } from './windows.ts';

/** A notification that passed every check which needs no lock. */
export interface Candidate {
  item: NewNotification;
  sender: Sender;
  templateId: number;
  text: string;
  steps: readonly StepPlan[];
  windows: readonly ZonedWindow[] | null;
  dueAt: Date;
  expiresAt: Date;
  statusUrl: string | null;
}

export interface AcceptRequest {
  accountId: number;
  now: Date;
  checked: readonly (Candidate | { refused: readonly Refusal[] })[];
  remember: Remember | undefined;
}

const REMEMBERED_FOR_MS = 86_400_000;

const IDS: Statement = { name: 'dispatch.accept.ids', text: `select nextval('message_id') as id from generate_series(1, $1)` };
const LOCK_KEY: Statement = {
  name: 'dispatch.accept.lock_key',
  text: `select pg_try_advisory_xact_lock(hashtextextended($1 || ':' || $2, 0)) as held`,
};
const FIND_KEY: Statement = {
  name: 'dispatch.accept.find_key',
  text: `
    select body_sha256 as "bodySha256", answer_body as "answerBody" from idempotency_key
    where account_id = $1 and key = $2 and created_at > $3`,
};
const STORE_KEY: Statement = {
  name: 'dispatch.accept.store_key',
  text: `
    insert into idempotency_key (account_id, key, body_sha256, answer_body, created_at) values ($1, $2, $3, $4, $5)
    on conflict (account_id, key) do update
    set body_sha256 = excluded.body_sha256, answer_body = excluded.answer_body, created_at = excluded.created_at`,
};
const CLAIM_CLIENT_IDS: Statement = {
  name: 'dispatch.accept.claim_client_ids',
  // In the order of ids: two requests with the same ids wait for each other instead of locking up. One older than a day is free again.
  text: `
    insert into client_message (account_id, client_message_id, content_sha256, message_id, created_at)
    select $1, c.* , $5 from unnest($2::text[], $3::bytea[], $4::bigint[]) as c(client_message_id, content_sha256, message_id)
    order by client_message_id
    on conflict (account_id, client_message_id) do update
    set content_sha256 = excluded.content_sha256, message_id = excluded.message_id, created_at = excluded.created_at
    where client_message.created_at <= $6
    returning client_message_id as "clientMessageId"`,
};
const FIND_CLIENT_IDS: Statement = {
  name: 'dispatch.accept.find_client_ids',
  text: `
    select client_message_id as "clientMessageId", content_sha256 as "contentSha256", message_id as "messageId"
    from client_message where account_id = $1 and client_message_id = any($2)`,
};
const FREE_CLIENT_IDS: Statement = {
  name: 'dispatch.accept.free_client_ids',
  text: 'delete from client_message where account_id = $1 and client_message_id = any($2::text[])',
};

/** Stores the candidates, in one transaction with their client ids, budgets and the remembered answer. */
export async function storeCandidates(
  parts: { database: Database; budgets: Budgets },
  request: AcceptRequest,
): Promise<AcceptResult> {
  const { checked, remember } = request;
  const candidates = checked.filter((item) => 'steps' in item);
  const answerOf = (outcomes: ReadonlyMap<Candidate, AcceptAnswer>): AcceptAnswer[] =>
    checked.map((item) => ('refused' in item ? { ok: false, reasons: item.refused } : (outcomes.get(item) as AcceptAnswer)));

  const needsTransaction =
    remember !== undefined ||
    candidates.some(({ item, sender }) => item.clientMessageId !== undefined || sender.budgetPerDay !== null);
  if (!needsTransaction) {
    const stored = await insertAccepted(parts.database, request, candidates);
    return {
      kind: 'accepted',
      answers: answerOf(new Map(candidates.map((candidate, index) => [candidate, taken(stored[index])]))),
    };
  }
  const ids = candidates.length === 0 ? [] : await parts.database.rows<{ id: number }>(IDS, [candidates.length]);
  const accepted = new Map(candidates.map((candidate, index) => [candidate, (ids[index] as { id: number }).id]));
  return parts.database.transaction(async (tx): Promise<AcceptResult> => {
    if (remember !== undefined) {
      const earlier = await findRemembered(tx, request, remember);
      if (earlier !== null) return earlier;
    }
    const repeats = repeatedClientIds(accepted.keys());
    const outcomes = await claimClientIds(tx, request, accepted, repeats);
    const fresh = [...accepted.keys()].filter((candidate) => !outcomes.has(candidate) && !repeats.has(candidate));
    await takeBudgets(tx, parts.budgets, request, fresh, outcomes);
    const stored = new Map(
      fresh.filter((candidate) => !outcomes.has(candidate)).map((candidate) => [candidate, accepted.get(candidate) as number]),
    );
    await insertAccepted(tx, request, [...stored.keys()], [...stored.values()]);
    for (const [candidate, messageId] of stored) outcomes.set(candidate, taken(messageId));
    for (const [repeat, first] of repeats) {
      const same = first.item.contentSha256.equals(repeat.item.contentSha256);
      outcomes.set(repeat, same ? (outcomes.get(first) as AcceptAnswer) : CLIENT_ID_CONFLICT);
    }
    const answers = answerOf(outcomes);
    if (remember !== undefined) {
      await tx.run(STORE_KEY, [request.accountId, remember.key, remember.bodySha256, remember.answerBody(answers), request.now]);
    }
    return { kind: 'accepted', answers };
  });
}

const taken = (messageId: number | undefined): AcceptAnswer => ({ ok: true, messageId: messageId as number });

async function findRemembered(
  tx: Queryable,
  { accountId, now }: AcceptRequest,
  { key, bodySha256 }: Remember,
): Promise<AcceptResult | null> {
  const [lock] = await tx.rows<{ held: boolean }>(LOCK_KEY, [accountId, key]);
  if (lock?.held !== true) return { kind: 'running' };
  const since = new Date(now.getTime() - REMEMBERED_FOR_MS);
  const [earlier] = await tx.rows<{ bodySha256: Buffer; answerBody: string }>(FIND_KEY, [accountId, key, since]);
  if (earlier === undefined) return null;
  return earlier.bodySha256.equals(bodySha256) ? { kind: 'repeated', answerBody: earlier.answerBody } : { kind: 'conflict' };
}

const CLIENT_ID_CONFLICT: AcceptAnswer = {
  ok: false,
  reasons: [{ key: 'client.message.id.conflict', field: 'clientMessageId' }],
};

/** Candidates that repeat the clientMessageId of an earlier one of the same request, with that one. */
function repeatedClientIds(candidates: Iterable<Candidate>): Map<Candidate, Candidate> {
  const firsts = new Map<string, Candidate>();
  const repeats = new Map<Candidate, Candidate>();
  for (const candidate of candidates) {
    const id = candidate.item.clientMessageId;
    if (id === undefined) continue;
    const first = firsts.get(id);
    if (first === undefined) firsts.set(id, candidate);
    else repeats.set(candidate, first);
  }
  return repeats;
}

/** Answers for candidates whose clientMessageId an earlier request used. */
async function claimClientIds(
  tx: Queryable,
  { accountId, now }: AcceptRequest,
  accepted: ReadonlyMap<Candidate, number>,
  repeats: ReadonlyMap<Candidate, Candidate>,
): Promise<Map<Candidate, AcceptAnswer>> {
  const outcomes = new Map<Candidate, AcceptAnswer>();
  const claims = new Map<string, Candidate>();
  for (const candidate of accepted.keys()) {
    const id = candidate.item.clientMessageId;
    if (id !== undefined && !repeats.has(candidate)) claims.set(id, candidate);
  }
  if (claims.size === 0) return outcomes;

  const wanting = [...claims.values()];
  const since = new Date(now.getTime() - REMEMBERED_FOR_MS);
  const columns = [
    [...claims.keys()],
    wanting.map(({ item }) => item.contentSha256),
    wanting.map((candidate) => accepted.get(candidate)),
  ];
  const mine = new Set(
    (await tx.rows<{ clientMessageId: string }>(CLAIM_CLIENT_IDS, [accountId, ...columns, now, since])).map(
      (row) => row.clientMessageId,
    ),
  );
  const taken = [...claims.keys()].filter((id) => !mine.has(id));
  type Row = { clientMessageId: string; contentSha256: Buffer; messageId: number };
  const rows = taken.length === 0 ? [] : await tx.rows<Row>(FIND_CLIENT_IDS, [accountId, taken]);
  for (const { clientMessageId, contentSha256, messageId } of rows) {
    const candidate = claims.get(clientMessageId) as Candidate;
    outcomes.set(candidate, contentSha256.equals(candidate.item.contentSha256) ? { ok: true, messageId } : CLIENT_ID_CONFLICT);
  }
  return outcomes;
}

/** Refuses what is over a sender's budget: the first of the request are taken, the rest answered with billing.error. */
async function takeBudgets(
  tx: Queryable,
  budgets: Budgets,
  { accountId, now }: AcceptRequest,
  fresh: readonly Candidate[],
  outcomes: Map<Candidate, AcceptAnswer>,
): Promise<void> {
  const asking = fresh.filter((candidate) => candidate.sender.budgetPerDay !== null);
  const bySender = [...Map.groupBy(asking, ({ sender }) => sender.id)].sort(([a], [b]) => a - b); // one order of locks for all requests
  for (const [senderId, wanting] of bySender) {
    const granted = await budgets.take(tx, senderId, wanting[0]?.sender.budgetPerDay ?? 0, wanting.length, now);
    const refused = wanting.slice(granted);
    for (const candidate of refused)
      outcomes.set(candidate, { ok: false, reasons: [{ key: 'billing.error', field: 'service' }] });
    const claimed = refused.flatMap(({ item }) => item.clientMessageId ?? []);
    if (claimed.length > 0) await tx.run(FREE_CLIENT_IDS, [accountId, claimed]);
  }
}

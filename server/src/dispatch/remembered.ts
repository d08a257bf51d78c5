import type { Queryable, Statement } from '../platform/database.ts';
import type { AcceptAnswer, AcceptResult } from './contract.ts';
import type { AcceptRequest } from './store-accepted.ts';

/** The answers of requests with an Idempotency-Key: the same key and body within a day get the stored one. */

const REMEMBERED_FOR_MS = 86_400_000;

// Tried, not waited for: whoever has it is answering, and the batch goes on.
const LOCK: Statement = {
  name: 'dispatch.accept.lock_keys',
  text: `
    select pg_try_advisory_xact_lock(hashtextextended(account_id || ':' || key, 0)) as held
    from unnest($1::bigint[], $2::text[]) with ordinality as k(account_id, key, position)
    order by position`,
};
// A statement of its own: it must see what was committed before the lock was free.
const FIND: Statement = {
  name: 'dispatch.accept.find_keys',
  text: `
    select account_id as "accountId", key, body_sha256 as "bodySha256", answer_body as "answerBody"
    from idempotency_key join unnest($1::bigint[], $2::text[]) as wanted(account_id, key) using (account_id, key)
    where created_at > $3`,
};
const STORE: Statement = {
  name: 'dispatch.accept.store_keys',
  text: `
    insert into idempotency_key (account_id, key, body_sha256, answer_body, created_at)
    select k.*, $5 from unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[]) as k(account_id, key, body_sha256, answer_body)
    on conflict (account_id, key) do update
    set body_sha256 = excluded.body_sha256, answer_body = excluded.answer_body, created_at = excluded.created_at`,
};

interface Keyed {
  accountId: number;
  key: string;
}
const nameOf = ({ accountId, key }: Keyed): string => `${accountId}:${key}`;

/** The results of those requests whose key was used before or is in use now. All others hold their keys to the end of the transaction. */
export async function findRemembered(
  tx: Queryable,
  requests: readonly AcceptRequest[],
  now: Date,
): Promise<ReadonlyMap<AcceptRequest, AcceptResult>> {
  const results = new Map<AcceptRequest, AcceptResult>();
  const asking = new Map<string, { request: AcceptRequest; key: string; bodySha256: Buffer }>();
  for (const request of requests) {
    if (request.remember === undefined) continue;
    const { key, bodySha256 } = request.remember;
    const name = nameOf({ accountId: request.accountId, key });
    // The first one with this key is in this very batch, and a lock that we hold would be given to us again.
    if (asking.has(name)) results.set(request, { kind: 'running' });
    else asking.set(name, { request, key, bodySha256 });
  }
  if (asking.size === 0) return results;

  const wanted = [...asking.values()];
  const columns = [wanted.map(({ request }) => request.accountId), wanted.map(({ key }) => key)];
  const locks = await tx.rows<{ held: boolean }>(LOCK, columns);
  for (const [index, { request }] of wanted.entries()) if (locks[index]?.held !== true) results.set(request, { kind: 'running' });
  const since = new Date(now.getTime() - REMEMBERED_FOR_MS);
  const rows = await tx.rows<Keyed & { bodySha256: Buffer; answerBody: string }>(FIND, [...columns, since]);
  for (const { bodySha256, answerBody, ...keyed } of rows) {
    const asked = asking.get(nameOf(keyed));
    if (asked === undefined || results.has(asked.request)) continue;
    results.set(asked.request, bodySha256.equals(asked.bodySha256) ? { kind: 'repeated', answerBody } : { kind: 'conflict' });
  }
  return results;
}

/** Keeps the answers of those requests that have a key. */
export async function storeRemembered(
  tx: Queryable,
  answers: ReadonlyMap<AcceptRequest, readonly AcceptAnswer[]>,
  now: Date,
): Promise<void> {
  const kept = [...answers].flatMap(([{ accountId, remember }, own]) =>
    remember === undefined ? [] : [{ accountId, remember, own }],
  );
  if (kept.length === 0) return;
  await tx.run(STORE, [
    kept.map(({ accountId }) => accountId),
    kept.map(({ remember }) => remember.key),
    kept.map(({ remember }) => remember.bodySha256),
    kept.map(({ remember, own }) => remember.answerBody(own)),
    now,
  ]);
}

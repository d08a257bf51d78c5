import type { Queryable, Statement } from '../platform/database.ts';
import type { AcceptAnswer } from './contract.ts';
import type { Candidate } from './store-accepted.ts';

/** The clientMessageId of messages: the same one from the same account within a day is the same message. */

const CLIENT_IDS_KEPT_FOR_MS = 86_400_000;

const CLAIM: Statement = {
  name: 'dispatch.accept.claim_client_ids',
  // In the order of ids: two transactions with the same ids wait for each other instead of locking up. One older than a day is free again.
  text: `
    insert into client_message (account_id, client_message_id, content_sha256, message_id, created_at)
    select c.*, $5 from unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[]) as c(account_id, client_message_id, content_sha256, message_id)
    order by account_id, client_message_id
    on conflict (account_id, client_message_id) do update
    set content_sha256 = excluded.content_sha256, message_id = excluded.message_id, created_at = excluded.created_at
    where client_message.created_at <= $6
    returning account_id as "accountId", client_message_id as "clientMessageId"`,
};
const FIND: Statement = {
  name: 'dispatch.accept.find_client_ids',
  text: `
    select account_id as "accountId", client_message_id as "clientMessageId", content_sha256 as "contentSha256", message_id as "messageId"
    from client_message join unnest($1::bigint[], $2::text[]) as wanted(account_id, client_message_id) using (account_id, client_message_id)`,
};
const FREE: Statement = {
  name: 'dispatch.accept.free_client_ids',
  text: `
    delete from client_message as c using unnest($1::bigint[], $2::text[]) as f(account_id, client_message_id)
    where c.account_id = f.account_id and c.client_message_id = f.client_message_id`,
};

export const CLIENT_ID_CONFLICT: AcceptAnswer = {
  ok: false,
  reasons: [{ key: 'client.message.id.conflict', field: 'clientMessageId' }],
};

interface Owned {
  accountId: number;
  clientMessageId: string;
}
const keyOf = ({ accountId, clientMessageId }: Owned): string => `${accountId}:${clientMessageId}`;

/** The id of the caller, and whose it is. */
function ownedOf({ accountId, item }: Candidate): Owned | null {
  return item.clientMessageId === undefined ? null : { accountId, clientMessageId: item.clientMessageId };
}

/** Candidates that repeat the clientMessageId of an earlier one among them, with that one. */
export function repeatedClientIds(candidates: Iterable<Candidate>): ReadonlyMap<Candidate, Candidate> {
  const firsts = new Map<string, Candidate>();
  const repeats = new Map<Candidate, Candidate>();
  for (const candidate of candidates) {
    const owned = ownedOf(candidate);
    if (owned === null) continue;
    const first = firsts.get(keyOf(owned));
    if (first === undefined) firsts.set(keyOf(owned), candidate);
    else repeats.set(candidate, first);
  }
  return repeats;
}

/** Takes the ids of the candidates, each id once among them. Answers for those whose id an earlier request used. */
export async function claimClientIds(
  tx: Queryable,
  candidates: readonly Candidate[],
  idOf: ReadonlyMap<Candidate, number | undefined>,
  now: Date,
): Promise<ReadonlyMap<Candidate, AcceptAnswer>> {
  const claims = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const owned = ownedOf(candidate);
    if (owned !== null) claims.set(keyOf(owned), candidate);
  }
  if (claims.size === 0) return new Map();

  const wanting = [...claims.values()];
  const mine = await tx.rows<Owned>(CLAIM, [
    wanting.map(({ accountId }) => accountId),
    wanting.map(({ item }) => item.clientMessageId),
    wanting.map(({ item }) => item.contentSha256),
    wanting.map((candidate) => idOf.get(candidate)),
    now,
    new Date(now.getTime() - CLIENT_IDS_KEPT_FOR_MS),
  ]);
  for (const owned of mine) claims.delete(keyOf(owned));
  if (claims.size === 0) return new Map();
  const used = [...claims.values()];
  const rows = await tx.rows<Owned & { contentSha256: Buffer; messageId: number }>(FIND, [
    used.map(({ accountId }) => accountId),
    used.map(({ item }) => item.clientMessageId),
  ]);
  return new Map(
    rows.map(({ contentSha256, messageId, ...owned }) => {
      const candidate = claims.get(keyOf(owned)) as Candidate;
      return [candidate, contentSha256.equals(candidate.item.contentSha256) ? { ok: true, messageId } : CLIENT_ID_CONFLICT];
    }),
  );
}

/** The ids of these candidates were claimed in this transaction and are free again. */
export async function freeClientIds(tx: Queryable, candidates: readonly Candidate[]): Promise<void> {
  const claimed = candidates.flatMap((candidate) => ownedOf(candidate) ?? []);
  if (claimed.length === 0) return;
  await tx.run(FREE, [claimed.map(({ accountId }) => accountId), claimed.map(({ clientMessageId }) => clientMessageId)]);
}

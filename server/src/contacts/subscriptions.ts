import type { Queryable } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';
import type { NetworkUser } from './of-users.ts';

/** A person of a network, and a group of it. */
export interface Subscriber extends NetworkUser {
  groupId: string;
}

const SQL = {
  // A row version for each word would be one more write of every event; the few minutes matter to nobody.
  heard: {
    name: 'subscription_heard',
    text: `
      insert into subscription as s (account_id, network, group_id, user_id, last_word_at)
      select distinct on (account_id, network, user_id, group_id) account_id, network, group_id, user_id, at
      from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) as w(account_id, network, group_id, user_id, at)
      order by account_id, network, user_id, group_id, at desc
      on conflict (account_id, network, user_id, group_id) do update set last_word_at = excluded.last_word_at, denied_at = null
      where s.denied_at is not null or s.last_word_at is null or s.last_word_at < excluded.last_word_at - interval '5 minutes'`,
  },
  permitted: {
    name: 'subscription_permitted',
    text: `
      insert into subscription (account_id, network, group_id, user_id, denied_at)
      values ($1, $2, $3, $4, case when $5 then null else $6::timestamptz end)
      on conflict (account_id, network, user_id, group_id) do update set denied_at = excluded.denied_at`,
  },
  refused: {
    name: 'subscription_refused',
    text: `
      insert into subscription (account_id, network, group_id, user_id, denied_at)
      select $1, $2, $3, user_id, $5 from identity where account_id = $1 and network = $2 and contact_id = any($4::bigint[])
      order by user_id
      on conflict (account_id, network, user_id, group_id) do update set denied_at = excluded.denied_at`,
  },
} as const;

const noteWords = gathered(async (tx: Queryable, words: readonly (Subscriber & { at: Date })[]) => {
  await tx.run(SQL.heard, [
    words.map(({ accountId }) => accountId),
    words.map(({ network }) => network),
    words.map(({ groupId }) => groupId),
    words.map(({ userId }) => userId),
    words.map(({ at }) => at),
  ]);
  return [];
});

/** The person wrote to the group: it may write to them, and in VK for a day without a reason. */
export async function noteWord(tx: Queryable, subscriber: Subscriber, at: Date): Promise<void> {
  await noteWords(tx, [{ ...subscriber, at }]);
}

/** The person let the group write, or forbade it, or the network refused a message because they had. */
export async function notePermission(
  tx: Queryable,
  { accountId, network, groupId, userId }: Subscriber,
  allowed: boolean,
  at: Date,
): Promise<void> {
  await tx.run(SQL.permitted, [accountId, network, groupId, userId, allowed, at]);
}

/** The network refused messages of the group because these people do not let it write. */
export async function noteRefused(
  tx: Queryable,
  { accountId, network, groupId }: Omit<Subscriber, 'userId'>,
  contactIds: readonly number[],
  at: Date,
): Promise<void> {
  await tx.run(SQL.refused, [accountId, network, groupId, contactIds, at]);
}

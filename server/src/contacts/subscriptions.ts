import type { Queryable } from '../platform/database.ts';

/** A person of a network, and a group of it. */
export interface Subscriber {
  accountId: number;
  network: 'vk' | 'ok';
  groupId: string;
  /** No prefix. */
  userId: string;
}

const SQL = {
  // A row version for each word would be one more write of every event; the few minutes matter to nobody.
  heard: {
    name: 'subscription_heard',
    text: `
      insert into subscription as s (account_id, network, group_id, user_id, last_word_at) values ($1, $2, $3, $4, $5)
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

/** The person wrote to the group: it may write to them, and in VK for a day without a reason. */
export async function noteWord(tx: Queryable, { accountId, network, groupId, userId }: Subscriber, at: Date): Promise<void> {
  await tx.run(SQL.heard, [accountId, network, groupId, userId, at]);
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

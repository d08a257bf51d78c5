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

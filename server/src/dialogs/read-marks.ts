import type { Database, Queryable } from '../platform/database.ts';
import type { DialogKey, ReadMessage, StatusChange } from './dialogs.ts';
import { storable } from './storable.ts';

// Held to the end of the transaction: of a mark and a message that are written at the same moment, the later one must see
// the earlier one. Marks of a group do not hold each other up.
const lockOf = (account: string, network: string, group: string) =>
  `hashtextextended(concat_ws(' ', 'read_mark', ${account}, ${network}, ${group}), 0)`;

const SQL = {
  lockToMark: {
    name: 'read_mark_lock_to_mark',
    text: `select pg_advisory_xact_lock_shared(${lockOf('$1::bigint', '$2::text', '$3::text')})`,
  },
  lockToLook: {
    name: 'read_mark_lock_to_look',
    text: `
      select pg_advisory_xact_lock(g.lock)
      from (
        select distinct ${lockOf('d.account_id', 'd.network', 'd.group_id')} as lock
        from unnest($1::bigint[], $2::text[]) as s(message_id, network)
        join dialog_message as m using (message_id, network)
        join dialog as d on d.id = m.dialog_id
        order by lock
      ) as g`,
  },
  remember: {
    name: 'read_mark_remember',
    text: `
      insert into read_mark as r (account_id, network, group_id, user_id, up_to, read_at) values ($1, $2, $3, $4, $5, $6)
      on conflict (account_id, network, group_id, user_id) do update set up_to = excluded.up_to, read_at = excluded.read_at
      where excluded.up_to > r.up_to`,
  },
  // Where both ids are numbers, the smaller one was written earlier (VK counts a group's messages); our own order is not VK's
  // when an answer was lost. Other ids: what stands before it in the history, or, when it is not there, was sent before the mark.
  unread: {
    name: 'read_mark_unread',
    // Until the person says a first word, the dialog of the notifications is found by the contact that has this account.
    text: `
      with d as (
        select id from dialog
        where account_id = $1 and network = $2 and group_id = $3 and merged_into is null and (
          user_id = $4
          or contact_id = (select contact_id from identity where account_id = $1 and network = $2 and user_id = $4)
        )
      ), mark as (
        select dialog_id, max(sequence) as sequence from dialog_message
        where dialog_id in (select id from d) and network_id = $5
        group by dialog_id
      )
      select m.account_id as "accountId", m.message_id as "messageId", $6::timestamptz as at
      from dialog_message as m
      left join mark on mark.dialog_id = m.dialog_id
      where m.dialog_id in (select id from d) and m.message_id is not null and m.network_id is not null and m.status <> 'READ'
        and case
          when $5 ~ '^[0-9]{1,18}$' and m.network_id ~ '^[0-9]{1,18}$' then m.network_id::bigint <= $5::bigint
          when mark.sequence is not null then m.sequence <= mark.sequence
          else m.created_at <= $6
        end
      order by m.sequence`,
  },
  // What an admin wrote in the network's own page has no receipt of ours: its line is all there is to change.
  readElsewhere: {
    name: 'read_mark_read_elsewhere',
    text: `
      update dialog_message as m set status = 'READ'
      from dialog as d
      where d.account_id = $1 and d.network = $2 and d.group_id = $3 and d.user_id = $4 and d.merged_into is null
        and m.dialog_id = d.id and m.message_id is null and m.status = 'SENT'
        and case when m.network_id ~ '^[0-9]{1,18}$' then m.network_id::bigint <= $5::bigint end`,
  },
  readBefore: {
    name: 'read_mark_read_before',
    text: `
      select m.account_id as "accountId", m.message_id as "messageId", min(r.read_at) as at
      from unnest($1::bigint[], $2::text[]) as s(message_id, network)
      join dialog_message as m using (message_id, network)
      join dialog as d on d.id = m.dialog_id
      cross join lateral (
        select d.user_id
        union
        select i.user_id from identity as i
        where i.account_id = d.account_id and i.network = d.network and i.contact_id = d.contact_id
      ) as person
      join read_mark as r
        on r.account_id = d.account_id and r.network = d.network and r.group_id = d.group_id and r.user_id = person.user_id
      where m.status <> 'READ' and case when m.network_id ~ '^[0-9]{1,18}$' then m.network_id::bigint <= r.up_to end
      group by m.account_id, m.message_id`,
  },
  forget: {
    name: 'read_mark_forget',
    text: `
      delete from read_mark
      where ctid = any (array(select ctid from read_mark where read_at < $1 limit $2 for update skip locked))`,
  },
} as const;

// As above: ids in any other form have no order that we know.
const COUNTED_ID = /^[0-9]{1,18}$/;

/** See Dialogs.readUpTo. */
export async function readUpTo(
  tx: Queryable,
  { accountId, network, groupId, userId }: DialogKey & { userId: string },
  upToNetworkId: string,
  at: Date,
): Promise<readonly ReadMessage[]> {
  const values = [accountId, network, groupId, userId, storable(upToNetworkId), at];
  if (COUNTED_ID.test(upToNetworkId)) {
    await tx.rows(SQL.lockToMark, [accountId, network, groupId]);
    await tx.run(SQL.remember, values);
    await tx.run(SQL.readElsewhere, values.slice(0, 5));
  }
  return tx.rows<ReadMessage>(SQL.unread, values);
}

/** See Dialogs.readBefore. */
export async function readBefore(
  tx: Queryable,
  messages: readonly Pick<StatusChange, 'messageId' | 'network'>[],
): Promise<readonly ReadMessage[]> {
  if (messages.length === 0) return [];
  const columns = [messages.map(({ messageId }) => messageId), messages.map(({ network }) => network)];
  await tx.rows(SQL.lockToLook, columns);
  return tx.rows<ReadMessage>(SQL.readBefore, columns);
}

/** See Dialogs.forgetReadMarks. */
export function forgetReadMarks(database: Database, before: Date, rowsMax: number): Promise<number> {
  return database.run(SQL.forget, [before, rowsMax]);
}

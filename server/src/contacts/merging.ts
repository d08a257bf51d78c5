import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { type Contact, checkedLabels, checkVariables, getContact, type Variables } from './directory.ts';

/** Moves dialogs between contacts; they are written by a module of their own. */
export interface DialogMover {
  /** To another contact, where that has none with the same group; of all dialogs, or of these. Returns which were moved. */
  moveToContact(
    tx: Queryable,
    accountId: number,
    from: number,
    to: number,
    dialogIds?: readonly number[],
  ): Promise<readonly number[]>;
}

export interface Merge {
  id: number;
  keptId: number;
  goneId: number;
  at: Date;
  undoneAt: Date | null;
}

/** All that a merge changed of both, so that undoing it gives back exactly that. */
interface Moved {
  identities: readonly { network: 'vk' | 'ok'; userId: string }[];
  /** Of groups that the kept contact had not opted out of itself. */
  optOuts: readonly { network: 'vk' | 'ok'; groupId: string }[];
  dialogIds: readonly number[];
  /** Who had been merged into the gone one. */
  mergedIds: readonly number[];
  /** Went to the kept one, which had none. */
  phone: string | null;
  name: string | null;
  optedOutAt: string | null;
  /** That the kept one got. */
  labels: readonly string[];
  variableNames: readonly string[];
}

interface Held {
  id: number;
  name: string | null;
  phone: string | null;
  labels: readonly string[];
  variables: Variables;
  optedOutAt: Date | null;
}

const SQL = {
  lock: {
    name: 'contact_merge_lock',
    text: `
      select id, name, phone, labels, variables, opted_out_at as "optedOutAt" from contact
      where account_id = $1 and id = any($2::bigint[]) and merged_into is null
      order by id for update`,
  },
  moveIdentities: {
    name: 'contact_merge_identities',
    text: `
      update identity set contact_id = $3
      where account_id = $1 and contact_id = $2 and ($4::text[] is null or network || ':' || user_id = any($4))
      returning network, user_id as "userId"`,
  },
  moveOptOuts: {
    name: 'contact_merge_opt_outs',
    text: `
      insert into group_opt_out (account_id, contact_id, network, group_id, at)
      select account_id, $3, network, group_id, at from group_opt_out where account_id = $1 and contact_id = $2
      on conflict do nothing
      returning network, group_id as "groupId"`,
  },
  takeOptOuts: {
    name: 'contact_unmerge_opt_outs',
    text: `
      delete from group_opt_out
      where account_id = $1 and contact_id = $2 and network || ':' || group_id = any($3::text[])`,
  },
  moveMerged: {
    name: 'contact_merge_merged',
    text: `
      update contact set merged_into = $3
      where account_id = $1 and merged_into = $2 and ($4::bigint[] is null or id = any($4)) returning id`,
  },
  leave: {
    name: 'contact_merge_leave',
    text: 'update contact set merged_into = $3, phone = $4 where account_id = $1 and id = $2',
  },
  keep: {
    name: 'contact_merge_keep',
    text: `
      update contact set name = $3, phone = $4, labels = $5, variables = $6::jsonb, opted_out_at = $7
      where account_id = $1 and id = $2`,
  },
  note: {
    name: 'contact_merge_note',
    text: `
      insert into contact_merge (account_id, kept_id, gone_id, moved, at) values ($1, $2, $3, $4::jsonb, $5)
      returning id, kept_id as "keptId", gone_id as "goneId", at, undone_at as "undoneAt"`,
  },
  list: {
    name: 'contact_merge_list',
    text: `
      select id, kept_id as "keptId", gone_id as "goneId", at, undone_at as "undoneAt"
      from contact_merge where account_id = $1 and kept_id = $2 order by id desc`,
  },
  find: {
    name: 'contact_merge_find',
    text: `
      select kept_id as "keptId", gone_id as "goneId", moved, undone_at as "undoneAt",
        exists (
          select from contact_merge as later
          where later.account_id = m.account_id and later.kept_id = m.kept_id and later.id > m.id and later.undone_at is null
        ) as "isCovered"
      from contact_merge as m where account_id = $1 and id = $2 for update`,
  },
  giveBack: {
    name: 'contact_unmerge',
    text: 'update contact set merged_into = null, phone = coalesce($3, phone) where account_id = $1 and id = $2',
  },
  undone: { name: 'contact_merge_undone', text: 'update contact_merge set undone_at = $3 where account_id = $1 and id = $2' },
} as const;

const keys = <Item extends { network: string }>(items: readonly Item[], idOf: (item: Item) => string): readonly string[] =>
  items.map((item) => `${item.network}:${idOf(item)}`);

/**
 * Makes two contacts one. Identities, dialogs, labels, variables and opt-outs go to the kept one; of two names, phones and values
 * its own stays. A second phone goes on leading to it. Where both have a dialog with the same group, the other one's stays with it,
 * and joins when the person writes next. Throws `not.found`, and `parameter.invalid`
 * where it is the same contact, or both together have too many labels or variables.
 */
export function mergeContacts(
  database: Database,
  accountId: number,
  { keptId, goneId, at }: { keptId: number; goneId: number; at: Date },
  dialogs: DialogMover,
): Promise<Contact> {
  if (keptId === goneId)
    throw new AppError('parameter.invalid', 'give another contact than the one that is kept', { field: 'contactId' });
  return database.transaction(async (tx) => {
    const held = await tx.rows<Held>(SQL.lock, [accountId, [keptId, goneId]]);
    const [kept, gone] = [keptId, goneId].map((id) => held.find((one) => one.id === id));
    if (kept === undefined || gone === undefined) throw new AppError('not.found', 'this account has no such contact');
    const identities = await tx.rows<Moved['identities'][number]>(SQL.moveIdentities, [accountId, goneId, keptId, null]);
    const optOuts = await tx.rows<Moved['optOuts'][number]>(SQL.moveOptOuts, [accountId, goneId, keptId]);
    const merged = await tx.rows<{ id: number }>(SQL.moveMerged, [accountId, goneId, keptId, null]);
    const dialogIds = await dialogs.moveToContact(tx, accountId, goneId, keptId);
    const moved: Moved = {
      ...{ identities, optOuts, dialogIds, mergedIds: merged.map(({ id }) => id) },
      phone: kept.phone === null ? gone.phone : null,
      name: kept.name === null ? gone.name : null,
      optedOutAt: kept.optedOutAt === null ? (gone.optedOutAt?.toISOString() ?? null) : null,
      labels: gone.labels.filter((label) => !kept.labels.includes(label)),
      variableNames: Object.keys(gone.variables).filter((name) => !Object.hasOwn(kept.variables, name)),
    };
    const variables = { ...gone.variables, ...kept.variables };
    checkVariables(variables);
    // First away from the one, then to the other: a phone is never with both.
    await tx.run(SQL.leave, [accountId, goneId, keptId, moved.phone === null ? gone.phone : null]);
    await tx.run(SQL.keep, [
      ...[accountId, keptId, kept.name ?? gone.name, kept.phone ?? gone.phone],
      ...[checkedLabels([...kept.labels, ...moved.labels]), JSON.stringify(variables), kept.optedOutAt ?? gone.optedOutAt],
    ]);
    await tx.rows<Merge>(SQL.note, [accountId, keptId, goneId, JSON.stringify(moved), at]);
    return (await getContact(tx, accountId, keptId)) as Contact;
  });
}

/** The merges into a contact, newest first. */
export function mergesOf(on: Queryable, accountId: number, contactId: number): Promise<readonly Merge[]> {
  return on.rows<Merge>(SQL.list, [accountId, contactId]);
}

/**
 * Gives the gone contact back what came from it, as far as the kept one still has it. Lines that two dialogs wrote into one stay
 * together. Throws `not.found`, and `contact.merge.covered` where a later merge has to be undone first.
 */
export function unmergeContacts(
  database: Database,
  accountId: number,
  { mergeId, at }: { mergeId: number; at: Date },
  dialogs: DialogMover,
): Promise<Contact> {
  return database.transaction(async (tx) => {
    const [merge] = await tx.rows<Pick<Merge, 'keptId' | 'goneId' | 'undoneAt'> & { moved: Moved; isCovered: boolean }>(
      SQL.find,
      [accountId, mergeId],
    );
    if (merge === undefined || merge.undoneAt !== null)
      throw new AppError('not.found', 'this account has no such merge that still holds');
    const { keptId, goneId, moved } = merge;
    const [kept] = await tx.rows<Held>(SQL.lock, [accountId, [keptId]]);
    if (merge.isCovered || kept === undefined)
      throw new AppError('contact.merge.covered', 'the kept contact was merged again since then');
    await tx.run(SQL.moveIdentities, [accountId, keptId, goneId, keys(moved.identities, ({ userId }) => userId)]);
    await tx.run(SQL.takeOptOuts, [accountId, keptId, keys(moved.optOuts, ({ groupId }) => groupId)]);
    await tx.run(SQL.moveMerged, [accountId, keptId, goneId, moved.mergedIds]);
    await dialogs.moveToContact(tx, accountId, keptId, goneId, moved.dialogIds);
    const [givesPhone, givesName] = [
      moved.phone !== null && kept.phone === moved.phone,
      moved.name !== null && kept.name === moved.name,
    ];
    const variables = Object.entries(kept.variables).filter(([name]) => !moved.variableNames.includes(name));
    await tx.run(SQL.keep, [
      ...[accountId, keptId, givesName ? null : kept.name, givesPhone ? null : kept.phone],
      kept.labels.filter((label) => !moved.labels.includes(label)),
      JSON.stringify(Object.fromEntries(variables)),
      moved.optedOutAt !== null && kept.optedOutAt?.toISOString() === moved.optedOutAt ? null : kept.optedOutAt,
    ]);
    await tx.run(SQL.giveBack, [accountId, goneId, givesPhone ? moved.phone : null]);
    await tx.run(SQL.undone, [accountId, mergeId, at]);
    return (await getContact(tx, accountId, goneId)) as Contact;
  });
}

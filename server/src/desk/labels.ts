import type { Label } from '@soroka/api';
import type { Events } from '../events/events.ts';
import { groupKey } from '../events/events.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { DeskPlace } from './store.ts';

/** Labels of dialogs: a catalogue of the account, and which dialog has which. */
export interface Labels {
  list(accountId: number): Promise<readonly Label[]>;
  /** Throws `parameter.invalid`: the name is taken. */
  add(accountId: number, label: { name: string; color?: string }): Promise<Label>;
  /** Throws as `add`, and `not.found`. */
  change(accountId: number, id: number, change: { name?: string; color?: string }): Promise<Label>;
  /** From all dialogs, too. Throws `not.found`. */
  remove(accountId: number, id: number): Promise<void>;
  /** Of one dialog that is held; returns all it has then. Throws `parameter.invalid` for a label that is none of the account. */
  mark(
    tx: Transaction,
    place: DeskPlace,
    change: { add: readonly number[]; remove: readonly number[] },
  ): Promise<readonly number[]>;
  /** The ids of these names, made where there are none: bots know labels by their names. */
  named(tx: Queryable, accountId: number, names: readonly string[]): Promise<readonly number[]>;
}

export const NAME_CHARACTERS_MAX = 50;
const COLOR = '#868e96';

const SQL = {
  list: { name: 'desk_label_list', text: 'select id, name, color from label where account_id = $1 order by lower(name), id' },
  add: {
    name: 'desk_label_add',
    text: 'insert into label (account_id, name, color) values ($1, $2, $3) on conflict do nothing returning id, name, color',
  },
  isTaken: {
    name: 'desk_label_taken',
    text: 'select from label where account_id = $1 and lower(name) = lower($2) and id <> $3',
  },
  change: {
    name: 'desk_label_change',
    text: `
      update label set name = coalesce($3, name), color = coalesce($4, color) where account_id = $1 and id = $2
      returning id, name, color`,
  },
  remove: { name: 'desk_label_remove', text: 'delete from label where account_id = $1 and id = $2' },
  put: {
    name: 'desk_label_put',
    text: `
      insert into dialog_label (account_id, dialog_id, label_id)
      select account_id, $2::bigint, id from label where account_id = $1 and id = any($3::bigint[])
      on conflict (dialog_id, label_id) do update set account_id = excluded.account_id`,
  },
  take: {
    name: 'desk_label_take',
    text: 'delete from dialog_label where account_id = $1 and dialog_id = $2 and label_id = any($3::bigint[])',
  },
  ofDialog: {
    name: 'desk_label_of_dialog',
    text: 'select label_id as id from dialog_label where dialog_id = $1 order by label_id',
  },
  makeNamed: {
    name: 'desk_label_make_named',
    text: `
      insert into label (account_id, name, color) select $1::bigint, name, $3::text from unnest($2::text[]) as n(name)
      on conflict do nothing`,
  },
  named: {
    name: 'desk_label_named',
    text: 'select id from label where account_id = $1 and lower(name) in (select lower(name) from unnest($2::text[]) as n(name))',
  },
} as const;

export function createLabels({ database, events }: { database: Database; events: Pick<Events, 'note'> }): Labels {
  const told = (tx: Transaction, accountId: number): void => events.note(tx, accountId, [{ kind: 'labels.changed', body: {} }]);

  return {
    list: (accountId) => database.rows<Label>(SQL.list, [accountId]),
    add: (accountId, { name, color = COLOR }) =>
      database.transaction(async (tx) => {
        const [label] = await tx.rows<Label>(SQL.add, [accountId, checkedName(name), color]);
        if (label === undefined) throw nameTaken();
        told(tx, accountId);
        return label;
      }),
    change: (accountId, id, { name, color }) =>
      database.transaction(async (tx) => {
        const checked = name === undefined ? null : checkedName(name);
        if (checked !== null && (await tx.rows(SQL.isTaken, [accountId, checked, id])).length > 0) throw nameTaken();
        const [label] = await tx.rows<Label>(SQL.change, [accountId, id, checked, color ?? null]);
        if (label === undefined) throw notFound();
        told(tx, accountId);
        return label;
      }),
    remove: (accountId, id) =>
      database.transaction(async (tx) => {
        if ((await tx.run(SQL.remove, [accountId, id])) === 0) throw notFound();
        told(tx, accountId);
      }),
    async mark(tx, place, { add, remove }) {
      const { accountId, dialogId } = place;
      const wanted = [...new Set(add)];
      if (wanted.length > 0 && (await tx.run(SQL.put, [accountId, dialogId, wanted])) < wanted.length)
        throw new AppError('parameter.invalid', 'must be ids of labels of this account', { field: 'addLabelIds' });
      if (remove.length > 0) await tx.run(SQL.take, [accountId, dialogId, remove]);
      const labelIds = (await tx.rows<{ id: number }>(SQL.ofDialog, [dialogId])).map(({ id }) => id);
      events.note(tx, accountId, [{ kind: 'dialog.labels', dialogId, group: groupKey(place), body: { labelIds } }]);
      return labelIds;
    },
    async named(tx, accountId, names) {
      const wanted = names.map((name) => checkedName(name.slice(0, NAME_CHARACTERS_MAX)));
      await tx.run(SQL.makeNamed, [accountId, wanted, COLOR]);
      return (await tx.rows<{ id: number }>(SQL.named, [accountId, wanted])).map(({ id }) => id);
    },
  };
}

/** A short line, trimmed. Throws `parameter.invalid`. */
export function checkedName(name: string, field = 'name'): string {
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(trimmed))
    throw new AppError('parameter.invalid', `must have 1 to ${NAME_CHARACTERS_MAX} characters in one line`, { field });
  return trimmed;
}

const nameTaken = () => new AppError('parameter.invalid', 'is the name of another label of this account', { field: 'name' });
const notFound = () => new AppError('not.found', 'this account has no such label');

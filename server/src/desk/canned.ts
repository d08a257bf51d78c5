import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { checkedName } from './labels.ts';
import { type Asker, type DeskWork, operatorIdOf } from './work.ts';

export interface CannedReply {
  id: number;
  /** What is typed after a slash. */
  shortcut: string;
  text: string;
  updatedAt: Date;
}

/** Answers written beforehand, with variables that are filled for the dialog they are used in. */
export interface CannedReplies {
  /** By shortcut. */
  list(accountId: number): Promise<readonly CannedReply[]>;
  /** Throws `parameter.invalid`: the shortcut is taken, a variable does not exist. */
  add(accountId: number, reply: { shortcut: string; text: string }): Promise<CannedReply>;
  /** Throws as `add`, and `not.found`. */
  change(accountId: number, id: number, change: { shortcut?: string; text?: string }): Promise<CannedReply>;
  /** Throws `not.found`. */
  remove(accountId: number, id: number): Promise<void>;
  /** As it would be sent in the dialog; `missing` are the variables that nothing is known of there. Throws `not.found`. */
  fill(asker: Asker, dialogId: number, id: number): Promise<{ text: string; missing: readonly string[] }>;
}

/** Every variable, with where it comes from: columns of `FACTS`. */
const VARIABLES = {
  'contact.name': 'contactName',
  'contact.phone': 'contactPhone',
  'operator.name': 'operatorName',
  'account.name': 'accountName',
  'group.id': 'groupId',
} as const satisfies Record<string, keyof Facts>;
export const VARIABLE_NAMES = Object.keys(VARIABLES);
const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

interface Facts {
  contactName: string | null;
  contactPhone: string | null;
  operatorName: string | null;
  accountName: string | null;
  groupId: string | null;
}

const COLUMNS = 'id, shortcut, text, updated_at as "updatedAt"';
const SQL = {
  list: {
    name: 'desk_canned_list',
    text: `select ${COLUMNS} from canned_reply where account_id = $1 order by lower(shortcut), id`,
  },
  get: { name: 'desk_canned_get', text: `select ${COLUMNS} from canned_reply where account_id = $1 and id = $2` },
  add: {
    name: 'desk_canned_add',
    text: `
      insert into canned_reply (account_id, shortcut, text, updated_at) values ($1, $2, $3, now())
      on conflict do nothing
      returning ${COLUMNS}`,
  },
  isTaken: {
    name: 'desk_canned_taken',
    text: 'select from canned_reply where account_id = $1 and lower(shortcut) = lower($2) and id <> $3',
  },
  change: {
    name: 'desk_canned_change',
    text: `
      update canned_reply set shortcut = coalesce($3, shortcut), text = coalesce($4, text), updated_at = now()
      where account_id = $1 and id = $2
      returning ${COLUMNS}`,
  },
  remove: { name: 'desk_canned_remove', text: 'delete from canned_reply where account_id = $1 and id = $2' },
  // What other modules keep, read for its names only.
  facts: {
    name: 'desk_canned_facts',
    text: `
      select
        coalesce(c.name, p.name) as "contactName", c.phone as "contactPhone", o.name as "operatorName", a.name as "accountName",
        d.group_id as "groupId"
      from dialog as d
      join account as a on a.id = d.account_id
      left join contact as c on c.id = d.contact_id
      left join profile as p on p.account_id = d.account_id and p.network = d.network and p.user_id = d.user_id and d.kind = 'person'
      left join operator as o on o.account_id = d.account_id and o.id = $2
      where d.id = $1`,
  },
} as const;

export function createCannedReplies({ database, work }: { database: Database; work: DeskWork }): CannedReplies {
  return {
    list: (accountId) => database.rows<CannedReply>(SQL.list, [accountId]),
    async add(accountId, { shortcut, text }) {
      const [reply] = await database.rows<CannedReply>(SQL.add, [accountId, checkedShortcut(shortcut), checkedText(text)]);
      if (reply === undefined) throw shortcutTaken();
      return reply;
    },
    change: (accountId, id, { shortcut, text }) =>
      database.transaction(async (tx) => {
        const checked = shortcut === undefined ? null : checkedShortcut(shortcut);
        if (checked !== null && (await tx.rows(SQL.isTaken, [accountId, checked, id])).length > 0) throw shortcutTaken();
        const values = [accountId, id, checked, text === undefined ? null : checkedText(text)];
        const [reply] = await tx.rows<CannedReply>(SQL.change, values);
        if (reply === undefined) throw notFound();
        return reply;
      }),
    async remove(accountId, id) {
      if ((await database.run(SQL.remove, [accountId, id])) === 0) throw notFound();
    },
    fill: (asker, dialogId, id) =>
      work.inDialog(asker, dialogId, async ({ tx, place }) => {
        const [reply] = await tx.rows<CannedReply>(SQL.get, [asker.accountId, id]);
        if (reply === undefined) throw notFound();
        const [facts] = await tx.rows<Facts>(SQL.facts, [place.dialogId, operatorIdOf(asker.actor)]);
        return filled(reply.text, facts as Facts);
      }),
  };
}

function filled(text: string, facts: Facts): { text: string; missing: readonly string[] } {
  const missing = new Set<string>();
  const whole = text.replaceAll(VARIABLE, (_, name: keyof typeof VARIABLES) => {
    const value = facts[VARIABLES[name]];
    if (value === null) missing.add(name);
    return value ?? '';
  });
  return { text: whole, missing: [...missing] };
}

function checkedText(text: string): string {
  const refused = (problem: string) => new AppError('parameter.invalid', problem, { field: 'text' });
  if (text.trim() === '') throw refused('must not be empty');
  const unknown = [...text.matchAll(VARIABLE)].map(([, name = '']) => name).find((name) => !Object.hasOwn(VARIABLES, name));
  if (unknown !== undefined) throw refused(`there is no variable "${unknown}"; there are ${VARIABLE_NAMES.join(', ')}`);
  const rest = text.replaceAll(VARIABLE, '');
  if (rest.includes('{{') || rest.includes('}}')) throw refused('has braces that do not belong together: {{contact.name}}');
  return text.trim();
}

const checkedShortcut = (shortcut: string): string => checkedName(shortcut, 'shortcut');
const shortcutTaken = () =>
  new AppError('parameter.invalid', 'is the shortcut of another reply of this account', { field: 'shortcut' });
const notFound = () => new AppError('not.found', 'this account has no such canned reply');

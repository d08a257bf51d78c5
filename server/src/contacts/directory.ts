import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

export type Variables = Readonly<Record<string, string | number | boolean>>;
export const CONTACT_SOURCES = ['vk', 'ok', 'import', 'api', 'notification', 'unknown'] as const;
export type ContactSource = (typeof CONTACT_SOURCES)[number];

/** A person as the account knows them. */
export interface Contact {
  id: number;
  name: string | null;
  /** Digits of E.164 without the plus. */
  phone: string | null;
  /** Of those who were merged into this one, and had another. */
  furtherPhones: readonly string[];
  labels: readonly string[];
  variables: Variables;
  source: ContactSource;
  identities: readonly { network: 'vk' | 'ok'; userId: string }[];
  /** Where the permission to write came from, as the import said. */
  consent: string | null;
  optedOutAt: Date | null;
  groupOptOuts: readonly { network: 'vk' | 'ok'; groupId: string; at: string }[];
  createdAt: Date;
}

export interface ContactChange {
  name?: string | null;
  phone?: string | null;
  labels?: readonly string[];
  /** Merged into those there are; null removes one. */
  variables?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface NewContact {
  name?: string;
  phone?: string;
  labels?: readonly string[];
  variables?: Variables;
  vk?: string;
  ok?: string;
}

export interface ContactFilter {
  /** A part of the name, or the digits a phone or an id begins with. */
  query?: string;
  label?: string;
  optedOut?: boolean;
  /** Ids below this one; newest first. */
  beforeId: number;
  limit: number;
}

export const CONTACT_LIMITS = {
  labels: 100,
  variables: 100,
  variableNameCharacters: 64,
  variablesCharacters: 16_384,
  nameCharacters: 200,
  labelCharacters: 64,
};

const CONTACT = `
  select
    c.id, c.name, c.phone, c.labels, c.variables, c.source, c.consent, c.opted_out_at as "optedOutAt", c.created_at as "createdAt",
    array(select phone from contact as g where g.merged_into = c.id and phone is not null order by id) as "furtherPhones",
    coalesce((
      select jsonb_agg(jsonb_build_object('network', network, 'userId', user_id) order by network, created_at, user_id)
      from identity where contact_id = c.id
    ), '[]') as identities,
    coalesce((
      select jsonb_agg(jsonb_build_object('network', network, 'groupId', group_id, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by network, group_id)
      from group_opt_out where contact_id = c.id
    ), '[]') as "groupOptOuts"
  from contact as c`;

/** A statement of its own for each: by a part of the name only the index of its letters finds few among many. */
const listWhere = (hasName: string): string => `${CONTACT}
      where c.account_id = $1 and c.merged_into is null and c.id < $2
        and ${hasName}
        and ($4::text is null or c.phone like $4 || '%' or exists (select from identity where contact_id = c.id and user_id like $4 || '%'))
        and ($5::text is null or $5 = any(c.labels)) and ($6::boolean is null or (c.opted_out_at is not null) = $6)
      order by c.id desc
      limit $7`;

const SQL = {
  list: { name: 'contact_directory_list', text: listWhere('$3::text is null') },
  listNamed: { name: 'contact_directory_list_named', text: listWhere("lower(c.name) like '%' || $3::text || '%'") },
  get: { name: 'contact_directory_get', text: `${CONTACT} where c.account_id = $1 and c.id = $2 and c.merged_into is null` },
  lock: {
    name: 'contact_directory_lock',
    text: 'select variables, labels from contact where account_id = $1 and id = $2 and merged_into is null for update',
  },
  phoneTaken: {
    name: 'contact_directory_phone_taken',
    text: 'select id from contact where account_id = $1 and phone = $2 and id <> $3',
  },
  change: {
    name: 'contact_directory_change',
    text: `
      update contact
      set name = case when $3 then $4 else name end, phone = case when $5 then $6 else phone end, labels = $7, variables = $8::jsonb
      where account_id = $1 and id = $2`,
  },
  add: {
    name: 'contact_directory_add',
    text: `
      insert into contact (account_id, name, phone, labels, variables, source) values ($1, $2, $3, $4, $5::jsonb, 'api')
      on conflict (account_id, phone) where phone is not null do nothing
      returning id`,
  },
  addIdentity: {
    name: 'contact_directory_identity',
    text: `
      insert into identity (account_id, network, user_id, contact_id) values ($1, $2, $3, $4)
      on conflict do nothing`,
  },
} as const;

interface Held {
  variables: Variables;
  labels: readonly string[];
}

/** Newest first; one more than the limit where there is a next page. */
export function listContacts(on: Queryable, accountId: number, filter: ContactFilter): Promise<readonly Contact[]> {
  const { query, label, optedOut, beforeId, limit } = filter;
  const digits = query?.replaceAll(/[\s()+-]/g, '');
  const isNumber = digits !== undefined && /^\d+$/.test(digits);
  const name = query === undefined || isNumber ? null : query.toLowerCase().replaceAll(/[\\%_]/g, '\\$&');
  return on.rows<Contact>(name === null ? SQL.list : SQL.listNamed, [
    accountId,
    beforeId,
    name,
    isNumber ? digits : null,
    label ?? null,
    optedOut ?? null,
    limit + 1,
  ]);
}

/** Null where the account has no such contact, or it was merged into another. */
export async function getContact(on: Queryable, accountId: number, contactId: number): Promise<Contact | null> {
  return (await on.rows<Contact>(SQL.get, [accountId, contactId]))[0] ?? null;
}

/** Throws `contact.taken` where phone or identity are of another contact, `parameter.invalid` for what is too much. */
export function addContact(database: Database, accountId: number, contact: NewContact): Promise<Contact> {
  const { name = null, phone = null, labels = [], variables = {}, vk, ok } = contact;
  const own = checkedLabels(labels);
  checkVariables(variables);
  return database.transaction(async (tx) => {
    const [row] = await tx.rows<{ id: number }>(SQL.add, [accountId, name, phone, own, JSON.stringify(variables)]);
    if (row === undefined) throw taken('phone');
    for (const [network, userId] of Object.entries({ vk, ok })) {
      if (userId === undefined) continue;
      if ((await tx.run(SQL.addIdentity, [accountId, network, userId, row.id])) === 0) throw taken(network);
    }
    return (await getContact(tx, accountId, row.id)) as Contact;
  });
}

/** As it is then. Throws `not.found`, `contact.taken` for a phone of another contact, `parameter.invalid` for what is too much. */
export function changeContact(
  database: Database,
  accountId: number,
  contactId: number,
  { name, phone, labels, variables }: ContactChange,
): Promise<Contact> {
  return database.transaction(async (tx) => {
    const [held] = await tx.rows<Held>(SQL.lock, [accountId, contactId]);
    if (held === undefined) throw new AppError('not.found', 'this account has no such contact');
    if (typeof phone === 'string' && (await tx.rows(SQL.phoneTaken, [accountId, phone, contactId])).length > 0)
      throw taken('phone');
    const next = Object.fromEntries(Object.entries({ ...held.variables, ...variables }).filter(([, value]) => value !== null));
    checkVariables(next as Variables);
    await tx.run(SQL.change, [
      ...[accountId, contactId, name !== undefined, name ?? null, phone !== undefined, phone ?? null],
      ...[labels === undefined ? held.labels : checkedLabels(labels), JSON.stringify(next)],
    ]);
    return (await getContact(tx, accountId, contactId)) as Contact;
  });
}

/** Each once, without white space around it. Throws `parameter.invalid`. */
export function checkedLabels(labels: readonly string[]): readonly string[] {
  const own = [...new Set(labels.map((label) => label.trim()))];
  if (own.length > CONTACT_LIMITS.labels) throw tooMuch('labels', `at most ${CONTACT_LIMITS.labels}`);
  const wrong = own.findIndex((label) => label === '' || label.length > CONTACT_LIMITS.labelCharacters);
  if (wrong !== -1) throw tooMuch(`labels[${wrong}]`, `1 to ${CONTACT_LIMITS.labelCharacters} characters`);
  return own;
}

const VARIABLE_NAME = /^[\p{L}_][\p{L}\p{N}_-]{0,63}$/u;

/** Throws `parameter.invalid` for a name that no text could use, and for too many. */
export function checkVariables(variables: Variables): void {
  const names = Object.keys(variables);
  if (names.length > CONTACT_LIMITS.variables) throw tooMuch('variables', `at most ${CONTACT_LIMITS.variables}`);
  const wrong = names.find((name) => !VARIABLE_NAME.test(name));
  if (wrong !== undefined)
    throw tooMuch('variables', 'names of letters, digits, _ and -, not beginning with a digit, at most 64 characters');
  if (JSON.stringify(variables).length > CONTACT_LIMITS.variablesCharacters)
    throw tooMuch('variables', `together at most ${CONTACT_LIMITS.variablesCharacters} characters`);
}

function tooMuch(field: string, expected: string): AppError {
  return new AppError('parameter.invalid', `give ${expected}`, { field });
}

function taken(field: string): AppError {
  return new AppError('contact.taken', `another contact has this ${field}: merge the two, or leave it away`, { field });
}

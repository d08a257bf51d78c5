import type { Queryable } from '../platform/database.ts';
import { inOrderAsked } from '../platform/gathered.ts';

/** A person as notifications see them. */
export interface ContactOfPhone {
  contactId: number;
  /** Digits of E.164 without the plus. */
  phone: string;
  optedOut: boolean;
  name: string | null;
  /** The network's ids without prefix; the newest one where the person has several. */
  userIds: { vk?: string; ok?: string };
}

const COLUMNS = `
        coalesce(c.merged_into, c.id) as "contactId", c.phone, c.opted_out_at is not null as "optedOut", c.name,
        (select user_id from identity i where i.contact_id = coalesce(c.merged_into, c.id) and network = 'vk' order by created_at desc limit 1) as vk,
        (select user_id from identity i where i.contact_id = coalesce(c.merged_into, c.id) and network = 'ok' order by created_at desc limit 1) as ok`;

// Phone by phone (`limit` holds the planner to it): a plan made while there are few contacts would read all of the account's.
const SQL = {
  byPhones: {
    name: 'contact_by_phones',
    text: `
      select ${COLUMNS}
      from unnest($2::text[]) as asked(phone)
      cross join lateral (select * from contact where account_id = $1 and contact.phone = asked.phone limit 1) as c`,
  },
  ofPhones: {
    name: 'contact_of_phones',
    text: `
      select asked.position::int, ${COLUMNS}
      from unnest($1::bigint[], $2::text[]) with ordinality as asked(account_id, phone, position)
      cross join lateral (
        select * from contact where account_id = asked.account_id and contact.phone = asked.phone limit 1
      ) as c`,
  },
  idsOfPhones: {
    name: 'contact_ids_of_phones',
    text: `
      select c.id, asked.phone
      from unnest($2::text[]) as asked(phone)
      cross join lateral (select coalesce(merged_into, id) as id from contact where account_id = $1 and contact.phone = asked.phone limit 1) as c`,
  },
  // In one order for everybody: two that make the same contacts wait for each other and do not lock up.
  insertPhones: {
    name: 'contact_insert_phones',
    text: `
      insert into contact (account_id, phone, source) select $1, phone, 'notification' from unnest($2::text[]) as p(phone) order by phone
      on conflict (account_id, phone) where phone is not null do nothing
      returning id, phone`,
  },
} as const;

interface PhoneRow extends Omit<ContactOfPhone, 'userIds'> {
  vk: string | null;
  ok: string | null;
}

const contactOf = ({ vk, ok, ...contact }: PhoneRow): ContactOfPhone => ({
  ...contact,
  userIds: { ...(vk === null ? {} : { vk }), ...(ok === null ? {} : { ok }) },
});

/** See Contacts.byPhones. */
export async function byPhones(
  on: Queryable,
  accountId: number,
  phones: readonly string[],
): Promise<ReadonlyMap<string, ContactOfPhone>> {
  const rows = await on.rows<PhoneRow>(SQL.byPhones, [accountId, phones]);
  return new Map(rows.map((row) => [row.phone, contactOf(row)]));
}

/** See Contacts.ofPhones. */
export async function ofPhones(
  tx: Queryable,
  asked: readonly { accountId: number; phone: string }[],
): Promise<readonly (ContactOfPhone | null)[]> {
  const columns = [asked.map(({ accountId }) => accountId), asked.map(({ phone }) => phone)];
  const rows = await tx.rows<PhoneRow & { position: number }>(SQL.ofPhones, columns);
  return inOrderAsked<PhoneRow>(rows, asked.length).map((row) => (row === null ? null : contactOf(row)));
}

/** See Contacts.ensureByPhones. */
export async function ensureByPhones(
  tx: Queryable,
  accountId: number,
  phones: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  let missing = [...new Set(phones)];
  // Read first: an insert that finds the phone taken would still use up an id and write to the log.
  for (const statement of [SQL.idsOfPhones, SQL.insertPhones, SQL.idsOfPhones]) {
    if (missing.length === 0) return ids;
    for (const { id, phone } of await tx.rows<{ id: number; phone: string }>(statement, [accountId, missing])) ids.set(phone, id);
    missing = missing.filter((phone) => !ids.has(phone));
  }
  if (missing.length === 0) return ids;
  throw new Error('a contact was neither found nor made: its phone must have been removed in between');
}

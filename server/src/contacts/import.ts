import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

export interface ImportRow {
  /** Digits of E.164 without the plus. */
  phone: string;
  name?: string;
  /** Digits of the person's id on the network, no prefix. */
  vk?: string;
  ok?: string;
  /** Where the permission to write came from. */
  consent: string;
}

const SQL = {
  // A person who wrote to us first has a contact without a phone: it becomes the phone's own, so that its dialogs stay
  // with it. Where a row's two identities have one such contact each, the older is taken.
  adoptByUser: {
    name: 'contact_import_adopt',
    text: `
      update contact set phone = adopted.phone
      from (
        select distinct on (r.phone) r.phone, c.id
        from unnest($2::text[], $3::text[], $4::text[]) as r(phone, vk, ok)
        join identity i on i.account_id = $1 and ((i.network = 'vk' and i.user_id = r.vk) or (i.network = 'ok' and i.user_id = r.ok))
        join contact c on c.id = i.contact_id and c.phone is null
        where not exists (select from contact k where k.account_id = $1 and k.phone = r.phone)
        order by r.phone, c.id
      ) as adopted
      where contact.account_id = $1 and contact.id = adopted.id`,
  },
  importContacts: {
    name: 'contact_import',
    text: `
      insert into contact (account_id, phone, name, consent, source)
      select $1, r.phone, r.name, r.consent, 'import' from unnest($2::text[], $3::text[], $4::text[]) as r(phone, name, consent)
      order by r.phone
      on conflict (account_id, phone) where phone is not null
      do update set name = coalesce(excluded.name, contact.name), consent = excluded.consent
      returning (xmax = 0) as added`,
  },
  importIdentities: {
    name: 'identity_import',
    text: `
      insert into identity (account_id, network, user_id, contact_id)
      select $1, r.network, r.user_id, coalesce(c.merged_into, c.id)
      from unnest($2::text[], $3::text[], $4::text[]) as r(phone, network, user_id)
      join contact c on c.account_id = $1 and c.phone = r.phone
      order by r.network, r.user_id
      on conflict (account_id, network, user_id) do update set contact_id = excluded.contact_id, created_at = now()`,
  },
} as const;

/** All or nothing; a phone known already gets what the row gives. Throws `parameter.invalid` naming the row. */
export async function importContacts(
  database: Database,
  accountId: number,
  rows: readonly ImportRow[],
): Promise<{ added: number; updated: number }> {
  checkRows(rows);
  return database.transaction((tx) => storeRows(tx, accountId, rows));
}

/** The same of rows that are known to be right, with no phone or identity twice. */
export async function storeRows(
  tx: Queryable,
  accountId: number,
  rows: readonly ImportRow[],
): Promise<{ added: number; updated: number }> {
  const phones = rows.map((row) => row.phone);
  const identities = rows.flatMap(({ phone, vk, ok }) => [
    ...(vk === undefined ? [] : [{ phone, network: 'vk', userId: vk }]),
    ...(ok === undefined ? [] : [{ phone, network: 'ok', userId: ok }]),
  ]);
  await tx.run(SQL.adoptByUser, [accountId, phones, rows.map((row) => row.vk ?? null), rows.map((row) => row.ok ?? null)]);
  const imported = await tx.rows<{ added: boolean }>(SQL.importContacts, [
    accountId,
    phones,
    rows.map((row) => row.name ?? null),
    rows.map((row) => row.consent),
  ]);
  await tx.run(SQL.importIdentities, [
    accountId,
    identities.map((identity) => identity.phone),
    identities.map((identity) => identity.network),
    identities.map((identity) => identity.userId),
  ]);
  const added = imported.filter((row) => row.added).length;
  return { added, updated: imported.length - added };
}

function checkRows(rows: readonly ImportRow[]): void {
  const seen = new Map<string, number>();
  rows.forEach((row, index) => {
    const refuse = (field: string, problem: string): never => {
      throw new AppError('parameter.invalid', `row ${index + 1}: ${problem}; nothing was imported`, {
        field: `rows[${index}].${field}`,
      });
    };
    if (!/^[1-9]\d{6,14}$/.test(row.phone)) refuse('phone', 'phone must be digits of E.164 without the plus');
    if (row.consent.trim() === '') refuse('consent', 'consent must say where the permission to write came from');
    for (const field of ['phone', 'vk', 'ok'] as const) {
      const value = row[field];
      if (value === undefined) continue;
      if (!/^\d{1,20}$/.test(value)) refuse(field, `${field} must be the digits of an id`);
      const before = seen.get(`${field} ${value}`);
      if (before !== undefined) refuse(field, `${field} is the same as in row ${before}`);
      seen.set(`${field} ${value}`, index + 1);
    }
  });
}

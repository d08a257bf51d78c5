import type { Readable } from 'node:stream';
import type { UserProfile } from '@soroka/channels';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { type Consent, type ConsentEntry, consentLog, recordConsent } from './consent.ts';
import { type CsvImportOptions, type CsvImportResult, importCsv } from './csv-import.ts';
import {
  addContact,
  type Contact,
  type ContactChange,
  type ContactFilter,
  changeContact,
  getContact,
  listContacts,
  type NewContact,
} from './directory.ts';
import { type ImportRow, importContacts } from './import.ts';
import { type KnownPerson, knowPerson, type Learnt, learnOfPerson } from './learning.ts';
import { type DialogMover, type Merge, mergeContacts, mergesOf, unmergeContacts } from './merging.ts';
import { saveProfiles, unknownProfiles } from './profiles.ts';
import { createSegments, type Segments } from './segments.ts';
import { notePermission, noteRefused, noteWord, type Subscriber } from './subscriptions.ts';

export { type Consent, type ConsentEntry, type ConsentScope, consentOfPayload, consentOfWords } from './consent.ts';
export type { CsvImportOptions, CsvImportResult } from './csv-import.ts';
export {
  CONTACT_LIMITS,
  type Contact,
  type ContactChange,
  type ContactFilter,
  type NewContact,
  type Variables,
} from './directory.ts';
export type { ImportRow } from './import.ts';
export type { KnownPerson, Learnt } from './learning.ts';
export type { DialogMover, Merge } from './merging.ts';
export type { Segment, SegmentDefinition, Segments } from './segments.ts';
export type { Subscriber } from './subscriptions.ts';

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

export interface PersonOfUser {
  contactId: number;
  name: string | null;
  phone: string | null;
}

export interface Contacts {
  /** Those who are known; unknown phones are not in the map. */
  byPhones(tx: Queryable | null, accountId: number, phones: readonly string[]): Promise<ReadonlyMap<string, ContactOfPhone>>;
  /** The same for phones of several accounts, in the order asked; null for the unknown. */
  ofPhones(tx: Queryable, asked: readonly { accountId: number; phone: string }[]): Promise<readonly (ContactOfPhone | null)[]>;
  /** All or nothing; a phone known already gets what the row gives. Throws `parameter.invalid` naming the row. */
  importMany(accountId: number, rows: readonly ImportRow[]): Promise<{ added: number; updated: number }>;
  /** The contact of each phone, made where there was none. */
  ensureByPhones(tx: Queryable, accountId: number, phones: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The same in a transaction of its own; each contact once. */
  ensurePhones(accountId: number, phones: readonly string[]): Promise<readonly number[]>;
  /**
   * The contact of a network's user, made where there was none. `more.phone` is a phone learnt from the network (an answer
   * to a notification): the identity joins the contact of that phone. `more.name` fills a name that is not known yet.
   */
  ensureByUser(
    tx: Queryable,
    accountId: number,
    network: 'vk' | 'ok',
    userId: string,
    more?: { name?: string; phone?: string },
  ): Promise<PersonOfUser>;
  /** Which of these people's names and pictures were not asked for since then. They need not be contacts. */
  unknownProfiles(
    tx: Queryable,
    accountId: number,
    network: 'vk' | 'ok',
    userIds: readonly string[],
    checkedSince: Date,
  ): Promise<readonly string[]>;
  /** What the network said when it was asked for `asked`; each of them counts as asked for `at`. */
  saveProfiles(
    tx: Queryable,
    accountId: number,
    network: 'vk' | 'ok',
    asked: readonly string[],
    found: readonly UserProfile[],
    at: Date,
  ): Promise<void>;
  /** Kept for unknown phones too: who opted out stays so when the phone comes with an import later. */
  setOptedOut(accountId: number, phone: string, optedOut: boolean): Promise<void>;
  /** Newest first; one more than the limit where there is a next page. */
  list(accountId: number, filter: ContactFilter): Promise<readonly Contact[]>;
  /** Null where the account has no such contact, or it was merged into another. */
  get(accountId: number, contactId: number): Promise<Contact | null>;
  /** Throws `contact.taken` where phone or identity are of another contact, `parameter.invalid` for what is too much. */
  add(accountId: number, contact: NewContact): Promise<Contact>;
  /** As it is then. Throws as `add`, and `not.found`. */
  change(accountId: number, contactId: number, change: ContactChange): Promise<Contact>;
  /** See importCsv. */
  importCsv(accountId: number, csv: Readable, options: CsvImportOptions): Promise<CsvImportResult>;
  /** Writes down what these contacts said of being written to, and what follows from it. */
  recordConsent(tx: Queryable, accountId: number, contactIds: readonly number[], consent: Omit<Consent, 'at'>): Promise<void>;
  /** The same of one, as it is then. Throws `not.found`. */
  setConsent(accountId: number, contactId: number, consent: Omit<Consent, 'at'>): Promise<Contact>;
  /** What a contact said, newest first. */
  consentLog(accountId: number, contactId: number, page: { beforeId: number; limit: number }): Promise<readonly ConsentEntry[]>;
  /** See mergeContacts. */
  merge(accountId: number, keptId: number, goneId: number, dialogs: DialogMover): Promise<Contact>;
  /** The merges into a contact, newest first. */
  merges(accountId: number, contactId: number): Promise<readonly Merge[]>;
  /** The contact that was gone, as it is again. See unmergeContacts. */
  unmerge(accountId: number, mergeId: number, dialogs: DialogMover): Promise<Contact>;
  /** The person wrote to the group: it may write to them, and in VK for a day without a reason. */
  noteWord(tx: Queryable, subscriber: Subscriber, at: Date): Promise<void>;
  /** The person let the group write, or forbade it. */
  notePermission(tx: Queryable, subscriber: Subscriber, allowed: boolean, at: Date): Promise<void>;
  /** The person told their phone. Nothing changes where they have one, or somebody else has it: an operator may merge the two. */
  learnPhone(tx: Queryable, accountId: number, contactId: number, phone: string): Promise<void>;
  /** What is known of a person; null where the account has none such. */
  know(tx: Queryable, accountId: number, contactId: number): Promise<KnownPerson | null>;
  /** Learns what a bot was told. False where some of it was too much: nothing that was known is lost, and nothing is cut. */
  learn(tx: Queryable, accountId: number, contactId: number, learnt: Learnt): Promise<boolean>;
  /** The network refused messages of the group because these people do not let it write. */
  noteRefused(tx: Queryable, group: Omit<Subscriber, 'userId'>, contactIds: readonly number[], at: Date): Promise<void>;
  segments: Segments;
}

const PHONE_COLUMNS = `
        coalesce(c.merged_into, c.id) as "contactId", c.phone, c.opted_out_at is not null as "optedOut", c.name,
        (select user_id from identity i where i.contact_id = coalesce(c.merged_into, c.id) and network = 'vk' order by created_at desc limit 1) as vk,
        (select user_id from identity i where i.contact_id = coalesce(c.merged_into, c.id) and network = 'ok' order by created_at desc limit 1) as ok`;

// Phone by phone (`limit` holds the planner to it): a plan made while there are few contacts would read all of the account's.
const SQL = {
  byPhones: {
    name: 'contact_by_phones',
    text: `
      select ${PHONE_COLUMNS}
      from unnest($2::text[]) as asked(phone)
      cross join lateral (select * from contact where account_id = $1 and contact.phone = asked.phone limit 1) as c`,
  },
  ofPhones: {
    name: 'contact_of_phones',
    text: `
      select asked.position, ${PHONE_COLUMNS}
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
  insertNamed: {
    name: 'contact_insert_named',
    text: 'insert into contact (account_id, name, source) values ($1, $2, $3) returning id',
  },
  ofUser: {
    name: 'contact_of_user',
    text: `
      select c.id as "contactId", c.name, c.phone
      from identity i
      join contact c on c.id = i.contact_id
      where i.account_id = $1 and i.network = $2 and i.user_id = $3`,
  },
  // Held to the end of the transaction: two first words of one person must not make two contacts.
  lockUser: { name: 'contact_lock_user', text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))' },
  givePhone: {
    name: 'contact_give_phone',
    text: `
      update contact set phone = $3
      where account_id = $1 and id = $2 and phone is null
        and not exists (select from contact where account_id = $1 and phone = $3)`,
  },
  nameIfUnknown: {
    name: 'contact_name_if_unknown',
    text: 'update contact set name = $3 where account_id = $1 and id = $2 and name is null',
  },
  setIdentity: {
    name: 'identity_set',
    text: `
      insert into identity (account_id, network, user_id, contact_id) values ($1, $2, $3, $4)
      on conflict (account_id, network, user_id) do update set contact_id = excluded.contact_id, created_at = now()`,
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

export function createContacts(parts: { database: Database; clock?: Clock }): Contacts {
  const { database, clock = systemClock } = parts;
  const now = (): Date => new Date(clock.now());

  const ensureByPhones: Contacts['ensureByPhones'] = async (tx, accountId, phones) => {
    const ids = new Map<string, number>();
    let missing = [...new Set(phones)];
    // Read first: an insert that finds the phone taken would still use up an id and write to the log.
    for (const statement of [SQL.idsOfPhones, SQL.insertPhones, SQL.idsOfPhones]) {
      if (missing.length === 0) return ids;
      for (const { id, phone } of await tx.rows<{ id: number; phone: string }>(statement, [accountId, missing]))
        ids.set(phone, id);
      missing = missing.filter((phone) => !ids.has(phone));
    }
    if (missing.length === 0) return ids;
    throw new Error('a contact was neither found nor made: its phone must have been removed in between');
  };

  const ofUser = async (tx: Queryable, accountId: number, network: string, userId: string): Promise<PersonOfUser | undefined> =>
    (await tx.rows<PersonOfUser>(SQL.ofUser, [accountId, network, userId]))[0];

  return {
    async byPhones(tx, accountId, phones) {
      const rows = await (tx ?? database).rows<PhoneRow>(SQL.byPhones, [accountId, phones]);
      return new Map(rows.map((row) => [row.phone, contactOf(row)]));
    },
    async ofPhones(tx, asked) {
      const columns = [asked.map(({ accountId }) => accountId), asked.map(({ phone }) => phone)];
      const rows = await tx.rows<PhoneRow & { position: number }>(SQL.ofPhones, columns);
      const found = new Map(rows.map(({ position, ...row }) => [position, contactOf(row)]));
      return asked.map((_, index) => found.get(index + 1) ?? null);
    },
    importMany: (accountId, rows) => importContacts(database, accountId, rows),
    ensureByPhones,
    ensurePhones: (accountId, phones) =>
      database.transaction(async (tx) => [...new Set((await ensureByPhones(tx, accountId, phones)).values())]),
    unknownProfiles,
    saveProfiles,
    async ensureByUser(tx, accountId, network, userId, { name, phone } = {}) {
      let person = await ofUser(tx, accountId, network, userId);
      const isKnown =
        person !== undefined && (phone === undefined || person.phone === phone) && (name === undefined || person.name !== null);
      if (person !== undefined && isKnown) return person;

      await tx.rows(SQL.lockUser, [`${accountId} ${network} ${userId}`]);
      person = await ofUser(tx, accountId, network, userId);
      if (person === undefined && phone === undefined) {
        const [made] = await tx.rows<{ id: number }>(SQL.insertNamed, [accountId, name ?? null, network]);
        await tx.run(SQL.setIdentity, [accountId, network, userId, (made as { id: number }).id]);
      } else if (phone !== undefined && person?.phone !== phone) {
        const given = person !== undefined && (await tx.run(SQL.givePhone, [accountId, person.contactId, phone])) === 1;
        if (!given) {
          const owner = (await ensureByPhones(tx, accountId, [phone])).get(phone);
          await tx.run(SQL.setIdentity, [accountId, network, userId, owner]);
        }
      }
      person = (await ofUser(tx, accountId, network, userId)) as PersonOfUser;
      if (name === undefined || person.name !== null) return person;
      await tx.run(SQL.nameIfUnknown, [accountId, person.contactId, name]);
      return { ...person, name };
    },
    setOptedOut: (accountId, phone, optedOut) =>
      database.transaction(async (tx) => {
        const contactIds = [...(await ensureByPhones(tx, accountId, [phone])).values()];
        await recordConsent(tx, accountId, contactIds, { scope: 'account', allowed: !optedOut, source: 'command', at: now() });
      }),
    list: (accountId, filter) => listContacts(database, accountId, filter),
    get: (accountId, contactId) => getContact(database, accountId, contactId),
    add: (accountId, contact) => addContact(database, accountId, contact),
    change: (accountId, contactId, change) => changeContact(database, accountId, contactId, change),
    importCsv: (accountId, csv, options) => importCsv({ database, clock }, accountId, csv, options),
    recordConsent: (tx, accountId, contactIds, consent) => recordConsent(tx, accountId, contactIds, { ...consent, at: now() }),
    setConsent: (accountId, contactId, consent) =>
      database.transaction(async (tx) => {
        if ((await getContact(tx, accountId, contactId)) === null)
          throw new AppError('not.found', 'this account has no such contact');
        await recordConsent(tx, accountId, [contactId], { ...consent, at: now() });
        return (await getContact(tx, accountId, contactId)) as Contact;
      }),
    consentLog: (accountId, contactId, page) => consentLog(database, accountId, contactId, page),
    merge: (accountId, keptId, goneId, dialogs) => mergeContacts(database, accountId, { keptId, goneId, at: now() }, dialogs),
    merges: (accountId, contactId) => mergesOf(database, accountId, contactId),
    unmerge: (accountId, mergeId, dialogs) => unmergeContacts(database, accountId, { mergeId, at: now() }, dialogs),
    noteWord,
    notePermission,
    noteRefused,
    know: knowPerson,
    learn: learnOfPerson,
    async learnPhone(tx, accountId, contactId, phone) {
      await tx.run(SQL.givePhone, [accountId, contactId, phone]);
    },
    segments: createSegments({ database, clock }),
  };
}

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
import { byPhones, type ContactOfPhone, ensureByPhones, ofPhones } from './of-phones.ts';
import { ensureByUser, givePhone, type PersonOfUser } from './of-users.ts';
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
export type { ContactOfPhone } from './of-phones.ts';
export type { NetworkUser, PersonOfUser } from './of-users.ts';
export type { Segment, SegmentDefinition, Segments } from './segments.ts';
export type { Subscriber } from './subscriptions.ts';

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

export function createContacts(parts: { database: Database; clock?: Clock }): Contacts {
  const { database, clock = systemClock } = parts;
  const now = (): Date => new Date(clock.now());

  return {
    byPhones: (tx, accountId, phones) => byPhones(tx ?? database, accountId, phones),
    ofPhones,
    importMany: (accountId, rows) => importContacts(database, accountId, rows),
    ensureByPhones,
    ensurePhones: (accountId, phones) =>
      database.transaction(async (tx) => [...new Set((await ensureByPhones(tx, accountId, phones)).values())]),
    unknownProfiles,
    saveProfiles,
    ensureByUser: (tx, accountId, network, userId, more = {}) => ensureByUser(tx, { accountId, network, userId, ...more }),
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
      await givePhone(tx, accountId, contactId, phone);
    },
    segments: createSegments({ database, clock }),
  };
}

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { type Contacts, createContacts } from './contacts.ts';

const ANNA = '79999999999';
const BORIS = '79990000001';

let database: Database;
let drop: () => Promise<void>;
let contacts: Contacts;
let accountId: number;
let count = 0;
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 8 });
  contacts = createContacts({ database });
});
beforeEach(async () => {
  const accounts = createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock: systemClock });
  accountId = (await accounts.create(`account ${++count}`)).id;
});
afterAll(async () => {
  await database.close();
  await drop();
});

const known = async (...phones: string[]) => Object.fromEntries(await contacts.byPhones(null, accountId, phones));
const writes = (network: 'vk' | 'ok', userId: string, more?: { name?: string; phone?: string }) =>
  database.transaction((tx) => contacts.ensureByUser(tx, accountId, network, userId, more));

test('imported contacts are found by phone, and unknown phones are not there', async () => {
  const rows = [
    { phone: ANNA, name: 'Анна', vk: '37119444', ok: '123456789012', consent: 'form on the site' },
    { phone: BORIS, ok: '123456789013', consent: 'contract' },
  ];
  expect(await contacts.importMany(accountId, rows)).toEqual({ added: 2, updated: 0 });
  expect(await known(ANNA, BORIS, '79990000009')).toEqual({
    [ANNA]: {
      contactId: expect.any(Number),
      phone: ANNA,
      optedOut: false,
      name: 'Анна',
      userIds: { vk: '37119444', ok: '123456789012' },
    },
    [BORIS]: { contactId: expect.any(Number), phone: BORIS, optedOut: false, name: null, userIds: { ok: '123456789013' } },
  });
});

test('a second import changes what it gives, keeps the rest, and the newest identity wins', async () => {
  await contacts.importMany(accountId, [{ phone: ANNA, name: 'Анна', vk: '1', ok: '2', consent: 'a' }]);
  expect(await contacts.importMany(accountId, [{ phone: ANNA, vk: '3', consent: 'b' }])).toEqual({ added: 0, updated: 1 });
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { name: 'Анна', userIds: { vk: '3', ok: '2' } } });
});

test.each([
  [{ phone: '+79999999999', consent: 'x' }, /row 2: phone must be digits/],
  [{ phone: BORIS, consent: ' ' }, /row 2: consent must say/],
  [{ phone: BORIS, vk: 'id1', consent: 'x' }, /row 2: vk must be the digits/],
  [{ phone: ANNA, consent: 'x' }, /row 2: phone is the same as in row 1/],
  [{ phone: BORIS, vk: '1', consent: 'x' }, /row 2: vk is the same as in row 1/],
])('a bad row %j is named, and nothing is imported', async (bad, reason) => {
  await expect(contacts.importMany(accountId, [{ phone: ANNA, vk: '1', consent: 'x' }, bad])).rejects.toThrow(reason);
  expect(await known(ANNA)).toEqual({});
});

test('an account sees no contact of another', async () => {
  await contacts.importMany(accountId, [{ phone: ANNA, vk: '1', consent: 'x' }]);
  const { contactId } = await writes('vk', '1');
  accountId = (
    await createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock: systemClock }).create(`account ${++count}`)
  ).id;
  expect(await known(ANNA)).toEqual({});
  expect((await writes('vk', '1')).contactId).not.toBe(contactId);
});

test('who writes first gets a contact without a phone, found again with the next word', async () => {
  const first = await writes('vk', '37119444', { name: 'Анна' });
  expect(first).toEqual({ contactId: expect.any(Number), name: 'Анна', phone: null });
  expect(await writes('vk', '37119444', { name: 'Другая' })).toEqual(first);
  expect((await writes('ok', '37119444')).contactId).not.toBe(first.contactId);
});

test('twenty first words at the same time make one contact', async () => {
  const people = await Promise.all(Array.from({ length: 20 }, () => writes('ok', '555')));
  expect(new Set(people.map((person) => person.contactId)).size).toBe(1);
  const count = { name: 'test_contacts_of_account', text: 'select 1 from contact where account_id = $1' };
  expect(await database.rows(count, [accountId])).toHaveLength(1);
});

const ensured = (...phones: string[]) => database.transaction((tx) => contacts.ensureByPhones(tx, accountId, phones));

test('a phone learnt from an answer is given to the contact that wrote before', async () => {
  const before = await writes('vk', '37119444', { name: 'Анна' });
  expect(await writes('vk', '37119444', { phone: ANNA })).toEqual({ ...before, phone: ANNA });
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { contactId: before.contactId, userIds: { vk: '37119444' } } });
});

test('an identity joins the contact of the phone that is known already', async () => {
  const ofPhone = (await ensured(ANNA)).get(ANNA);
  await writes('vk', '37119444');
  expect(await writes('vk', '37119444', { phone: ANNA, name: 'Анна' })).toEqual({
    contactId: ofPhone,
    name: 'Анна',
    phone: ANNA,
  });
  expect(await writes('ok', '123456789012', { phone: ANNA })).toMatchObject({ contactId: ofPhone });
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { userIds: { vk: '37119444', ok: '123456789012' } } });
});

test('an import gives its phone to the person who wrote before, and keeps the contact', async () => {
  const { contactId } = await writes('vk', '37119444');
  expect(await contacts.importMany(accountId, [{ phone: ANNA, vk: '37119444', consent: 'x' }])).toEqual({ added: 0, updated: 1 });
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { contactId } });
});

test('twenty callers at once get one contact of each phone, in whatever order they ask', async () => {
  const phones = [ANNA, '79990000001', '79990000002'];
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ensured(...(index % 2 === 0 ? phones : phones.toReversed()))),
  );
  for (const phone of phones) expect(new Set(made.map((ids) => ids.get(phone))).size).toBe(1);
  expect(new Set(made[0]?.values()).size).toBe(3);
});

test('who opted out stays so through an import, until taken back', async () => {
  await contacts.setOptedOut(accountId, ANNA, true);
  await contacts.importMany(accountId, [{ phone: ANNA, consent: 'x' }]);
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { optedOut: true } });
  await contacts.setOptedOut(accountId, ANNA, false);
  expect(await known(ANNA)).toMatchObject({ [ANNA]: { optedOut: false } });
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Contacts, createContacts } from '../contacts/contacts.ts';
import { createDialogs, type Dialogs } from '../dialogs/dialogs.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { type Stand, startStand } from './http-stand.ts';

let database: Database;
let drop: () => Promise<void>;
let clock: ManualClock;
let contacts: Contacts;
let dialogs: Dialogs;
let stand: Stand;
let accountId: number;
let count = 0;

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 6 });
  clock = createManualClock();
  contacts = createContacts({ database, clock });
  dialogs = createDialogs({ database, events: { note: () => {} } });
  const accounts = createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock });
  stand = await startStand({ accounts, contacts, dialogs });
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
  await database.close();
  await drop();
});

/** A key of a new account, which every call of the test bears. */
let key: string;
beforeEach(async () => {
  const accounts = createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock });
  accountId = (await accounts.create(`shop ${++count}`)).id;
  key = (await accounts.createKey(accountId, { name: 'all', scopes: ['read', 'admin'] })).key;
});

const call = async (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  body?: object | string,
  type = 'application/json',
) => {
  const payload = typeof body === 'object' ? JSON.stringify(body) : body;
  const headers = { authorization: `Key ${key}`, ...(payload !== undefined && { 'content-type': type }) };
  return stand.call({ method, url, headers, ...(payload !== undefined && { payload }) });
};
const add = async (contact: object): Promise<number> => (await call('POST', '/v1/contacts', contact)).body.id;
const importCsv = (csv: string, query = '') => call('POST', `/v1/contacts/import${query}`, csv, 'text/csv');
const codeOf = ({ status, body }: { status: number; body: { error?: { code: string; field: string | null } } }) => [
  status,
  body.error?.code,
  body.error?.field,
];

describe('contacts', () => {
  test('are added, changed field by field, and found by name, phone, id and label', async () => {
    const anna = {
      name: 'Анна Белова',
      phone: '+7 999 999-99-99',
      labels: ['постоянный'],
      variables: { city: 'Казань' },
      vk: '37119444',
    };
    const { body: added } = await call('POST', '/v1/contacts', anna);
    expect(added).toMatchObject({
      ...{ name: 'Анна Белова', phone: '79999999999', labels: ['постоянный'], variables: { city: 'Казань' }, source: 'api' },
      ...{ identities: [{ network: 'vk', userId: '37119444' }], optedOutAt: null, groupOptOuts: [] },
    });
    await add({ name: 'Борис' });
    const { body: changed } = await call('PATCH', `/v1/contacts/${added.id}`, {
      labels: ['vip'],
      variables: { orders: 3, city: null },
    });
    expect(changed).toMatchObject({ name: 'Анна Белова', labels: ['vip'], variables: { orders: 3 } });
    for (const [name, value] of [
      ['query', 'белов'],
      ['query', '+7 999 99'],
      ['query', '37119'],
      ['label', 'vip'],
    ] as const) {
      const { body } = await call('GET', `/v1/contacts?${new URLSearchParams({ [name]: value })}`);
      expect(
        body.items.map(({ id }: { id: number }) => id),
        value,
      ).toEqual([added.id]);
    }
    expect((await call('GET', '/v1/contacts?query=%25')).body.items).toEqual([]);
  });

  test('come page by page, newest first', async () => {
    const ids = [await add({ name: 'А' }), await add({ name: 'Б' }), await add({ name: 'В' })];
    const first = (await call('GET', '/v1/contacts?limit=2')).body;
    expect(first.items.map(({ id }: { id: number }) => id)).toEqual([ids[2], ids[1]]);
    const second = (await call('GET', `/v1/contacts?limit=2&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ items: [{ id: ids[0] }], nextCursor: null });
  });

  test.each([
    [{}, 'parameter.invalid', null],
    [{ phone: '123' }, 'parameter.invalid', 'phone'],
    [{ vk: 'id1' }, 'parameter.invalid', 'vk'],
    [{ labels: [' '] }, 'parameter.invalid', 'labels[0]'],
    [{ variables: { 'a b': 1 } }, 'parameter.invalid', 'variables'],
    [{ variables: { a: 'x\u0000' } }, 'parameter.invalid', 'variables.a'],
  ])('%j is refused', async (contact, code, field) => {
    expect(codeOf(await call('POST', '/v1/contacts', contact))).toEqual([400, code, field]);
  });

  test('a phone or an identity of another contact is refused, and nothing is added', async () => {
    await add({ phone: '79999999999', ok: '5' });
    expect(codeOf(await call('POST', '/v1/contacts', { phone: '79999999999' }))).toEqual([409, 'contact.taken', 'phone']);
    expect(codeOf(await call('POST', '/v1/contacts', { name: 'X', ok: '5' }))).toEqual([409, 'contact.taken', 'ok']);
    expect((await call('GET', '/v1/contacts')).body.items).toHaveLength(1);
  });
});

describe('an import of CSV', () => {
  test('takes what can be used, names what cannot, and says the same of a dry run', async () => {
    const csv = [
      'phone;name;labels;consent;consent_at;var.город',
      '+7 999 999-99-99;Анна;vip | новый;анкета;2026-01-10;Казань',
      '123;Борис;;анкета;;',
      '8 (999) 000-00-01;"Вера; вторая";;;;',
      '79990000002;Глеб;;анкета;вчера;',
      '79999999999;Дина;;анкета;;',
      '79990000003;Егор;;анкета;;;;;',
    ].join('\r\n');
    const expected = {
      ...{ lines: 6, added: 1, updated: 0, refused: 5 },
      refusals: [
        { line: 3, column: 'phone' },
        { line: 4, column: 'consent' },
        { line: 5, column: 'consent_at' },
        { line: 6, column: 'phone' },
        { line: 7, column: null },
      ],
    };
    expect((await importCsv(csv, '?dryRun=true')).body).toMatchObject({ dryRun: true, ...expected });
    expect((await call('GET', '/v1/contacts')).body.items).toEqual([]);
    expect((await importCsv(csv)).body).toMatchObject({ dryRun: false, ...expected });
    const { items } = (await call('GET', '/v1/contacts')).body;
    expect(items).toMatchObject([
      { name: 'Анна', labels: ['vip', 'новый'], variables: { город: 'Казань' }, source: 'import', consent: 'анкета' },
    ]);
    expect((await call('GET', `/v1/contacts/${items[0].id}/consent`)).body.items).toMatchObject([
      { allowed: true, source: 'import', detail: 'анкета', at: '2026-01-10T00:00:00.000Z', group: null },
    ]);
  });

  test('of thousands of lines is stored as it comes, and again changes nothing', async () => {
    const lines = Array.from({ length: 1_700 }, (_, index) => `7999${String(1_000_000 + index)},Имя ${index}`);
    const csv = ['phone,name', ...lines].join('\n');
    expect((await importCsv(csv, '?consent=договор')).body).toMatchObject({ lines: 1_700, added: 1_700, refused: 0 });
    expect((await importCsv(csv, '?consent=договор')).body).toMatchObject({ added: 0, updated: 1_700 });
  });

  test('opens nothing that the person closed', async () => {
    const id = await add({ phone: '79999999999' });
    await call('POST', `/v1/contacts/${id}/consent`, { allowed: false });
    await importCsv('phone,consent\n79999999999,анкета');
    expect((await call('GET', `/v1/contacts/${id}`)).body.optedOutAt).not.toBeNull();
  });

  test.each([
    ['name,phone,colour\n', 'parameter.invalid', 'colour'],
    ['name\nАнна', 'parameter.invalid', 'phone'],
    ['phone,phone\n', 'parameter.invalid', 'columns'],
    ['', 'csv.broken', null],
    ['phone,name\n"79999999999,Анна', 'csv.broken', null],
  ])('%j is refused', async (csv, code, field) => {
    expect(codeOf(await importCsv(csv))).toEqual([400, code, field]);
  });
});

describe('consent', () => {
  test('is a log that only grows, of the account and of single groups', async () => {
    const id = await add({ phone: '79999999999' });
    const say = (body: object) => call('POST', `/v1/contacts/${id}/consent`, body);
    expect((await say({ allowed: false, group: 'VK:213243638', detail: 'звонок' })).body.groupOptOuts).toMatchObject([
      { group: 'VK:213243638' },
    ]);
    expect((await say({ allowed: false })).body.optedOutAt).not.toBeNull();
    expect((await say({ allowed: true, group: 'VK:213243638' })).body).toMatchObject({
      groupOptOuts: [],
      optedOutAt: expect.any(String),
    });
    expect((await say({ allowed: true })).body.optedOutAt).toBeNull();
    const { items } = (await call('GET', `/v1/contacts/${id}/consent`)).body;
    expect(items.map(({ group, allowed }: { group: string; allowed: boolean }) => [group, allowed])).toEqual([
      [null, true],
      ['VK:213243638', true],
      [null, false],
      ['VK:213243638', false],
    ]);
  });
});

describe('two contacts that are one person', () => {
  test('become one, and exactly two again', async () => {
    const kept = await add({ name: 'Анна', phone: '79999999999', vk: '1', labels: ['a'], variables: { city: 'Казань' } });
    const gone = await add({
      name: 'Anna',
      phone: '79990000001',
      ok: '2',
      labels: ['a', 'b'],
      variables: { city: 'Уфа', orders: 2 },
    });
    await call('POST', `/v1/contacts/${gone}/consent`, { allowed: false, group: 'OK:7' });
    const opening = {
      accountId,
      network: 'ok',
      groupId: '7',
      contactId: gone,
      userId: '2',
      peerId: 'chat:C1',
      at: new Date(clock.now()),
    } as const;
    await database.transaction((tx) => dialogs.open(tx, opening));
    const before = await Promise.all([kept, gone].map(async (id) => (await call('GET', `/v1/contacts/${id}`)).body));

    const { body: merged } = await call('POST', `/v1/contacts/${kept}/merge`, { contactId: gone });
    expect(merged).toMatchObject({
      ...{ name: 'Анна', phone: '79999999999', furtherPhones: ['79990000001'], labels: ['a', 'b'] },
      ...{ variables: { city: 'Казань', orders: 2 }, groupOptOuts: [{ group: 'OK:7' }] },
      identities: [
        { network: 'ok', userId: '2' },
        { network: 'vk', userId: '1' },
      ],
    });
    expect((await call('GET', `/v1/contacts/${gone}`)).status).toBe(404);
    // Whatever comes to the other phone goes to the person.
    expect((await contacts.byPhones(null, accountId, ['79990000001'])).get('79990000001')).toMatchObject({
      contactId: kept,
      userIds: { vk: '1', ok: '2' },
    });

    const [merge] = (await call('GET', `/v1/contacts/${kept}/merges`)).body.items;
    expect((await call('POST', `/v1/contact-merges/${merge.id}/undo`)).body).toEqual(before[1]);
    expect((await call('GET', `/v1/contacts/${kept}`)).body).toEqual(before[0]);
    const dialogOf = {
      name: 'test.dialog_of_contact',
      text: 'select contact_id as "contactId" from dialog where account_id = $1',
    };
    expect(await database.rows(dialogOf, [accountId])).toEqual([{ contactId: gone }]);
    expect((await call('POST', `/v1/contact-merges/${merge.id}/undo`)).status).toBe(404);
  });

  test('give a phone to who has none, and are undone from the last merge backwards', async () => {
    const [first, second, third] = [await add({ vk: '1' }), await add({ phone: '79999999999' }), await add({ ok: '3' })];
    expect((await call('POST', `/v1/contacts/${first}/merge`, { contactId: second })).body.phone).toBe('79999999999');
    await call('POST', `/v1/contacts/${first}/merge`, { contactId: third });
    const merges = (await call('GET', `/v1/contacts/${first}/merges`)).body.items;
    expect(codeOf(await call('POST', `/v1/contact-merges/${merges[1].id}/undo`))).toEqual([409, 'contact.merge.covered', null]);
    for (const { id } of merges) expect((await call('POST', `/v1/contact-merges/${id}/undo`)).status).toBe(200);
    expect((await call('GET', `/v1/contacts/${second}`)).body.phone).toBe('79999999999');
    expect((await call('GET', `/v1/contacts/${first}`)).body.phone).toBeNull();
  });

  test('are never of two accounts, nor the same one', async () => {
    const mine = await add({ name: 'Анна' });
    expect(codeOf(await call('POST', `/v1/contacts/${mine}/merge`, { contactId: mine }))).toEqual([
      400,
      'parameter.invalid',
      'contactId',
    ]);
    const elsewhere = await contacts.add(
      (await createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock }).create(`other ${count}`)).id,
      { name: 'B' },
    );
    expect((await call('POST', `/v1/contacts/${mine}/merge`, { contactId: elsewhere.id })).status).toBe(404);
  });
});

describe('segments', () => {
  const heard = (network: 'vk' | 'ok', userId: string, groupId: string, daysAgo: number) =>
    contacts.noteWord(database, { accountId, network, groupId, userId }, new Date(clock.now() - daysAgo * 86_400_000));
  const meant = async (definition: object): Promise<string[]> => {
    const { body } = await call('POST', '/v1/segments/size', { definition });
    expect(body.contacts).toBe(body.sample.length);
    return body.sample.map(({ name }: { name: string }) => name).sort();
  };

  test('mean those of whom every condition holds', async () => {
    await add({ name: 'А', vk: '1', labels: ['vip', 'new'], variables: { orders: 5, city: 'Казань' } });
    await add({ name: 'Б', vk: '2', labels: ['vip'], variables: { orders: 1 }, phone: '79990000001' });
    await add({ name: 'В', ok: '3', labels: ['new'], variables: { orders: '7', city: 'казанка' } });
    await add({ name: 'Г', phone: '79990000002' });
    await heard('vk', '1', '10', 1);
    await heard('vk', '2', '10', 60);
    await heard('ok', '3', '20', 1);
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{}, ['А', 'Б', 'В', 'Г']],
      [{ labels: { any: ['vip', 'new'] } }, ['А', 'Б', 'В']],
      [{ labels: { all: ['vip', 'new'] } }, ['А']],
      [{ labels: { none: ['vip'] } }, ['В', 'Г']],
      [{ variables: [{ name: 'orders', is: 'greater', value: 2 }] }, ['А']],
      [{ variables: [{ name: 'orders', is: 'not_equal', value: 5 }] }, ['Б', 'В', 'Г']],
      [{ variables: [{ name: 'city', is: 'contains', value: 'КАЗАН' }] }, ['А', 'В']],
      [{ variables: [{ name: 'city', is: 'absent' }] }, ['Б', 'Г']],
      [{ channels: ['OK'] }, ['В']],
      [{ groups: ['VK:10'] }, ['А', 'Б']],
      [{ activity: { wroteWithinDays: 30 } }, ['А', 'В']],
      [{ activity: { silentForDays: 30 } }, ['Б']],
      [{ groups: ['VK:10'], activity: { wroteWithinDays: 30 } }, ['А']],
      [{ hasPhone: true, labels: { any: ['vip'] } }, ['Б']],
      [{ sources: ['import'] }, []],
    ];
    for (const [definition, names] of cases) expect(await meant(definition), JSON.stringify(definition)).toEqual(names);
  });

  test('are kept under a name that is theirs alone', async () => {
    const definition = { labels: { any: ['vip'] } };
    const { body: segment } = await call('POST', '/v1/segments', { name: 'VIP', definition });
    expect(segment).toMatchObject({ name: 'VIP', definition });
    expect(codeOf(await call('POST', '/v1/segments', { name: 'VIP', definition }))).toEqual([409, 'segment.taken', 'name']);
    await add({ name: 'А', labels: ['vip'] });
    expect((await call('GET', `/v1/segments/${segment.id}/size`)).body).toMatchObject({ contacts: 1, sample: [{ name: 'А' }] });
    expect((await call('PATCH', `/v1/segments/${segment.id}`, { name: 'Лучшие' })).body).toMatchObject({
      name: 'Лучшие',
      definition,
    });
    expect((await call('DELETE', `/v1/segments/${segment.id}`)).body).toEqual({ removed: 1 });
    expect((await call('GET', '/v1/segments')).body.items).toEqual([]);
  });

  test.each([
    [{ colours: ['red'] }, 'definition.colours'],
    [{ variables: [{ name: 'a', is: 'equal' }] }, 'definition.variables[0].value'],
    [{ variables: [{ name: 'a', is: 'present', value: 1 }] }, 'definition.variables[0].value'],
    [{ groups: ['213243638'] }, 'definition.groups[0]'],
  ])('%j is refused', async (definition, field) => {
    expect(codeOf(await call('POST', '/v1/segments/size', { definition }))).toEqual([400, 'parameter.invalid', field]);
  });
});

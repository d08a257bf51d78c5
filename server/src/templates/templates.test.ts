import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createTemplates, type Template, type Templates } from './templates.ts';

let database: Database;
let drop: () => Promise<void>;
let templates: Templates;
let accountId: number;
let count = 0;

const newAccount = async () => {
  const accounts = createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock: systemClock });
  return (await accounts.create(`account ${++count}`)).id;
};
const newSender = async (owner: number) => {
  const insert = { name: 'test_sender', text: 'insert into sender (account_id, name) values ($1, $2) returning id' };
  return ((await database.rows<{ id: number }>(insert, [owner, `sender ${++count}`]))[0] as { id: number }).id;
};
const base = (text = 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.') => ({ accountId, id: 4, name: 'base_template', text });

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
});
beforeEach(async () => {
  templates = createTemplates({ database });
  accountId = await newAccount();
});
afterAll(async () => {
  await database.close();
  await drop();
});

test('an added template is found by number and name, with its variables and senders', async () => {
  const senderId = await newSender(accountId);
  const added = await templates.add({ ...base(), upstream: { templateId: 77 }, senderIds: [senderId] });
  expect(added).toEqual({
    ...base(),
    version: 1,
    routes: ['VK', 'OK'],
    upstream: { templateId: 77 },
    intent: null,
    unknownOutcome: 'resend',
    class: null,
    senderIds: new Set([senderId]),
    variables: ['name', 'pizza'],
  });
  expect(await templates.byId(accountId, 4)).toEqual(added);
  expect(await templates.byName(accountId, 'base_template')).toEqual(added);
  expect(await templates.list(accountId)).toEqual([added]);
  expect(await templates.byId(await newAccount(), 4)).toBeNull();
});

test('a number or name can be used once, and each field that is wrong is named', async () => {
  await templates.add(base());
  await expect(templates.add(base())).rejects.toMatchObject({ code: 'parameter.invalid', field: 'id' });
  await expect(templates.add({ ...base(), id: 5 })).rejects.toMatchObject({ field: 'id' });
  await expect(templates.add({ ...base(), id: 0 })).rejects.toMatchObject({ field: 'id' });
  await expect(templates.add({ ...base(), id: 5, name: ' ' })).rejects.toMatchObject({ field: 'name' });
  await expect(templates.add({ ...base(), id: 5, name: 'x', routes: [] })).rejects.toMatchObject({ field: 'routes' });
  await expect(templates.add({ ...base(), id: 5, name: 'x', intent: 'because' })).rejects.toMatchObject({ field: 'intent' });
  await expect(templates.add({ ...base('{{ a.b }}'), id: 5, name: 'x' })).rejects.toMatchObject({ field: 'text' });
});

test('only a sender of the same account can be approved', async () => {
  const stranger = await newSender(await newAccount());
  await expect(templates.add({ ...base(), senderIds: [stranger] })).rejects.toMatchObject({ field: 'senderIds' });
  expect(await templates.list(accountId)).toEqual([]);
  await templates.add(base());
  await expect(templates.approve(accountId, 4, stranger)).rejects.toMatchObject({ code: 'not.found' });
  const own = await newSender(accountId);
  await templates.approve(accountId, 4, own);
  await templates.approve(accountId, 4, own);
  expect((await templates.byId(accountId, 4))?.senderIds).toEqual(new Set([own]));
});

/** A template as `byId` gives it, without a database. */
const templateOf = (text: string): Template => ({
  ...base(text),
  version: 1,
  routes: ['VK'],
  upstream: {},
  intent: null,
  unknownOutcome: 'resend',
  class: null,
  senderIds: new Set(),
  variables: [],
});

test.each([
  [
    { name: 'Анна', pizza: 'Маргарита' },
    { ok: true, text: 'Анна: Маргарита' },
  ],
  [
    { name: '<b>&"', pizza: '{{ name }}{% if x %}' },
    { ok: true, text: '<b>&": {{ name }}{% if x %}' },
  ],
  [
    { name: 9007199254740993n, pizza: true },
    { ok: true, text: '9007199254740993: true' },
  ],
  [
    { name: '', pizza: 0.5 },
    { ok: true, text: ': 0.5' },
  ],
  [{ name: 'Анна' }, { ok: false, variable: 'pizza', problem: 'missing' }],
  [{}, { ok: false, variable: 'name', problem: 'missing' }],
  [
    { name: 'Анна', pizza: null },
    { ok: false, variable: 'pizza', problem: 'type' },
  ],
  [
    { name: ['Анна'], pizza: 'x' },
    { ok: false, variable: 'name', problem: 'type' },
  ],
  [
    { name: 'Анна', pizza: 'x', constructor: 'y' },
    { ok: false, variable: 'constructor', problem: 'extra' },
  ],
])('%o gives %o', (values, expected) => {
  expect(templates.render(templateOf('{{ name }}: {{ pizza }}'), values as Record<string, unknown>)).toEqual(expected);
});

test('a variable that only an untaken branch uses must be given too', () => {
  const template = templateOf('{% if paid %}Спасибо{% else %}Ждём {{ sum }}{% endif %}');
  expect(templates.render(template, { paid: true })).toEqual({ ok: false, variable: 'sum', problem: 'missing' });
  expect(templates.render(template, { paid: true, sum: 5 })).toEqual({ ok: true, text: 'Спасибо' });
});

test('a name of every object is no variable that was given', () => {
  expect(templates.render(templateOf('{{ constructor }}'), {})).toEqual({
    ok: false,
    variable: 'constructor',
    problem: 'missing',
  });
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { searchMessages } from './message-search.ts';
import { createSearch, type FoundMessage, type Search } from './search.ts';

let database: Database;
let drop: () => Promise<void>;
let search: Search;
let accountId: number;
let dialogs: { anna: number; peter: number };
let sequence = 0;

const ADD_DIALOG = {
  name: 'test.search.dialog',
  text: `
    with c as (insert into contact (account_id, name, phone) values ($1, $2, $3) returning id)
    insert into dialog (account_id, network, group_id, contact_id, last_sequence, last_message_at, created_at)
    select $1, $4, $5, id, 1, $6, now() from c returning id`,
};
const ADD_LINE = {
  name: 'test.search.line',
  text: `
    insert into dialog_message (account_id, dialog_id, sequence, kind, direction, source, text, network, created_at, id)
    overriding system value
    values ($1, $2, $3, 'message', case $4 when 'person' then 'in' else 'out' end, $4, $5, 'vk', now(), coalesce($6, nextval(pg_get_serial_sequence('dialog_message', 'id'))))
    returning id`,
};
const say = async (dialogId: number, text: string, more: { source?: string; id?: number } = {}): Promise<number> => {
  sequence += 1;
  const values = [accountId, dialogId, sequence, more.source ?? 'person', text, more.id ?? null];
  const [row] = await database.rows<{ id: number }>(ADD_LINE, values);
  return row?.id as number;
};
const openDialog = async (name: string, phone: string, network: string, groupId: string, minute: number): Promise<number> => {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute));
  const [row] = await database.rows<{ id: number }>(ADD_DIALOG, [accountId, name, phone, network, groupId, at]);
  return row?.id as number;
};
const find = async (text: string, more: { groups?: string[]; dialogId?: number; beforeId?: number; limit?: number } = {}) =>
  search.messages({ accountId, groups: null, limit: 20, text, ...more });
const textsOf = async (text: string, more = {}) => (await find(text, more)).items.map(({ excerpt }) => excerpt.text);
const namesOf = async (text: string, more: { groups?: string[]; limit?: number } = {}) =>
  (await search.people({ accountId, groups: null, limit: 20, text, ...more })).map(({ name }) => name);

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
  search = createSearch({ database, clock });
  accountId = (await createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock }).create('shop')).id;
  dialogs = {
    anna: await openDialog('Анна Каренина', '79161234567', 'vk', '5', 1),
    peter: await openDialog('Пётр_100%', '79039999999', 'ok', '6', 2),
  };
  await say(dialogs.anna, 'Когда будет доставка заказа 10293?');
  await say(dialogs.peter, 'Доставили не тот заказ');
  await say(dialogs.anna, 'Доставляем ваш заказ сегодня', { source: 'notification' });
  await say(dialogs.anna, 'Спасибо за быструю доставку!');
});
afterAll(async () => {
  await database.close();
  await drop();
});

describe('words', () => {
  test('are found in any of their forms, newest first, and never in notifications', async () => {
    expect(await textsOf('доставки')).toEqual(['Спасибо за быструю доставку!', 'Когда будет доставка заказа 10293?']);
    expect(await textsOf('заказы')).toEqual(['Доставили не тот заказ', 'Когда будет доставка заказа 10293?']);
  });

  test.each([
    ['быст', ['Спасибо за быструю доставку!']],
    ['спасибо дост', ['Спасибо за быструю доставку!']],
    ['102', ['Когда будет доставка заказа 10293?']],
    ['"спасибо за быструю"', ['Спасибо за быструю доставку!']],
    ['"быструю спасибо"', []],
    ['заказ -доставка', ['Доставили не тот заказ']],
    ["и ' & | ! ( :* \\\\", []],
    ['в', []],
  ])('%s', async (text, found) => {
    expect(await textsOf(text)).toEqual(found);
  });

  test('are marked where they stand, whatever the text is made of', async () => {
    const id = await say(dialogs.anna, '<b>пицца</b> \uE000 👍 и ПИЦЦЫ ещё');
    const [found] = (await find('пицца')).items;
    expect(found).toMatchObject({ id, dialogId: dialogs.anna, direction: 'in', source: 'person' });
    const { text, marks } = (found as FoundMessage).excerpt;
    expect(marks.map(({ from, to }) => text.slice(from, to))).toEqual(['пицца', 'ПИЦЦЫ']);
  });

  test('of dialogs that one may not see, of another account or another dialog, are not found', async () => {
    expect(await textsOf('заказ', { groups: ['OK:6'] })).toEqual(['Доставили не тот заказ']);
    expect(await textsOf('заказ', { dialogId: dialogs.anna })).toEqual(['Когда будет доставка заказа 10293?']);
    const other = await search.messages({ accountId: accountId + 1, groups: null, limit: 20, text: 'заказ' });
    expect(other.items).toEqual([]);
  });

  test('fill page after page, over stretches in which nothing is', async () => {
    const far = 3 * 2 ** 18;
    for (let index = 0; index < 3; index += 1) await say(dialogs.peter, `самовар ${index}`);
    for (let index = 3; index < 5; index += 1) await say(dialogs.peter, `самовар ${index}`, { id: far + index });
    const seen: string[] = [];
    let beforeId: number | null | undefined;
    while (beforeId !== null) {
      const page = await find('самовары', { limit: 2, ...(beforeId !== undefined && { beforeId }) });
      seen.push(...page.items.map(({ excerpt }) => excerpt.text));
      beforeId = page.nextBeforeId;
    }
    expect(seen).toEqual([4, 3, 2, 1, 0].map((index) => `самовар ${index}`));
  });

  test('that take longer than anybody waits end with what was found, and the place to go on from', async () => {
    const question = { accountId, groups: null, limit: 20, text: 'самовар' };
    const cut = await searchMessages({ database, clock }, question, 0);
    expect(cut).toMatchObject({ isCut: true, items: [{ excerpt: { text: 'самовар 4' } }, { excerpt: { text: 'самовар 3' } }] });
    const rest = await find('самовар', { beforeId: cut.nextBeforeId as number });
    expect(rest.items).toHaveLength(3);
  });
});

describe('people', () => {
  test.each([
    ['карен', ['Анна Каренина']],
    ['АННА', ['Анна Каренина']],
    ['100%', ['Пётр_100%']],
    ['_', ['Пётр_100%']],
    ['8 (916) 123-45-67', ['Анна Каренина']],
    ['999', ['Пётр_100%']],
    ['79', []],
  ])('by %s', async (text, names) => {
    expect(await namesOf(text)).toEqual(names);
  });

  test('come with the liveliest dialog first, one more than the page where there are more, and only where one may look', async () => {
    await openDialog('Анна Снегина', '79170000000', 'ok', '6', 9);
    expect(await namesOf('анна')).toEqual(['Анна Снегина', 'Анна Каренина']);
    expect(await namesOf('анна', { groups: ['VK:5'] })).toEqual(['Анна Каренина']);
    expect(await namesOf('анна', { limit: 1 })).toHaveLength(2);
  });
});

test('what takes longer than anybody waits is given up, and says so', async () => {
  const hurried = createSearch({ database, clock, statementTimeoutMs: 50 });
  const question = { accountId, groups: null, limit: 20, text: 'Анна' };
  await database.transaction(async (tx) => {
    await tx.run({ name: 'test.search.lock', text: 'lock table contact in access exclusive mode' });
    await expect(hurried.people(question)).rejects.toMatchObject({ code: 'search.too.wide' });
  });
});

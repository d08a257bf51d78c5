import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { type Database, openDatabase, type Queryable } from '../platform/database.ts';
import { createDialogs, type Dialogs, type NewMessage, type Opening } from './dialogs.ts';

let opened: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let dialogs: Dialogs;
let accounts = 0;

beforeAll(async () => {
  opened = await testDatabase();
  database = openDatabase(opened.url);
  dialogs = createDialogs({ database });
});
afterAll(async () => {
  await database.close();
  await opened.drop();
});

async function newAccount(): Promise<number> {
  accounts += 1;
  const text = "insert into account (name, callback_secret) values ($1, '\\x00') returning id";
  const [row] = await database.rows<{ id: number }>({ name: 'test.account', text }, [`account ${accounts}`]);
  return (row as { id: number }).id;
}
async function newContact(accountId: number, name: string): Promise<number> {
  const text = 'insert into contact (account_id, name) values ($1, $2) returning id';
  const [row] = await database.rows<{ id: number }>({ name: 'test.contact', text }, [accountId, name]);
  return (row as { id: number }).id;
}

const inTx = <Result>(work: (tx: Queryable) => Promise<Result>) => database.transaction(work);
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const opening = (accountId: number, contactId: number | null, more: Partial<Opening> = {}): Opening => ({
  ...{ accountId, network: 'vk', groupId: '1', contactId, userId: '42', peerId: '42', at: at(0) },
  ...more,
});
const said = (dialogId: number, text: string, second: number, more: Partial<NewMessage> = {}): NewMessage => ({
  ...{ dialogId, source: 'person', text, at: at(second), eventId: text },
  ...more,
});
const textsOf = async (accountId: number, dialogId: number) =>
  (await dialogs.messages(accountId, dialogId, { limit: 100 }))?.items.map(({ text }) => text);

test('a person has one dialog with a group for ever, and another one with another group', async () => {
  const accountId = await newAccount();
  const contactId = await newContact(accountId, 'Anna');
  const ids = await inTx(async (tx) => [
    (await dialogs.open(tx, opening(accountId, contactId))).id,
    (await dialogs.open(tx, opening(accountId, contactId, { peerId: '43' }))).id,
    (await dialogs.open(tx, opening(accountId, contactId, { groupId: '2' }))).id,
    (await dialogs.open(tx, opening(accountId, contactId, { network: 'ok' }))).id,
  ]);
  expect(ids[1]).toBe(ids[0]);
  expect(new Set(ids).size).toBe(3);
});

test('transactions that meet a person at the same moment make one dialog', async () => {
  const accountId = await newAccount();
  const contactId = await newContact(accountId, 'Anna');
  const open = () => inTx(async (tx) => (await dialogs.open(tx, opening(accountId, contactId))).id);
  expect(new Set(await Promise.all(Array.from({ length: 8 }, open))).size).toBe(1);
});

test('an event is recorded once, a message of ours once per network', async () => {
  const accountId = await newAccount();
  const { id } = await inTx(async (tx) => dialogs.open(tx, opening(accountId, await newContact(accountId, 'Anna'))));
  const ours = said(id, 'ours', 2, {
    source: 'bot',
    eventId: undefined,
    messageId: 9_000_001,
    status: 'QUEUED',
  } as Partial<NewMessage>);
  expect(await inTx((tx) => dialogs.append(tx, [said(id, 'one', 1), ours]))).toEqual([true, true]);
  expect(await inTx((tx) => dialogs.append(tx, [said(id, 'one', 3), ours, said(id, 'two', 4)]))).toEqual([false, false, true]);
  expect(await textsOf(accountId, id)).toEqual(['two', 'ours', 'one']);
});

test('messages come newest first, page by page, whatever is written meanwhile', async () => {
  const accountId = await newAccount();
  const { id } = await inTx(async (tx) => dialogs.open(tx, opening(accountId, await newContact(accountId, 'Anna'))));
  await inTx((tx) =>
    dialogs.append(
      tx,
      Array.from({ length: 5 }, (_, index) => said(id, String(index), index)),
    ),
  );
  const first = await dialogs.messages(accountId, id, { limit: 2 });
  await inTx((tx) => dialogs.append(tx, [said(id, 'new', 9)]));
  const second = await dialogs.messages(accountId, id, { limit: 2, cursor: first?.nextCursor as string });
  const third = await dialogs.messages(accountId, id, { limit: 2, cursor: second?.nextCursor as string });
  expect([first, second, third].map((page) => page?.items.map(({ text }) => text))).toEqual([['4', '3'], ['2', '1'], ['0']]);
  expect(third?.nextCursor).toBeNull();
});

test('dialogs come by their last message, most recent first, page by page, with that message and the contact', async () => {
  const accountId = await newAccount();
  const ids: number[] = [];
  for (const [index, name] of ['Anna', 'Boris', 'Vera'].entries()) {
    const contactId = await newContact(accountId, name);
    const { id } = await inTx((tx) => dialogs.open(tx, opening(accountId, contactId, { userId: String(index) })));
    await inTx((tx) => dialogs.append(tx, [said(id, `from ${name}`, 10 + index)]));
    ids.push(id);
  }
  await inTx((tx) => dialogs.append(tx, [said(ids[0] as number, 'again', 20)]));
  const first = await dialogs.list(accountId, { limit: 2 });
  expect(first.items.map(({ contact, lastMessage }) => [contact?.name, lastMessage?.text])).toEqual([
    ['Anna', 'again'],
    ['Vera', 'from Vera'],
  ]);
  const second = await dialogs.list(accountId, { limit: 2, cursor: first.nextCursor as string });
  expect(second).toMatchObject({ items: [{ contact: { name: 'Boris' }, channel: 'VK', groupId: '1' }], nextCursor: null });
});

test.each(['nonsense', '', 'MS4yLjM', 'MTIzLngx', 'OTAwNzE5OTI1NDc0MDk5MS4x'])(
  'the cursor "%s" is refused by name',
  async (cursor) => {
    await expect(dialogs.list(1, { limit: 1, cursor })).rejects.toMatchObject({ code: 'parameter.invalid', field: 'cursor' });
  },
);

test('another account sees neither the dialog nor its messages', async () => {
  const accountId = await newAccount();
  const { id } = await inTx(async (tx) => dialogs.open(tx, opening(accountId, await newContact(accountId, 'Anna'))));
  await inTx((tx) => dialogs.append(tx, [said(id, 'secret', 1)]));
  const stranger = await newAccount();
  expect((await dialogs.list(stranger, { limit: 10 })).items).toEqual([]);
  expect(await dialogs.messages(stranger, id, { limit: 10 })).toBeNull();
});

test('two dialogs that turn out to be of one person become one; the old id leads to it', async () => {
  const accountId = await newAccount();
  const [unknown, known] = [await newContact(accountId, 'by id'), await newContact(accountId, 'by phone')];
  const before = await inTx((tx) => dialogs.open(tx, opening(accountId, unknown)));
  const key = { accountId, network: 'vk', groupId: '1' } as const;
  const [phones] = await inTx((tx) => dialogs.openForNotifications(tx, [{ ...key, contactId: known, at: at(0) }]));
  const notification = { source: 'notification', messageId: 9_000_100, status: 'SENT' } as const;
  await inTx((tx) =>
    dialogs.append(tx, [
      said(before.id, 'first', 1),
      said(phones?.id as number, 'second', 2, notification),
      said(before.id, 'third', 3),
    ]),
  );
  const merged = await inTx((tx) => dialogs.open(tx, opening(accountId, known)));
  expect(merged).toEqual({ id: phones?.id, lastNotificationId: 9_000_100 });
  // Somebody still holds the old id: an operator's page, a reply on its way.
  await inTx((tx) => dialogs.append(tx, [said(before.id, 'fourth', 4)]));
  expect(await textsOf(accountId, before.id)).toEqual(['fourth', 'third', 'second', 'first']);
  expect((await dialogs.list(accountId, { limit: 10 })).items.map(({ id, contact }) => [id, contact?.name])).toEqual([
    [merged.id, 'by phone'],
  ]);
});

test('a batch of notifications opens the dialogs of its contacts, one each, in the order given', async () => {
  const accountId = await newAccount();
  const [anna, boris] = [await newContact(accountId, 'Anna'), await newContact(accountId, 'Boris')];
  const key = { accountId, network: 'ok', groupId: '7' } as const;
  const wanted = [anna, boris, anna].map((contactId) => ({ ...key, contactId, at: at(1) }));
  const ids = (await inTx((tx) => dialogs.openForNotifications(tx, wanted))).map(({ id }) => id);
  expect(ids).toHaveLength(3);
  expect(ids[0]).toBe(ids[2]);
  expect(ids[0]).not.toBe(ids[1]);
});

test('a read mark finds the notification of a person who has not said a word yet, and nothing written after it', async () => {
  const accountId = await newAccount();
  const contactId = await newContact(accountId, 'Anna');
  const identity = {
    name: 'test.identity',
    text: "insert into identity (account_id, network, user_id, contact_id) values ($1, 'vk', '42', $2)",
  };
  await database.run(identity, [accountId, contactId]);
  const key = { accountId, network: 'vk', groupId: '1' } as const;
  const [dialog] = await inTx((tx) => dialogs.openForNotifications(tx, [{ ...key, contactId, at: at(0) }]));
  const sent = (messageId: number, networkId: string): NewMessage =>
    said(dialog?.id as number, networkId, messageId % 10, { source: 'notification', messageId, networkId, status: 'SENT' });
  await inTx((tx) => dialogs.append(tx, [sent(9_000_201, '501'), sent(9_000_202, '502')]));
  const readUpTo = (userId: string, networkId: string) =>
    inTx((tx) => dialogs.unreadUpTo(tx, { ...key, userId }, networkId, at(60)));
  expect(await readUpTo('42', '501')).toEqual([9_000_201]);
  expect(await readUpTo('42', '502')).toEqual([9_000_201, 9_000_202]);
  expect(await readUpTo('43', '502')).toEqual([]);
});

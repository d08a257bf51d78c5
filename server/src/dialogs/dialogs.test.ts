import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { eventually } from '../../test/dispatch-town.ts';
import { createEvents, type Events } from '../events/events.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, openDatabase, type Transaction } from '../platform/database.ts';
import { createDialogs, type Dialogs, type NewMessage, type Opening, type ReadMessage } from './dialogs.ts';

let opened: Awaited<ReturnType<typeof testDatabase>>;
let database: Database;
let dialogs: Dialogs;
let events: Events;
let accounts = 0;

beforeAll(async () => {
  opened = await testDatabase();
  database = openDatabase(opened.url);
  events = createEvents({ database, clock: systemClock, log: pino({ level: 'silent' }), keepDays: 7 });
  await events.run({ cleansUp: false });
  dialogs = createDialogs({ database, events });
});
afterAll(async () => {
  await events.stop();
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

const inTx = <Result>(work: (tx: Transaction) => Promise<Result>) => database.transaction(work);
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

test('for who is limited to groups the dialogs of others do not exist', async () => {
  const accountId = await newAccount();
  const [ours, theirs] = await inTx(async (tx) => [
    await dialogs.open(tx, opening(accountId, await newContact(accountId, 'Anna'))),
    await dialogs.open(tx, opening(accountId, await newContact(accountId, 'Boris'), { network: 'ok', groupId: '1' })),
  ]);
  await inTx((tx) => dialogs.append(tx, [said(ours?.id as number, 'to us', 1), said(theirs?.id as number, 'to them', 2)]));
  const groups = ['VK:1', 'OK:2'];
  const { items } = await dialogs.list(accountId, { limit: 10, groups });
  expect(items.map(({ id }) => id)).toEqual([ours?.id]);
  expect((await dialogs.messages(accountId, ours?.id as number, { limit: 10, groups }))?.items).toHaveLength(1);
  expect(await dialogs.messages(accountId, theirs?.id as number, { limit: 10, groups })).toBeNull();
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
  expect(merged).toMatchObject({ id: phones?.id, lastNotificationId: 9_000_100 });
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

describe('what people have read', () => {
  /** Anna, user 42 of VK, has an account there and has not said a word yet. */
  async function startReading() {
    const accountId = await newAccount();
    const contactId = await newContact(accountId, 'Anna');
    const text = "insert into identity (account_id, network, user_id, contact_id) values ($1, 'vk', '42', $2)";
    await database.run({ name: 'test.identity', text }, [accountId, contactId]);
    const key = { accountId, network: 'vk', groupId: '1' } as const;
    return {
      accountId,
      /** Records a notification under VK's id of it; our id ends in the same digits. Returns what was read before. */
      async send(tx: Transaction, networkId: number) {
        const [dialog] = await dialogs.openForNotifications(tx, [{ ...key, contactId, at: at(0) }]);
        const messageId = 9_000_000 + 1_000 * accountId + networkId;
        const notification = { source: 'notification', messageId, networkId: String(networkId), status: 'SENT' } as const;
        await dialogs.append(tx, [said(dialog?.id as number, 'ours', 1, { ...notification, eventId: `${messageId}` })]);
        return digits(await dialogs.readBefore(tx, [{ messageId, network: 'vk' }]));
      },
      read: async (tx: Transaction, networkId: string, { userId = '42', groupId = '1', second = 60 } = {}) =>
        digits(await dialogs.readUpTo(tx, { ...key, groupId, userId }, networkId, at(second))),
    };
  }
  const digits = (read: readonly ReadMessage[]) => read.map(({ messageId }) => messageId % 1_000);

  /** Runs `second` while `first` has done its work and not committed; gives what each found. */
  async function overlap(
    first: (tx: Transaction) => Promise<number[]>,
    second: (tx: Transaction) => Promise<number[]>,
  ): Promise<readonly [number[], number[]]> {
    const [isDone, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const firstFound = inTx(async (tx) => {
      const found = await first(tx);
      isDone.resolve();
      await commit.promise;
      return found;
    });
    await isDone.promise;
    const secondFound = inTx(second);
    const waiting = {
      name: 'test.waiting',
      text: `
        select count(*)::int as count from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    };
    await eventually(async () => (await database.rows<{ count: number }>(waiting))[0]?.count === 1);
    commit.resolve();
    return Promise.all([firstFound, secondFound]);
  }

  test('a mark finds the notification of a person who has not said a word yet, and nothing written after it', async () => {
    const { send, read } = await startReading();
    for (const id of [501, 502]) expect(await inTx((tx) => send(tx, id))).toEqual([]);
    expect(await inTx((tx) => read(tx, '501'))).toEqual([501]);
    expect(await inTx((tx) => read(tx, '502'))).toEqual([501, 502]);
    expect(await inTx((tx) => read(tx, '502', { userId: '43' }))).toEqual([]);
  });

  test('a message that is known only after it was read is found by the mark, at the time of the reading', async () => {
    const { accountId, send, read } = await startReading();
    expect(await inTx((tx) => read(tx, '502', { second: 30 }))).toEqual([]);
    expect(await inTx((tx) => read(tx, '501', { second: 40 }))).toEqual([]); // came late: the mark does not go back
    expect(await inTx((tx) => send(tx, 502))).toEqual([502]);
    expect(await inTx((tx) => send(tx, 503))).toEqual([]);
    const messageId = 9_000_000 + 1_000 * accountId + 502;
    expect(await inTx((tx) => dialogs.readBefore(tx, [{ messageId, network: 'vk' }]))).toEqual([
      { accountId, messageId, at: at(30) },
    ]);
  });

  test('a mark is of one person, one group and one account', async () => {
    const [anna, stranger] = [await startReading(), await startReading()];
    await inTx((tx) => anna.read(tx, '900', { userId: '43' }));
    await inTx((tx) => anna.read(tx, '900', { groupId: '2' }));
    await inTx((tx) => stranger.read(tx, '900'));
    expect(await inTx((tx) => anna.send(tx, 501))).toEqual([]);
  });

  test('a message whose answer came late stands after those that were written after it, and does not make them read', async () => {
    const { send, read } = await startReading();
    for (const id of [502, 501]) await inTx((tx) => send(tx, id));
    expect(await inTx((tx) => read(tx, '501'))).toEqual([501]);
  });

  test('a mark and a message that are written at the same moment meet, whichever is first', async () => {
    const early = await startReading();
    expect(
      await overlap(
        (tx) => early.read(tx, '501'),
        (tx) => early.send(tx, 501),
      ),
    ).toEqual([[], [501]]);
    const late = await startReading();
    expect(
      await overlap(
        (tx) => late.send(tx, 501),
        (tx) => late.read(tx, '501'),
      ),
    ).toEqual([[], [501]]);
  });

  test('old marks are forgotten, some at a time', async () => {
    const { send, read } = await startReading();
    for (const userId of ['42', '43', '44']) await inTx((tx) => read(tx, '900', { userId, second: -60 }));
    await inTx((tx) => read(tx, '900', { userId: '45' }));
    expect(await dialogs.forgetReadMarks(at(-30), 2)).toBe(2);
    expect(await dialogs.forgetReadMarks(at(-30), 2)).toBe(1);
    expect(await dialogs.forgetReadMarks(at(-30), 2)).toBe(0);
    expect(await inTx((tx) => send(tx, 501))).toEqual([]);
  });
});

/** What screens of the account heard, in order. */
async function heard(accountId: number): Promise<{ kind: string; dialogId: number; body: Record<string, unknown> }[]> {
  const all = { operatorId: null, groups: null };
  const [waiting] = await database.rows<{ left: number }>(
    { name: 'test.unnumbered', text: 'select count(*)::int as left from event_log where account_id = $1 and sequence is null' },
    [accountId],
  );
  if (waiting?.left !== 0) throw new Error('not all events are numbered yet');
  return JSON.parse((await events.after(accountId, 0, all)).bytes.toString()).entries;
}
const kindsOf = (entries: readonly { kind: string }[]) => entries.map(({ kind }) => kind);

describe('screens hear', () => {
  test('of a dialog that is opened and of each new line, exactly as the lists show them', async () => {
    const accountId = await newAccount();
    const contactId = await newContact(accountId, 'Anna');
    const id = await inTx(async (tx) => {
      const dialog = await dialogs.open(tx, opening(accountId, contactId));
      await dialogs.append(tx, [
        said(dialog.id, 'hello', 1),
        said(dialog.id, 'again', 2, { payload: '{"a":1}', kind: 'button' }),
      ]);
      await dialogs.append(tx, [said(dialog.id, 'hello', 1)]);
      return dialog.id;
    });
    await inTx((tx) =>
      dialogs.append(tx, [{ dialogId: id, source: 'bot', text: 'hi', at: at(3), messageId: 5, status: 'QUEUED' }]),
    );
    await expect.poll(async () => (await heard(accountId)).length).toBe(4);
    const [opened, ...lines] = await heard(accountId);
    const { items: listed } = await dialogs.list(accountId, { limit: 10 });
    expect(opened).toEqual({
      ...{ kind: 'dialog.opened', dialogId: id },
      body: JSON.parse(JSON.stringify({ ...listed[0], lastMessage: null })),
    });
    const history = JSON.parse(JSON.stringify((await dialogs.messages(accountId, id, { limit: 10 }))?.items));
    expect(lines).toEqual(history.reverse().map((body: unknown) => ({ kind: 'message.added', dialogId: id, body })));
  });

  test('of edits, of statuses once for each dialog, and of a line that was another one', async () => {
    const accountId = await newAccount();
    const contactId = await newContact(accountId, 'Anna');
    const messageId = 700_000 + accountId * 10;
    const id = await inTx(async (tx) => {
      const dialog = await dialogs.open(tx, opening(accountId, contactId));
      await dialogs.append(tx, [
        said(dialog.id, 'helo', 1, { networkId: '11' }),
        { dialogId: dialog.id, source: 'operator', text: 'hi', at: at(2), networkId: '12' },
        { dialogId: dialog.id, source: 'bot', text: 'hi', at: at(2), messageId, status: 'QUEUED' },
      ]);
      return dialog.id;
    });
    const key = { accountId, network: 'vk', groupId: '1', userId: '42' } as const;
    await inTx(async (tx) => {
      await dialogs.editIncoming(tx, key, '11', { text: 'hello', attachments: [] }, at(4));
      await dialogs.changeStatuses(tx, [{ messageId, network: 'vk', status: 'SENT', networkId: '12' }]);
    });
    await expect.poll(async () => (await heard(accountId)).length).toBe(7);
    const entries = (await heard(accountId)).slice(4);
    expect(kindsOf(entries)).toEqual(['message.edited', 'messages.status', 'message.removed']);
    expect(entries.map(({ dialogId }) => dialogId)).toEqual([id, id, id]);
    const [edit, status, removal] = entries;
    const shown = (await dialogs.messages(accountId, id, { limit: 10 }))?.items ?? [];
    expect(edit?.body).toMatchObject({
      id: shown[1]?.id,
      text: 'hello',
      editedAt: at(4).toISOString(),
      earlierTexts: [{ text: 'helo' }],
    });
    expect(status?.body).toEqual({ messages: [{ id: shown[0]?.id, status: 'SENT' }] });
    expect(shown.map((line) => line.id)).not.toContain(removal?.body['id']);
  });

  test('that two dialogs became one', async () => {
    const accountId = await newAccount();
    const contactId = await newContact(accountId, 'Anna');
    const [known] = await inTx((tx) =>
      dialogs.openForNotifications(tx, [{ accountId, network: 'vk', groupId: '1', contactId, at: at(0) }]),
    );
    const stranger = await inTx((tx) => dialogs.open(tx, opening(accountId, null)));
    await inTx((tx) => dialogs.open(tx, opening(accountId, contactId)));
    await expect.poll(async () => (await heard(accountId)).length).toBe(3);
    const entries = await heard(accountId);
    expect(kindsOf(entries)).toEqual(['dialog.opened', 'dialog.opened', 'dialog.merged']);
    expect(entries[2]).toEqual({ kind: 'dialog.merged', dialogId: stranger.id, body: { into: known?.id } });
  });
});

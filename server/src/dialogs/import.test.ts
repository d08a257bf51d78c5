import type { ActionOutcome, Channel, HistoryMessage } from '@soroka/channels';
import { expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { systemClock } from '../platform/clock.ts';
import { createImport, type ImportOptions, type ImportProgress } from './dialogs.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

const ANNA = '37119444';
const OLGA = '900000000';
const DAY_MS = 86_400_000;
// Nobody waits in these tests but for the database.
const clock = { ...systemClock, sleep: async () => {} };

const done = <Result>(result: Result): ActionOutcome<Result> => ({ kind: 'done', result });
const FAILED: ActionOutcome<never> = { kind: 'failed', networkCode: '6', retryAfterMs: 0, detail: 'too many requests' };

/** What was written so many days ago; ids grow with time, as VK's do. */
const message = (
  daysAgo: number,
  direction: 'in' | 'out',
  text: string,
  userId = direction === 'in' ? ANNA : '',
): HistoryMessage => ({
  networkId: String(100_000 - daysAgo),
  direction,
  userId,
  text,
  attachments: [],
  at: new Date(Date.now() - daysAgo * DAY_MS),
});

/** A network with these dialogs, newest first, a page of two messages or one dialog at a time. */
function playHistory(dialogs: Record<string, readonly HistoryMessage[]>) {
  const network = { calls: [] as string[], trouble: (_call: string): ActionOutcome<never> | undefined => undefined };
  const paged = <Item>(items: readonly Item[], cursor: string | null, size: number) => {
    const from = Number(cursor ?? 0);
    return { items: items.slice(from, from + size), next: from + size < items.length ? String(from + size) : null };
  };
  const call = <Result>(name: string, answer: () => Result): ActionOutcome<Result> => {
    network.calls.push(name);
    return network.trouble(name) ?? done(answer());
  };
  const channel: Partial<Channel> = {
    dialogs: async (cursor) =>
      call('dialogs', () => {
        const { items: peerIds, next } = paged(Object.keys(dialogs), cursor, 1);
        return { peerIds, next };
      }),
    history: async (peerId, cursor) =>
      call(`history ${peerId} ${cursor ?? 0}`, () => {
        const { items: messages, next } = paged(dialogs[peerId] ?? [], cursor, 2);
        return { messages, next };
      }),
    chat: async (peerId) =>
      done({ peerId, isGroupChat: peerId.endsWith('group'), title: 'Соседи', pictureUrl: null, memberIds: ['77'] }),
  };
  return { network, channel: channel as Channel };
}

const importInto = (town: Town, channel: Channel, kind: 'vk' | 'ok' = 'vk', options: Partial<ImportOptions> = {}) => {
  const { database, contacts } = town;
  const connections = { get: town.connections.get, channel: async () => channel };
  const history = createImport({ database, contacts, connections, clock });
  return history.run(town.connectionIds[kind], { signal: new AbortController().signal, ...options });
};
const textsOf = async (town: Town, groupId?: string) => (await town.history(groupId)).map(({ text }) => text);

test('what was written before the group was connected stands before what came since, once, and nobody is answered or told', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', town.vkMessage('спасибо', { id: 100_000 }));
  await town.settled();
  const { channel } = playHistory({
    [ANNA]: [message(0, 'in', 'спасибо'), message(1, 'out', 'в девять'), message(2, 'in', 'когда?'), message(3, 'in', 'привет')],
  });
  for (let run = 0; run < 2; run += 1) expect(await importInto(town, channel)).toMatchObject({ kind: 'done', dialogs: 1 });
  const history = await town.history();
  expect(history.map(({ text, source, direction, status }) => [text, source, direction, status])).toEqual([
    ['привет', 'person', 'in', null],
    ['когда?', 'person', 'in', null],
    ['в девять', 'operator', 'out', 'SENT'],
    ['спасибо', 'person', 'in', null],
  ]);
  expect(town.forwards).toHaveLength(1);
  expect(town.networks.vk.taken).toEqual([]);
});

test('the history can be read page by page across the place where the import joined it', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', town.vkMessage('сегодня', { id: 100_000 }));
  await town.settled();
  const { channel } = playHistory({
    [ANNA]: [message(1, 'in', 'вчера'), message(2, 'in', 'позавчера'), message(3, 'in', 'раньше')],
  });
  await importInto(town, channel);
  const [dialog] = (await town.dialogs.list(town.account.id, { limit: 1 })).items;
  const texts: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await town.dialogs.messages(town.account.id, dialog?.id as number, { limit: 1, ...(cursor && { cursor }) });
    texts.push(...(page?.items ?? []).map(({ text }) => text));
    cursor = page?.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(texts).toEqual(['сегодня', 'вчера', 'позавчера', 'раньше']);
});

test('a dialog that we did not know is shown after the import, and goes on with the person’s next word', async () => {
  await using town = await startIncomingTown();
  const { channel } = playHistory({ [ANNA]: [message(1, 'in', 'вчера')], '-5': [message(1, 'in', 'чужое сообщество')] });
  const progress: ImportProgress[] = [];
  const outcome = await importInto(town, channel, 'vk', { onProgress: (reached) => progress.push(reached) });
  expect(outcome).toEqual({ kind: 'done', dialogs: 2, messages: 1, skipped: 1 });
  expect(progress.at(-1)).toEqual({ dialogs: 2, messages: 1, skipped: 1 });
  await town.post('vk', town.vkMessage('сегодня', { from_id: Number(ANNA) }));
  await town.settled();
  expect(await textsOf(town)).toEqual(['вчера', 'сегодня']);
});

test('an event that comes after its message was imported adds no second line, and is answered all the same', async () => {
  await using town = await startIncomingTown();
  const { channel } = playHistory({ [ANNA]: [message(1, 'in', 'привет')] });
  await importInto(town, channel);
  await town.post('vk', town.vkMessage('привет', { id: 99_999 }));
  await town.settled();
  expect((await town.history()).map(({ source, text }) => [source, text])).toEqual([
    ['person', 'привет'],
    ['bot', 'Здравствуйте!'],
  ]);
  expect(town.forwards).toHaveLength(1);
});

test('a notification that an upstream delivered is not brought in as a second line', async () => {
  await using town = await startIncomingTown();
  town.dispatch.run();
  await town.contacts.importMany(town.account.id, [{ phone: '79999999999', vk: ANNA, consent: 'test' }]);
  const id = await town.send(town.dispatch, { routes: ['VK'] });
  await town.settled();
  const { text } = await town.message(town.dispatch, id);
  await town.settled();
  const seconds = { ...message(0, 'out', text), at: new Date(Math.floor(Date.now() / 1_000) * 1_000 - 2_000) };
  const { channel } = playHistory({ [ANNA]: [seconds, message(1, 'in', 'вчера')] });
  await importInto(town, channel);
  expect(await textsOf(town)).toEqual(['вчера', text]);
});

test('nothing older than the days asked for is taken, and nothing further back is asked for', async () => {
  await using town = await startIncomingTown();
  const { channel, network } = playHistory({ [ANNA]: [1, 5, 9, 13, 17].map((days) => message(days, 'in', `${days} дней`)) });
  expect(await importInto(town, channel, 'vk', { days: 7 })).toMatchObject({ messages: 2 });
  expect(await textsOf(town)).toEqual(['5 дней', '1 дней']);
  expect(network.calls.filter((name) => name.startsWith('history'))).toHaveLength(2);
  expect(await importInto(town, channel)).toMatchObject({ messages: 3 });
  expect(await textsOf(town)).toEqual(['17 дней', '13 дней', '9 дней', '5 дней', '1 дней']);
});

test('an import that was cut short goes on where it stood, and brings nothing twice', async () => {
  await using town = await startIncomingTown();
  const days = [1, 2, 3, 4, 5];
  const { channel, network } = playHistory({
    [ANNA]: days.map((day) => message(day, 'in', `${day}`)),
    [OLGA]: days.map((day) => ({ ...message(day, 'in', `${day}`, OLGA), networkId: `9${day}` })),
  });
  network.trouble = (name) =>
    name === `history ${OLGA} 2` ? { kind: 'stopped', networkCode: '5', detail: 'no such token' } : undefined;
  expect(await importInto(town, channel)).toEqual({
    ...{ kind: 'stopped', reason: 'the network says: no such token', dialogs: 1, messages: 7, skipped: 0 },
  });
  network.trouble = () => undefined;
  network.calls.length = 0;
  expect(await importInto(town, channel)).toEqual({ kind: 'done', dialogs: 2, messages: 10, skipped: 0 });
  expect(network.calls).toEqual([`history ${OLGA} 2`, `history ${OLGA} 4`]);
  const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
  const pages = await Promise.all(items.map(({ id }) => town.dialogs.messages(town.account.id, id, { limit: 100 })));
  expect(pages.map((page) => page?.items.map(({ text }) => text))).toEqual([days.map(String), days.map(String)]);
});

test('passing errors are waited out; what the network does not give is passed over and counted', async () => {
  await using town = await startIncomingTown();
  const { channel, network } = playHistory({ '501': [message(1, 'in', 'x', '501')], '502': [message(2, 'in', 'y', '502')] });
  let passing = 3;
  network.trouble = (name) => {
    if (name === 'history 502 0') return { kind: 'refused', networkCode: '917', detail: 'no access' };
    passing -= 1;
    return passing > 0 ? FAILED : undefined;
  };
  expect(await importInto(town, channel)).toEqual({ kind: 'done', dialogs: 2, messages: 1, skipped: 1 });
});

test('of OK, the person is who wrote, or who takes part; a chat of several people keeps who wrote what', async () => {
  await using town = await startIncomingTown();
  const { channel } = playHistory({
    'chat:C1': [message(1, 'out', 'здравствуйте'), message(2, 'in', 'вопрос', '11')],
    'chat:C2': [message(3, 'out', 'добрый день')],
    'chat:C3group': [message(4, 'in', 'а', '12'), message(5, 'in', 'б', '13')],
  });
  expect(await importInto(town, channel, 'ok')).toMatchObject({ messages: 5, skipped: 0 });
  const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
  expect(items.map(({ kind, title }) => [kind, title])).toEqual([
    ['person', null],
    ['person', null],
    ['chat', 'Соседи'],
  ]);
  const chat = await town.dialogs.messages(town.account.id, items[2]?.id as number, { limit: 10 });
  expect(chat?.items.map(({ author }) => author?.id)).toEqual(['12', '13']);
  // The person of the second one is known by taking part: their next word belongs there.
  await town.post('ok', town.okMessage('и вам', { sender: { user_id: 'user:77' }, recipient: { chat_id: 'chat:C2' } }));
  await town.settled();
  expect((await town.dialogs.list(town.account.id, { limit: 10 })).items).toHaveLength(3);
});

test('two imports of one connection do not run at a time, and an upstream has no history', async () => {
  await using town = await startIncomingTown();
  const { channel } = playHistory({ [ANNA]: [message(1, 'in', 'вчера')] });
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const slow: Partial<Channel> = {
    ...channel,
    dialogs: async (...given) => {
      asked.resolve();
      await held.promise;
      return (channel.dialogs as NonNullable<Channel['dialogs']>)(...given);
    },
  };
  const first = importInto(town, slow as Channel);
  await asked.promise;
  expect(await importInto(town, channel)).toMatchObject({ kind: 'impossible', reason: expect.stringContaining('under way') });
  held.resolve();
  expect(await first).toMatchObject({ kind: 'done', messages: 1 });

  const upstream = createImport({
    ...{ database: town.database, contacts: town.contacts, clock: createManualClock() },
    connections: { get: town.connections.get, channel: async () => ({}) as Channel },
  });
  const signal = new AbortController().signal;
  expect(await upstream.run(town.connectionIds.notify, { signal })).toMatchObject({ kind: 'impossible' });
});

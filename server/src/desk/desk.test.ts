import { afterEach, beforeEach, expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { until } from '../../test/until.ts';
import { systemClock } from '../platform/clock.ts';
import type { Asker } from './desk.ts';
import { createPresence } from './presence.ts';

let town: Awaited<ReturnType<typeof startIncomingTown>>;
let asker: Asker;
beforeEach(async () => {
  town = await startIncomingTown();
  asker = { accountId: town.account.id, actor: { kind: 'key', id: 'test' }, groups: null };
});
afterEach(() => town[Symbol.asyncDispose]());

const newOperator = async () => {
  const given = { login: `anna-${town.account.id}`, name: 'Анна', role: 'operator', password: 'eight brown magpies' } as const;
  return town.operators.staff.add(town.account.id, { actor: { kind: 'command' }, role: 'owner' }, given);
};
/** The only dialog of the account. */
const only = async () => {
  const { items } = await town.desk.list.list({
    ...{ accountId: town.account.id, operatorId: null, groups: null },
    ...{ folder: 'open', sort: 'newest', limit: 2 },
  });
  const bots = await town.desk.list.list({
    ...{ accountId: town.account.id, operatorId: null, groups: null },
    ...{ folder: 'bot', sort: 'newest', limit: 2 },
  });
  return [...items, ...bots.items][0];
};
const say = async (text: string) => {
  await town.post('vk', town.vkMessage(text));
  await town.settled();
};
const said = async () => (await town.history()).filter(({ source }) => source === 'bot').map(({ text }) => text);

test('a first word opens a conversation of the bot, which answers until somebody takes over', async () => {
  await say('привет');
  const item = await only();
  expect(item?.conversation).toMatchObject({ owner: 0, number: 1, openedBy: 'person' });
  expect(await said()).toEqual(['Здравствуйте!']);
  const { id } = await newOperator();
  await town.desk.moves.changeOwner({ ...asker, actor: { kind: 'operator', id: String(id) } }, item?.dialog.id ?? 0, {
    owner: id,
  });
  await say('привет');
  expect(await said()).toEqual(['Здравствуйте!']);
  expect((await only())?.conversation).toMatchObject({ owner: id, waitingSince: expect.any(Date) });
});

test('what the bot still had to say is never sent once somebody took over', async () => {
  // Nothing is sent in this town: all that the bot says waits.
  await say('привет');
  const dialogId = (await only())?.dialog.id ?? 0;
  await town.desk.moves.changeOwner(asker, dialogId, { owner: null });
  const line = (await town.history()).find(({ source }) => source === 'bot');
  expect(line?.status).toBe('CANCELLED');
  expect((await town.dispatch.cancelAll(town.account.id, [Number(line?.messageTag)])).cancelled).toHaveLength(1);
});

test('whoever answers in the network’s own page silences the bot, and nobody waits any more', async () => {
  await say('привет');
  const more = { admin_author_id: 5, out: 1, from_id: -Number(town.groupIds.vk), peer_id: 37_119_444 };
  await town.post('vk', town.vkEvent('message_reply', { id: 900, date: 1_700_000_000, text: 'Я отвечу', ...more }));
  await town.settled();
  expect((await only())?.conversation).toMatchObject({ owner: null, waitingSince: null });
  await say('привет');
  expect(await said()).toEqual(['Здравствуйте!']);
});

test('chats of several people have no conversations', async () => {
  await town.post('vk', town.vkMessage('привет', { peer_id: 2_000_000_001 }));
  await town.settled();
  expect(await only()).toBeUndefined();
});

test('a person is asked for a rating when an operator has closed; the first press counts, and the word after it is its comment', async () => {
  await town.desk.rules.change(town.account.id, null, { asksRating: true });
  await say('привет');
  const { id } = await newOperator();
  const dialogId = (await only())?.dialog.id ?? 0;
  const anna: Asker = { ...asker, actor: { kind: 'operator', id: String(id) } };
  await town.database.transaction((tx) => town.desk.hearing.answering(tx, dialogId, id));
  const closed = await town.desk.moves.close(anna, dialogId);
  expect(closed.ratingAskedAt).not.toBeNull();
  const question = (await town.history()).at(-1);
  expect(question).toMatchObject({ source: 'bot', text: expect.stringContaining('Оцените') });
  const scores = question?.keyboard?.rows[0] ?? [];
  const press = async (score: number) => {
    const button = scores[score - 1];
    if (button?.kind !== 'callback') throw new Error('the question has no such button');
    const place = { user_id: 37_119_444, peer_id: 37_119_444, conversation_message_id: 7 };
    await town.post(
      'vk',
      town.vkEvent('message_event', { ...place, event_id: `press${score}`, payload: JSON.parse(button.payload) }),
    );
    await town.settled();
  };
  await press(4);
  await press(1);
  const last = async () => (await town.desk.list.conversations(town.account.id, dialogId)).find(({ number }) => number === 1);
  expect(await last()).toMatchObject({ state: 'closed', rating: 4, ratingComment: null });
  expect(await only()).toBeUndefined();
  await say('Быстро ответили');
  expect(await last()).toMatchObject({ rating: 4, ratingComment: 'Быстро ответили' });
  expect((await only())?.conversation).toMatchObject({ number: 2, state: 'open' });
});

test('nobody is asked what they think of a bot, nor twice of one conversation', async () => {
  await town.desk.rules.change(town.account.id, null, { asksRating: true });
  await say('привет');
  const dialogId = (await only())?.dialog.id ?? 0;
  expect((await town.desk.moves.close(asker, dialogId)).ratingAskedAt).toBeNull();
  await town.desk.moves.reopen(asker, dialogId);
  await town.database.transaction((tx) => town.desk.hearing.answeringElsewhere(tx, dialogId));
  expect((await town.desk.moves.close(asker, dialogId)).ratingAskedAt).not.toBeNull();
  await town.desk.moves.reopen(asker, dialogId);
  const lines = (await town.history()).length;
  await town.desk.moves.close(asker, dialogId);
  expect((await town.history()).length).toBe(lines + 1);
});

test('who looks at a dialog is known in every process', async () => {
  await say('привет');
  const dialogId = (await only())?.dialog.id ?? 0;
  const elsewhere = createPresence({ database: town.database, dialogs: town.dialogs, clock: systemClock });
  await elsewhere.run();
  try {
    await town.desk.presence.show({ ...asker, operatorId: 5 }, dialogId, 'typing');
    const seen = () => elsewhere.show({ ...asker, operatorId: 6 }, dialogId, 'looking');
    await until(async () => (await seen()).length > 0);
    expect(await seen()).toEqual([{ operatorId: 5, state: 'typing' }]);
  } finally {
    await elsewhere.stop();
  }
});

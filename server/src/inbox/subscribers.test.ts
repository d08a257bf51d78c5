import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';

let town: Awaited<ReturnType<typeof startIncomingTown>>;
beforeAll(async () => {
  town = await startIncomingTown();
});
afterAll(() => town[Symbol.asyncDispose]());

const only = async () => {
  const [contact] = await town.contacts.list(town.account.id, { beforeId: Number.MAX_SAFE_INTEGER, limit: 1 });
  if (contact === undefined) throw new Error('nobody is known');
  return contact;
};

test('a word alone takes a group’s permission away and gives it back, and stands in the log', async () => {
  for (const text of ['СТОП!', 'стоп, я про соус', 'Подписаться', 'отписаться']) {
    await town.post('vk', town.vkMessage(text));
    await town.settled();
  }
  const { id, groupOptOuts, optedOutAt } = await only();
  expect(groupOptOuts).toMatchObject([{ network: 'vk', groupId: town.groupIds.vk }]);
  expect(optedOutAt).toBeNull();
  const log = await town.contacts.consentLog(town.account.id, id, { beforeId: Number.MAX_SAFE_INTEGER, limit: 10 });
  expect(log.map(({ allowed, source }) => [allowed, source])).toEqual([
    [false, 'word'],
    [true, 'word'],
    [false, 'word'],
  ]);
});

test('so do a button, and the switch of the network’s own page', async () => {
  await town.post('vk', town.vkMessage('Да, хочу', { payload: '{"command":"subscribe"}' }));
  await town.settled();
  expect((await only()).groupOptOuts).toEqual([]);
  await town.post('vk', town.vkEvent('message_deny', { user_id: 37_119_444 }));
  await town.settled();
  expect((await only()).groupOptOuts).toHaveLength(1);
  await town.post('vk', town.vkEvent('message_allow', { user_id: 37_119_444, key: '' }));
  await town.settled();
  expect((await only()).groupOptOuts).toEqual([]);
});

test('a phone is learnt from a card that was asked for, and from no other', async () => {
  const card = { text: '', attachments: [{ type: 'CONTACT', payload: { name: 'Анна', phone: '+7 999 999-99-99' } }] };
  const shared = (mid: string) => town.okMessage('', { message: { ...card, mid: `mid:C3ecb9d02a600.${mid}` } });
  await town.post('ok', shared('a1'));
  await town.settled();
  expect((await only()).phone).toBeNull();
  const [dialog] = (await town.dialogs.list(town.account.id, { limit: 1 })).items;
  const keyboard = { place: 'message', rows: [[{ kind: 'contact', label: 'Телефон' }]] } as const;
  await town.database.transaction((tx) =>
    town.dialogs.append(tx, [{ dialogId: dialog?.id as number, source: 'bot', text: 'Ваш номер?', keyboard, at: new Date() }]),
  );
  await town.post('ok', shared('a2'));
  await town.settled();
  expect((await only()).phone).toBe('79999999999');
});

test('a bot that asks for it hears who lets the group write, also from whom nobody has heard before; others make no dialog of it', async () => {
  const hello = '  - {name: hello, when: {event: subscribed}, reply: "Спасибо, что разрешили писать!"}';
  await using listening = await startIncomingTown({ rules: `rules:\n${hello}` });
  await listening.post('vk', listening.vkEvent('message_allow', { user_id: 801, key: '' }));
  await listening.settled();
  expect((await listening.history()).map(({ source, text }) => [source, text])).toEqual([
    ['bot', 'Спасибо, что разрешили писать!'],
  ]);
  const before = (await town.dialogs.list(town.account.id, { limit: 10 })).items.length;
  await town.post('vk', town.vkEvent('message_allow', { user_id: 802, key: '' }));
  await town.settled();
  expect((await town.dialogs.list(town.account.id, { limit: 10 })).items).toHaveLength(before);
});

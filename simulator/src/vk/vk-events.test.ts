import { afterEach, beforeEach, expect, test } from 'vitest';
import { allEvents, pollAfter, type SentEventBody } from './test/all-events.ts';
import { ANNA, GROUP_ID, type SimulatedVk, startVk } from './test/start-vk.ts';

const anna = 37119444;
const CHAT = 2_000_000_001;
let vk: SimulatedVk;
beforeEach(async () => {
  vk = await startVk();
});
afterEach(() => vk[Symbol.asyncDispose]());

const objects = (events: readonly SentEventBody[], type: string) =>
  events.filter((event) => event.type === type).map(({ object }) => object);

test('from version 5.103 on a new message comes beside what the client can show, before it alone', async () => {
  const newer = await allEvents(vk, '5.103');
  expect(objects(newer, 'message_new')[0]).toMatchObject({ message: { text: 'привет', ref: 'site' }, client_info: {} });
  const older = await allEvents(vk, '5.100');
  expect(objects(older, 'message_new')[0]).toMatchObject({ text: 'привет', ref: 'site', from_id: anna });
  expect(older[0]?.v).toBe('5.100');
  // The others never changed their form.
  expect(objects(older, 'message_typing_state')).toEqual([{ state: 'typing', from_id: anna, to_id: -Number(GROUP_ID) }]);
});

test('every event has an id of its own of 40 hex digits', async () => {
  const ids = (await allEvents(vk)).map(({ event_id: id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{40}$/);
});

test('a reply that somebody of the staff wrote names them; one of the bot does not', async () => {
  const replies = objects(await allEvents(vk), 'message_reply');
  expect(replies.map(({ text, admin_author_id: author }) => [text, author])).toEqual([
    ['здравствуйте', undefined],
    ['говорит человек', 37119448],
    ['и вам', undefined],
  ]);
});

test('a reaction comes with its number, and without one when it is taken back', async () => {
  const reactions = objects(await allEvents(vk), 'message_reaction_event');
  const common = { reacted_id: anna, peer_id: anna, cmid: expect.any(Number) };
  expect(reactions).toEqual([{ ...common, reaction_id: 4 }, common]);
});

test('a changed message comes as message_edit, in a dialog and in a chat', async () => {
  expect(objects(await allEvents(vk), 'message_edit')).toMatchObject([
    { text: 'добрый день', peer_id: anna, update_time: expect.any(Number) },
    { text: 'и вам тоже', peer_id: CHAT, id: 0, update_time: expect.any(Number) },
  ]);
});

test('what happens in a chat comes as new messages with an action', async () => {
  const messages = objects(await allEvents(vk), 'message_new').map(({ message }) => message as { action?: { type: string } });
  expect(messages.flatMap(({ action }) => (action === undefined ? [] : [action.type]))).toEqual([
    'chat_create',
    'chat_invite_user',
    'chat_pin_message',
    'chat_unpin_message',
    'chat_title_update',
    'chat_photo_update',
    'chat_photo_remove',
    'chat_kick_user',
    'chat_invite_user_by_link',
    'chat_kick_user',
  ]);
});

test('a press names who pressed and where', async () => {
  const presses = objects(await allEvents(vk), 'message_event');
  expect(presses).toMatchObject([
    { user_id: anna, peer_id: anna },
    { user_id: 37119448, peer_id: CHAT },
  ]);
});

test('an event that is not switched on does not come', async () => {
  await vk.call('groups.setLongPollSettings', { group_id: GROUP_ID, message_typing_state: 0, message_edit: 0 });
  const types = (await allEvents(vk)).map(({ type }) => type);
  expect(types).toContain('message_new');
  expect(types).not.toContain('message_typing_state');
  expect(types).not.toContain('message_edit');
});

test('a deleted message is told of by no event', async () => {
  const sent = vk.world.send(vk.group, vk.person(ANNA), { kind: 'message', text: 'а' });
  const updates = await pollAfter(vk, () => {
    if (sent.ok) vk.world.delete(sent.message);
    vk.world.type(vk.group, vk.person(ANNA));
  });
  expect(updates.map(({ type }) => type)).toEqual(['message_typing_state']);
});

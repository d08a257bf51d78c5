import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, type SimulatedVk, startVk } from '../test/start-vk.ts';

const anna = 37119444;
const DAY_MS = 86_400_000;
let clock: ManualClock;
let vk: SimulatedVk;
beforeEach(async () => {
  clock = createManualClock();
  vk = await startVk(clock);
  vk.world.limits.set({ callsPerSecond: null });
});
afterEach(() => vk[Symbol.asyncDispose]());

const send = async (more = {}): Promise<number> => {
  const { response } = await vk.call('messages.send', { peer_id: anna, random_id: 0, message: 'было', ...more });
  clock.advance(100); // until it is on the person's device
  return Number(response);
};
const inbox = (): string[] => vk.world.inbox(vk.person(ANNA)).map(({ text }) => text);
const code = async (method: string, parameters: Record<string, string | number>) =>
  (await vk.call(method, parameters)).error?.error_code;

test('the person sees the new text of a changed message, which keeps its id and says when it was changed', async () => {
  const id = await send();
  expect((await vk.call('messages.edit', { peer_id: anna, message_id: id, message: 'стало' })).response).toBe(1);
  expect(inbox()).toEqual(['стало']);
  expect((await vk.call('messages.getById', { message_ids: id })).response).toMatchObject({
    items: [{ id, text: 'стало', update_time: expect.any(Number) }],
  });
});

test('what was deleted is told row by row, and before version 5.199 by a flag for each id', async () => {
  const delete_for_all = 1;
  const rows = await vk.call('messages.delete', { message_ids: await send(), delete_for_all });
  expect(rows.response).toMatchObject([{ response: 1 }]);
  const id = await send();
  const flags = await vk.call('messages.delete', { v: '5.131', message_ids: `${id},5`, delete_for_all });
  expect(flags.response).toEqual({ [id]: 1, 5: 0 });
});

test('after a day a message can be changed no more, nor taken back for everybody', async () => {
  const id = await send();
  clock.advance(DAY_MS + 1);
  expect(await code('messages.edit', { peer_id: anna, message_id: id, message: 'стало' })).toBe(909);
  expect((await vk.call('messages.delete', { message_ids: id, delete_for_all: 1 })).response).toEqual([
    { message_id: id, error: { code: 924, description: "Can't delete this message for everybody" } },
  ]);
  expect(inbox()).toEqual(['было']);
});

test('a message is deleted for everybody, or for the community alone', async () => {
  const [first, second] = [await send({ message: 'раз' }), await send({ message: 'два' })];
  await vk.call('messages.delete', { message_ids: first, delete_for_all: 1 });
  await vk.call('messages.delete', { message_ids: second });
  expect(inbox()).toEqual(['два']);
  expect((await vk.call('messages.getHistory', { peer_id: anna })).response).toMatchObject({ count: 0 });
});

test('words of the person cannot be changed, and are deleted for the community only', async () => {
  const said = vk.world.say(vk.group, vk.person(ANNA), 'моё');
  const id = said.ok ? said.result.networkId : '';
  expect(await code('messages.edit', { peer_id: anna, message_id: id, message: 'чужое' })).toBe(920);
  expect((await vk.call('messages.delete', { message_ids: id, delete_for_all: 1 })).response).toMatchObject([
    { error: { code: 924 } },
  ]);
});

test('a reply shows the message that it answers, and an edit keeps it where it is told to', async () => {
  const said = vk.world.say(vk.group, vk.person(ANNA), 'Когда?');
  const question = said.ok ? said.result.networkId : '';
  const id = await send({ reply_to: question, message: 'Завтра' });
  const shown = async () => (await vk.call('messages.getById', { message_ids: id })).response as never as { items: object[] };
  await vk.call('messages.edit', { peer_id: anna, message_id: id, message: 'Сегодня', keep_forward_messages: 1 });
  expect((await shown()).items).toMatchObject([{ text: 'Сегодня', reply_message: { text: 'Когда?', from_id: anna } }]);
  await vk.call('messages.edit', { peer_id: anna, message_id: id, message: 'Вчера' });
  expect((await shown()).items[0]).not.toHaveProperty('reply_message');
});

import { expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

const ANNA = 37_119_444;
const ADMIN = 501;
const WRITTEN_AT = 1_790_000_000;

/** An admin wrote in VK's own page; without one the community's own call did. */
const reply = (town: Town, text: string, more: Record<string, unknown> = { admin_author_id: ADMIN }, peerId = ANNA): string => {
  const group = -Number(town.groupIds.vk);
  return town.vkEvent('message_reply', { id: 900, date: WRITTEN_AT, peer_id: peerId, from_id: group, out: 1, text, ...more });
};
const lines = async (town: Town) =>
  (await town.history()).map(({ text, source, status, author }) => [source, text, status, author?.id]);

test("what an admin wrote in VK's own page stands in the dialog with its author, and the bot keeps silent", async () => {
  await using town = await startIncomingTown();
  await town.post('vk', town.vkMessage('когда откроетесь?'));
  await town.post('vk', reply(town, 'привет, в девять'));
  await town.settled();
  expect(await lines(town)).toEqual([
    ['person', 'когда откроетесь?', null, undefined],
    ['operator', 'привет, в девять', 'SENT', String(ADMIN)],
    ['operator', 'The dialog was put into the queue.', null, undefined],
  ]);
  expect(town.forwards).toHaveLength(1);
});

test('what an admin wrote is read when the person has read it', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', reply(town, 'в девять'));
  await town.post('vk', reply(town, 'или в десять', { admin_author_id: ADMIN, id: 950 }));
  const read = { from_id: ANNA, peer_id: ANNA, read_message_id: 900, conversation_message_id: 2 };
  await town.post('vk', town.vkMessage('поняла'));
  await town.post('vk', town.vkEvent('message_read', read));
  await town.settled();
  expect((await lines(town)).map(([, text, status]) => [text, status])).toEqual([
    ['в девять', 'READ'],
    ['или в десять', 'SENT'],
    ['поняла', null],
  ]);
});

test('an admin may write first: the dialog is the one in which the person answers', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', reply(town, 'Добрый день!'));
  await town.post('vk', town.vkMessage('здравствуйте'));
  await town.settled();
  expect((await lines(town)).map(([source]) => source)).toEqual(['operator', 'person']);
});

test('told twice, by webhook and by long poll, it stands there once', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', reply(town, 'в девять'));
  await town.post('vk', reply(town, 'в девять'));
  await town.settled();
  expect(await lines(town)).toHaveLength(1);
});

test("an answer of VK's that comes after its event leaves one line, ours", async () => {
  await using town = await startIncomingTown();
  town.networks.vk.answer = () => ({ kind: 'sent', networkId: '900' });
  await town.post('vk', town.vkMessage('привет'));
  await town.settled();
  await town.post('vk', reply(town, 'Здравствуйте!'));
  await town.settled();
  expect(await lines(town)).toHaveLength(3);
  town.dispatch.run();
  await eventually(async () => (await lines(town)).length === 2);
  expect(await lines(town)).toEqual([
    ['person', 'привет', null, undefined],
    ['bot', 'Здравствуйте!', 'SENT', undefined],
  ]);
});

test("an event that comes after VK's answer adds nothing to what we sent", async () => {
  await using town = await startIncomingTown();
  town.networks.vk.answer = () => ({ kind: 'sent', networkId: '900' });
  town.dispatch.run();
  await town.post('vk', town.vkMessage('привет'));
  await town.settled();
  await eventually(async () => (await lines(town)).at(-1)?.[2] === 'SENT');
  await town.post('vk', reply(town, 'Здравствуйте!'));
  await town.settled();
  expect((await lines(town)).map(([source]) => source)).toEqual(['person', 'bot']);
});

test('what the person edits shows the new words and keeps the old ones, however often VK tells it and in whatever order', async () => {
  await using town = await startIncomingTown();
  await town.post('vk', town.vkMessage('превет', { id: 70, date: WRITTEN_AT }));
  await town.settled();
  const edit = (text: string, seconds: number) =>
    town.vkEvent('message_edit', {
      ...{ id: 70, date: WRITTEN_AT, update_time: WRITTEN_AT + seconds, peer_id: ANNA, from_id: ANNA, out: 0, text },
    });
  await town.post('vk', edit('приветик', 20));
  await town.settled();
  for (const late of [edit('приветик', 20), edit('привед', 10)]) await town.post('vk', late);
  await town.settled();
  const [message, ...others] = await town.history();
  expect(others).toEqual([]);
  expect(message).toMatchObject({ text: 'приветик', editedAt: new Date((WRITTEN_AT + 20) * 1_000) });
  expect(message?.earlierTexts).toEqual([{ text: 'превет', until: message?.editedAt?.toISOString() }]);
  expect(town.forwards).toHaveLength(1);
});

test('an edit of a message that we never had changes nothing', async () => {
  await using town = await startIncomingTown();
  await town.post(
    'vk',
    town.vkEvent('message_edit', { id: 71, date: WRITTEN_AT, peer_id: ANNA, from_id: ANNA, out: 0, text: 'x' }),
  );
  await town.settled();
  expect((await town.dialogs.list(town.account.id, { limit: 10 })).items).toEqual([]);
  expect(await town.bodies(town.account.id, { state: 'failed', limit: 10 })).toEqual([]);
});

import { randomUUID } from 'node:crypto';
import { type ActionOutcome, CAPABILITIES, type Channel, type MessageContent, type OutgoingAttachment } from '@soroka/channels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { until } from '../../test/until.ts';
import type { MessageItem } from '../dialogs/dialogs.ts';
import { createEvents } from '../events/events.ts';
import { createFiles, type Files } from '../files/files.ts';
import { AppError } from '../platform/errors.ts';
import { createLogger } from '../platform/telemetry.ts';
import { type Asker, createReplies, type NewReply, type Replies } from './replies.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;
const log = createLogger('silent');
const PERSON = 37_119_444;
const ANNA = 5;

let town: Town;
let clock: ManualClock;
let files: Files;
let replies: Replies;
let asker: Asker;
let dialogId: number;
/** What the desk was told, and what it says of the next answers. */
const desk = { told: [] as string[], refuses: false };
/** What VK makes of files, and what was asked of it besides sending. */
const vk = {
  uploads: [] as string[],
  upload: (async () => ({ kind: 'done', result: { kind: 'image', reference: 'photo-1_2' } })) as () => Promise<
    ActionOutcome<OutgoingAttachment>
  >,
  edits: [] as MessageContent[],
  change: { kind: 'done', result: null } as ActionOutcome,
};

beforeAll(async () => {
  clock = createManualClock();
  town = await startIncomingTown({ rules: 'rules: []' });
  const { database, dialogs, dispatch, connections, connectionIds, account } = town;
  files = createFiles({ database, clock, log, bytesMax: 1_000_000 });
  const channel: Partial<Channel> = {
    capabilities: CAPABILITIES.vk,
    upload(file) {
      vk.uploads.push(file.name);
      return vk.upload();
    },
    async edit(_target, content) {
      vk.edits.push(content);
      return vk.change;
    },
    delete: async () => vk.change,
  };
  replies = createReplies({
    ...{ database, clock, log, dialogs, dispatch, files },
    connections: {
      ...connections,
      channel: async (id) => (id === connectionIds.vk ? (channel as Channel) : connections.channel(id)),
    },
    events: createEvents({ database, clock, log, keepDays: 7 }),
    desk: {
      async answering(_tx, id, operatorId) {
        if (desk.refuses) throw new AppError('conversation.owned', 'Пётр has it');
        desk.told.push(`${id} by ${operatorId}`);
      },
      async answeringElsewhere(_tx, id) {
        desk.told.push(`${id} by a key`);
      },
    },
  });
  replies.run();
  dispatch.run();
  await town.post('vk', town.vkMessage('Где мой заказ?'));
  await town.settled();
  asker = { accountId: account.id, operatorId: ANNA, groups: null };
  dialogId = (await dialogs.list(account.id, { limit: 1 })).items[0]?.id as number;
});
afterAll(async () => {
  await replies.stop();
  await town[Symbol.asyncDispose]();
});

const reply = (more: Partial<NewReply> = {}): NewReply => ({
  ...{ localId: randomUUID(), text: 'Уже едет', fileIds: [], replyTo: null, sendAt: null },
  ...more,
});
const send = (more: Partial<NewReply> = {}, by: Asker = asker) => replies.send(by, dialogId, reply(more));
const lineOf = async (messageId: number) => (await town.history()).find(({ messageTag }) => messageTag === String(messageId));
const sentLine = (messageId: number): Promise<MessageItem> =>
  until(async () => {
    const line = await lineOf(messageId);
    return line?.status === 'SENT' ? line : undefined;
  }) as Promise<MessageItem>;
const taken = (text: string) => town.networks.vk.taken.filter((message) => message.text === text);
const storeFile = (name = 'фото.png') =>
  files.store(
    { accountId: asker.accountId, name, operatorId: ANNA },
    (async function* () {
      yield Buffer.from('not really a picture');
    })(),
  );
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    ({ code, field }: AppError) => (field === undefined ? code : `${code} ${field}`),
  );

describe('what an operator writes', () => {
  test('stands in the history at once with the name that its client gave it, and reaches the person', async () => {
    const { messageId, state } = await send({ localId: 'bubble-1', text: 'Здравствуйте!' });
    expect(state).toBe('given');
    expect(await lineOf(messageId)).toMatchObject({
      text: 'Здравствуйте!',
      source: 'operator',
      operatorId: ANNA,
      localId: 'bubble-1',
    });
    await sentLine(messageId);
    expect(taken('Здравствуйте!')).toMatchObject([{ recipientId: String(PERSON) }]);
    expect(desk.told.at(-1)).toBe(`${dialogId} by ${ANNA}`);
  });

  test('is sent once, however often it is asked for; under the same key nothing else is', async () => {
    const given = reply({ text: 'Один раз' });
    const [first, again] = await Promise.all([replies.send(asker, dialogId, given), replies.send(asker, dialogId, given)]);
    expect(again.messageId).toBe(first.messageId);
    await sentLine(first.messageId);
    expect(taken('Один раз')).toHaveLength(1);
    expect(await refusal(replies.send(asker, dialogId, { ...given, text: 'Другое' }))).toBe('idempotency.key.conflict');
  });

  test('is refused where the person has never written to the group', async () => {
    const [silent] = await town.database.rows<{ id: number }>(
      {
        name: 'test.replies.silent',
        text: `
          with c as (insert into contact (account_id, phone) values ($1, '79990000009') returning id)
          insert into dialog (account_id, network, group_id, contact_id, last_message_at, created_at)
          select $1, 'vk', '1', id, now(), now() from c returning id`,
      },
      [asker.accountId],
    );
    expect(await refusal(replies.send(asker, silent?.id as number, reply()))).toBe('dialog.unreachable');
  });

  test('answers a line of the dialog, which the network is told', async () => {
    const [question] = await town.history();
    const { messageId } = await send({ text: 'Вот ответ', replyTo: question?.id as number });
    expect(await sentLine(messageId)).toMatchObject({ replyTo: question?.id });
    expect(taken('Вот ответ')).toMatchObject([{ replyToNetworkId: expect.stringMatching(/^\d+$/) }]);
    expect(await refusal(send({ replyTo: 999_999_999 }))).toBe('parameter.invalid replyTo');
  });

  test('by a key counts as nobody of the desk; where a colleague has the dialog, nothing is said', async () => {
    await send({ text: 'По ключу' }, { ...asker, operatorId: null });
    expect(desk.told.at(-1)).toBe(`${dialogId} by a key`);
    desk.refuses = true;
    expect(await refusal(send({ text: 'Перебил' }))).toBe('conversation.owned');
    desk.refuses = false;
    expect((await town.history()).some(({ text }) => text === 'Перебил')).toBe(false);
  });

  test.each<[string, Partial<NewReply>, string]>([
    ['nothing to read', { text: ' ' }, 'parameter.invalid text'],
    ['more than the network takes', { text: 'ё'.repeat(4_097) }, 'parameter.invalid text'],
    ['an unknown file', { fileIds: [999_999] }, 'parameter.invalid fileIds'],
    ['a time that nobody lives to see', { sendAt: new Date('2999-01-01') }, 'parameter.invalid sendAt'],
  ])('%s is refused', async (_, more, code) => {
    expect(await refusal(send(more))).toBe(code);
  });

  test('goes to no dialog of another account, and of no group that one may not see', async () => {
    expect(await refusal(send({}, { ...asker, accountId: asker.accountId + 1 }))).toBe('not.found');
    expect(await refusal(send({}, { ...asker, groups: ['VK:1'] }))).toBe('not.found');
  });
});

describe('files', () => {
  test('are with the network before the message is, and what was written after them comes after them', async () => {
    let finish = (): void => {};
    const uploaded = new Promise<void>((resolve) => (finish = resolve));
    const usual = vk.upload;
    vk.upload = () => uploaded.then(usual);
    const { id } = await storeFile();
    const first = await send({ text: 'Фото', fileIds: [id] });
    const second = await send({ text: 'А вот и подпись' });
    expect([first.state, second.state]).toEqual(['preparing', 'preparing']);
    expect(await lineOf(first.messageId)).toMatchObject({ status: 'QUEUED', attachments: [{ fileId: id, name: 'фото.png' }] });
    finish();
    await sentLine(second.messageId);
    vk.upload = usual;
    const texts = town.networks.vk.taken.map(({ text }) => text);
    expect(texts.indexOf('Фото')).toBeLessThan(texts.indexOf('А вот и подпись'));
    expect(taken('Фото')).toMatchObject([{ attachments: [{ kind: 'image', reference: 'photo-1_2' }] }]);
    expect(vk.uploads).toEqual(['фото.png']);
  });

  test('that the network does not want end the message, with the reason', async () => {
    const usual = vk.upload;
    vk.upload = async () => ({ kind: 'refused', networkCode: 'upload', detail: 'VK found no picture in the file' });
    const given = reply({ text: 'Плохое фото', fileIds: [(await storeFile('bad.png')).id] });
    const { messageId } = await replies.send(asker, dialogId, given);
    await until(async () => (await lineOf(messageId))?.status === 'UNDELIVERABLE');
    vk.upload = usual;
    expect(await replies.send(asker, dialogId, given)).toMatchObject({
      state: 'failed',
      problem: 'VK found no picture in the file',
    });
    expect(taken('Плохое фото')).toEqual([]);
  });

  test('that wait can be taken back', async () => {
    const usual = vk.upload;
    vk.upload = async () => ({ kind: 'failed', networkCode: '10', retryAfterMs: 60_000, detail: 'VK is busy' });
    const { messageId } = await send({ text: 'Не то фото', fileIds: [(await storeFile('wrong.png')).id] });
    const line = await lineOf(messageId);
    expect(await replies.deleteLine(asker, dialogId, line?.id as number)).toBe(true);
    expect((await lineOf(messageId))?.status).toBe('CANCELLED');
    vk.upload = usual;
    await send({ text: 'Верное фото' }).then(({ messageId: next }) => sentLine(next));
    expect(taken('Не то фото')).toEqual([]);
  });
});

describe('what is to be sent later', () => {
  const inAnHour = () => new Date(clock.now() + 3_600_000);
  /** The worker may begin to wait only after the hour: seconds go on until it has seen it. */
  const anHourLater = async (isDone: () => Promise<boolean>): Promise<void> => {
    await clock.advance(3_600_000);
    await until(async () => {
      await clock.advance(1_000);
      return isDone();
    });
  };

  test('stands in no history until its time, can be changed until then, and goes then', async () => {
    const { messageId, state } = await send({ text: 'Завтра', sendAt: inAnHour() });
    expect(state).toBe('scheduled');
    expect(await lineOf(messageId)).toBeUndefined();
    await replies.changeScheduled(asker, messageId, { text: 'Через час' });
    expect(await replies.scheduled(asker, dialogId)).toMatchObject([{ messageId, text: 'Через час' }]);
    await anHourLater(async () => (await lineOf(messageId))?.status === 'SENT');
    expect(taken('Через час')).toHaveLength(1);
    expect(await replies.scheduled(asker, dialogId)).toEqual([]);
    expect(await refusal(replies.cancelScheduled(asker, messageId))).toBe('message.already.sent');
  });

  test('is not sent once it was cancelled', async () => {
    const { messageId } = await send({ text: 'Передумал', sendAt: inAnHour() });
    expect(await refusal(replies.cancelScheduled({ ...asker, accountId: asker.accountId + 1 }, messageId))).toBe('not.found');
    expect(await refusal(replies.cancelScheduled({ ...asker, groups: ['VK:1'] }, messageId))).toBe('not.found');
    expect(await replies.cancelScheduled(asker, messageId)).toMatchObject({ state: 'cancelled' });
    const after = await send({ text: 'После', sendAt: inAnHour() });
    await anHourLater(async () => (await lineOf(after.messageId))?.status === 'SENT');
    expect(taken('Передумал')).toEqual([]);
  });

  test('is not said into a dialog that a colleague has by then', async () => {
    const given = reply({ text: 'Опоздал', sendAt: inAnHour() });
    const { messageId } = await replies.send(asker, dialogId, given);
    desk.refuses = true;
    await anHourLater(async () => (await replies.send(asker, dialogId, given)).state === 'failed');
    desk.refuses = false;
    expect(await lineOf(messageId)).toBeUndefined();
  });
});

describe('a message that was sent', () => {
  test('is edited with all that it carries, and keeps its words before', async () => {
    const { messageId } = await send({ text: 'Будет в 5', fileIds: [(await storeFile()).id] });
    const { id } = await sentLine(messageId);
    expect(await replies.editLine(asker, dialogId, id, 'Будет в 6')).toBe(true);
    expect(vk.edits.at(-1)).toEqual({ text: 'Будет в 6', attachments: [{ kind: 'image', reference: 'photo-1_2' }] });
    expect(await lineOf(messageId)).toMatchObject({ text: 'Будет в 6', earlierTexts: [{ text: 'Будет в 5' }] });
    expect(await replies.editLine(asker, dialogId, id, 'Будет в 6')).toBe(false);
  });

  test('is deleted for everybody, and shows that it was there', async () => {
    const { messageId } = await send({ text: 'Лишнее' });
    const { id } = await sentLine(messageId);
    expect(await replies.deleteLine(asker, dialogId, id)).toBe(true);
    expect(await lineOf(messageId)).toMatchObject({ text: '', deletedAt: expect.any(Date), earlierTexts: [{ text: 'Лишнее' }] });
    expect(await replies.deleteLine(asker, dialogId, id)).toBe(false);
    expect(await refusal(replies.editLine(asker, dialogId, id, 'x'))).toBe('message.unchangeable');
  });

  test('stays as it is where the network says no, or nothing', async () => {
    const { messageId } = await send({ text: 'Старое' });
    const { id } = await sentLine(messageId);
    vk.change = { kind: 'refused', networkCode: '909', detail: 'too old' };
    expect(await refusal(replies.editLine(asker, dialogId, id, 'Новое'))).toBe('network.refused');
    vk.change = { kind: 'failed', networkCode: '10', retryAfterMs: 1, detail: 'busy' };
    expect(await refusal(replies.deleteLine(asker, dialogId, id))).toBe('network.away');
    vk.change = { kind: 'done', result: null };
    expect(await lineOf(messageId)).toMatchObject({ text: 'Старое', deletedAt: null });
  });

  test('of the person is nothing that an operator changes', async () => {
    const [question] = await town.history();
    expect(await refusal(replies.editLine(asker, dialogId, question?.id as number, 'x'))).toBe('not.found');
  });
});

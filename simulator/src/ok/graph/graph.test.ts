import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, BORIS, DINA, read, type SimulatedOk, startOk } from '../test/start-ok.ts';

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

const inbox = (phone: string = ANNA.phone) => {
  clock.advance(100);
  return ok.world.inbox(ok.person(phone));
};
const say = (text: string, phone: string = ANNA.phone) => ok.world.say(ok.group, ok.person(phone), text);
const toAnna = { recipient: { user_id: `user:${ANNA.id}` }, message: { text: 'Привет' } };
const keyboard = (buttons: unknown) => ({ type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons } } });
const yes = { type: 'CALLBACK', text: 'Да', intent: 'POSITIVE', payload: 'yes' };

test('the group tells who it is, also with a slash at the end', async () => {
  const info = { name: ok.group.name, group_id: 'group:70000000000001' };
  expect((await ok.get('me/info')).body).toEqual(info);
  expect((await ok.get('me/info/')).body).toEqual(info);
});

test.each([
  ['a wrong token', 'me/info', { access_token: 'no' }, 103],
  ['no token', 'me/info', { access_token: '' }, 453],
  ['an edge that does not exist', 'me/nothing', {}, 3],
])('%s is refused in the form of the REST API', async (_name, path, query, code) => {
  const { status, headers, body } = await ok.get(path, query);
  expect(status).toBe(200);
  expect(headers.get('invocation-error')).toBe(String(code));
  expect(body).toEqual({ error_code: code, error_data: null, error_msg: expect.stringMatching(/^[A-Z_]+ : /) });
});

test('a message to a person arrives and is answered by its chat and its mid', async () => {
  const { body } = await ok.post('me/messages', toAnna);
  expect(body).toEqual({ recipient_id: ANNA.chat, message_id: expect.stringMatching(/^mid:C3ecb9d02a600\.[0-9a-f]+$/) });
  expect(inbox()).toMatchObject([{ network: 'ok', group: '70000000000001', text: 'Привет', kind: 'message' }]);
});

test('a chat may be named in either path or in the body, its prefix in either case, its colon encoded', async () => {
  say('привет');
  const { message } = toAnna;
  await ok.post(`me/messages/${ANNA.chat}`, { message });
  await ok.post(`${encodeURIComponent(ANNA.chat.replace('chat', 'CHAT'))}/messages`, { message });
  await ok.post('me/messages', { recipient: { chat_id: ANNA.chat }, message });
  expect(inbox()).toHaveLength(3);
});

test('a chat known from before the world was reset can be written to', async () => {
  say('привет');
  ok.world.reset();
  expect((await ok.post(`me/messages/${ANNA.chat}`, { message: { text: 'Снова мы' } })).body.recipient_id).toBe(ANNA.chat);
  expect(inbox()).toMatchObject([{ text: 'Снова мы' }]);
});

test('a list of people is answered in its order, with null for who may not be written to', async () => {
  ok.world.block(ok.group, ok.person(BORIS.phone));
  const userIds = [`user:${ANNA.id}`, BORIS.id, 1, `USER:${DINA.id}`];
  const { body } = await ok.post('me/messages', { recipient: { user_ids: userIds }, message: { text: 'всем' } });
  expect(body).toEqual({
    success: [true, false, false, true],
    chat_ids: [ANNA.chat, null, null, expect.stringMatching(/^chat:C/)],
  });
});

test('who has forbidden it gets nothing and the group an error', async () => {
  ok.world.block(ok.group, ok.person(ANNA.phone));
  const { body } = await ok.post('me/messages', toAnna);
  expect(body).toMatchObject({
    error_code: 458,
    error_msg: expect.stringContaining('User must allow to receive group messages'),
  });
  expect(inbox()).toEqual([]);
});

test.each([
  ['a body that is no JSON', '{', 4],
  ['no recipient', { message: { text: 'а' } }, 100],
  ['no message', { recipient: toAnna.recipient }, 100],
  ['an empty message', { ...toAnna, message: { text: ' ' } }, 100],
  ['an unknown chat', { recipient: { chat_id: 'chat:C1' }, message: { text: 'а' } }, 705],
  ['an unknown person', { recipient: { user_id: 'user:1' }, message: { text: 'а' } }, 110],
  ['a text of 4001 characters', { ...toAnna, message: { text: 'я'.repeat(4_001) } }, 100],
  [
    'six attachments',
    {
      ...toAnna,
      message: { attachments: Array.from({ length: 6 }, () => ({ type: 'SHARE', payload: { url: 'https://ya.ru/' } })) },
    },
    100,
  ],
  ['an unknown attachment', { ...toAnna, message: { attachments: [{ type: 'POLL', payload: { id: 1 } }] } }, 100],
  [
    'two images by url',
    {
      ...toAnna,
      message: {
        attachments: [
          { type: 'IMAGE', payload: { url: 'a' } },
          { type: 'IMAGE', payload: { url: 'b' } },
        ],
      },
    },
    100,
  ],
  [
    'a button without a payload',
    { ...toAnna, message: { text: 'а', attachment: keyboard([[{ type: 'CALLBACK', text: 'Да' }]]) } },
    100,
  ],
  ['a flat list of buttons', { ...toAnna, message: { text: 'а', attachment: keyboard([yes]) } }, 100],
  ['an unknown sender action', { recipient: toAnna.recipient, sender_action: 'jump' }, 100],
])('%s is refused and nothing is sent', async (_name, given, code) => {
  const { body } = await ok.post('me/messages', given);
  expect(body.error_code).toBe(code);
  expect(inbox()).toEqual([]);
});

test('the refusal of a button names its place', async () => {
  const { body } = await ok.post('me/messages', {
    ...toAnna,
    message: { text: 'а', attachment: keyboard([[yes], [{ ...yes, intent: 'BLUE' }]]) },
  });
  expect(body.error_msg).toBe(
    'PARAM : message.attachments[0].payload.keyboard.buttons[1][0].intent should be one of DEFAULT, POSITIVE, NEGATIVE',
  );
});

test('typing is taken in both of its forms', async () => {
  say('привет');
  expect((await ok.post('me/messages', { recipient: toAnna.recipient, sender_action: 'typing_on' })).body).toEqual({
    success: true,
  });
  expect((await ok.post(`${ANNA.chat}/action`, { action: 'TYPING_ON' })).body).toEqual({ success: true });
  expect((await ok.post(`${ANNA.chat}/action`, { action: 'JUMP' })).body.error_code).toBe(100);
});

test('the 51st message within a second is refused and stands among the violations', async () => {
  const sends = Array.from({ length: 51 }, () => ok.post('me/messages', toAnna));
  const codes = (await Promise.all(sends)).map(({ body }) => body.error_code).filter((code) => code !== undefined);
  expect(codes).toEqual([8]);
  expect(ok.world.limits.violations()).toMatchObject([
    { kind: 'messages_per_second', network: 'ok', group: '70000000000001', count: 51 },
  ]);
  clock.advance(1_000);
  expect((await ok.post('me/messages', toAnna)).body.error_code).toBeUndefined();
});

test('each person of a list counts towards the rate', async () => {
  const userIds = Array.from({ length: 60 }, (_, n) => String(580_000_000_000 + n));
  const { body } = await ok.post('me/messages', { recipient: { user_ids: userIds }, message: { text: 'всем' } });
  expect(body.success.filter(Boolean)).toHaveLength(50);
});

test('the history is newest first, in the form of the events, with exact numbers', async () => {
  say('привет');
  const sent = await ok.post('me/messages', toAnna);
  const { text, body } = await ok.get(`me/messages/${ANNA.chat}`);
  expect(body.messages).toMatchObject([
    { sender: { user_id: 'group:70000000000001' }, message: { text: 'Привет', mid: sent.body.message_id } },
    {
      sender: { user_id: `user:${ANNA.id}`, name: 'Анна Белова' },
      recipient: { chat_id: ANNA.chat },
      message: { text: 'привет' },
    },
  ]);
  const message = body.messages[0]?.message ?? { seq: 0n, mid: '' };
  expect(typeof message.seq).toBe('bigint');
  expect(message.seq.toString(16)).toBe(message.mid.split('.')[1]);
  expect(text).toContain(`"seq":${message.seq},`);
  expect((await ok.get(`${ANNA.chat}/messages`, { count: 1 })).body.messages).toHaveLength(1);
  expect((await ok.get('me/messages', { chat_id: ANNA.chat, from: 1, to: 0 })).body.messages).toEqual([]);
  expect((await ok.get('me/messages', { chat_id: ANNA.chat, from: 1, to: 2 })).body.error_code).toBe(100);
});

test('a notification by phone stands in no chat', async () => {
  ok.world.send(ok.group, ok.person(ANNA.phone), { kind: 'notification', text: 'Готово', tag: '1' });
  expect((await ok.get(`me/messages/${ANNA.chat}`)).body.messages).toEqual([]);
});

test('an own message can be edited and deleted, that of a person cannot', async () => {
  const { body } = await ok.post('me/messages', toAnna);
  expect((await ok.post(`${body.message_id}/edit`, { message: { text: 'Здравствуйте' } })).body).toEqual({ success: true });
  expect(inbox()).toMatchObject([{ text: 'Здравствуйте' }]);
  expect((await ok.post(`${body.message_id.replace('mid', 'MID')}/delete`, {})).body).toEqual({ success: true });
  expect(inbox()).toEqual([]);
  expect((await ok.post(`${body.message_id}/edit`, { message: { text: 'а' } })).body.error_code).toBe(140);
  const said = say('привет');
  if (!said.ok) throw new Error('Anna could not write');
  expect((await ok.post(`${said.result.networkId}/delete`, {})).body.error_code).toBe(10);
});

test('a press is answered once, in its own chat', async () => {
  await ok.post('me/messages', { ...toAnna, message: { text: 'Да?', attachment: keyboard([[yes]]) } });
  inbox();
  let callbackId = '';
  const stop = ok.world.on('pressed', (press) => {
    callbackId = press.callbackId;
  });
  expect(ok.world.press(ok.group, ok.person(ANNA.phone), 'yes')).toMatchObject({ ok: true });
  stop();
  const answer = (id: string, message: unknown = { text: 'Хорошо' }) =>
    ok.post(`${ANNA.chat}/answer`, { message }, { callbackId: id });
  expect((await answer('no')).body.error_code).toBe(300);
  expect((await answer(callbackId, null)).body.error_code).toBe(100);
  expect((await answer(callbackId)).body).toEqual({ success: true });
  expect((await answer(callbackId)).body.error_code).toBe(300);
  expect(inbox().map(({ text }) => text)).toEqual(['Да?', 'Хорошо']);
});

test('chats come by their last activity, page by page', async () => {
  for (const phone of [BORIS.phone, DINA.phone, ANNA.phone]) {
    say('привет', phone);
    clock.advance(10);
  }
  const first = (await ok.get('me/chats', { count: 2 })).body;
  expect(first.chats).toMatchObject([
    {
      type: 'GROUP_CHAT',
      status: 'ACTIVE',
      title: 'Анна Белова',
      chat_id: ANNA.chat,
      owner_id: `user:${ANNA.id}`,
      group_id: 'group:70000000000001',
    },
    { title: 'Дина Ким' },
  ]);
  const second = (await ok.get('me/chats', { count: 2, marker: first.marker })).body;
  expect(second).toEqual({ chats: [expect.objectContaining({ title: 'Борис Орлов' })] });
  expect((await ok.get(`me/chat/${ANNA.chat}`)).body).toEqual(first.chats[0]);
  expect((await ok.get('me/chat', { chat_id: ANNA.chat })).body).toEqual(first.chats[0]);
  expect((await ok.get('me/chats', { count: 101 })).body.error_code).toBe(100);
});

test('a chat has a page on ok.ru', async () => {
  say('привет');
  expect((await ok.get(`${ANNA.chat}/url`)).body).toEqual({ url: `https://ok.ru/messages/g${0x3ecb9d02a600}` });
});

test('a body without a content type is read, numbers beyond 2^53 in it stay exact', async () => {
  const body = Buffer.from(
    `{"recipient":{"user_id":${ANNA.id}},"message":{"attachments":[{"type":"MUSIC","payload":{"id":9007199254740993}}]}}`,
  );
  const url = `${ok.url}/graph/me/messages?${new URLSearchParams({ access_token: ok.group.token })}`;
  const sent = await read(fetch(url, { method: 'POST', body }));
  expect(sent.body.recipient_id).toBe(ANNA.chat);
  expect((await ok.get(`me/messages/${ANNA.chat}`)).text).toContain('"id":9007199254740993');
  expect(JSON.stringify(ok.world.calls.since(0))).toContain('9007199254740993');
});

test('a field that is null is not given: clients of typed languages write all that they know', async () => {
  const message = { text: 'раз', attachment: null, attachments: null, reply_to: null, privacyWarning: null };
  const recipient = { chat_id: null, user_id: null, user_ids: [ANNA.id] };
  const { body } = await ok.post('me/messages', { recipient, message, sender_action: null, chat_control: null });
  expect(body).toEqual({ success: [true], chat_ids: [ANNA.chat] });
  const share = { type: 'SHARE', payload: { id: null, url: 'https://example.org/' } };
  const shared = await ok.post('me/messages', { recipient: { user_id: ANNA.id }, message: { text: null, attachments: [share] } });
  expect(shared.body.message_id).toMatch(/^mid:/);
});

test('an error asked for by a fault comes instead of the message', async () => {
  ok.world.faults.set('ok', { errors: { '9999': 1 } });
  expect((await ok.post('me/messages', toAnna)).body).toMatchObject({
    error_code: 9999,
    error_msg: expect.stringMatching(/^SYSTEM : /),
  });
  expect(inbox()).toEqual([]);
});

test('a call stands in the log by its edge, without its token', async () => {
  say('привет');
  await ok.post(`${ANNA.chat}/messages`, { message: { text: '' } });
  expect(ok.world.calls.since(0)).toMatchObject([
    {
      network: 'ok',
      method: '{chat}/messages',
      group: '70000000000001',
      status: 200,
      code: '100',
      request: { access_token: '***' },
    },
  ]);
});

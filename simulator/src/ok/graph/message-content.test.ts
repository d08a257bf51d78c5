import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock, type ShownSign } from '../../world/world.ts';
import type { OkSettingValues } from '../ok-settings.ts';
import { ANNA, type SimulatedOk, startOk } from '../test/start-ok.ts';

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset({ subscriptions: true }));
afterAll(() => ok[Symbol.asyncDispose]());

const send = (message: object) => ok.post('me/messages', { recipient: { user_id: ANNA.id }, message });
const keyboard = (...rows: object[][]) => ({ type: 'INLINE_KEYBOARD', payload: { keyboard: { buttons: rows } } });
const yes = { type: 'CALLBACK', text: 'Да', intent: 'POSITIVE', payload: 'yes' };
const link = { type: 'LINK', text: 'Сайт', url: 'https://example.org/' };
const contact = { type: 'REQUEST_CONTACT', text: 'Телефон' };
const place = { type: 'REQUEST_GEO_LOCATION', text: 'Где вы?', quick: true };

test.each<[string, object]>([
  ['IMAGE', { url: 'https://i.example/1.png' }],
  ['SHARE', { url: 'https://example.org/' }],
  ['CONTACT', { name: 'Анна', phone: '79999999999', photoUrl: 'https://i.example/1.png' }],
  ['LOCATION', { latitude: 55.75, longitude: 37.61, zoom: 12 }],
  ['VIDEO', { id: '5' }],
  ['FILE', { ref: '5' }],
  ['MUSIC', { id: '5', url: 'https://i.example/1.mp3' }],
  ['CALL', { id: '5', type: 'AUDIO', hangupType: 'HUNGUP', duration: 5 }],
  ['PRESENT', { id: '5', status: 'NEW' }],
  ['STICKER', { id: '5', url: 'https://i.example/1.png' }],
])('a %s is taken and comes back as it was sent', async (type, payload) => {
  await send({ attachment: { type, payload } });
  const { messages } = (await ok.get(`me/messages/${ANNA.chat}`)).body;
  expect(messages).toMatchObject([{ message: { text: '', attachments: [{ type, payload }] } }]);
});

test.each<[string, object, string]>([
  ['an image without anything', { type: 'IMAGE', payload: {} }, '.payload should hold token or url'],
  ['an image by a path', { type: 'IMAGE', payload: { url: '/1.png' } }, '.payload.url should be an http or https address'],
  ['half a place', { type: 'LOCATION', payload: { latitude: 1 } }, '.payload should hold latitude and longitude'],
  [
    'a place beyond the pole',
    { type: 'LOCATION', payload: { latitude: 91, longitude: 0 } },
    '.payload.latitude and .longitude should be degrees',
  ],
  ['no payload', { type: 'IMAGE' }, ' should hold type and payload'],
])('%s is refused with its place', async (_name, attachment, text) => {
  const { body } = await send({ text: 'а', attachments: [attachment] });
  expect([body.error_code, body.error_msg]).toEqual([100, expect.stringContaining(`message.attachments[0]${text}`)]);
});

test('a keyboard shows every kind of button, and each does what it is for', async () => {
  await ok.post('me/subscribe', { longPolling: true });
  await send({ text: 'Да?', attachment: keyboard([yes], [link, contact, place]) });
  clock.advance(100);
  const shown = ok.world.dialogs.find(ok.group, ok.person(ANNA.phone))?.messages[0]?.keyboard?.buttons;
  expect(shown).toEqual([
    { label: 'Да', payload: 'yes', does: 'tell' },
    { label: 'Сайт', payload: '', does: 'open', url: 'https://example.org/' },
    { label: 'Телефон', payload: '', does: 'contact' },
    { label: 'Где вы?', payload: '', does: 'location' },
  ]);
  ok.world.share(ok.group, ok.person(ANNA.phone), { kind: 'contact' });
  ok.world.share(ok.group, ok.person(ANNA.phone), { kind: 'location', latitude: 1, longitude: 2 });
  expect((await ok.get('me/updates', { timeout: 0 })).body.updates).toMatchObject([
    { message: { attachments: [{ type: 'CONTACT', payload: { name: 'Анна Белова', phone: ANNA.phone } }] } },
    { message: { attachments: [{ type: 'LOCATION', payload: { latitude: 1, longitude: 2 } }] } },
  ]);
});

/** Each limit of a keyboard that is a setting, with a keyboard that just breaks it once it is set so low. */
test.each<[Partial<OkSettingValues>, object[][], string]>([
  [{ keyboardRowsMax: 1 }, [[yes], [yes]], '.buttons should hold 1 to 1 rows'],
  [{ keyboardRowButtonsMax: 1 }, [[yes, yes]], '.buttons[0] should hold 1 to 1 buttons'],
  [{ keyboardWideRowButtonsMax: 1 }, [[yes, link]], '.buttons[0] should hold 1 to 1 buttons, as one of them is a link'],
  [{ keyboardButtonsMax: 1 }, [[yes], [yes]], '.buttons should hold at most 1 buttons'],
  [{ buttonTextMax: 1 }, [[yes]], '.buttons[0][0].text should have 1 to 1 characters'],
  [{ buttonPayloadMax: 1 }, [[yes]], '.buttons[0][0].payload should have 1 to 1 characters'],
  [{ buttonUrlMax: 1 }, [[link]], '.buttons[0][0].url should be an address of at most 1 characters'],
])('%j', async (setting, rows, problem) => {
  const message = { text: 'а', attachment: keyboard(...rows) };
  expect((await send(message)).body.error_code).toBeUndefined();
  await ok.set(setting);
  const { body } = await send(message);
  expect([body.error_code, body.error_msg]).toEqual([100, expect.stringContaining(`payload.keyboard${problem}`)]);
});

test.each<[string, object]>([
  ['an unknown type', { type: 'JUMP', text: 'а' }],
  ['a payload that is missing', { type: 'CALLBACK', text: 'а' }],
  ['an address that is none', { ...link, url: 'example' }],
  ['a quick that is neither', { ...place, quick: 'yes' }],
  ['no text', { ...contact, text: '' }],
])('a button with %s is refused', async (_name, button) => {
  expect((await send({ text: 'а', attachment: keyboard([button]) })).body.error_code).toBe(100);
});

test('a keyboard needs a text, unless it is set otherwise; two keyboards are one too many', async () => {
  expect((await send({ attachment: keyboard([yes]) })).body.error_code).toBe(100);
  await ok.set({ keyboardNeedsText: 'no' });
  expect((await send({ attachment: keyboard([yes]) })).body.error_code).toBeUndefined();
  expect((await send({ text: 'а', attachments: [keyboard([yes]), keyboard([yes])] })).body.error_code).toBe(100);
});

test('an edit takes the place of all that was there', async () => {
  const sent = await send({ text: 'Да?', attachment: keyboard([yes]) });
  await ok.post(`${sent.body.message_id}/edit`, { message: { text: 'Уже нет' } });
  clock.advance(100);
  expect(ok.world.press(ok.group, ok.person(ANNA.phone), 'yes')).toEqual({ ok: false, reason: 'no_button' });
  const { messages } = (await ok.get(`me/messages/${ANNA.chat}`)).body;
  expect(messages[0]?.message).toEqual({ text: 'Уже нет', seq: expect.any(BigInt), mid: sent.body.message_id });
});

test('what the group does besides writing is seen by the person', async () => {
  const signs: unknown[] = [];
  const stop = ok.world.on('shown', ({ sign }: ShownSign) => signs.push(sign));
  ok.world.say(ok.group, ok.person(ANNA.phone), 'привет');
  await ok.post('me/messages', { recipient: { user_id: ANNA.id }, sender_action: 'typing_on' });
  await ok.post(`${ANNA.chat}/action`, { action: 'SENDING_AUDIO' });
  await ok.post(`${ANNA.chat}/action`, { action: 'MARK_SEEN' });
  stop();
  expect(signs).toEqual([
    { kind: 'activity', activity: 'TYPING_ON' },
    { kind: 'activity', activity: 'SENDING_AUDIO' },
  ]);
  const dialog = ok.world.dialogs.find(ok.group, ok.person(ANNA.phone));
  expect(dialog?.seenUpTo).toBe(dialog?.lastNumber);
});

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { ANNA, read, type SimulatedOk, startOk } from '../test/start-ok.ts';

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

interface Place {
  url: string;
  token: string;
  file_id: string;
}

const BYTES = new Uint8Array([137, 80, 78, 71, 13, 10, 0, 255]);
const placeFor = async (type: string) => (await ok.get('me/fileUploadUrl', { type })).body as unknown as Place;
const upload = (url: string, contentType: string, { field = 'file', bytes = BYTES } = {}) => {
  const body = new FormData();
  body.append(field, new Blob([bytes], { type: contentType }), 'a.bin');
  return read(fetch(url, { method: 'POST', body }));
};
const send = (type: string, payload: object) =>
  ok.post('me/messages', { recipient: { user_id: ANNA.id }, message: { attachments: [{ type, payload }] } });
const newestAttachment = async () => {
  const { messages } = (await ok.get(`me/messages/${ANNA.chat}`, { count: 1 })).body as unknown as {
    messages: { message: { attachments: { payload: { url: string } }[] } }[];
  };
  return messages[0]?.message.attachments[0];
};

test('an image is sent by the token of its upload, at once, and its bytes come back at a URL', async () => {
  const { url, token, file_id: fileId } = await placeFor('IMAGE');
  expect([token, new URL(url).searchParams.get('id')]).toEqual([undefined, fileId]);
  const { body } = await upload(url, 'image/png', { field: 'pic1' });
  const { photos } = body as unknown as { photos: Record<string, { token: string }> };
  const imageToken = photos[fileId]?.token ?? '';
  expect((await send('IMAGE', { token: imageToken })).body).toMatchObject({ recipient_id: ANNA.chat });
  const shown = await newestAttachment();
  expect(shown).toMatchObject({ type: 'IMAGE', payload: { token: imageToken, id: fileId } });
  const back = await fetch(shown?.payload.url ?? '');
  expect([back.headers.get('content-type'), new Uint8Array(await back.arrayBuffer())]).toEqual(['image/png', BYTES]);
});

test.each([
  ['FILE', 'application/pdf'],
  ['VIDEO', 'video/mp4'],
  ['AUDIO', 'audio/ogg'],
])('a %s is sent by the token of the first step, after it was processed', async (type, contentType) => {
  const { url, token } = await placeFor(type);
  expect((await send(type, { token })).body).toMatchObject({
    error_code: 100,
    error_msg: expect.stringContaining('nothing was uploaded'),
  });
  expect((await upload(url, contentType)).body).toMatchObject({ token });
  clock.advance(1_999);
  expect((await send(type, { token })).body).toMatchObject({
    error_code: 4,
    error_msg: expect.stringContaining('attachment.not.ready'),
  });
  clock.advance(1);
  expect((await send(type, { token })).body).toMatchObject({ recipient_id: ANNA.chat });
});

test('how long processing takes is a setting', async () => {
  await ok.set({ uploadProcessingMs: 0 });
  const { url, token } = await placeFor('FILE');
  await upload(url, 'application/pdf');
  expect((await send('FILE', { token })).body.error_code).toBeUndefined();
});

test.each([
  ['an image that is none', 'IMAGE', 'application/octet-stream', {}, 100],
  ['a sound that is none', 'AUDIO', 'video/mp4', {}, 100],
  ['an empty file', 'FILE', 'text/plain', { bytes: new Uint8Array() }, 100],
])('%s is refused', async (_name, type, contentType, more, code) => {
  const { url } = await placeFor(type);
  expect((await upload(url, contentType, more)).body.error_code).toBe(code);
});

test('an address that was changed, has expired, or gets no form, takes nothing', async () => {
  const { url } = await placeFor('FILE');
  expect((await upload(url.replace('sig=', 'sig=0'), 'text/plain')).body.error_code).toBe(300);
  expect((await read(fetch(url, { method: 'POST', body: 'text' }))).body.error_code).toBe(21);
  await ok.set({ uploadBytesMax: 7 });
  expect((await upload(url, 'text/plain')).body.error_code).toBe(100);
  await ok.set({ uploadBytesMax: 8 });
  expect((await upload(url, 'text/plain')).body.error_code).toBeUndefined();
  clock.advance(3_600_000);
  expect((await upload(url, 'text/plain')).body.error_code).toBe(12);
});

test('a token of another type, of another group or of nobody is refused', async () => {
  const { url, token } = await placeFor('FILE');
  await upload(url, 'text/plain');
  clock.advance(2_000);
  expect((await send('VIDEO', { token })).body).toMatchObject({
    error_code: 100,
    error_msg: expect.stringContaining('of type FILE'),
  });
  expect((await send('FILE', { token: 'no' })).body.error_code).toBe(100);
  const other = await ok.post(
    'me/messages',
    { recipient: { user_id: ANNA.id }, message: { attachment: { type: 'FILE', payload: { token } } } },
    { access_token: 'load1:TOKEN' },
  );
  expect(other.body.error_code).toBe(100);
});

test('what a person sent can be sent on by its token', async () => {
  const photo = { type: 'IMAGE', payload: { id: '1', token: 'of-anna', url: 'https://i.example/1' } };
  ok.world.say(ok.group, ok.person(ANNA.phone), '', { extra: { attachments: [photo] } });
  expect((await send('IMAGE', { token: 'of-anna' })).body).toMatchObject({ recipient_id: ANNA.chat });
});

test('pictures of people and groups are there', async () => {
  const picture = await fetch(`${ok.url}/pictures/${ANNA.id}`);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
  expect(await picture.text()).toContain('>АБ<');
  expect((await fetch(`${ok.url}/pictures/1`)).status).toBe(404);
});

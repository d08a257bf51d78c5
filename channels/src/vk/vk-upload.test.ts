import { describe, expect, test } from 'vitest';
import { inTurn, type MethodAnswer, type PlayedVk, playVk, raw, vkError } from '../../test/play-vk.ts';
import type { UploadedFile } from '../actions.ts';

const never = new AbortController().signal;
const bytes = new Uint8Array([0xff, 0xd8, 0, 0x0d, 0x0a, 0xff]);
const picture: UploadedFile = { kind: 'image', name: 'кот "1".jpg', contentType: 'image/jpeg', bytes };
const named = (_: unknown, url: string) => ({ upload_url: `${url}/upload?key=1`, album_id: -3 });
const vkWith = (more: Record<string, MethodAnswer> = {}) =>
  playVk({
    'photos.getMessagesUploadServer': named,
    'docs.getMessagesUploadServer': named,
    '/upload': raw({ body: '{"server":7,"photo":"[{\\"a\\":1}]","hash":"h","file":"1|2|3"}' }),
    'photos.saveMessagesPhoto': [{ id: 2, owner_id: -1, access_key: 'key', album_id: -3 }],
    'docs.save': { type: 'doc', doc: { id: 5, owner_id: 37119444, access_key: 'k' } },
    ...more,
  });
const upload = ({ channel }: PlayedVk, file: UploadedFile = picture) => channel.upload(file, '37119444', never);
const paths = ({ requests }: PlayedVk) => requests.map(({ path }) => path.replace('/method/', ''));

test('a picture goes up in three steps and is named as messages want it', async () => {
  await using vk = await vkWith();
  expect(await upload(vk)).toEqual({ kind: 'done', result: { kind: 'image', reference: 'photo-1_2_key' } });
  expect(paths(vk)).toEqual(['photos.getMessagesUploadServer', '/upload', 'photos.saveMessagesPhoto']);
  expect(vk.calls[0]?.params).toMatchObject({ peer_id: '37119444' });
  expect(vk.calls[1]?.params).toMatchObject({ photo: '[{"a":1}]', server: '7', hash: 'h' });
});

test('a picture for many people is uploaded without a peer', async () => {
  await using vk = await vkWith();
  expect(await vk.channel.upload(picture, null, never)).toMatchObject({ kind: 'done' });
  expect(vk.calls[0]?.params).not.toHaveProperty('peer_id');
});

test('its bytes go as they are, as a file of a form, without the token', async () => {
  await using vk = await vkWith();
  await upload(vk);
  const sent = vk.requests[1];
  const type = sent?.headers['content-type'] ?? '';
  expect(type).toMatch(/^multipart\/form-data; boundary=/);
  expect(sent?.headers['authorization']).toBeUndefined();
  const form = await new Response(sent?.bytes, { headers: { 'content-type': type } }).formData();
  const file = form.get('photo') as File;
  expect(file.name).toBe('кот "1".jpg');
  expect(file.type).toBe('image/jpeg');
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
});

test.each([
  ['file', 'doc', { type: 'doc', doc: { id: 5, owner_id: 7, access_key: 'k' } }, 'doc7_5_k'],
  ['voice', 'audio_message', { type: 'audio_message', audio_message: { id: 5, owner_id: 7 } }, 'audio_message7_5'],
] as const)('a %s goes up as %s', async (kind, type, saved, reference) => {
  await using vk = await vkWith({ 'docs.save': saved });
  expect(await upload(vk, { ...picture, kind })).toEqual({ kind: 'done', result: { kind, reference } });
  expect(vk.calls[0]?.params).toMatchObject({ type, peer_id: '37119444' });
  expect(vk.calls[1]?.params).toMatchObject({ file: '1|2|3', title: 'кот "1".jpg' });
});

test('an answer of the upload server that is wrapped, or holds a list, is read too', async () => {
  const wrapped = raw({ body: '{"response":{"server":7,"photo":[{"a":1}],"hash":"h"}}' });
  await using vk = await vkWith({ '/upload': wrapped });
  expect(await upload(vk)).toMatchObject({ kind: 'done' });
  expect(vk.calls[1]?.params).toMatchObject({ photo: '[{"a":1}]' });
});

describe('where VK has forgotten the uploaded file', () => {
  test.each([114, 118, 121])('with error %i, the whole upload is done once more', async (code) => {
    const saved = [{ id: 2, owner_id: -1 }];
    await using vk = await vkWith({ 'photos.saveMessagesPhoto': inTurn(vkError(code), saved) });
    expect(await upload(vk)).toEqual({ kind: 'done', result: { kind: 'image', reference: 'photo-1_2' } });
    expect(paths(vk).filter((path) => path === '/upload')).toHaveLength(2);
  });

  test('twice, it is refused', async () => {
    await using vk = await vkWith({ 'photos.saveMessagesPhoto': vkError(121, 'Invalid hash') });
    expect(await upload(vk)).toMatchObject({ kind: 'refused', networkCode: '121' });
    expect(paths(vk).filter((path) => path === '/upload')).toHaveLength(2);
  });
});

test.each<[string, Record<string, MethodAnswer>, object]>([
  [
    'a person who does not allow messages',
    { 'photos.getMessagesUploadServer': vkError(901) },
    { kind: 'refused', networkCode: '901' },
  ],
  ['no address', { 'photos.getMessagesUploadServer': {} }, { kind: 'failed', networkCode: 'unreadable' }],
  ['a dropped connection', { '/upload': raw('reset') }, { kind: 'failed', networkCode: 'unanswered' }],
  ['a status of an error', { '/upload': raw({ status: 504, body: '' }) }, { kind: 'failed', networkCode: 'unanswered' }],
  ['no JSON', { '/upload': raw({ body: '<html>' }) }, { kind: 'failed', networkCode: 'unreadable' }],
  ['no hash', { '/upload': raw({ body: '{"server":7,"photo":"[1]"}' }) }, { kind: 'failed', networkCode: 'unreadable' }],
  [
    'a word of the server',
    { '/upload': raw({ body: '{"error":"ERR_UPLOAD_BAD_IMAGE_SIZE"}' }) },
    { kind: 'refused', networkCode: 'upload' },
  ],
  [
    'a file without a picture in it',
    { '/upload': raw({ body: '{"server":7,"photo":"[]","hash":""}' }) },
    { kind: 'refused', networkCode: 'upload', detail: expect.stringContaining('another file') },
  ],
  ['an empty list of saved photos', { 'photos.saveMessagesPhoto': [] }, { kind: 'failed', networkCode: 'unreadable' }],
])('an upload that meets %s says so and never throws', async (_, answers, outcome) => {
  await using vk = await vkWith(answers);
  expect(await upload(vk)).toMatchObject(outcome);
});

test('a video is refused before VK is asked', async () => {
  await using vk = await vkWith();
  expect(await upload(vk, { ...picture, kind: 'video' })).toMatchObject({ kind: 'refused', networkCode: 'video' });
  expect(vk.requests).toEqual([]);
});

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { PICTURE, upload } from '../test/stage.ts';
import { GROUP_ID, type SimulatedVk, startVk } from '../test/start-vk.ts';

const anna = 37119444;
let vk: SimulatedVk;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => vk.world.reset());
afterAll(() => vk[Symbol.asyncDispose]());

const addressOf = async (method: string, parameters = {}): Promise<string> =>
  ((await vk.call(method, { peer_id: anna, ...parameters })).response as never as { upload_url: string }).upload_url;
const photoAddress = () => addressOf('photos.getMessagesUploadServer');

interface Photo {
  id: number;
  owner_id: number;
  access_key: string;
  sizes: { url: string; width: number; height: number }[];
}
async function savedPhoto(bytes = PICTURE): Promise<Photo> {
  const uploaded = await upload(await photoAddress(), 'photo', bytes, 'a.gif');
  return ((await vk.call('photos.saveMessagesPhoto', uploaded)).response as never as Photo[])[0] as Photo;
}
const history = async () =>
  (await vk.call('messages.getHistory', { peer_id: anna, count: 1 })).response as never as { items: { attachments: object[] }[] };

test('the bytes of a photo come back from its address, and a message carries it', async () => {
  const photo = await savedPhoto();
  const [size] = photo.sizes;
  const answer = await fetch(size?.url ?? '');
  expect(answer.headers.get('content-type')).toBe('image/gif');
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(PICTURE);
  expect(size).toMatchObject({ width: 1, height: 1 });
  const attachment = `photo${photo.owner_id}_${photo.id}_${photo.access_key}`;
  await vk.call('messages.send', { peer_id: anna, random_id: 1, attachment });
  expect((await history()).items[0]?.attachments).toMatchObject([{ type: 'photo', photo: { id: photo.id, sizes: photo.sizes } }]);
});

test('a photo may come in any field for photos, several in one form, with the type of the form in capitals', async () => {
  const form = new FormData();
  for (const name of ['file0', 'file1']) form.append(name, new Blob([new Uint8Array(PICTURE)]), 'a.gif');
  const encoded = new Request('http://any', { method: 'POST', body: form });
  const headers = {
    'content-type': `${encoded.headers.get('content-type')}`.replace('multipart/form-data', 'Multipart/Form-Data'),
  };
  const answer = await fetch(await photoAddress(), { method: 'POST', body: await encoded.arrayBuffer(), headers });
  const saved = (await vk.call('photos.saveMessagesPhoto', (await answer.json()) as never)).response as never as Photo[];
  expect(saved.map(({ sizes }) => sizes[0]?.width)).toEqual([1, 1]);
  expect(new Set(saved.map(({ id }) => id)).size).toBe(2);
});

test('a voice may be uploaded by the address for walls, where the peer is not known yet', async () => {
  const address = await addressOf('docs.getWallUploadServer', { peer_id: '', group_id: GROUP_ID, type: 'audio_message' });
  const uploaded = await upload(address, 'file', Buffer.from('OggS and so on'), 'a.ogg');
  expect((await vk.call('docs.save', uploaded)).response).toMatchObject({ type: 'audio_message' });
});

test('a photo with another access key is none', async () => {
  const photo = await savedPhoto();
  const attachment = `photo${photo.owner_id}_${photo.id}_x`;
  expect((await vk.call('messages.send', { peer_id: anna, random_id: 1, attachment })).error?.error_code).toBe(100);
});

// Headers of pictures that end after their size: 1 by 21, and 13,999 by 2.
const png = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32BE(0x89504e47, 0);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};

test.each([
  ['no picture', Buffer.from('hello')],
  ['nothing', Buffer.alloc(0)],
  ['a picture longer than 1 to 20', png(1, 21)],
  ['a picture of more than 14000 pixels on two sides', png(7_001, 7_000)],
])('%s is answered with an empty list, which cannot be saved', async (_name, bytes) => {
  const uploaded = await upload(await photoAddress(), 'photo', bytes, 'a.png');
  expect(uploaded).toMatchObject({ photo: '[]' });
  expect((await vk.call('photos.saveMessagesPhoto', uploaded)).error?.error_code).toBe(100);
});

test('a photo in a field of another name is not found', async () => {
  expect(await upload(await photoAddress(), 'picture', PICTURE, 'a.gif')).toMatchObject({ photo: '[]' });
});

test('the size of a JPEG is read behind its other segments', async () => {
  const jpeg = Buffer.from('ffd8ffe000044a46ffc0001108001e002803012200021101031101', 'hex');
  expect((await savedPhoto(jpeg)).sizes[0]).toMatchObject({ width: 40, height: 30 });
});

test('a document keeps its name, type and bytes', async () => {
  const address = await addressOf('docs.getMessagesUploadServer', { type: 'doc' });
  const { file } = await upload(address, 'file', Buffer.from('Меню'), 'меню.txt');
  const { response } = await vk.call('docs.save', { file: `${file}` });
  const { doc } = response as never as { doc: { url: string } };
  expect(doc).toMatchObject({ title: 'меню.txt', ext: 'txt', size: 8, type: 1 });
  expect(await (await fetch(doc.url)).text()).toBe('Меню');
});

test('a voice message must be Ogg', async () => {
  const address = await addressOf('docs.getMessagesUploadServer', { type: 'audio_message' });
  expect(await upload(address, 'file', Buffer.from('ID3'), 'a.mp3')).toEqual({ error: expect.any(String) });
  const { file } = await upload(address, 'file', Buffer.from('OggS…'), 'a.ogg');
  const { response } = await vk.call('docs.save', { file: `${file}` });
  expect(response).toMatchObject({ type: 'audio_message', audio_message: { link_ogg: expect.stringContaining('/vk/uploads/') } });
});

test('the oldest files go when more than 64 MB are kept', async () => {
  const first = await savedPhoto();
  const big = Buffer.concat([PICTURE, Buffer.alloc(33 * 1_048_576)]);
  await savedPhoto(big);
  expect((await fetch(first.sizes[0]?.url ?? '')).status).toBe(200);
  await savedPhoto(big);
  expect((await fetch(first.sizes[0]?.url ?? '')).status).toBe(404);
});

import { expect, test } from 'vitest';
import { filesIn } from './files-in.ts';

const BIG = 'https://sun9.userapi.com/big.jpg';

test.each([
  ['its original', { orig_photo: { url: BIG, width: 1_000 }, sizes: [{ url: 'https://x/s.jpg', width: 75 }] }],
  [
    'else the widest',
    {
      sizes: [
        { url: 'https://x/s.jpg', width: 75 },
        { url: BIG, width: 1_000 },
        { url: 'https://x/m.jpg', width: 130 },
      ],
    },
  ],
])('of a photo of VK %s is fetched', (_, photo) => {
  expect(filesIn('vk', [{ type: 'photo', photo }])).toEqual([{ kind: 'image', name: 'photo.jpg', url: BIG }]);
});

test('documents keep their names, voices are fetched as Ogg', () => {
  const doc = { title: 'прайс.pdf', url: 'https://vk.com/doc1_2?hash=3', size: 5, ext: 'pdf' };
  const voice = { link_ogg: 'https://psv4.userapi.com/a.ogg', link_mp3: 'https://psv4.userapi.com/a.mp3', duration: 3 };
  expect(
    filesIn('vk', [
      { type: 'doc', doc },
      { type: 'audio_message', audio_message: voice },
    ]),
  ).toEqual([
    { kind: 'file', name: 'прайс.pdf', url: doc.url },
    { kind: 'voice', name: 'voice.ogg', url: voice.link_ogg },
  ]);
});

test('of OK, what has an address is fetched', () => {
  const attachments = [
    { type: 'IMAGE', payload: { id: '1', token: 't', url: 'https://i.mycdn.me/1' } },
    { type: 'VIDEO', payload: { id: '2', token: 't', url: 'https://vd.mycdn.me/2' } },
    { type: 'FILE', payload: { token: 't' } },
    { type: 'CONTACT', payload: { name: 'Анна', phone: '79999999999' } },
  ];
  expect(filesIn('ok', attachments).map(({ kind, url }) => `${kind} ${url}`)).toEqual([
    'image https://i.mycdn.me/1',
    'video https://vd.mycdn.me/2',
  ]);
});

test.each<{ attachment: unknown }>([
  { attachment: null },
  { attachment: 'photo' },
  { attachment: [] },
  { attachment: { type: 'photo' } },
  { attachment: { type: 'photo', photo: [] } },
  { attachment: { type: 'doc', doc: { url: 'file:///etc/passwd' } } },
  { attachment: { type: 'constructor', constructor: {} } },
])('what is no file of theirs is passed over: $attachment', ({ attachment }) => {
  expect(filesIn('vk', [attachment])).toEqual([]);
  expect(filesIn('ok', [attachment])).toEqual([]);
});

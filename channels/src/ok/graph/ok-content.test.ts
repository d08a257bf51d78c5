import { expect, test } from 'vitest';
import type { Button } from '../../keyboard/keyboard.ts';
import { OK_SETTINGS } from '../ok-settings.ts';
import { makeOkContent } from './ok-content.ts';

const options = { ...OK_SETTINGS, textCharactersMax: 10 };
const made = (content: Parameters<typeof makeOkContent>[0]) => makeOkContent(content, options);
const rows = (...buttons: Button[]) => ({ place: 'message', rows: [buttons] }) as const;
const image = (reference: string) => ({ kind: 'image', reference }) as const;

test('every button goes out in OK’s form, its colour as an intent', () => {
  const keyboard = rows(
    { kind: 'callback', label: 'Да', payload: '1', color: 'positive' },
    { kind: 'callback', label: 'Нет', payload: '2', color: 'negative' },
    { kind: 'text', label: 'Ещё', payload: '3', color: 'primary' },
  );
  const wide = rows(
    { kind: 'link', label: 'Сайт', url: 'https://soroka.example/' },
    { kind: 'contact', label: 'Телефон' },
    { kind: 'location', label: 'Где вы?' },
  );
  expect(made({ text: 'Ну?', keyboard: { place: 'dialog', rows: [...keyboard.rows, ...wide.rows] } })).toEqual({
    ok: true,
    message: {
      text: 'Ну?',
      attachment: {
        type: 'INLINE_KEYBOARD',
        payload: {
          keyboard: {
            buttons: [
              [
                { type: 'CALLBACK', text: 'Да', intent: 'POSITIVE', payload: '1' },
                { type: 'CALLBACK', text: 'Нет', intent: 'NEGATIVE', payload: '2' },
                { type: 'CALLBACK', text: 'Ещё', intent: 'DEFAULT', payload: '3' },
              ],
              [
                { type: 'LINK', text: 'Сайт', intent: 'DEFAULT', url: 'https://soroka.example/' },
                { type: 'REQUEST_CONTACT', text: 'Телефон', intent: 'DEFAULT' },
                { type: 'REQUEST_GEO_LOCATION', text: 'Где вы?', intent: 'DEFAULT', quick: false },
              ],
            ],
          },
        },
      },
    },
  });
});

test('files go out by their tokens, an image by its address, and an answer names what it answers', () => {
  const attachments = [
    image('T1'),
    { kind: 'file', reference: '1498581292941~T2' },
    { kind: 'voice', reference: 'T3' },
    { kind: 'video', reference: 'T4' },
    { kind: 'image-url', url: 'https://i.example/1.png' },
  ] as const;
  expect(made({ text: '', attachments, replyToNetworkId: 'mid:C1.a' })).toEqual({
    ok: true,
    message: {
      attachments: [
        { type: 'IMAGE', payload: { token: 'T1' } },
        { type: 'FILE', payload: { token: 'T2' } },
        { type: 'AUDIO', payload: { token: 'T3' } },
        { type: 'VIDEO', payload: { token: 'T4' } },
        { type: 'IMAGE', payload: { url: 'https://i.example/1.png' } },
      ],
      reply_to: 'mid:C1.a',
    },
  });
});

const yes: Button = { kind: 'callback', label: 'Да', payload: '1' };
const byUrl = (url: string) => ({ kind: 'image-url', url }) as const;

test.each<[string, Parameters<typeof makeOkContent>[0], string, string]>([
  ['a long text', { text: 'я'.repeat(11) }, 'text', 'at most 10 characters, there are 11'],
  ['nothing', { text: ' ' }, 'text', 'a message has a text or an attachment'],
  ['a keyboard alone', { text: '', keyboard: rows(yes) }, 'text', 'a message with a keyboard has a text'],
  [
    'a broken button',
    { text: 'x', keyboard: rows(yes, { ...yes, label: '' }) },
    'keyboard',
    'rows[0][1].label: a button needs a label',
  ],
  [
    'six attachments',
    { text: 'x', attachments: Array(6).fill(image('T')) },
    'attachments',
    'OK takes at most 5, the keyboard among them, there are 6',
  ],
  [
    'five attachments and a keyboard',
    { text: 'x', keyboard: rows(yes), attachments: Array(5).fill(image('T')) },
    'attachments',
    'OK takes at most 5, the keyboard among them, there are 6',
  ],
  [
    'two images by their addresses',
    { text: 'x', attachments: [byUrl('https://a.example/'), byUrl('https://b.example/')] },
    'attachments',
    'OK takes one image by its address, there are 2',
  ],
  [
    'an image from a file',
    { text: 'x', attachments: [image('T'), byUrl('file:///etc/passwd')] },
    'attachments',
    'attachments[1].url: an image has an http or https address',
  ],
  [
    'a carousel',
    { text: 'x', carousel: [{ title: 'x', buttons: [] }] },
    'carousel',
    'OK has no carousel: send the cards one by one',
  ],
  [
    'an answer to a message without an id',
    { text: 'x', replyToNetworkId: 'unnamed:1' },
    'reply',
    'replyToNetworkId: OK knows a message by its mid, and this one has none',
  ],
])('%s is refused by its place and rule', (_, content, place, rule) => {
  expect(made(content)).toEqual({ ok: false, place, rule });
});

test('what takes a keyboard away elsewhere leaves the text alone', () => {
  expect(made({ text: 'Всё', keyboard: { place: 'dialog', rows: [] } })).toEqual({ ok: true, message: { text: 'Всё' } });
});

test('a keyboard may stand alone where that is known to work', () => {
  expect(makeOkContent({ text: '', keyboard: rows(yes) }, { ...options, keyboardNeedsText: false })).toMatchObject({ ok: true });
});

import { expect, test } from 'vitest';
import { readCarousel } from './carousel.ts';

const element = (more: object = {}): object => ({ title: 'Маргарита', description: 'Томаты', ...more });
const carousel = (...elements: object[]): string => JSON.stringify({ type: 'carousel', elements });
const button = { action: { type: 'text', label: 'Беру', payload: '{}' } };

test('a good carousel gives its buttons', () => {
  const read = readCarousel(carousel(element({ buttons: [button] }), { photo_id: '-1_2', action: { type: 'open_photo' } }));
  expect(read).toMatchObject({ ok: true, carousel: { buttons: [{ label: 'Беру' }], body: { type: 'carousel' } } });
});

test.each([
  ['no JSON', '{', 100],
  ['another type', '{"type":"list","elements":[]}', 100],
  ['no element', carousel(), 100],
  ['eleven elements', carousel(...Array.from({ length: 11 }, () => element())), 100],
  ['a title of 81 characters', carousel(element({ title: 'я'.repeat(81) })), 100],
  ['a description of 81 characters', carousel(element({ description: 'я'.repeat(81) })), 100],
  ['neither title nor photo', carousel({ description: 'Томаты' }), 100],
  ['an unknown action', carousel(element({ action: { type: 'text' } })), 100],
  ['an action without a link', carousel(element({ action: { type: 'open_link' } })), 100],
  ['four buttons', carousel(element({ buttons: [button, button, button, button] })), 100],
  ['a bad button', carousel(element({ buttons: [{ action: { type: 'text' } }] })), 911],
])('%s is refused', (_name, text, code) => {
  expect(readCarousel(text)).toMatchObject({ ok: false, error: { code } });
});

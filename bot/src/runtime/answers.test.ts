import { expect, test } from 'vitest';
import type { AnswerType } from '../scenarios/scenarios.ts';
import { factsOf } from '../testing/facts.ts';
import { readAnswer } from './answers.ts';

/** What an answer to a question of this type means; null for none. Asked on 1 June 2026, in Moscow. */
function read(type: AnswerType, text: string, more: object = {}, now = factsOf().now) {
  const question = { content: { text: '?' }, type, options: [], retries: 0, ...more };
  const answer = readAnswer(question, 'step', { kind: 'message', text, attachments: [] }, factsOf({ now }));
  return answer.ok ? answer.value : null;
}

test.each([
  ['+7 900 123-45-67', '79001234567'],
  ['8 (900) 123-45-67', '79001234567'],
  ['9001234567', '79001234567'],
  ['7 900 123 45 67', '79001234567'],
  ['+375 29 123-45-67', '375291234567'],
  ['375291234567', '375291234567'],
  ['+7 900 123-45-6', null],
  ['+7 900 123-45-678', null],
  ['123', null],
  ['позвоните на 89001234567', null],
  ['01.02.2026', null],
])('the phone "%s" is %s', (text, expected) => {
  expect(read('phone', text)).toBe(expected);
});

test.each([
  ['завтра', '2026-06-02'],
  ['Послезавтра', '2026-06-03'],
  ['25.12', '2026-12-25'],
  ['25.12.2027', '2027-12-25'],
  ['25.12.27', '2027-12-25'],
  ['2026-12-25', '2026-12-25'],
  ['25 декабря', '2026-12-25'],
  ['3 мая', '2027-05-03'],
  ['3 марта 2027 года', '2027-03-03'],
  ['31.05', '2027-05-31'],
  ['31 февраля', null],
  ['29.02', null],
  ['25.13', null],
  ['25 чего-то', null],
  ['когда-нибудь', null],
  ['constructor', null],
])('the date "%s" is %s', (text, expected) => {
  expect(read('date', text)).toBe(expected);
});

test('a day begins where the person lives', () => {
  expect(read('date', 'сегодня', {}, Date.UTC(2026, 5, 1, 21, 30))).toBe('2026-06-02');
});

test.each([
  ['2', {}, 2],
  ['2 500,5', {}, 2500.5],
  ['-3', {}, -3],
  ['4 шт.', {}, 4],
  ['21', { max: 20 }, null],
  ['две', {}, null],
  ['1e5', {}, null],
  ['2 и 3', {}, null],
])('the number "%s" with %j is %s', (text, bounds, expected) => {
  expect(read('number', text, bounds)).toBe(expected);
});

test.each([
  ['Anna@Example.ru', 'anna@example.ru'],
  ['почта@пример.рф', 'почта@пример.рф'],
  ['anna@example', null],
  ['anna example.ru', null],
  ['a@b@c.ru', null],
])('the address "%s" is %s', (text, expected) => {
  expect(read('email', text)).toBe(expected);
});

test('a text has as many characters as are asked for, and is not only spaces', () => {
  expect([read('text', ' да '), read('text', 'да', { min: 3 }), read('text', 'да', { max: 1 }), read('text', '  ')]).toEqual([
    'да',
    null,
    null,
    null,
  ]);
});

test('a file is known by its kind', () => {
  const question = { content: { text: '?' }, type: 'file' as const, options: [], retries: 0 };
  const read = readAnswer(question, 's', { kind: 'message', text: '', attachments: ['image', 'file'] }, factsOf());
  expect(read).toEqual({ ok: true, value: 'image' });
});

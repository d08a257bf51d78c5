import { expect, test } from 'vitest';
import { readKeyboard } from './keyboard.ts';

const button = (action: object, color?: string): object => (color === undefined ? { action } : { action, color });
const text = { type: 'text', label: 'Да', payload: '{"answer":"yes"}' };
const keyboard = (rows: object[][], rest: object = {}): string => JSON.stringify({ buttons: rows, ...rest });

test('a good keyboard gives its buttons as a person sees them', () => {
  const read = readKeyboard(
    keyboard([[button(text, 'secondary'), button({ type: 'open_link', label: 'Сайт', link: 'https://ya.ru' })]]),
  );
  expect(read).toMatchObject({
    ok: true,
    keyboard: {
      inline: false,
      rows: [
        [
          { type: 'text', label: 'Да', payload: '{"answer":"yes"}' },
          { type: 'open_link', payload: null },
        ],
      ],
    },
  });
});

test('an empty keyboard, which takes the shown one away, is accepted', () => {
  expect(readKeyboard('{"buttons":[]}')).toMatchObject({ ok: true, keyboard: { rows: [] } });
});

test('a payload given as an object becomes its JSON text', () => {
  const read = readKeyboard(keyboard([[button({ ...text, payload: { a: 1 } })]]));
  expect(read).toMatchObject({ ok: true, keyboard: { rows: [[{ payload: '{"a":1}' }]] } });
});

test.each([
  ['no JSON', '{', 'keyboard is not valid JSON'],
  ['a list', '[]', 'keyboard should be array'],
  ['no buttons', '{}', 'buttons should be array'],
  [
    'a color on a link',
    keyboard([[button({ type: 'open_link', label: 'a', link: 'b' }, 'primary')]]),
    'button [0][0] has action type which is not compatible with setting colors',
  ],
  ['an unknown color', keyboard([[button(text, 'blue')]]), 'button [0][0] has an unknown color'],
  [
    'a null payload',
    keyboard([[button(text)], [button({ ...text, payload: null })]]),
    'button [1][0] has a payload that is not JSON',
  ],
  [
    'a payload that is no JSON',
    keyboard([[button({ ...text, payload: 'yes' })]]),
    'button [0][0] has a payload that is not JSON',
  ],
  [
    'a payload of 256 characters',
    keyboard([[button({ ...text, payload: JSON.stringify('x'.repeat(254)) })]]),
    'button [0][0] has a payload longer than 255 characters',
  ],
  [
    'a label of 41 characters',
    keyboard([[button({ ...text, label: 'x'.repeat(41) })]]),
    'button [0][0] has a label longer than 40 characters',
  ],
  ['no label', keyboard([[button({ type: 'text' })]]), 'button [0][0] has no label'],
  ['six in a row', keyboard([Array.from({ length: 6 }, () => button(text))]), 'row [0] has too many buttons: at most 5'],
  ['eleven rows', keyboard(Array.from({ length: 11 }, () => [button(text)])), 'too many rows: at most 10'],
  [
    '41 buttons',
    keyboard(Array.from({ length: 9 }, () => Array.from({ length: 5 }, () => button(text)))),
    'too many buttons: at most 40',
  ],
  [
    'eleven inline buttons',
    keyboard(
      Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => button(text))),
      { inline: true },
    ),
    'too many buttons: at most 10',
  ],
])('%s is refused with error 911 and its place', (_name, given, detail) => {
  expect(readKeyboard(given)).toEqual({ ok: false, error: { code: 911, detail } });
});

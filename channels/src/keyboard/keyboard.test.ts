import { expect, test } from 'vitest';
import { type Button, fitKeyboard, type Keyboard } from './keyboard.ts';

const yes: Button = { kind: 'text', label: 'Да', payload: '{"a":1}', color: 'positive' };
const under = (...rows: Button[][]): Keyboard => ({ place: 'message', rows });
const problemsOf = (network: 'vk' | 'ok', keyboard: Keyboard) => {
  const fitted = fitKeyboard(network, keyboard);
  return fitted.ok ? [] : fitted.problems.map(({ path, rule }) => `${path}: ${rule}`);
};

test('a keyboard that a network can show goes out as it is', () => {
  const keyboard: Keyboard = { place: 'dialog', oneTime: true, rows: [[yes], [{ kind: 'location', label: 'Где вы?' }]] };
  expect(fitKeyboard('vk', keyboard)).toEqual({ ok: true, keyboard, simplified: [] });
});

test('what a network lacks becomes the nearest thing it has, and is named', () => {
  const contact: Button = { kind: 'contact', label: 'Мой телефон' };
  expect(fitKeyboard('vk', under([contact]))).toEqual({
    ok: true,
    keyboard: under([{ kind: 'text', label: 'Мой телефон', payload: '{}' }]),
    simplified: [{ path: 'rows[0][0].kind', rule: 'VK has no contact button: a text button stands in' }],
  });
  expect(fitKeyboard('ok', { place: 'dialog', oneTime: true, rows: [[yes]] })).toEqual({
    ok: true,
    keyboard: under([{ ...yes, kind: 'callback' }]),
    simplified: [
      { path: 'place', rule: 'OK shows buttons only under a message, and they stay there' },
      { path: 'rows[0][0].kind', rule: 'OK has no text button: a callback button stands in' },
    ],
  });
});

test('an empty keyboard takes the one at the bottom of a dialog away, and means nothing under a message', () => {
  expect(fitKeyboard('vk', { place: 'dialog', rows: [] })).toMatchObject({ ok: true });
  // OK has none at the bottom: what takes it away on VK is for it a message without buttons, and no mistake of a rule for both.
  expect(fitKeyboard('ok', { place: 'dialog', rows: [] })).toMatchObject({ ok: true, keyboard: { rows: [] } });
  expect(problemsOf('vk', under())).toEqual(['rows: a keyboard under a message has at least one row']);
});

test.each<[string, 'vk' | 'ok', Keyboard, string]>([
  [
    'label',
    'vk',
    under([yes], [{ ...yes, label: 'я'.repeat(41) }]),
    'rows[1][0].label: VK takes at most 40 characters, there are 41',
  ],
  ['no label', 'vk', under([{ ...yes, label: ' ' }]), 'rows[0][0].label: a button needs a label'],
  [
    'payload of null',
    'vk',
    under([{ ...yes, payload: 'null' }]),
    'rows[0][0].payload: a payload is JSON, such as {"command":"start"}',
  ],
  [
    'payload',
    'vk',
    under([{ ...yes, payload: `"${'x'.repeat(254)}"` }]),
    'rows[0][0].payload: VK takes at most 255 characters, there are 256',
  ],
  ['row', 'vk', under(Array(6).fill(yes)), 'rows[0]: VK takes at most 5 buttons in a row, there are 6'],
  ['empty row', 'ok', under([yes], []), 'rows[1]: a row has at least one button'],
  ['buttons', 'vk', under(...Array(3).fill(Array(4).fill(yes))), 'rows: VK takes at most 10 buttons here, there are 12'],
  ['rows', 'vk', under(...Array(7).fill([yes])), 'rows: VK takes at most 6 rows here, there are 7'],
  [
    'link',
    'ok',
    under([{ kind: 'link', label: 'Сайт', url: 'javascript:alert(1)' }]),
    'rows[0][0].url: a link is an http or https address',
  ],
  [
    'wide buttons',
    'vk',
    under([yes, { kind: 'location', label: 'Где вы?' }]),
    'rows[0]: VK takes at most 1 in a row with a location button, there are 2',
  ],
])('a keyboard over a limit (%s) is refused naming the button and the rule', (_, network, keyboard, problem) => {
  expect(problemsOf(network, keyboard)).toContain(problem);
});

test('every problem is named, not only the first', () => {
  const bad: Button = { kind: 'text', label: '', payload: '{' };
  expect(problemsOf('ok', under([bad], []))).toHaveLength(3);
});

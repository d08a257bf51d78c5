import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { answer, type BotEvent, createBots, parseRules } from './bots.ts';

const base = {
  network: 'vk',
  groupId: '213243638',
  userId: '37119444',
  peerId: '37119444',
  eventId: 'e1',
  at: new Date(0),
} as const;
const says = (text: string, more: { payload?: string; ref?: string; network?: 'vk' | 'ok' } = {}): BotEvent => ({
  ...base,
  kind: 'message',
  text,
  networkId: '1',
  attachments: [],
  ...more,
});
const presses = (payload: string): BotEvent => ({ ...base, kind: 'button', payload, callbackId: 'c1' });
const opens = (payload?: string): BotEvent => ({ ...base, kind: 'started', ...(payload !== undefined && { payload }) });

const rulesOf = (yaml: string) => parseRules(yaml, 'rules.yaml');
const textsOf = (yaml: string, event: BotEvent) => answer(rulesOf(yaml), event).map(({ text }) => text);
/** One rule with this condition, answering "yes". */
const one = (when: string) => `rules: [{name: one, when: ${when}, reply: 'yes'}]`;
const fits = (when: string, event: BotEvent) => textsOf(one(when), event).length === 1;

describe('keywords', () => {
  test.each([
    ['привет', 'Привет!!!', true],
    ['привет', 'приветствую', false],
    ['привет', 'ну, ПРИВЕТ 👋', true],
    ['ещё', 'хочу еще пиццу', true],
    ['еще', 'Ещё одну', true],
    ['добрый день', 'Здравствуйте, добрый день.', true],
    ['добрый день', 'день добрый', false],
    ['доставк*', 'доставку закажу', true],
    ['доставк*', 'доставить', false],
    ['часы работы', 'часы, работы?', true],
  ])('"%s" against "%s": %s', (keyword, text, expected) => {
    expect(fits(`{keywords: ['${keyword}']}`, says(text))).toBe(expected);
  });

  test('a letter typed as two code points is the same letter', () => {
    expect(fits('{keywords: [чай]}', says('чай'.normalize('NFD')))).toBe(true);
  });
});

test('a regex sees capitals and ё as rules do, and an expression that ruins backtracking engines is harmless', () => {
  expect(fits("{regex: 'ещ[ёе]'}", says('ЕЩЁ'))).toBe(true);
  expect(fits("{regex: '^(a+)+$'}", says(`${'a'.repeat(4_000)}!`))).toBe(false);
});

test('the Start button, a link and a chat opened by a link are starts; a plain message is not', () => {
  const cases = [says('Начать', { payload: '{"command":"start"}' }), says('text', { ref: 'promo' }), opens(), opens('promo')];
  expect(cases.map((event) => fits('{start: true}', event))).toEqual([true, true, true, true]);
  expect(cases.map((event) => fits('{start: promo}', event))).toEqual([false, true, false, true]);
  expect(fits('{start: true}', says('start'))).toBe(false);
});

test('a button is recognised by its payload however the network writes it', () => {
  expect(fits('{payload: {b: 1, a: 2}}', says('Да', { payload: '{ "a": 2, "b": 1 }' }))).toBe(true);
  expect(fits('{payload: yes-please}', presses('"yes-please"'))).toBe(true);
  expect(fits('{payload: yes-please}', presses('yes-please'))).toBe(true);
  expect(fits('{payload: yes-please}', says('yes-please'))).toBe(false);
});

test('what a rule gives its button comes back as the payload it waits for', () => {
  const yaml = `rules:
    - {name: ask, when: {keywords: [hi]}, reply: {text: '?', buttons: [[{label: Go, payload: {command: go, n: 1}}]]}}
    - {name: go, when: {payload: {n: 1, command: go}}, reply: went}`;
  const [asked] = answer(rulesOf(yaml), says('hi'));
  expect(textsOf(yaml, presses(asked?.buttons?.[0]?.[0]?.payload ?? ''))).toEqual(['went']);
});

test('the first rule that fits answers, and only it', () => {
  const yaml = `rules:
    - {name: one, when: {keywords: [пицца], channel: ok}, reply: [ok first, ok second]}
    - {name: two, when: {keywords: [пицца]}, reply: any}
    - {name: rest, when: {fallback: true}, reply: rest}`;
  expect(textsOf(yaml, says('пицца', { network: 'ok' }))).toEqual(['ok first', 'ok second']);
  expect(textsOf(yaml, says('пицца'))).toEqual(['any']);
  expect(textsOf(yaml, says('суп'))).toEqual(['rest']);
});

test('an unknown command gets the fallback, and a chat merely opened does not', () => {
  const hostile = ['{"command":"reboot"}', '{"command":', '{"__proto__":{"command":"start"}}', '['.repeat(900_000), 'null', ''];
  for (const payload of hostile) expect(fits('{fallback: true}', presses(payload))).toBe(true);
  expect(fits('{fallback: true}', opens('whatever'))).toBe(false);
});

test('without a fallback an unknown message is met with silence', () => {
  expect(textsOf(one('{keywords: [привет]}'), says('что-то другое'))).toEqual([]);
  expect(createBots({}).answer(says('привет'))).toEqual([]);
});

test.each([
  ['rules: [{when: {fallback: true}, reply: a}]', /rule 1: name must be/],
  ['rules: [{name: a, when: {keyword: [b]}, reply: c}]', /rule 1 "a": when\.keyword is not known here; there is keywords/],
  [
    'rules: [{name: a, when: {keywords: [404]}, reply: c}]',
    /rule 1 "a": when\.keywords\[0\] must be a text, got a number: write it in quotes/,
  ],
  ["rules: [{name: a, when: {keywords: ['?!']}, reply: c}]", /keywords\[0\] holds no letter/],
  ["rules: [{name: a, when: {keywords: ['а*']}, reply: c}]", /at least 3 letters before \*/],
  ["rules: [{name: a, when: [{start: true}, {regex: '(?=x)'}], reply: c}]", /rule 1 "a": when\[1\]\.regex is no RE2 expression/],
  [`rules: [{name: a, when: {regex: '${'x'.repeat(301)}'}, reply: c}]`, /regex must be at most 300/],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{label: c}]]}}]',
    /reply\.buttons\[0\]\[0\]\.payload is missing/,
  ],
  [
    `rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{label: ${'c'.repeat(41)}, payload: d}]]}}]`,
    /buttons\[0\]\[0\]\.label must be a text of 1 to 40/,
  ],
  ['rules: [{name: a, when: {start: true}}]', /rule 1 "a": reply must be a text or an object/],
  [
    'rules: [{name: a, when: {fallback: true}, reply: b}, {name: c, when: {start: true}, reply: d}]',
    /rule 2 "c": it can never fit: rule "a"/,
  ],
  ['rules: [{name: a, when: {start: true}, reply: b}, {name: a, when: {start: true}, reply: b}]', /rule 2 "a": name was used/],
  ['rules: {a: b}', /the file must be an object with "rules", a list/],
  ['rules:\n  - name: "a', /line 2, column/],
])('%s is refused', (yaml, message) => {
  expect(() => rulesOf(yaml)).toThrow(message);
  expect(() => rulesOf(yaml)).toThrow(/config\.invalid: bot rules rules\.yaml: /);
});

test('every mistake is named at once, and a file that is not there says which variable to check', () => {
  expect(() => rulesOf('rules: [{name: a, when: {start: 1}, reply: ""}]')).toThrow(
    /when\.start must be .+; rule 1 "a": reply must be/,
  );
  expect(() => createBots({ rulesFile: '/nowhere/rules.yaml' })).toThrow(/ENOENT.+SOROKA_BOT_RULES/);
});

describe('the demo', () => {
  const bots = createBots({ rulesFile: fileURLToPath(new URL('demo-rules.yaml', import.meta.url)) });
  const ruleTexts = (event: BotEvent) => bots.answer(event).map(({ text }) => text);

  test.each([
    ['привет', /^Здравствуйте!/],
    ['Здравствуйте, доставка есть?', /^Привозим/],
    ['Когда вы работаете?', /^Работаем каждый день/],
    ['Спасибо!', /^Пожалуйста!/],
    ['абракадабра', /^Кажется/],
  ])('%s', (text, expected) => {
    expect(ruleTexts(says(text))).toEqual([expect.stringMatching(expected)]);
  });

  test('greets whoever comes by a link, and every button it shows leads somewhere', () => {
    const [greeting] = bots.answer(opens('payloadText'));
    const [fallback] = bots.answer(says('абракадабра'));
    const buttons = greeting?.buttons?.flat() ?? [];
    expect(buttons.map(({ label }) => label)).toEqual(['Доставка', 'Часы работы', 'Как сделать заказ']);
    for (const { payload } of buttons) expect(ruleTexts(presses(payload))).not.toEqual([fallback?.text]);
  });
});

test('docs/bot-rules.md shows rules that work as it says', () => {
  const page = readFileSync(new URL('../../../docs/bot-rules.md', import.meta.url), 'utf8');
  const yaml = /```yaml\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  expect(textsOf(yaml, says('Здравствуйте, доставка есть?'))).toEqual([expect.stringMatching(/^Привезём/)]);
  expect(textsOf(yaml, says('Добрый день'))).toEqual(['Здравствуйте! Что подсказать?']);
  expect(textsOf(yaml, says('что?'))).toEqual([expect.stringMatching(/^Пока/)]);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type BotEvent, botOf, createBots, parseRules } from './bots.ts';

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
const dialog = { isGroupChat: false };
const chat = { isGroupChat: true };
const textsOf = (yaml: string, event: BotEvent, place = dialog) =>
  botOf(rulesOf(yaml))
    .answer(event, place)
    .map(({ text }) => text);
const silent = { info: () => {} };
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
  const [asked] = botOf(rulesOf(yaml)).answer(says('hi'), dialog);
  expect(asked?.keyboard).toEqual({
    place: 'message',
    rows: [[{ kind: 'text', label: 'Go', payload: '{"command":"go","n":1}' }]],
  });
  expect(textsOf(yaml, presses('{"command":"go","n":1}'))).toEqual(['went']);
});

test('a reply may have every kind of button, at the bottom of the dialog too', () => {
  const yaml = `rules:
    - name: menu
      when: {start: true, channel: vk}
      reply:
        text: Что подсказать?
        keyboard: {place: dialog, oneTime: true}
        buttons:
          - [{label: Да, payload: yes, color: positive}, {kind: callback, label: Счёт, payload: {n: 1}}]
          - [{kind: link, label: Сайт, url: 'https://example.ru/'}]
          - [{kind: location, label: Где вы?}]
          - [{kind: contact, label: Мой телефон}]
    - {name: bye, when: {keywords: [пока]}, reply: {text: Пока, keyboard: {place: dialog}, buttons: []}}`;
  const [menu] = botOf(rulesOf(yaml)).answer(opens(), dialog);
  expect(menu?.keyboard).toEqual({
    place: 'dialog',
    oneTime: true,
    rows: [
      [
        { kind: 'text', label: 'Да', payload: '"yes"', color: 'positive' },
        { kind: 'callback', label: 'Счёт', payload: '{"n":1}' },
      ],
      [{ kind: 'link', label: 'Сайт', url: 'https://example.ru/' }],
      [{ kind: 'location', label: 'Где вы?' }],
      [{ kind: 'contact', label: 'Мой телефон' }],
    ],
  });
  expect(botOf(rulesOf(yaml)).answer(says('пока'), dialog)).toEqual([{ text: 'Пока', keyboard: { place: 'dialog', rows: [] } }]);
});

test('a keyboard is held against the networks on which its rule answers', () => {
  const fourInAWideRow = (channel: string) =>
    `rules: [{name: a, when: {start: true${channel}}, reply: {text: b, buttons: [[${'{kind: link, label: c, url: "https://a.ru"}, '.repeat(4)}]]}}]`;
  expect(() => rulesOf(fourInAWideRow(''))).toThrow(
    /rule 1 "a": reply\.buttons\[0\]: OK takes at most 3 in a row with a link button/,
  );
  expect(rulesOf(fourInAWideRow(', channel: vk'))).toHaveLength(1);
});

test('what a network will show in a simpler form is said once, when the rules are loaded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  const rulesFile = join(folder, 'rules.yaml');
  writeFileSync(
    rulesFile,
    `rules:
      - {name: ask, when: {start: true}, reply: {text: '?', buttons: [[{label: a, payload: a}, {label: b, payload: b}]]}}
      - {name: phone, when: {fallback: true, channel: vk}, reply: {text: '?', buttons: [[{kind: contact, label: c}]]}}`,
  );
  const lines: unknown[] = [];
  createBots({ rulesFile, log: { info: (line: unknown) => lines.push(line) } });
  expect(lines).toEqual([
    {
      event: 'bot_keyboards_simplified',
      simplified: [
        'rule "ask": OK has no text button: a callback button stands in',
        'rule "phone": VK has no contact button: a text button stands in',
      ],
    },
  ]);
  rmSync(folder, { recursive: true });
});

test('in a chat of several people only the rules that name chats answer, its fallback too', () => {
  const yaml = `rules:
    - {name: menu, when: {keywords: [меню]}, chats: true, reply: menu}
    - {name: hello, when: {keywords: [привет]}, reply: hello}
    - {name: rest, when: {fallback: true}, reply: rest}
    - {name: rest of chats, when: {fallback: true}, chats: true, reply: rest of chats}`;
  const words = ['меню', 'привет', 'что?'];
  expect(words.flatMap((text) => textsOf(yaml, says(text)))).toEqual(['menu', 'hello', 'rest']);
  expect(words.flatMap((text) => textsOf(yaml, says(text), chat))).toEqual(['menu', 'rest of chats', 'rest of chats']);
  expect(textsOf(one('{fallback: true}'), says('что?'), chat)).toEqual([]);
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
  expect(createBots({ log: silent }).answer(says('привет'), dialog)).toEqual([]);
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
    /rule 1 "a": reply\.buttons\[0\]\[0\]\.label: VK takes at most 40 characters, there are 41/,
  ],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{kind: link, label: c, url: "javascript:1"}]]}}]',
    /rule 1 "a": reply\.buttons\[0\]\[0\]\.url: a link is an http or https address\)$/,
  ],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{kind: link, label: c, payload: d, url: "https://a.ru"}]]}}]',
    /buttons\[0\]\[0\]\.payload is not known here; there is kind, label, url/,
  ],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{kind: dice, label: c}]]}}]',
    /buttons\[0\]\[0\]\.kind must be one of text, callback, link, contact, location/,
  ],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: []}}]',
    /reply\.buttons: a keyboard under a message has at least one row/,
  ],
  [
    'rules: [{name: a, when: {start: true}, reply: {text: b, buttons: [[{label: c, payload: d}]], keyboard: {oneTime: true}}}]',
    /reply\.keyboard\.oneTime is of a keyboard at the place dialog/,
  ],
  [`rules: [{name: a, when: {start: true}, reply: ${'б'.repeat(3_901)}}]`, /reply must be at most 3900 characters, got 3901/],
  ['rules: [{name: a, when: {start: true}, chats: often, reply: b}]', /rule 1 "a": chats must be true or false, got a text/],
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
  expect(() => createBots({ rulesFile: '/nowhere/rules.yaml', log: silent })).toThrow(/ENOENT.+SOROKA_BOT_RULES/);
});

test('a rule may show a notice to who pressed its button, with a reply or without one', () => {
  const bots = botOf(rulesOf('rules: [{name: save, when: {payload: {save: 1}}, notice: Сохранено}]'));
  expect([bots.notice(presses('{"save":1}'), dialog), bots.answer(presses('{"save":1}'), dialog)]).toEqual(['Сохранено', []]);
  expect(bots.notice(presses('{"save":2}'), dialog)).toBeUndefined();
  expect(() => rulesOf(`rules: [{name: a, when: {start: true}, notice: "${'я'.repeat(91)}"}]`)).toThrow(
    /notice must be a text of 1 to 90 characters/,
  );
});

describe('the demo', () => {
  const bots = createBots({ rulesFile: fileURLToPath(new URL('demo-rules.yaml', import.meta.url)), log: silent });
  const ruleTexts = (event: BotEvent) => bots.answer(event, dialog).map(({ text }) => text);

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
    const [greeting] = bots.answer(opens('payloadText'), dialog);
    const [fallback] = bots.answer(says('абракадабра'), dialog);
    const buttons = greeting?.keyboard?.rows.flat() ?? [];
    expect(buttons.map(({ label }) => label)).toEqual(['Доставка', 'Часы работы', 'Как сделать заказ']);
    const payloads = buttons.map((button) => (button.kind === 'text' ? button.payload : ''));
    for (const payload of payloads) expect(ruleTexts(presses(payload))).not.toEqual([fallback?.text]);
  });
});

test('docs/bot-rules.md shows rules that work as it says', () => {
  const page = readFileSync(new URL('../../../docs/bot-rules.md', import.meta.url), 'utf8');
  const yaml = /```yaml\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  const reply = /```yaml example\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  const ofExample = `rules:\n- name: example\n  when: { fallback: true }\n${reply.replaceAll(/^/gm, '  ')}`;
  const [example] = botOf(rulesOf(ofExample)).answer(says('что?'), dialog);
  expect(example?.keyboard?.rows.flat().map(({ kind }) => kind)).toEqual(['contact', 'location', 'link', 'text']);
  expect(textsOf(yaml, says('Здравствуйте, доставка есть?'))).toEqual([expect.stringMatching(/^Привезём/)]);
  expect(textsOf(yaml, says('Добрый день'))).toEqual(['Здравствуйте! Что подсказать?']);
  expect(textsOf(yaml, says('что?'))).toEqual([expect.stringMatching(/^Пока/)]);
});

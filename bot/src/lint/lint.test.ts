import { expect, test } from 'vitest';
import { botOf } from '../../test/bot-of.ts';
import { type Keyboard, type LintOptions, lintBot, readBotTests, runBotTests, toMermaid } from '../bot.ts';

const found = (yaml: string, options?: LintOptions) =>
  lintBot(botOf(yaml), options).map(({ place, problem }) => `${place} ${problem}`);

test.each([
  [
    'a step that nothing leads to',
    'scenarios: {s: [{goto: b}, {id: a, say: x}, {id: b, say: y}]}\nrules: [{name: r, when: {start: true}, do: [{goto: s}]}]',
    ['s/a is never reached: no step leads to it'],
  ],
  [
    'a scenario that nothing leads to',
    'scenarios: {s: [{say: x}]}\nrules: [{name: r, when: {start: true}, reply: x}]',
    ['s is never begun: no rule and no step leads to it'],
  ],
  [
    'an answer that nobody keeps; a choice of ways keeps it by the way',
    `rules: [{name: r, when: {start: true}, do: [{ask: {text: a}}, {choice: {text: b, options: [{label: c, goto: end}]}}]}]`,
    ['rule:r/step-1 asks and keeps no answer: give it save'],
  ],
  [
    'a variable that nobody sets, in texts, conditions and calls',
    `variables: [bonus]
rules:
  - name: r
    when: {start: true}
    do:
      - say: '{{ name }} {{ bonus }} {{ a }}'
      - if: {any: [{field: b, op: exists}, {field: segments.vip, op: is, value: true}]}
        then: end
      - call: {url: 'https://a.example/', body: {x: ['{{ c }}']}, save: {d: body.d}}
      - say: '{{ d }}'`,
    ['step-1 uses a', 'step-2 uses b', 'step-3 uses c'].map(
      (one) => `rule:r/${one}, which nothing sets: name it in variables where it comes from elsewhere`,
    ),
  ],
  [
    'rules that can never fit',
    `rules:
  - {name: a, when: {keywords: [x, y]}, reply: a}
  - {name: b, when: {keywords: [x], channel: vk}, reply: b}
  - {name: c, when: {keywords: [z], probability: 0}, reply: c}
  - {name: all, when: {fallback: true}, reply: d}
  - {name: d, when: {keywords: [q]}, reply: d}
  - {name: e, when: {start: true}, reply: a start is none of the fallback}`,
    [
      'rule "c" can never fit: its probability is 0',
      'rule "b" can never fit: rule "a" above answers all that it would',
      'rule "d" can never fit: rule "all" above answers everything; put it last',
    ],
  ],
  [
    'a payload that no button gives',
    `rules:
  - {name: a, when: {payload: {n: 1}}, reply: {text: x, buttons: [[{label: b, payload: {n: 2}}]]}}
  - {name: b, when: {payload: {n: 2}}, reply: b}`,
    [
      'rule "a" waits for a payload that no button of this bot gives: no network sends it, unless a broadcast or an older keyboard has the button',
    ],
  ],
])('lint finds %s', (_, yaml, expected) => {
  expect(found(yaml)).toEqual(expected);
});

test('lint finds a button whose answer the networks of its rule do not give', () => {
  const yaml = (channel: string) =>
    `rules: [{name: r, when: {start: true${channel}}, reply: {text: a, buttons: [[{kind: contact, label: b}]]}}]`;
  expect(found(yaml(', channel: vk'))).toEqual([
    'rule:r/reply-1 asks for a contact, which VK does not give: ask with type phone',
  ]);
  expect(found(yaml(''))).toEqual([]);
});

test('a keyboard and a text are held against the networks on which they are said', () => {
  const yaml = (channel: string) =>
    `rules: [{name: r, when: {start: true${channel}}, do: [{choice: {text: abc, save: x, options: [a, b, c]}}]}]`;
  const checkKeyboard = (network: 'vk' | 'ok', { rows }: Keyboard) =>
    network === 'ok' && rows.length > 2
      ? { ok: false as const, problems: [{ path: 'rows', rule: 'OK takes 2' }] }
      : { ok: true as const, simplified: [] };
  const options = { checkKeyboard, textCharactersMax: { vk: 3, ok: 2 } };
  expect(found(yaml(''), options)).toEqual([
    'rule:r/step-1 has 3 characters, and a network on which it is said takes 2',
    'rule:r/step-1 rows: OK takes 2',
  ]);
  expect(found(yaml(', channel: vk'), options)).toEqual([]);
});

test('a scenario is drawn with its questions, branches and ends', () => {
  const bot = botOf(`scenarios:
  s:
    - id: ask
      choice: {text: 'Пицца "4 сыра"?', save: x, options: [{label: Да, goto: yes}, Нет], timeout: 1h, onTimeout: end}
    - id: no
      goto: other
    - id: yes
      if: {field: x, op: is, value: Да}
      then: end
      else: ask
  other: [{say: Хорошо}]`);
  const scenario = bot.scenarios.get('s');
  expect(scenario === undefined ? '' : toMermaid(scenario)).toBe(`---
title: s
---
flowchart TD
  s0(["ask: Пицца #quot;4 сыра#quot;?"])
  s1["no: goto"]
  s2{"yes: if"}
  to_0[["other"]]
  finish((("конец")))
  s0 -->|"Да"| s2
  s0 -->|"нет ответа"| finish
  s0 --> s1
  s1 --> to_0
  s2 -->|"да"| finish
  s2 -->|"нет"| s0
`);
});

test('a written test that fails says where, what the bot did, and why; one with a mistake says which', async () => {
  const bot = botOf('rules: [{name: r, when: {keywords: [a]}, reply: [one, two]}]');
  const read = readBotTests(
    'tests: [{name: t, dialog: [{say: a}, {expect: one}]}, {name: u, dialog: [{say: b}, {expect: one}]}]',
  );
  const outcomes = read.ok ? await runBotTests(bot, read.tests) : [];
  expect(outcomes).toEqual([
    {
      name: 't',
      ok: false,
      failure: expect.stringMatching(/^end: The bot said "two", expected was silence\. The trace: r fits/),
    },
    { name: 'u', ok: false, failure: expect.stringMatching(/^dialog\[1\] expect: The bot said nothing more.*r no: keywords/) },
  ]);
  expect(readBotTests('tests: [{name: t, dialog: [{sya: a}, {advance: 5}]}]')).toEqual({
    ok: false,
    problems: [
      expect.stringContaining('tests[0].dialog[0] must be one of say, press, start, expect'),
      'tests[0].dialog[1].advance must be a duration such as 30s, 10m, 2h or 1d',
    ],
  });
});

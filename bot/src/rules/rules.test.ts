import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { botOf, says } from '../../test/bot-of.ts';
import { type BotEvent, explainMatch, type Facts, readBot } from '../bot.ts';
import { factsOf } from '../testing/facts.ts';

const presses = (payload: string): BotEvent => ({ kind: 'button', payload });
const started = (more: { ref?: string; payload?: string; refSource?: string } = {}): BotEvent => ({ kind: 'started', ...more });

function matchesOf(yaml: string, event: BotEvent, more: Partial<Facts> = {}) {
  return explainMatch(botOf(yaml).rules, event, factsOf(more));
}
/** Whether a rule with this condition fits, or which field keeps it from it. */
function outcome(when: string, event: BotEvent, more: Partial<Facts> = {}, rule = '') {
  const [match] = matchesOf(`rules: [{name: one, when: ${when}, reply: 'yes'${rule}}]`, event, more);
  return match?.fits === true ? 'fits' : match?.missed.join();
}
const problemsOf = (yaml: string) => {
  const read = readBot(yaml);
  return read.ok ? [] : read.problems;
};

test('a regex sees capitals and ё as rules do, and an expression that ruins backtracking engines is harmless', () => {
  expect(outcome("{regex: 'ещ[ёе]'}", says('ЕЩЁ'))).toBe('fits');
  expect(outcome("{regex: '^(a+)+$'}", says(`${'a'.repeat(4_000)}!`))).toBe('regex');
});

test('the Start button, a link and a chat opened by a link are starts; a plain message is not', () => {
  const events = [
    says('Начать', { payload: '{"command":"start"}' }),
    says('text', { ref: 'promo' }),
    started(),
    started({ payload: 'promo' }),
  ];
  expect(events.map((event) => outcome('{start: true}', event))).toEqual(['fits', 'fits', 'fits', 'fits']);
  expect(events.map((event) => outcome('{start: promo}', event))).toEqual(['start', 'fits', 'start', 'fits']);
  expect(outcome('{start: true}', says('start'))).toBe('start');
  expect(outcome('{start: true, startSource: site}', started({ ref: 'a', refSource: 'site' }))).toBe('fits');
});

test('a button is recognised by its payload however the network writes it', () => {
  expect(outcome('{payload: {b: 1, a: 2}}', says('Да', { payload: '{ "a": 2, "b": 1 }' }))).toBe('fits');
  expect(outcome('{payload: yes-please}', presses('"yes-please"'))).toBe('fits');
  expect(outcome('{payload: yes-please}', presses('yes-please'))).toBe('fits');
  expect(outcome('{payload: yes-please}', says('yes-please'))).toBe('payload');
});

describe('what is known when the event comes', () => {
  test.each<[string, BotEvent, Partial<Facts>, string]>([
    ['{channel: ok}', says('a'), { network: 'ok' }, 'fits'],
    ['{channel: ok}', says('a'), {}, 'channel'],
    ['{hours: out, fallback: true}', says('a'), { isWorkingHours: false }, 'fits'],
    ['{hours: out}', says('a'), {}, 'hours'],
    ['{segment: vip}', says('a'), { segments: { vip: true } }, 'fits'],
    ['{segment: vip}', says('a'), {}, 'segment'],
    ['{dialog: new}', says('a'), { isNewDialog: true }, 'fits'],
    ['{dialog: queue}', says('a'), { owner: 'queue' }, 'fits'],
    ['{fallback: true}', says('a'), { owner: 'human' }, 'dialog'],
    ['{fallback: true}', says('a'), { isGroupChat: true }, 'chats'],
    ['{event: subscribed}', { kind: 'subscribed' }, {}, 'fits'],
    ['{channel: vk}', { kind: 'subscribed' }, {}, 'event'],
    ['{noReply: 1d}', { kind: 'noReply', forMs: 86_400_000 }, {}, 'fits'],
    ['{noReply: 1d}', { kind: 'noReply', forMs: 3_600_000 }, {}, 'noReplyMs'],
    ['{labelAdded: vip}', { kind: 'labelAdded', label: 'vip' }, {}, 'fits'],
    ['{probability: 0.5}', says('a'), { random: () => 0.49 }, 'fits'],
    ['{probability: 0.5}', says('a'), { random: () => 0.5 }, 'probability'],
    ['[{keywords: [a]}, {payload: b}]', says('c'), {}, 'keywords,payload'],
  ])('%s', (when, event, facts, expected) => {
    expect(outcome(when, event, facts)).toBe(expected);
  });

  test('a rule for chats of several people fits in both', () => {
    expect(outcome('{keywords: [a]}', says('a'), { isGroupChat: true }, ', chats: true')).toBe('fits');
    expect(outcome('{keywords: [a]}', says('a'), {}, ', chats: true')).toBe('fits');
  });
});

describe('a file with mistakes names all of them, with their place and what to write instead', () => {
  test.each([
    ['rules: 3', 'rules must be a list, got a number'],
    ['rules: [', 'line 1, column 9: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['rules: [{name: a, when: {keywords: [да, 5]}, reply: b}]', 'keywords[1] must be a text, got a number: write it in quotes'],
    [
      'rules: [{name: a, when: {keywords: {any: [a], mode: stem}}, reply: b}]',
      'mode must be words or contains or exact or fuzzy',
    ],
    ["rules: [{name: a, when: {regex: '('}, reply: b}]", 'rule 1 "a": when.regex is no RE2 expression'],
    ['rules: [{name: a, when: {keywrds: [a]}, reply: b}]', 'when.keywrds is not known here; there is event, keywords,'],
    ['rules: [{name: a, when: {fallback: true}, reply: ""}]', 'rule 1 "a": reply must be a text that is not empty'],
    ['rules: [{name: a, when: {fallback: true}, reply: [a, {text: 1}]}]', 'rule 1 "a": reply[1].text must be a text'],
    ['rules: [{name: a, when: {fallback: true}}]', 'rule 1 "a": it does nothing: give it reply, do or notice'],
    [
      'rules: [{name: a, when: {fallback: true}, do: [{goto: b}]}]',
      'do[0].goto leads nowhere: there is no step and no scenario "b"',
    ],
    ['rules: [{name: a, when: {cooldown: 5}, reply: b}]', 'when.cooldown must be a duration such as 30s, 10m, 2h or 1d'],
    ['rules: [{name: a, when: {fallback: true}, reply: "{{ b.c }}"}]', 'reply has {{ b.c }}: between the braces'],
    ['rules: [{name: a, chats: true, when: {fallback: true}, do: [{handoff: true}]}]', 'chats cannot be true with handoff'],
    ['rules: [{name: a, when: {fallback: true}, reply: {text: a, buttons: [[{label: b}]]}}]', 'buttons[0][0].payload is missing'],
    ['rules: [{name: a, when: {fallback: true}, reply: *x}]', 'Unresolved alias'],
  ])('%s', (yaml, problem) => {
    expect(problemsOf(yaml).join('; ')).toContain(problem);
  });

  test('not only the first', () => {
    expect(problemsOf('rules: [{name: a, when: {}, reply: 1}, {name: a, reply: b}]')).toHaveLength(4);
  });
});

test('the rules of servers before scenarios are read as they are', () => {
  const page = readFileSync(new URL('../../../docs/bot-rules.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(page) ?? [];
  expect(matchesOf(yaml, says('Здравствуйте, сколько везёте?')).map(({ fits }) => fits)).toEqual([true, true, true]);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { factsOf, testBot } from '@soroka/bot';
import { describe, expect, test } from 'vitest';
import { parseBot, readBotFile } from './bots.ts';

const silent = { info: () => {} };

/** Reads a file of this text as SOROKA_BOT_RULES; gives what was logged too. */
function readText(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  const lines: unknown[] = [];
  try {
    writeFileSync(join(folder, 'rules.yaml'), text);
    return { bot: readBotFile(join(folder, 'rules.yaml'), { info: (line: unknown) => void lines.push(line) }), lines };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const fourInAWideRow = (channel: string) =>
  `rules: [{name: a, when: {start: true${channel}}, reply: {text: b, buttons: [[${'{kind: link, label: c, url: "https://a.ru"}, '.repeat(4)}]]}}]`;

test('a file is refused with everything that is wrong with it, keyboards that a network would refuse included', () => {
  expect(() => readText('rules: [{name: a, when: {start: 1}, reply: ""}]')).toThrow(
    /config\.invalid: bot rules .+start.+; .+reply/,
  );
  expect(() => readText(fourInAWideRow(''))).toThrow(/rule:a\/.+OK takes at most 3 in a row with a link button/);
  expect(readText(fourInAWideRow(', channel: vk')).bot.rules).toHaveLength(1);
  expect(() => readText('rules:\n  - name: "a')).toThrow(/line 2, column/);
});

test('a file that is not there says which variable to check', () => {
  expect(() => readBotFile('/nowhere/rules.yaml', silent)).toThrow(/ENOENT.+SOROKA_BOT_RULES/);
});

test('what a network will show in a simpler form is said once, when the file is read', () => {
  const { lines } = readText(`rules:
    - {name: ask, when: {start: true}, reply: {text: '?', buttons: [[{label: a, payload: a}, {label: b, payload: b}]]}}`);
  expect(lines).toEqual([
    { event: 'bot_keyboards_simplified', simplified: ['rule:ask: OK has no text button: a callback button stands in'] },
  ]);
});

test('the file of a server hands nobody over for not being understood unless it says so; any other bot does at the second time', async () => {
  const yaml = 'rules: [{name: rest, when: {fallback: true}, reply: Что?}]';
  const silentTwice = async (bot: Parameters<typeof testBot>[0]) => {
    const t = testBot(bot);
    for (const word of ['раз', 'два', 'три']) await t.user(word);
    return [t.expectReply(), t.expectReply()];
  };
  expect(await silentTwice(readText(yaml).bot)).toEqual(['Что?', 'Что?']);
  expect(await silentTwice(readText(`misunderstood: 2\n${yaml}`).bot)).toEqual(['Что?', expect.stringMatching(/оператор/)]);
  const read = parseBot(yaml);
  expect(read.ok && (await silentTwice(read.bot))).toEqual(['Что?', expect.stringMatching(/оператор/)]);
});

describe('the demo', () => {
  const bot = readBotFile(fileURLToPath(new URL('demo-rules.yaml', import.meta.url)), silent);

  test.each([
    ['привет', /^Здравствуйте!/],
    ['Здравствуйте, доставка есть?', /^Привозим/],
    ['Когда вы работаете?', /^Работаем каждый день/],
    ['Спасибо!', /^Пожалуйста!/],
    ['абракадабра', /^Кажется/],
  ])('%s', async (text, expected) => {
    const t = testBot(bot);
    await t.user(text);
    t.expectReply(expected);
    t.expectSilence();
  });

  test('greets whoever comes by a link, and every button it shows leads somewhere', async () => {
    for (const label of ['Доставка', 'Часы работы', 'Как сделать заказ']) {
      const t = testBot(bot, factsOf({ network: 'vk' }));
      await t.start('payloadText');
      t.expectReply(/^Здравствуйте!/);
      await t.press(label);
      expect(t.expectReply()).not.toMatch(/^Кажется/);
    }
  });
});

test('docs/bot-rules.md shows rules that work as it says', async () => {
  const page = readFileSync(new URL('../../../docs/bot-rules.md', import.meta.url), 'utf8');
  const yaml = /```yaml\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  const reply = /```yaml example\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  const example = readText(`rules:\n- name: example\n  when: { fallback: true }\n${reply.replaceAll(/^/gm, '  ')}`).bot;
  const asked = testBot(example);
  await asked.user('что?');
  const [said] = asked.effects;
  expect(said?.kind === 'say' && said.keyboard?.rows.flat().map(({ kind }) => kind)).toEqual([
    'contact',
    'location',
    'link',
    'text',
  ]);
  const t = testBot(readText(yaml).bot);
  for (const [text, expected] of [
    ['Здравствуйте, доставка есть?', /^Привезём/],
    ['Добрый день', /^Здравствуйте! Что подсказать\?$/],
    ['что?', /^Пока/],
  ] as const) {
    await t.user(text);
    t.expectReply(expected);
  }
});

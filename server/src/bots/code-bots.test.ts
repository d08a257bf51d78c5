import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testBot } from '@soroka/bot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCodeBots } from './bots.ts';

const folder = mkdtempSync(join(tmpdir(), 'bots-'));
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules', '@soroka'), { recursive: true });
  symlinkSync(fileURLToPath(new URL('../../../bot', import.meta.url)), join(folder, 'node_modules', '@soroka', 'bot'));
  writeFileSync(
    join(folder, 'salon.mjs'),
    `import { defineBot } from '@soroka/bot';
     export const bot = defineBot((b) => b.hear('привет', (c) => c.reply('Салон слушает.')));`,
  );
  writeFileSync(join(folder, 'empty.mjs'), 'export const robot = {};');
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (name: string) => loadCodeBots(new Map([['salon', join(folder, name)]]));

test('a bot in code is loaded from its path and answers', async () => {
  const bot = (await load('salon.mjs')).get('salon');
  if (bot === undefined) throw new Error('it was not loaded');
  const t = testBot(bot);
  await t.user('привет');
  t.expectReply('Салон слушает.');
});

test.each([
  ['nothing.mjs', /SOROKA_BOT_MODULES: salon cannot be loaded/],
  ['empty.mjs', /salon must export "bot", made with defineBot/],
])('%s stops the start with a sentence', async (name, message) => {
  await expect(load(name)).rejects.toThrow(message);
});

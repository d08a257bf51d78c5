import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lintBot, readBot, readBotTests, runBotTests } from '../src/bot.ts';

const FOLDER = new URL('../templates/', import.meta.url);

describe.each(readdirSync(FOLDER))('the template %s', (file) => {
  const yaml = readFileSync(new URL(file, FOLDER), 'utf8');

  test('is read, has nothing that lint minds, and passes its own tests', async () => {
    const [read, tests] = [readBot(yaml), readBotTests(yaml)];
    if (!read.ok || !tests.ok) throw new Error(JSON.stringify([read, tests]));
    expect(lintBot(read.bot)).toEqual([]);
    expect(tests.tests.length).toBeGreaterThan(1);
    expect((await runBotTests(read.bot, tests.tests)).filter(({ ok }) => !ok)).toEqual([]);
  });
});

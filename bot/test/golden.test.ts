import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { factsOf, step } from '../src/bot.ts';
import { botOf, says } from './bot-of.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Which rule each phrase should have, and which it has; null for none. */
function answers(): { phrase: string; expected: string | null; found: string | null }[] {
  const bot = botOf(read('golden-rules.yaml'));
  const lines = read('golden-phrases.txt')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  return lines.map((line) => {
    const [rule = '', phrase = ''] = line.split(' | ');
    const { trace } = step(bot, undefined, says(phrase), factsOf());
    return { phrase, expected: rule === '-' ? null : rule, found: trace.find(({ outcome }) => outcome === 'fits')?.name ?? null };
  });
}

test('150 phrases find their rules as well as they did when this was measured', () => {
  const all = answers();
  const right = all.filter(({ expected, found }) => found !== null && found === expected).length;
  const found = all.filter((one) => one.found !== null).length;
  const expected = all.filter((one) => one.expected !== null).length;
  const [precision, recall] = [right / found, right / expected];
  const wrong = all
    .filter((one) => one.found !== one.expected)
    .map((one) => `${one.phrase}: ${one.found ?? 'none'}, not ${one.expected ?? 'any'}`);
  process.stdout.write(`precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}\n${wrong.join('\n')}\n`);
  expect(all.length).toBeGreaterThanOrEqual(150);
  expect([precision.toFixed(3), recall.toFixed(3)]).toEqual(['0.957', '0.925']);
});

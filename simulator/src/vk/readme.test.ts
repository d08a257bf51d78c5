import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SIMULATED_METHODS } from './methods/methods.ts';

const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [, chapter = ''] = /^## What of VK is there\n(.*?)^## /ms.exec(page) ?? [];

/** `users.get`, and of `groups.getById getMembers` both. */
function methodsOf(text: string): string[] {
  const listed = [...text.matchAll(/^- `([^`]+)`$/gm)].map(([, names = '']) => names.split(' '));
  return listed.flatMap(([first = '', ...others]) => {
    const [section] = first.split('.');
    return [first, ...others.map((name) => `${section}.${name}`)];
  });
}

test('the README names every simulated method of VK, and no other', () => {
  expect(methodsOf(chapter).sort()).toEqual([...SIMULATED_METHODS].sort());
});

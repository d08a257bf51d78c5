import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from './errors.ts';
import { STATUS_ERRORS } from './statuses.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`(.+)`/.exec(section)?.[1], section]),
);

test('docs/errors.md lists exactly the codes that exist', () => {
  expect([...sections.keys()].sort()).toEqual(Object.keys(ERRORS).sort());
});

test('every code has its status, what it means and what to do', () => {
  for (const [code, { status, hint }] of Object.entries(ERRORS)) {
    const section = sections.get(code) ?? '';
    const place = code === 'config.invalid' ? 'On standard error' : status === 200 ? 'Inside a 200' : `Status ${status}`;
    expect(section, code).toContain(`\n${place}`);
    expect(section, code).toContain(`What to do: ${hint}`);
  }
});

test('every errorCode of a status has its row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| (\w+) \|/gm)].map((match) => [match[2], Number(match[1])]);
  expect(Object.fromEntries(rows)).toEqual(STATUS_ERRORS);
});

test('a text says something, and a hint says what to do', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    expect(ERRORS[code].message, code).toMatch(/^.{8,}\.$/);
    expect(ERRORS[code].hint, code).toMatch(/^.{8,}\.$/);
  }
});

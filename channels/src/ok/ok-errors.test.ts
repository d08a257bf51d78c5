import { readFixture } from '@soroka/fixtures';
import { expect, test } from 'vitest';
import { OK_ERRORS } from './ok-errors.ts';

test('every error that OK lists has one reaction, under its name, and no other has', () => {
  const listed = readFixture('ok/error-codes').body as { code: number; name: string }[];
  expect(listed).toHaveLength(90);
  expect(Object.entries(OK_ERRORS).map(([code, { name }]) => `${code} ${name}`)).toEqual(
    listed.map(({ code, name }) => `${code} ${name}`),
  );
});

test('what may pass is tried again, and what concerns the key stops the connection', () => {
  const codesOf = (kind: string) =>
    Object.entries(OK_ERRORS).flatMap(([code, { meaning }]) => (meaning.kind === kind ? [Number(code)] : []));
  // Retried by independent clients: 1, 2, 9999. Temporary by their description: 7, 8, 9, 11.
  expect(codesOf('failed')).toEqual([1, 2, 9_999]);
  expect(codesOf('throttled')).toEqual([7, 8, 9, 11]);
  expect(codesOf('stopped')).toEqual([101, 102, 103, 104, 105, 210, 401, 402, 403, 453, 900]);
});

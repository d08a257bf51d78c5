import { expect, test } from 'vitest';
import { storable } from './outcome-text.ts';

const said = (answer: string): string | undefined => {
  const outcome = storable({ kind: 'failed', networkCode: '10', answer }, 'key');
  return 'answer' in outcome ? outcome.answer : undefined;
};

test('of what a network said, tokens, keys and phones are not written down', () => {
  expect(said('User authorization failed: access_token=vk1.a.abc was refused')).toBe(
    'User authorization failed: access_token=*** was refused',
  );
  expect(said('{"error":"bad","token":"s3cret","sig":"0f"}')).toBe('{"error":"bad","token":"***","sig":"***"}');
  expect(said('Authorization: Bearer abc.def is wrong')).not.toContain('abc.def');
  expect(said('no such key sk_live_0123456789abcdefghijklmnop')).toBe('no such key ***');
  expect(said('+79991234567 is not registered')).toBe('*** is not registered');
  expect(said("Can't send messages for users without permission")).toBe("Can't send messages for users without permission");
});

test('of a long answer the head is kept, and none of it is too odd for the database', () => {
  expect(said(`\0${'слово '.repeat(1_000)}`)).toHaveLength(300);
});

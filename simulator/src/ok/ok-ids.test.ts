import { expect, test } from 'vitest';
import { bareId, hasPrefix } from './ok-ids.ts';

test('prefixes are read in either case and may be missing', () => {
  expect(bareId('USER:123')).toBe('123');
  expect(bareId('mid:C1.2f')).toBe('C1.2f');
  expect(bareId('123')).toBe('123');
  expect(hasPrefix('CHAT:C1', 'chat')).toBe(true);
  expect(hasPrefix('C1', 'chat')).toBe(false);
});

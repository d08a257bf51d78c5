import { expect, test } from 'vitest';
import { bareId, hasPrefix, messageNumbers, timestampOf } from './ok-ids.ts';

test('the numbers of both messages printed by OK come out exactly', () => {
  // seed 002: timestamps 1498581292941 and 1498581208140; seq as exact integers (contracts/ok.md 3.5), not as printed there.
  expect(messageNumbers('chat:C3ecb9d02a600', 1498581292941, 0x2059)).toEqual({
    seq: 98211023614189657n,
    mid: 'mid:C3ecb9d02a600.15cea67d78d2059',
  });
  expect(messageNumbers('chat:C3ecb9d02a600', 1498581208140, 0x2481)).toEqual({
    seq: 98211018056672385n,
    mid: 'mid:C3ecb9d02a600.15cea668c4c2481',
  });
});

test('a seq tells the time of its message', () => {
  expect(timestampOf(98211023614189657n)).toBe(1498581292941);
});

test('prefixes are read in either case and may be missing', () => {
  expect(bareId('USER:123')).toBe('123');
  expect(bareId('mid:C1.2f')).toBe('C1.2f');
  expect(bareId('123')).toBe('123');
  expect(hasPrefix('CHAT:C1', 'chat')).toBe(true);
  expect(hasPrefix('C1', 'chat')).toBe(false);
});

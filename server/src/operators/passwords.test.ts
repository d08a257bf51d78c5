import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPasswords, PASSWORD_COST } from './passwords.ts';

const CHEAP = { logN: 4, r: 8, p: 1 };

test('a hash carries its parameters and its salt, and only its password fits', async () => {
  const passwords = createPasswords({ cost: CHEAP });
  const [first, second] = [await passwords.hash('eight brown magpies'), await passwords.hash('eight brown magpies')];
  expect(first).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(second).not.toBe(first);
  const [, , , salt = '', hash = ''] = first.split('$');
  const again = scryptSync('eight brown magpies', Buffer.from(salt, 'base64'), 32, { N: 16, r: 8, p: 1 });
  expect(Buffer.from(hash, 'base64')).toEqual(again);
  expect(await passwords.isRight('eight brown magpies', first)).toBe(true);
  expect(await passwords.isRight('eight brown magpie', first)).toBe(false);
  expect(await passwords.isRight('eight brown magpies', null)).toBe(false);
});

test('the same letters fit however a system composes them', async () => {
  const passwords = createPasswords({ cost: CHEAP });
  const stored = await passwords.hash('восемь ёлок и й'.normalize('NFD'));
  expect(await passwords.isRight('восемь ёлок и й'.normalize('NFC'), stored)).toBe(true);
});

test('what was hashed with other parameters still fits, and is known to be outdated', async () => {
  const stored = await createPasswords({ cost: CHEAP }).hash('eight brown magpies');
  const dearer = createPasswords({ cost: { ...CHEAP, logN: 5 } });
  expect(await dearer.isRight('eight brown magpies', stored)).toBe(true);
  expect([dearer.isOutdated(stored), createPasswords({ cost: CHEAP }).isOutdated(stored)]).toEqual([true, false]);
});

test('by default a hash costs what ASVS asks for', async () => {
  expect(PASSWORD_COST).toEqual({ logN: 17, r: 8, p: 1 });
  expect(await createPasswords().hash('eight brown magpies')).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
});

test('a flood of logins is sent away rather than kept waiting without end', async () => {
  const passwords = createPasswords({ cost: CHEAP });
  const answers = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.isRight('x', null)));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(8); // two run, fifty wait
  expect(refused[0]).toMatchObject({ reason: { code: 'rate.limit' } });
  expect(await passwords.isRight('x', null)).toBe(false);
});

import { expect, test } from 'vitest';
import { base32, totpCode, totpStepOf, totpUri } from './totp.ts';

// RFC 6238, appendix B (SHA-1); its codes have 8 digits, ours are their last six.
const SECRET = Buffer.from('12345678901234567890');
test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('at %i s the code is that of RFC 6238', (seconds, code) => {
  expect(totpCode(SECRET, Math.floor(seconds / 30))).toBe(code.slice(-6));
});

test('the code of the step before and of the one after count too, none twice', () => {
  const [step, now] = [50_000_000, 50_000_000 * 30_000 + 29_999];
  for (const drift of [-1, 0, 1]) expect(totpStepOf(SECRET, totpCode(SECRET, step + drift), now, 0)).toBe(step + drift);
  for (const drift of [-2, 2]) expect(totpStepOf(SECRET, totpCode(SECRET, step + drift), now, 0)).toBeNull();
  expect(totpStepOf(SECRET, totpCode(SECRET, step), now, step)).toBeNull();
  for (const odd of ['', '12345', '1234567', 'abcdef', '１２３４５６']) expect(totpStepOf(SECRET, odd, now, 0)).toBeNull();
});

test('apps read the secret and its address', () => {
  // RFC 4648, 10.
  expect(['f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => base32(Buffer.from(text)))).toEqual([
    'MY',
    'MZXQ',
    'MZXW6',
    'MZXW6YQ',
    'MZXW6YTB',
    'MZXW6YTBOI',
  ]);
  const url = new URL(totpUri(SECRET, 'анна@shop'));
  expect(decodeURIComponent(url.pathname)).toBe('/Soroka:анна@shop');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ secret: base32(SECRET), issuer: 'Soroka' });
});

import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { expect, test } from 'vitest';
import { mobileNumber } from './phone.ts';

test.each([
  ['79999999999', '79999999999'],
  ['+79999999999', '79999999999'],
  ['89999999999', '79999999999'],
  ['9999999999', '79999999999'],
  ['8 (999) 999-99-99', '79999999999'],
  ['+7 999 999‑99‑99', '79999999999'],
  ['79980000000', '79980000000'],
  ['77011234567', '77011234567'],
  ['380501234567', '380501234567'],
  ['+375 29 123-45-67', '375291234567'],
  ['8613812345678', '8613812345678'],
  ['+84912345678', '84912345678'],
])('%s is the mobile number %s', (written, number) => {
  expect(mobileNumber(written)).toBe(number);
});

test.each([
  '',
  '7999',
  '799999999990',
  '74951234567',
  '84951234567',
  '+0',
  'Anna',
  '79999999999 ext. 5',
  'call 79999999999',
  '7999999999x',
  '++79999999999',
  '٧٩٩٩٩٩٩٩٩٩٩',
  '9'.repeat(40),
  '79999999999\u0000',
])('%s is not', (written) => {
  expect(mobileNumber(written)).toBeNull();
});

test('the quick way for +7 says what the library says of every single number', () => {
  const prefix = fc.oneof(
    fc.integer({ min: 0, max: 999 }).map((number) => String(number).padStart(3, '0')),
    fc.constantFrom('930', '9300', '93000', '999', '998', '701', '955', '90'),
  );
  fc.assert(
    fc.property(prefix, fc.integer({ min: 0, max: 9_999_999 }), (start, rest) => {
      const national = (start + String(rest).padStart(7, '0')).slice(0, 10);
      const type = parsePhoneNumberFromString(`+7${national}`)?.getType();
      const expected = type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE' ? `7${national}` : null;
      for (const written of [`7${national}`, `+7${national}`]) expect(mobileNumber(written)).toBe(expected);
      // The spaces keep it from the quick way.
      for (const code of ['8', '']) expect(mobileNumber(`${code}${national}`)).toBe(mobileNumber(`${code} ${national} `));
    }),
    { numRuns: 10_000, seed: 1 },
  );
});

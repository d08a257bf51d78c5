import { readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, stringifyJson } from './json.ts';

describe('parseJson', () => {
  test('keeps an integer beyond 2^53 exactly', () => {
    // Not a seed's number: those survive a double by luck.
    expect(parseJson('{"seq":9007199254740993}')).toEqual({ seq: 9007199254740993n });
    expect(parseJson('[-9007199254740993]')).toEqual([-9007199254740993n]);
  });

  test('gives plain numbers for all that a double holds', () => {
    expect(parseJson('[9007199254740991, 1.5, 1e3, -0.25, 2.50]')).toEqual([9007199254740991, 1.5, 1000, -0.25, 2.5]);
  });

  test('reads what a double would change, and writes it with its own digits', () => {
    for (const number of [
      '9007199254740993',
      '12345678.123456789012',
      '0.1234567890123456789',
      '1e400',
      '-1E-400',
      '3690837110063289472',
    ]) {
      expect(stringifyJson(parseJson(`{"n":${number}}`)), number).toBe(`{"n":${number}}`);
    }
  });

  test('takes the last of a repeated key, as JSON.parse does, in long and short bodies', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 });
    expect(parseJson('{"a":1,"a":9007199254740993}')).toEqual({ a: 9007199254740993n });
  });

  test('lets no key reach the prototype of others', () => {
    for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1},"n":9007199254740993}']) {
      expect(parseJson(text)).not.toHaveProperty('x');
      expect(Object.keys(parseJson(text) as object)).toContain('__proto__');
    }
  });

  test('refuses broken JSON and bottomless nesting with a SyntaxError', () => {
    expect(() => parseJson(readFixture('notify/request-as-printed').text)).toThrow(SyntaxError);
    expect(() => parseJson('[9007199254740993,]')).toThrow(SyntaxError);
    expect(() => parseJson(`${'['.repeat(200_000)}9007199254740993`)).toThrow(SyntaxError);
  });

  test('agrees with JSON.parse wherever a double loses nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});

test('stringifyJson refuses what JSON has no form for', () => {
  expect(() => stringifyJson(undefined)).toThrow(TypeError);
});

import { readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactValue, readJsonBody } from './json-body.ts';
import { findJsonProblem } from './json-problem.ts';
import { elementsOf, isDeeperThan, twoMembersOf, valueStart } from './json-spans.ts';

const problemOf = (text: string | Buffer) => {
  const body = readJsonBody(Buffer.from(text), 32);
  return body.ok ? null : body.problem;
};
const isReadable = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the position of what cannot be read', () => {
  test('a trailing comma is reported at the comma', () => {
    expect(problemOf('{"name": "Anna",\n }')).toMatchObject({ position: 15, line: 1, column: 16 });
    expect(problemOf('[1,2 , ]')).toMatchObject({ position: 5 });
  });

  test.each([
    ['', 0],
    ['   ', 3],
    ['[1', 2],
    ['[1,', 3],
    ['{"a"', 4],
    ['{"a":', 5],
    ['{"a":1', 6],
    ['["abc', 5],
    ['{a:1}', 1],
    ["['a']", 1],
    ['[1,,2]', 3],
    ['[01]', 2],
    ['[1.]', 2],
    ['[-]', 2],
    ['[+1]', 1],
    ['[tru]', 1],
    ['["a\nb"]', 3],
    ['["\\x"]', 2],
    ['["\\u12g4"]', 2],
    ['[1] x', 4],
    ['[1}', 2],
    ['{"a":1]', 6],
    ['{"a" 1}', 5],
    ['\uFEFF[]', 0],
    ['[NaN]', 1],
  ])('%j at %i', (text, position) => {
    expect(problemOf(text)).toMatchObject({ position });
  });

  test('line and column count from one', () => {
    expect(problemOf('[\n  1,\r\n  x\n]')).toMatchObject({ position: 10, line: 3, column: 3 });
  });

  test('bytes that are no UTF-8 are found behind honest replacement characters', () => {
    const text = Buffer.concat([Buffer.from('["Анна \uFFFD ok", "'), Buffer.of(0xd0, 0x22), Buffer.from(']')]);
    expect(problemOf(text)).toMatchObject({ position: 15, message: expect.stringContaining('UTF-8') });
  });

  test('the 33rd bracket is one too many, the 32nd is not', () => {
    expect(problemOf('['.repeat(32) + ']'.repeat(32))).toBeNull();
    expect(problemOf('['.repeat(33) + ']'.repeat(33))).toMatchObject({
      position: 32,
      message: expect.stringContaining('32 levels'),
    });
    expect(problemOf('{"a":'.repeat(33) + 1 + '}'.repeat(33))).toMatchObject({ position: 160 });
  });

  test('two million brackets are refused without falling over', () => {
    expect(problemOf('['.repeat(2_000_000))).toMatchObject({ position: 32 });
    expect(problemOf('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toMatchObject({ position: 32 });
  });

  test('the printed request of the contract is refused at its trailing comma', () => {
    const printed = readFixture('notify/request-as-printed').text;
    const comma = printed.indexOf('"Margarita",') + '"Margarita"'.length;
    expect(problemOf(printed)).toMatchObject({ position: comma });
    expect(problemOf(printed.slice(0, comma) + printed.slice(comma + 1))).toBeNull();
  });
});

describe('the scanner and JSON.parse', () => {
  const nearlyJson = fc
    .tuple(
      fc.json({ maxDepth: 4 }),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom('', ',', '"', '\\', '}', ']', '{', '[', '0', '-', '.', 'e', ' ', '\n', '\t', '\u0001', 'ы', ':'),
        ),
      ),
    )
    .map(([json, edits]) =>
      edits.reduce((text, [at, piece]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + piece + text.slice(cut + 1);
      }, json),
    );

  test('agree on what is valid', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.json(), fc.string()), (text) => {
        expect(findJsonProblem(text, 1_000) === null).toBe(isReadable(text));
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  test('what stands before the reported position could still become valid', () => {
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const problem = findJsonProblem(text, 1_000);
        if (problem === null) return;
        const cut = findJsonProblem(text.slice(0, problem.position), 1_000);
        // Cut off there, the text is whole or ends too early, and nothing before is wrong.
        if (cut !== null) expect(cut.position).toBe(problem.position);
      }),
      { numRuns: 2_000, seed: 2 },
    );
  });
});

describe('pieces of a valid text', () => {
  test('elements and members come back exactly as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z_]{1,9}$/)), fc.jsonValue({ maxDepth: 3 }))),
        fc.constantFrom(0, 2),
        (items, indent) => {
          const text = ` ${JSON.stringify(items, null, indent)}`;
          const elements = elementsOf(text, valueStart(text));
          expect(elements.map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(JSON.parse(text));
          for (const [index, { start }] of elements.entries()) {
            const parsed = JSON.parse(text)[index] as Record<string, unknown>;
            for (const name of Object.keys(parsed).filter((key) => /^\w+$/.test(key))) {
              const [span, none] = twoMembersOf(text, start, name, 'a name that nobody has');
              expect(none).toBeUndefined();
              expect(JSON.parse(text.slice(span?.start, span?.end))).toEqual(parsed[name]);
            }
          }
        },
      ),
      { numRuns: 500, seed: 3 },
    );
  });

  test('of a repeated name the last counts, however it is escaped', () => {
    const text = '{"a":1,"\\u0061" : [2 ],"b":3}';
    const [b, a] = twoMembersOf(text, 0, 'b', 'a');
    expect(text.slice(a?.start, a?.end)).toBe('[2 ]');
    expect(text.slice(b?.start, b?.end)).toBe('3');
  });

  test('brackets in strings do not count as depth', () => {
    expect(isDeeperThan('["[[[[\\"[[["]', 1)).toBe(false);
    expect(isDeeperThan('[[]]', 1)).toBe(true);
  });
});

test('integers beyond 2^53 become bigints, everything else is as JSON.parse gives it', () => {
  const text = '{"id":9007199254740993,"n":-9007199254740993,"small":12,"text":"9007199254740993","part":0.1234567890123456}';
  expect(exactValue(text, JSON.parse(text))).toEqual({
    id: 9007199254740993n,
    n: -9007199254740993n,
    small: 12,
    text: '9007199254740993',
    part: 0.1234567890123456,
  });
});

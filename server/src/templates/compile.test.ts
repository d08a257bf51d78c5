import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, renderByEngine } from './compile.ts';

describe('what a template may hold', () => {
  test.each([
    ['{% include "secret" %}', /tag "include" not found/],
    ['{% render "secret" %}', /tag "render" not found/],
    ['{% layout "page" %}', /tag "layout" not found/],
    ['{% for i in (1..1000000000) %}x{% endfor %}', /tag "for" not found/],
    ['{% assign a = 1 %}', /tag "assign" not found/],
    ['{{ name | sha256 }}', /undefined filter: sha256/],
    ['{{ name | replace: "", name }}', /undefined filter: replace/],
    ['{% if (1..1000000000) contains name %}x{% endif %}', /range/],
    ['{{ order.id }}', /"order\.id" is no plain variable/],
    ['{{ order["id"] }}', /"order\.id" is no plain variable/],
    ['{{ name.constructor }}', /no plain variable/],
    ['{{ 1st }}', /"1st" is no plain variable/],
    ['{{ name | append }}', /append takes 1 arguments, in "name \| append"/],
    ['{{ name | upcase: "x" }}', /upcase takes 0 arguments/],
    ['{{ name | default: "x", allow_false: true }}', /default takes 1 arguments/],
    ['{% if name | append %}x{% endif %}', /append takes 1 arguments/],
    ['{{ first name }}', /one variable/],
    ['{{ true }}', /one variable/],
    ['{{ }}', /line:1/],
    ['Hello, {{ name', /not closed/],
    ['{% if name %}Hello', /not closed/],
    [' \n', /empty/],
    ['x'.repeat(10_001), /10001 characters/],
  ])('%j is refused with the reason', (text, reason) => {
    expect(() => compile(text)).toThrow(reason);
  });

  test.each([
    ['{{ name | upcase }}!', { name: 'анна' }, 'АННА!'],
    ['{% if paid %}Спасибо{% else %}Ждём {{ sum }} ₽{% endif %}', { paid: false, sum: 100.5 }, 'Ждём 100.5 ₽'],
    ['{{ text | truncate: 5 }}', { text: 'Маргарита' }, 'Ма...'],
    ['{{ text | append: ", |: " | truncate: 9, "…" }}', { text: 'Анна' }, 'Анна, |: '],
    [
      '{{ sum }} {{ sum | append: "!" }} {{ sum | minus: 1 | at_most: 5 }}',
      { sum: 9007199254740993n },
      '9007199254740993 9007199254740993! 5',
    ],
    ['{{ имя }}, {{- город -}} .', { имя: 'Анна', город: 'Тверь' }, 'Анна,Тверь.'],
    ['В 5..6 часов, {{ name | default: "a..b" }}', { name: 'Анна' }, 'В 5..6 часов, Анна'],
  ])('%j renders', (text, values, expected) => {
    expect(compile(text).render(values)).toBe(expected);
  });
});

test('variables are listed once, in the order of their first use, wherever they stand', () => {
  const { variables } = compile('{{ b }}{% if a == "x" and c > 1 %}{{ b | append: d }}{% elsif e %}{{ f }}{% endif %}');
  expect([...variables].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(variables[0]).toBe('b');
});

// The fast path exists for speed alone, so the engine itself says what is right: for any literal text around variables,
// any white-space control and any value.
test('plain templates come out as the Liquid engine renders them', () => {
  const name = fc.constantFrom('name', 'pizza', 'имя', 'a-b', '_x1', '__proto__', 'constructor');
  const output = fc
    .tuple(name, fc.constantFrom('', '-'), fc.constantFrom('', '-'), fc.constantFrom('', ' ', '\n'))
    .map(([variable, left, right, space]) => `{{${left}${space}${variable}${space}${right}}}`);
  const literal = fc.oneof(
    fc.string({ unit: 'grapheme' }).filter((text) => !/\{\{|\{%/.test(text)),
    fc.constantFrom(' ', '\n\t', '}}', '%}', '{ {', '<b>&amp;', '\r\n'),
  );
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('{{ name }}', '{% if x %}', '', '<&"'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.bigInt(),
    fc.boolean(),
  );
  const values = fc.tuple(...Array.from({ length: 7 }, () => value));
  fc.assert(
    fc.property(fc.array(fc.oneof(output, literal), { minLength: 1, maxLength: 8 }), values, (pieces, given) => {
      const text = pieces.join('x');
      fc.pre(text.trim() !== '' && !/\{\{[^}]*$|\{%/.test(text.replace(/\{\{-?\s*[\p{L}_][\p{L}\p{N}_-]*\s*-?\}\}/gu, '')));
      const names = ['name', 'pizza', 'имя', 'a-b', '_x1', '__proto__', 'constructor'];
      const all = Object.fromEntries(names.map((key, index) => [key, given[index]]));
      expect(compile(text).render(all)).toBe(renderByEngine(text, all));
    }),
    { numRuns: 500 },
  );
});

test('no value of the allowed types makes a filter or a condition throw, or the text explode', () => {
  const value = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.constantFrom('', '1e400', '-5', '(', '\\', '$&', 'NaN', 0, -1, 1e308, 1_000_000_000, true, false),
    fc.double(),
    fc.bigInt(),
  );
  const filters =
    'abs append at_least at_most capitalize ceil default divided_by downcase floor lstrip minus modulo plus prepend remove round rstrip strip times truncate truncatewords upcase';
  const attempts = filters
    .split(' ')
    .flatMap((filter) => [`{{ a | ${filter} }}`, `{{ a | ${filter}: b }}`, `{{ a | ${filter}: b, c }}`]);
  const conditions = ['==', '!=', '>', '<', '>=', '<=', 'contains', 'and', 'or'].map(
    (operator) => `{% if a ${operator} b %}{{ c }}{% endif %}`,
  );
  const usable = [...attempts, ...conditions].flatMap((text) => {
    try {
      return [compile(text)];
    } catch {
      return []; // this filter takes fewer or more arguments
    }
  });
  expect(usable.length).toBe(23 + 5 + conditions.length);
  fc.assert(
    fc.property(fc.constantFrom(...usable), value, value, value, ({ render }, a, b, c) => {
      expect(render({ a, b, c }).length).toBeLessThan(400);
    }),
    { numRuns: 3_000 },
  );
});

import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { exampleOf } from './examples.ts';
import { OPERATIONS, type Operation } from './operations/operations.ts';

test.each([
  [Type.Object({ name: Type.String({ examples: ['Анна'] }), more: Type.Optional(Type.String()) }), { name: 'Анна' }],
  [
    Type.Object({ a: Type.Optional(Type.Integer({ minimum: 3 })), b: Type.Optional(Type.Boolean()) }, { minProperties: 1 }),
    { a: 3 },
  ],
  [Type.Object({ a: Type.String() }, { examples: [{ a: 'whole' }] }), { a: 'whole' }],
  [Type.Union([Type.Literal('x'), Type.Null()]), 'x'],
  [Type.Array(Type.Enum(['VK', 'OK']), { minItems: 1 }), ['VK']],
  [Type.String(), undefined],
])('the example of %j is %j', (schema, example) => {
  expect(exampleOf(schema)).toEqual(example);
});

test('every body has an example that fits its schema', () => {
  const misfits = Object.entries<Operation>(OPERATIONS).flatMap(([id, { body, bodyType }]) => {
    if (body === undefined || bodyType === 'application/octet-stream') return [];
    const [error] = Compile(body).Errors(exampleOf(body));
    return error === undefined ? [] : [`${id}: "${error.instancePath}" ${error.message}`];
  });
  expect(misfits).toEqual([]);
});

import type { Reader } from './reader.ts';
import type { Expression } from './syntax.ts';

// Those that bind weakest first.
const BINARY: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];
const CONSTANTS: Readonly<Record<string, true | false | null>> = { true: true, false: false, null: null };

/** Reads one expression from here on. Throws `ScriptProblem` where there is none. */
export function parseExpression(reader: Reader): Expression {
  return reader.nested(() => readBinary(reader, 0));
}

function readBinary(reader: Reader, level: number): Expression {
  const operators = BINARY[level];
  if (operators === undefined) return readUnary(reader);
  let left = readBinary(reader, level + 1);
  for (;;) {
    const operator = operators.find((candidate) => reader.take(candidate));
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: readBinary(reader, level + 1) };
  }
}

function readUnary(reader: Reader): Expression {
  for (const operator of ['-', '!'] as const) {
    if (reader.take(operator)) return { kind: 'unary', operator, operand: reader.nested(() => readUnary(reader)) };
  }
  return readMembers(reader, readPrimary(reader));
}

/** What follows a value: `.name`, `[index]`, `@.name`, `.method(…)`, as often as it stands there. */
function readMembers(reader: Reader, start: Expression): Expression {
  let expression = start;
  for (;;) {
    if (reader.take('@.')) expression = { kind: 'column', of: expression, name: reader.takeKind('name') };
    else if (reader.take('.')) {
      const name = reader.takeKind('name');
      expression = reader.take('(')
        ? { kind: 'apply', of: expression, name, given: readItems(reader, ')') }
        : { kind: 'member', of: expression, name: { kind: 'value', value: name }, isNamed: true };
    } else if (reader.take('[')) {
      expression = { kind: 'member', of: expression, name: parseExpression(reader), isNamed: false };
      reader.expect(']');
    } else return expression;
  }
}

function readPrimary(reader: Reader): Expression {
  const kind = reader.kind();
  if (kind === 'text') return { kind: 'value', value: reader.takeKind('text') };
  if (kind === 'number') return { kind: 'value', value: numberOf(reader.takeKind('number')) };
  if (kind === 'name') return readNamed(reader);
  if (reader.take('[')) return { kind: 'list', items: readItems(reader, ']') };
  if (reader.take('{')) return readObject(reader);
  if (!reader.take('(')) reader.refuse('value');
  const inner = parseExpression(reader);
  reader.expect(')');
  return inner;
}

// A whole number beyond 2^53 (a random_id may be one) stays exact as a text: parameters are texts anyway.
const numberOf = (text: string): number | string =>
  text.includes('.') || Number.isSafeInteger(Number(text)) ? Number(text) : text;

const KEYWORDS: ReadonlySet<string> = new Set(['var', 'return', 'if', 'else', 'while', 'delete']);

function readNamed(reader: Reader): Expression {
  for (const keyword of KEYWORDS) if (reader.isAt(keyword)) reader.refuse('value');
  const name = reader.takeKind('name');
  if (name === 'API') return readCall(reader);
  if (Object.hasOwn(CONSTANTS, name)) return { kind: 'value', value: CONSTANTS[name] ?? null };
  if (reader.take('(')) return { kind: 'apply', of: null, name, given: readItems(reader, ')') };
  return reader.isDeclared(name) ? { kind: 'variable', name } : reader.fail(`undefined identifier '${name}'`);
}

function readCall(reader: Reader): Expression {
  const names: string[] = [];
  while (reader.take('.')) names.push(reader.takeKind('name'));
  const method = names.join('.');
  if (!reader.take('(')) reader.refuse("'('");
  if (reader.take(')')) return { kind: 'call', method, parameters: null };
  const parameters = parseExpression(reader);
  reader.expect(')');
  return { kind: 'call', method, parameters };
}

function readObject(reader: Reader): Expression {
  const fields: [string, Expression][] = [];
  while (!reader.take('}')) {
    if (fields.length > 0) reader.expect(',');
    if (reader.take('}')) break;
    const kind = reader.kind();
    const name = reader.takeKind(kind === 'text' || kind === 'number' ? kind : 'name');
    reader.expect(':');
    fields.push([name, parseExpression(reader)]);
  }
  return { kind: 'object', fields };
}

/** Items up to `end`; a comma may follow the last one. */
function readItems(reader: Reader, end: string): Expression[] {
  const items: Expression[] = [];
  while (!reader.take(end)) {
    if (items.length > 0) reader.expect(',');
    if (reader.take(end)) break;
    items.push(parseExpression(reader));
  }
  return items;
}

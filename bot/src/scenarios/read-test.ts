import type { Value } from '../model/model.ts';
import { below, isObject, kindOf, oneOfField, type Report, refuseUnknown, textField } from '../reading/reading.ts';
import type { Comparison, Test } from './scenario.ts';

const COMPARISONS: readonly Comparison[] = ['is', 'isNot', 'contains', 'more', 'less', 'exists'];
const DEPTH_MAX = 5;
const NEVER: Test = { kind: 'any', tests: [] };

/** `{field, op, value}`, or `{all: […]}`, `{any: […]}`, `{not: …}` of such. */
export function testOf(given: unknown, report: Report, depth = 0): Test {
  if (!isObject(given)) {
    report('', `must be {field, op, value}, or all, any or not of such, got ${kindOf(given)}`);
    return NEVER;
  }
  if (depth > DEPTH_MAX) {
    report('', `is more than ${DEPTH_MAX} levels deep: make a step of its own of the inner part`);
    return NEVER;
  }
  for (const kind of ['all', 'any'] as const) {
    const inner = given[kind];
    if (inner === undefined) continue;
    refuseUnknown(given, [kind], report);
    if (!Array.isArray(inner) || inner.length === 0) report(kind, `must be a list of conditions, got ${kindOf(inner)}`);
    const tests = Array.isArray(inner) ? (inner as unknown[]) : [];
    return { kind, tests: tests.map((test, index) => testOf(test, below(report, `${kind}[${index}]`), depth + 1)) };
  }
  if (given['not'] !== undefined) {
    refuseUnknown(given, ['not'], report);
    return { kind: 'not', test: testOf(given['not'], below(report, 'not'), depth + 1) };
  }
  refuseUnknown(given, ['field', 'op', 'value'], report);
  if (given['field'] === undefined) report('field', 'is missing: the name of a variable, or name, phone, network, labels …');
  const field = textField(given, 'field', report, 100) ?? '';
  const op = oneOfField({ op: given['op'] ?? 'is' }, 'op', report, COMPARISONS) ?? 'is';
  return { kind: 'compare', field, op, value: valueFor(op, given['value'], report) };
}

function valueFor(op: Comparison, given: unknown, report: Report): Value {
  const wanted = op === 'more' || op === 'less' ? 'number' : op === 'exists' ? 'boolean' : undefined;
  const value = op === 'exists' && given === undefined ? true : given;
  const isValue = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (isValue && (wanted === undefined || typeof value === wanted)) return value;
  report(
    'value',
    `must be ${wanted === undefined ? 'a text, a number, true or false' : `a ${wanted}`} for ${op}, got ${kindOf(value)}`,
  );
  return '';
}

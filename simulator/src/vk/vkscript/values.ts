import { ScriptProblem } from './script-problem.ts';

/** Lists and objects are shared by whoever holds them, as in JavaScript. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

const isObject = (value: Value): value is { [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as it would stand in a form: lists by comma, objects as JSON, booleans as 0 and 1, null as nothing. */
export function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export const isTrue = (value: Value): boolean => value !== null && value !== false && value !== 0 && value !== '';

const numberOf = (value: Value): number => (typeof value === 'number' ? value : Number(textOf(value)) || 0);

/** Of what is not there, null; so that a script goes on where a call was refused. */
export function memberOf(of: Value, name: Value): Value {
  const key = textOf(name);
  if (key === 'length' && (Array.isArray(of) || typeof of === 'string')) return of.length;
  if (Array.isArray(of)) return /^\d+$/.test(key) ? (of[Number(key)] ?? null) : null;
  return isObject(of) && Object.hasOwn(of, key) ? (of[key] ?? null) : null;
}

/** Into what is no object nothing is written. */
export function setField(of: Value, name: string, value: Value): void {
  if (isObject(of)) Object.defineProperty(of, name, { value, writable: true, enumerable: true, configurable: true });
}

export function deleteField(of: Value, name: string): void {
  if (isObject(of)) delete of[name];
}

export const columnOf = (of: Value, name: string): Value => (Array.isArray(of) ? of.map((item) => memberOf(item, name)) : []);

function add(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (isObject(left) && isObject(right)) return { ...left, ...right };
  return textOf(left) + textOf(right);
}

/** [?] VK refuses to compare some kinds with each other; which ones is not known, so here all are compared by what they say. */
function isEqual(left: Value, right: Value): boolean {
  if (left === null || right === null || typeof left === 'boolean' || typeof right === 'boolean') {
    return typeof left === typeof right ? left === right : isTrue(left) === isTrue(right) && left !== null && right !== null;
  }
  return textOf(left) === textOf(right);
}

const isOrdered = (left: Value, right: Value): number =>
  typeof left === 'string' && typeof right === 'string'
    ? left < right
      ? -1
      : left > right
        ? 1
        : 0
    : numberOf(left) - numberOf(right);

const finite = (value: number): Value => (Number.isFinite(value) ? value : null);

/** What each operator gives; `&&` and `||` are not here, since they may leave their right side alone. */
export const OPERATIONS: Readonly<Record<string, (left: Value, right: Value) => Value>> = {
  '+': add,
  '-': (left, right) => numberOf(left) - numberOf(right),
  '*': (left, right) => numberOf(left) * numberOf(right),
  '/': (left, right) => finite(numberOf(left) / numberOf(right)),
  '%': (left, right) => finite(numberOf(left) % numberOf(right)),
  '==': isEqual,
  '!=': (left, right) => !isEqual(left, right),
  '<': (left, right) => isOrdered(left, right) < 0,
  '<=': (left, right) => isOrdered(left, right) <= 0,
  '>': (left, right) => isOrdered(left, right) > 0,
  '>=': (left, right) => isOrdered(left, right) >= 0,
};

/** `-` before a whole number that is kept as text leaves it one. */
export const negate = (value: Value): Value =>
  typeof value === 'string' && /^\d+$/.test(value) ? `-${value}` : -numberOf(value);

const optional = (value: Value | undefined): number | undefined => (value === undefined ? undefined : numberOf(value));

const OF_LISTS: Readonly<Record<string, (list: Value[], given: readonly Value[]) => Value>> = {
  push: (list, given) => list.push(...given),
  unshift: (list, given) => list.unshift(...given),
  pop: (list) => list.pop() ?? null,
  shift: (list) => list.shift() ?? null,
  slice: (list, [from, to]) => list.slice(optional(from), optional(to)),
  splice: (list, [from = 0, count]) => list.splice(numberOf(from), optional(count) ?? list.length),
  indexOf: (list, [item = null]) => list.findIndex((candidate) => isEqual(candidate, item)),
};
const OF_TEXTS: Readonly<Record<string, (text: string, given: readonly Value[]) => Value>> = {
  split: (text, [by = ',']) => text.split(textOf(by)),
  substr: (text, [from = 0, count]) => {
    const start = numberOf(from);
    return text.slice(start, count === undefined ? undefined : start + numberOf(count));
  },
  indexOf: (text, [part = '']) => text.indexOf(textOf(part)),
};
const FREE: Readonly<Record<string, (given: readonly Value[]) => Value>> = {
  parseInt: ([value = null]) => finite(Number.parseInt(textOf(value), 10)),
  parseDouble: ([value = null]) => finite(Number.parseFloat(textOf(value))),
};

/**
 * Calls a function of a list, of a text, or a free one (`of` undefined). What is not there, or false after a refused call, gives null.
 *
 * Source: dev.vk.com/method/execute, the list of what VKScript knows.
 */
export function apply(of: Value | undefined, name: string, given: readonly Value[]): Value {
  if (of === undefined && Object.hasOwn(FREE, name)) return FREE[name]?.(given) ?? null;
  if (Array.isArray(of) && Object.hasOwn(OF_LISTS, name)) return OF_LISTS[name]?.(of, given) ?? null;
  if (typeof of === 'string' && Object.hasOwn(OF_TEXTS, name)) return OF_TEXTS[name]?.(of, given) ?? null;
  const isKnown = Object.hasOwn(OF_LISTS, name) || Object.hasOwn(OF_TEXTS, name);
  if (of === undefined || !isKnown) throw new ScriptProblem(12, `there is no ${name}()`);
  return null;
}

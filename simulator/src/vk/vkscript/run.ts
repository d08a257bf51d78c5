import { ScriptProblem } from './script-problem.ts';
import type { Expression, Statement, Target } from './syntax.ts';
import { apply, columnOf, deleteField, isTrue, memberOf, negate, OPERATIONS, setField, textOf, type Value } from './values.ts';

/** Calls a method of the API; `false` where it was refused. */
export type CallApi = (method: string, parameters: Record<string, string>) => unknown;

// [?] VK's bound of operations is in no document that was found.
const OPERATIONS_MAX = 100_000;
// [?] Characters of a text, items of a list: what is longer comes from a loop gone wrong, and would fill the memory.
const LENGTH_MAX = 1_000_000;

interface Running {
  variables: Map<string, Value>;
  callApi: CallApi;
  /** API calls and operations that are left. */
  callsLeft: number;
  operationsLeft: number;
}

/** Runs the statements. Calls go out in the order in which they stand, inner ones before outer ones; null without a `return`. */
export function execute(
  statements: readonly Statement[],
  given: { args: Readonly<Record<string, string>>; callsMax: number; callApi: CallApi },
): Value {
  const running: Running = {
    variables: new Map([['Args', { ...given.args }]]),
    callApi: given.callApi,
    callsLeft: given.callsMax,
    operationsLeft: OPERATIONS_MAX,
  };
  return runAll(statements, running) ?? null;
}

/** What a `return` among them gives; undefined where there was none. */
function runAll(statements: readonly Statement[], running: Running): Value | undefined {
  for (const statement of statements) {
    const returned = runOne(statement, running);
    if (returned !== undefined) return returned;
  }
  return undefined;
}

function runOne(statement: Statement, running: Running): Value | undefined {
  const value = (expression: Expression | null): Value => (expression === null ? null : evaluate(expression, running));
  switch (statement.kind) {
    case 'declare':
      running.variables.set(statement.name, value(statement.value));
      return undefined;
    case 'assign':
      assign(statement.target, value(statement.value), running);
      return undefined;
    case 'delete':
      if (statement.target.kind === 'variable') running.variables.delete(statement.target.name);
      else deleteField(value(statement.target.of), textOf(value(statement.target.name)));
      return undefined;
    case 'do':
      value(statement.expression);
      return undefined;
    case 'return':
      return value(statement.value);
    case 'if':
      return runAll(isTrue(value(statement.condition)) ? statement.then : statement.otherwise, running);
    case 'while':
      while (isTrue(value(statement.condition))) {
        const returned = runAll(statement.body, running);
        if (returned !== undefined) return returned;
      }
      return undefined;
  }
}

function assign(target: Target, value: Value, running: Running): void {
  if (target.kind === 'variable') running.variables.set(target.name, value);
  else setField(evaluate(target.of, running), textOf(evaluate(target.name, running)), value);
}

function evaluate(expression: Expression, running: Running): Value {
  running.operationsLeft -= 1;
  if (running.operationsLeft < 0) throw new ScriptProblem(13, 'Too many operations');
  const value = (inner: Expression): Value => evaluate(inner, running);
  switch (expression.kind) {
    case 'value':
      return expression.value;
    case 'list':
      return expression.items.map(value);
    case 'object':
      return Object.fromEntries(expression.fields.map(([name, field]) => [name, value(field)]));
    case 'variable':
      return running.variables.get(expression.name) ?? null;
    case 'member':
      return memberOf(value(expression.of), value(expression.name));
    case 'column':
      return columnOf(value(expression.of), expression.name);
    case 'apply':
      return apply(expression.of === null ? undefined : value(expression.of), expression.name, expression.given.map(value));
    case 'unary':
      return expression.operator === '!' ? !isTrue(value(expression.operand)) : negate(value(expression.operand));
    case 'binary':
      return binary(expression, running);
    case 'call':
      return callOne(expression.method, expression.parameters === null ? {} : value(expression.parameters), running);
  }
}

function binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, running: Running): Value {
  const first = evaluate(left, running);
  if (operator === '&&') return isTrue(first) ? isTrue(evaluate(right, running)) : false;
  if (operator === '||') return isTrue(first) ? true : isTrue(evaluate(right, running));
  const result = OPERATIONS[operator]?.(first, evaluate(right, running)) ?? null;
  const isLong = (typeof result === 'string' || Array.isArray(result)) && result.length > LENGTH_MAX;
  if (isLong) throw new ScriptProblem(13, 'response size is too big');
  return result;
}

function callOne(method: string, parameters: Value, running: Running): Value {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw new ScriptProblem(12, `API.${method} takes an object`);
  }
  running.callsLeft -= 1;
  if (running.callsLeft < 0) throw new ScriptProblem(13, 'Too many API calls');
  const texts = Object.entries(parameters).map(([name, value]) => [name, textOf(value)] as const);
  return running.callApi(method, Object.fromEntries(texts.filter(([, text]) => text !== ''))) as Value;
}

import { parseExpression } from './parse-expression.ts';
import type { Reader } from './reader.ts';
import { createReader } from './reader.ts';
import { ScriptProblem } from './script-problem.ts';
import type { Expression, Statement, Target } from './syntax.ts';
import { tokenize } from './tokens.ts';

/** Reads a whole script. Throws `ScriptProblem` with the line that is not understood. */
export function parseScript(code: string): Statement[] {
  const reader = createReader(tokenize(code));
  const statements: Statement[] = [];
  while (reader.kind() !== 'end') statements.push(...readStatement(reader));
  if (statements.length === 0) throw new ScriptProblem(12, 'there is no code');
  return statements;
}

/** One statement may declare several variables, or be empty. */
function readStatement(reader: Reader): Statement[] {
  if (reader.take(';')) return [];
  if (reader.take('{')) return readRest(reader);
  if (reader.take('var')) return ended(reader, readDeclarations(reader));
  if (reader.take('return')) {
    const isEmpty = reader.isAt(';') || reader.isAt('}') || reader.kind() === 'end';
    return ended(reader, [{ kind: 'return', value: isEmpty ? null : parseExpression(reader) }]);
  }
  if (reader.take('delete')) return ended(reader, [{ kind: 'delete', target: asTarget(parseExpression(reader), reader) }]);
  if (reader.take('if')) return [readIf(reader)];
  if (reader.take('while')) return [{ kind: 'while', condition: readCondition(reader), body: readNested(reader) }];
  const expression = parseExpression(reader);
  if (!reader.isAt('=')) return ended(reader, [{ kind: 'do', expression }]);
  const target = asTarget(expression, reader);
  reader.expect('=');
  return ended(reader, [{ kind: 'assign', target, value: parseExpression(reader) }]);
}

function readDeclarations(reader: Reader): Statement[] {
  const declared: Statement[] = [];
  do {
    const name = reader.takeKind('name');
    reader.declare(name);
    declared.push({ kind: 'declare', name, value: reader.take('=') ? parseExpression(reader) : null });
  } while (reader.take(','));
  return declared;
}

function readIf(reader: Reader): Statement {
  const condition = readCondition(reader);
  const then = readNested(reader);
  return { kind: 'if', condition, then, otherwise: reader.take('else') ? readNested(reader) : [] };
}

function readCondition(reader: Reader): Expression {
  reader.expect('(');
  const condition = parseExpression(reader);
  reader.expect(')');
  return condition;
}

/** What a condition or a loop runs: one statement, or several in braces. */
const readNested = (reader: Reader): Statement[] => reader.nested(() => readStatement(reader));

function readRest(reader: Reader): Statement[] {
  const statements: Statement[] = [];
  while (!reader.take('}')) statements.push(...reader.nested(() => readStatement(reader)));
  return statements;
}

/** A semicolon may be left out before the end of the code and of a block only. */
function ended(reader: Reader, statements: Statement[]): Statement[] {
  if (reader.kind() !== 'end' && !reader.isAt('}')) reader.expect(';');
  return statements;
}

/** A variable or a field by its name; VK writes into no item of a list. */
function asTarget(expression: Expression, reader: Reader): Target {
  if (expression.kind === 'variable') return expression;
  const isField = expression.kind === 'member' && expression.isNamed;
  return isField ? expression : reader.fail('non-variable in assignment');
}

/** What a piece of VKScript says, before it runs. */
export type Expression =
  | { kind: 'value'; value: string | number | boolean | null }
  | { kind: 'list'; items: readonly Expression[] }
  | { kind: 'object'; fields: readonly (readonly [string, Expression])[] }
  | { kind: 'variable'; name: string }
  /** `of.name` (then `isNamed`) and `of[name]`. */
  | { kind: 'member'; of: Expression; name: Expression; isNamed: boolean }
  /** `of@.name`: the member of each item. */
  | { kind: 'column'; of: Expression; name: string }
  /** `API.method(parameters)`. */
  | { kind: 'call'; method: string; parameters: Expression | null }
  /** `of.name(given)`; `name(given)` where `of` is null. */
  | { kind: 'apply'; of: Expression | null; name: string; given: readonly Expression[] }
  | { kind: 'unary'; operator: '-' | '!'; operand: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression };

/** What can stand at the left of `=`. */
export type Target = Extract<Expression, { kind: 'variable' | 'member' }>;

export type Statement =
  | { kind: 'declare'; name: string; value: Expression | null }
  | { kind: 'assign'; target: Target; value: Expression }
  | { kind: 'delete'; target: Target }
  | { kind: 'do'; expression: Expression }
  | { kind: 'return'; value: Expression | null }
  | { kind: 'if'; condition: Expression; then: readonly Statement[]; otherwise: readonly Statement[] }
  | { kind: 'while'; condition: Expression; body: readonly Statement[] };

import type { Compiled } from './compile.ts';

export interface VariableProblem {
  variable: string;
  /** Not given, not of the template, or no string, number or boolean. */
  problem: 'missing' | 'extra' | 'type';
}

/** What a template becomes with some values. */
export interface Preview {
  variables: readonly string[];
  /** Null where a problem keeps it from being rendered. */
  text: string | null;
  problems: readonly VariableProblem[];
}

/** Everything that is wrong with the values, where a send names the first problem alone. Never throws. */
export function previewOf({ variables, render }: Compiled, values: Readonly<Record<string, unknown>>): Preview {
  const problems = [
    ...variables.flatMap((variable): VariableProblem[] => {
      if (!Object.hasOwn(values, variable)) return [{ variable, problem: 'missing' }];
      return isPlainValue(values[variable]) ? [] : [{ variable, problem: 'type' }];
    }),
    ...Object.keys(values)
      .filter((name) => !variables.includes(name))
      .map((variable): VariableProblem => ({ variable, problem: 'extra' })),
  ];
  return { variables, text: problems.length === 0 ? render(values) : null, problems };
}

// A bigint is a JSON number beyond 2^53, kept exact by the parser of requests.
export function isPlainValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
}

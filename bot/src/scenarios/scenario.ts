import type { RE2JS } from 're2js';
import type { Call, Content, Value } from '../model/model.ts';

/** Where to go on: a step of the same scenario, the beginning of another one, or nowhere. */
export type Target = { kind: 'step'; id: string } | { kind: 'scenario'; name: string } | { kind: 'end' };

export type Comparison = 'is' | 'isNot' | 'contains' | 'more' | 'less' | 'exists';

/** A question about what is known: data, not code. */
export type Test =
  | { kind: 'compare'; field: string; op: Comparison; value: Value }
  | { kind: 'all' | 'any'; tests: readonly Test[] }
  | { kind: 'not'; test: Test };

export type AnswerType = 'text' | 'number' | 'phone' | 'email' | 'date' | 'choice' | 'file';

export interface Option {
  label: string;
  value: string;
  /** Other words that mean it. */
  words: readonly string[];
  goto?: Target;
}

export interface Question {
  content: Content;
  type: AnswerType;
  save?: string;
  /** Of a choice. */
  options: readonly Option[];
  /** Characters of a text, or the number itself. */
  min?: number;
  max?: number;
  /** What a text must have. */
  regex?: RE2JS;
  /** How many answers may be wrong before the question is given up. */
  retries: number;
  /** Said after a wrong answer, in place of the question. */
  retry?: string;
  /** Label of a button that shares the phone number, where the network has one. */
  contactButton?: string;
  onFail?: Target;
  timeoutMs?: number;
  onTimeout?: Target;
}

export type StepAction =
  | { kind: 'say'; content: Content }
  | { kind: 'notice'; text: string }
  | ({ kind: 'ask' } & Question)
  | { kind: 'if'; test: Test; yes: Target; no?: Target }
  | { kind: 'set'; values: Readonly<Record<string, Value>> }
  | { kind: 'label'; add: readonly string[]; remove: readonly string[] }
  /** `save`: variable by path in the answer, `status` or `body.order.id`. Texts hold `{{ }}`; the body is JSON with them inside. */
  | { kind: 'call'; call: Omit<Call, 'body'>; body?: unknown; save: Readonly<Record<string, string>>; onError?: Target }
  | { kind: 'wait'; ms: number }
  | { kind: 'ab'; branches: readonly { weight: number; goto: Target }[] }
  | { kind: 'handoff'; team?: string; note?: string }
  | { kind: 'goto'; target: Target }
  | { kind: 'close' | 'unsubscribe' | 'subscribe' | 'end' };

export type Step = { id: string } & StepAction;

/** Steps from the top to the bottom, unless one leads elsewhere. The actions of a rule are one too, named `rule:NAME`. */
export interface Scenario {
  name: string;
  steps: readonly Step[];
}

/** All targets that a step names, in the order of the file. */
export function targetsOf(step: Step): Target[] {
  switch (step.kind) {
    case 'ask':
      return [...step.options.map((option) => option.goto), step.onFail, step.onTimeout].filter((target) => target !== undefined);
    case 'if':
      return step.no === undefined ? [step.yes] : [step.yes, step.no];
    case 'call':
      return step.onError === undefined ? [] : [step.onError];
    case 'ab':
      return step.branches.map((branch) => branch.goto);
    case 'goto':
      return [step.target];
    default:
      return [];
  }
}

/** Whether the step below may follow. */
export function goesOn(step: Step): boolean {
  switch (step.kind) {
    case 'goto':
    case 'end':
    case 'handoff':
    case 'ab':
      return false;
    case 'if':
      return step.no === undefined;
    case 'ask':
      return step.type !== 'choice' || step.options.some((option) => option.goto === undefined);
    default:
      return true;
  }
}

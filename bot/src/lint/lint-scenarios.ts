import type { Bot } from '../definition/definition.ts';
import { isObject, variablesOf } from '../reading/reading.ts';
import { KNOWN_FIELDS } from '../runtime/runtime.ts';
import { goesOn, type Scenario, type Step, type Test, targetsOf } from '../scenarios/scenarios.ts';
import type { Finding } from './lint.ts';

export function scenarioFindings(bot: Bot): Finding[] {
  const scenarios = [...bot.scenarios.values()];
  const known = knownVariables(bot);
  const reached = reachedScenarios(bot);
  return scenarios.flatMap((scenario) => [
    ...(reached.has(scenario.name) ? [] : [error(scenario.name, 'is never begun: no rule and no step leads to it')]),
    ...unreachable(scenario),
    ...scenario.steps.flatMap((step) => [...missingSave(scenario, step), ...unknownVariables(scenario, step, known)]),
  ]);
}

const error = (place: string, problem: string): Finding => ({ severity: 'error', place, problem });
const placeOf = (scenario: Scenario, step: Step): string => `${scenario.name}/${step.id}`;

function reachedScenarios({ rules, scenarios }: Bot): Set<string> {
  const reached = new Set(rules.map(({ scenario }) => scenario.name));
  for (const name of reached) {
    for (const step of scenarios.get(name)?.steps ?? []) {
      // A set walks over what is added to it meanwhile.
      for (const target of targetsOf(step)) if (target.kind === 'scenario') reached.add(target.name);
    }
  }
  return reached;
}

function unreachable(scenario: Scenario): Finding[] {
  const { steps } = scenario;
  const reached = new Set(steps.slice(0, 1).map(({ id }) => id));
  for (const id of reached) {
    const index = steps.findIndex((step) => step.id === id);
    const step = steps[index];
    if (step === undefined) continue;
    const below = steps[index + 1];
    if (goesOn(step) && below !== undefined) reached.add(below.id);
    for (const target of targetsOf(step)) if (target.kind === 'step') reached.add(target.id);
  }
  return steps
    .filter(({ id }) => !reached.has(id))
    .map((step) => error(placeOf(scenario, step), 'is never reached: no step leads to it'));
}

function missingSave(scenario: Scenario, step: Step): Finding[] {
  if (step.kind !== 'ask' || step.save !== undefined) return [];
  // Of a choice that leads to different steps, the way is the answer.
  if (step.options.some(({ goto }) => goto !== undefined)) return [];
  return [error(placeOf(scenario, step), 'asks and keeps no answer: give it save')];
}

/** Names that something sets: questions, set, calls, and what the file says comes from elsewhere. */
function knownVariables({ scenarios, variables }: Bot): Set<string> {
  const set = [...scenarios.values()].flatMap(({ steps }) =>
    steps.flatMap((step) => {
      if (step.kind === 'ask') return step.save ?? [];
      if (step.kind === 'set') return Object.keys(step.values);
      return step.kind === 'call' ? Object.keys(step.save) : [];
    }),
  );
  return new Set([...KNOWN_FIELDS, ...variables, ...set]);
}

function unknownVariables(scenario: Scenario, step: Step, known: ReadonlySet<string>): Finding[] {
  const used = [...textsOf(step).flatMap(variablesOf), ...(step.kind === 'if' ? fieldsOf(step.test) : [])];
  return [...new Set(used)]
    .filter((name) => !known.has(name) && !name.startsWith('segments.'))
    .map((name) =>
      error(placeOf(scenario, step), `uses ${name}, which nothing sets: name it in variables where it comes from elsewhere`),
    );
}

/** Every text in which `{{ }}` may stand. */
function textsOf(step: Step): string[] {
  switch (step.kind) {
    case 'say':
      return [step.content.text];
    case 'ask':
      return [step.content.text, step.retry ?? ''];
    case 'set':
      return Object.values(step.values).map(String);
    case 'call':
      return [step.call.url, ...Object.values(step.call.headers), ...textsIn(step.body)];
    case 'handoff':
      return [step.note ?? ''];
    default:
      return [];
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(textsIn) : [];
}

function fieldsOf(test: Test): string[] {
  if (test.kind === 'compare') return [test.field];
  return test.kind === 'not' ? fieldsOf(test.test) : test.tests.flatMap(fieldsOf);
}

import type { Bot } from '../definition/definition.ts';
import type { Network } from '../model/model.ts';
import { keyboardFor } from '../runtime/runtime.ts';
import type { Step } from '../scenarios/scenarios.ts';
import { factsOf } from '../testing/facts.ts';
import type { Finding, LintOptions } from './lint.ts';

/** What a network makes of a keyboard, as the channels' `fitKeyboard` says it. */
export type FittedKeyboard =
  | { ok: true; simplified: readonly { path: string; rule: string }[] }
  | { ok: false; problems: readonly { path: string; rule: string }[] };

const NETWORKS: readonly Network[] = ['vk', 'ok'];

/** Messages that a network would refuse, or show in a simpler form, each held against the networks on which it is said. */
export function keyboardFindings(bot: Bot, { checkKeyboard, textCharactersMax }: LintOptions): Finding[] {
  const networksOf = (scenario: string): readonly Network[] => {
    const rule = bot.rules.find((one) => one.scenario.name === scenario);
    return NETWORKS.filter((network) => rule?.when.some(({ channel = network }) => channel === network) ?? true);
  };
  return [...bot.scenarios.values()].flatMap(({ name, steps }) =>
    steps.flatMap((step): Finding[] => {
      if (step.kind !== 'say' && step.kind !== 'ask') return [];
      const place = `${name}/${step.id}`;
      const networks = networksOf(name);
      if (asksForContact(step) && !networks.includes('ok'))
        return [{ severity: 'error', place, problem: 'asks for a contact, which VK does not give: ask with type phone' }];
      return networks.flatMap((network) => [
        ...tooLong(step, place, textCharactersMax?.[network]),
        ...keyboardProblems(step, place, network, checkKeyboard),
      ]);
    }),
  );
}

type Said = Extract<Step, { kind: 'say' | 'ask' }>;

function asksForContact(step: Said): boolean {
  return step.content.keyboard?.rows.flat().some(({ kind }) => kind === 'contact') ?? false;
}

function tooLong({ content }: Said, place: string, max = Number.POSITIVE_INFINITY): Finding[] {
  const count = [...content.text].length;
  return count > max
    ? [{ severity: 'error', place, problem: `has ${count} characters, and a network on which it is said takes ${max}` }]
    : [];
}

function keyboardProblems(step: Said, place: string, network: Network, checkKeyboard: LintOptions['checkKeyboard']): Finding[] {
  const keyboard = step.kind === 'ask' ? keyboardFor(step, step.id, factsOf({ network })) : step.content.keyboard;
  if (keyboard === undefined || checkKeyboard === undefined) return [];
  const fitted = checkKeyboard(network, keyboard);
  if (fitted.ok) return [];
  return fitted.problems.map(({ path, rule }) => ({ severity: 'error', place, problem: `${path}: ${rule}` }));
}

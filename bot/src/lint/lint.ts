import type { Bot } from '../definition/definition.ts';
import type { Keyboard, Network } from '../model/model.ts';
import { type FittedKeyboard, keyboardFindings } from './lint-keyboards.ts';
import { ruleFindings } from './lint-rules.ts';
import { scenarioFindings } from './lint-scenarios.ts';

/** What looks wrong, and where. An `error` will trouble people; a `warning` may be meant. */
export interface Finding {
  severity: 'error' | 'warning';
  /** `rule "NAME"`, or `SCENARIO/STEP`. */
  place: string;
  problem: string;
}

export interface LintOptions {
  /** What a network says to a keyboard; the server's knowledge, handed in. */
  checkKeyboard?: (network: Network, keyboard: Keyboard) => FittedKeyboard;
  /** The longest text that each network takes. */
  textCharactersMax?: Readonly<Record<Network, number>>;
}

/**
 * Looks for what can be read and will not work: steps and rules that nothing reaches, answers that nobody keeps, variables that
 * nobody sets, keyboards and texts over a network's limit, buttons that nobody has. In the order of the file.
 */
export function lintBot(bot: Bot, options: LintOptions = {}): Finding[] {
  return [...ruleFindings(bot), ...scenarioFindings(bot), ...keyboardFindings(bot, options)];
}

import { type BotEvent, findRule } from './matching.ts';
import { type Reply, type Rule, readRules } from './rules.ts';

export type { BotEvent } from './matching.ts';
export { type Condition, parseRules, type Reply, type Rule, readRules } from './rules.ts';

export interface Bots {
  /** What to answer in the same dialog, in this order; empty where the bot stays silent. */
  answer(event: BotEvent): readonly Reply[];
}

/** The auto-replies of this server. Without a file the bot is silent. Throws `config.invalid` naming every wrong rule and field. */
export function createBots({ rulesFile }: { rulesFile?: string }): Bots {
  const rules = rulesFile === undefined ? [] : readRules(rulesFile);
  return { answer: (event) => answer(rules, event) };
}

/** The replies of the first rule that fits. Pure; whatever the event holds, it never throws. */
export function answer(rules: readonly Rule[], event: BotEvent): readonly Reply[] {
  return findRule(rules, event)?.replies ?? [];
}

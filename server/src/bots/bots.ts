import { fitKeyboard } from '@soroka/channels';
import type { Logger } from '../platform/telemetry.ts';
import { type BotEvent, findRule } from './matching.ts';
import { networksOf, type Reply, type Rule, readRules } from './rules.ts';

export type { BotEvent } from './matching.ts';
export { type Condition, parseRules, type Reply, type Rule, readRules } from './rules.ts';

/** Where the event happened. */
export interface BotPlace {
  /** A chat of several people: only rules with `chats: true` answer there. */
  isGroupChat: boolean;
}

export interface Bots {
  /** What to answer in the same dialog, in this order; empty where the bot stays silent. */
  answer(event: BotEvent, place: BotPlace): readonly Reply[];
  /** The line to show to who pressed a `callback` button; undefined where there is none. */
  notice(event: BotEvent, place: BotPlace): string | undefined;
}

/**
 * The auto-replies of this server. Without a file the bot is silent. Throws `config.invalid` naming every wrong rule and
 * field; says once to the log which buttons a network will show in a simpler form.
 */
export function createBots({ rulesFile, log }: { rulesFile?: string; log: Pick<Logger, 'info'> }): Bots {
  const rules = rulesFile === undefined ? [] : readRules(rulesFile);
  const simplified = simplifications(rules);
  if (simplified.length > 0) log.info({ event: 'bot_keyboards_simplified', simplified });
  return botOf(rules);
}

/** What the first rule that fits has to say. Pure; whatever an event holds, it never throws. */
export function botOf(rules: readonly Rule[]): Bots {
  return {
    answer: (event, place) => findRule(rules, event, place)?.replies ?? [],
    notice: (event, place) => findRule(rules, event, place)?.notice,
  };
}

/** A sentence for each thing in the keyboards of a rule that a network lacks. */
function simplifications(rules: readonly Rule[]): readonly string[] {
  const sentences = rules.flatMap(({ name, when, replies }) =>
    replies.flatMap(({ keyboard }) =>
      networksOf(when).flatMap((network) => {
        const fitted = keyboard === undefined ? undefined : fitKeyboard(network, keyboard);
        return fitted?.ok === true ? fitted.simplified.map(({ rule }) => `rule "${name}": ${rule}`) : [];
      }),
    ),
  );
  return [...new Set(sentences)];
}

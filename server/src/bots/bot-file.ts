import { readFileSync } from 'node:fs';
import { type Bot, type Keyboard, lintBot, type Network, readBot } from '@soroka/bot';
import { CAPABILITIES, fitKeyboard } from '@soroka/channels';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry.ts';

/** What is asked of the networks about a bot's messages. */
export const NETWORK_KNOWLEDGE = {
  checkKeyboard: fitKeyboard,
  textCharactersMax: { vk: CAPABILITIES.vk.textCharactersMax, ok: CAPABILITIES.ok.textCharactersMax },
} as const;

/** A bot from a file's text, or everything that is wrong with it, what a network would refuse included. */
export function parseBot(
  text: string,
  options: Parameters<typeof readBot>[1] = {},
): { ok: true; bot: Bot } | { ok: false; problems: readonly string[] } {
  const read = readBot(text, options);
  if (!read.ok) return read;
  const problems = networkProblems(read.bot);
  return problems.length > 0 ? { ok: false, problems } : read;
}

/** What a network would refuse. A step that nothing reaches may be meant, or is still being written; this never is. */
function networkProblems(bot: Bot): readonly string[] {
  const sentences = (options: Parameters<typeof lintBot>[1]): string[] =>
    lintBot(bot, options).map(({ place, problem }) => `${place}: ${problem}`);
  const withoutNetworks = new Set(sentences({}));
  return [...new Set(sentences(NETWORK_KNOWLEDGE))].filter((sentence) => !withoutNetworks.has(sentence));
}

// Where a file speaks for a whole server, there may be nobody to hand over to: it goes on answering unless it says otherwise itself.
const OF_SERVER = { misunderstoodMax: Number.POSITIVE_INFINITY };

/**
 * The bot of SOROKA_BOT_RULES. Throws `config.invalid` naming everything that is wrong; says once to the log which buttons a network
 * will show in a simpler form.
 */
export function readBotFile(file: string, log: Pick<Logger, 'info'>): Bot {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('config.invalid', `${(error as Error).message}; check SOROKA_BOT_RULES`, { cause: error });
  }
  const read = parseBot(text, OF_SERVER);
  if (!read.ok) throw new AppError('config.invalid', `bot rules ${file}: ${read.problems.join('; ')}`);
  const simplified = simplifications(read.bot);
  if (simplified.length > 0) log.info({ event: 'bot_keyboards_simplified', simplified });
  return read.bot;
}

const NETWORKS: readonly Network[] = ['vk', 'ok'];

/** A sentence for each thing in the keyboards of a bot that a network lacks. */
export function simplifications({ rules, scenarios }: Bot): readonly string[] {
  const sentences = [...scenarios.values()].flatMap(({ name, steps }) => {
    const when = rules.find(({ scenario }) => scenario.name === name)?.when;
    const networks = NETWORKS.filter((network) => when?.some(({ channel = network }) => channel === network) ?? true);
    const keyboards = steps.flatMap((step): Keyboard[] =>
      (step.kind === 'say' || step.kind === 'ask') && step.content.keyboard !== undefined ? [step.content.keyboard] : [],
    );
    return keyboards.flatMap((keyboard) =>
      networks.flatMap((network) => {
        const fitted = fitKeyboard(network, keyboard);
        return fitted.ok ? fitted.simplified.map(({ rule }) => `${name}: ${rule}`) : [];
      }),
    );
  });
  return [...new Set(sentences)];
}

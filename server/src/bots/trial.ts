import { type Bot, type BotEvent, type BotState, factsOf, type StepResult, step } from '@soroka/bot';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { parseBot } from './bot-file.ts';
import type { Library } from './library.ts';

export interface Trial {
  definition?: string;
  version?: number;
  network: 'vk' | 'ok';
  isWorkingHours: boolean;
  owner: 'bot' | 'queue' | 'human';
  name?: string;
  events: readonly BotEvent[];
}

/**
 * Steps a version of a bot, or a definition that is not stored, over the events of one conversation; nothing is sent, stored or called.
 * Throws `not.found`, `bot.invalid`, and `parameter.invalid` for a bot that is not of rules and scenarios.
 */
export async function tryBot(
  { library, clock }: { library: Library; clock: Clock },
  accountId: number,
  botId: number,
  trial: Trial,
): Promise<readonly StepResult[]> {
  const bot = await botOf(library, accountId, botId, trial);
  const results: StepResult[] = [];
  let state: BotState | undefined;
  let { owner } = trial;
  const variables: Record<string, string | number | boolean> = {};
  const labels = new Set<string>();
  for (const [index, event] of trial.events.entries()) {
    const { network, isWorkingHours, name } = trial;
    const person = { ...(name !== undefined && { name }), variables: { ...variables }, labels: [...labels] };
    const facts = factsOf({
      ...{ now: clock.now(), random: Math.random, network, person, isWorkingHours, owner, isNewDialog: index === 0 },
    });
    const result = step(bot, state, event, facts);
    state = result.state;
    for (const effect of result.effects) {
      if (effect.kind === 'set') variables[effect.name] = effect.value;
      if (effect.kind === 'label' && effect.action === 'add') labels.add(effect.label);
      if (effect.kind === 'label' && effect.action === 'remove') labels.delete(effect.label);
      if (effect.kind === 'handoff') owner = 'queue';
    }
    results.push(result);
  }
  return results;
}

async function botOf(library: Library, accountId: number, botId: number, { definition, version }: Trial): Promise<Bot> {
  const item = await library.get(accountId, botId);
  if (item === null) throw new AppError('not.found', 'this account has no such bot');
  let given = definition;
  if (given === undefined) {
    if (item.kind !== 'file')
      throw new AppError('parameter.invalid', `a bot of the kind ${item.kind} is tried by writing to it`, {
        field: 'definition',
      });
    const number = version ?? item.publishedVersion;
    if (number === null) throw new AppError('not.found', 'no version is published yet: name one', { field: 'version' });
    const whole = await library.version(accountId, botId, number);
    if (whole === null) throw new AppError('not.found', 'this bot has no such version', { field: 'version' });
    given = whole.definition;
  }
  const read = parseBot(given);
  if (!read.ok) throw new AppError('bot.invalid', read.problems.join('; ').slice(0, 4_000), { field: 'definition' });
  return read.bot;
}

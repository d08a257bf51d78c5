import { counter, type Logger } from '../platform/telemetry.ts';

const steps = counter('bot_steps_total', 'Events that bots worked off, by the kind of event.', ['event']);
const effects = counter('bot_effects_total', 'What bots did, by the kind of effect.', ['effect']);
const unmatched = counter('bot_unmatched_total', 'Messages that no rule of a bot knew.');
const tasks = counter('bot_tasks_total', 'Web requests and turns of bots, by how they ended.', ['kind', 'outcome']);

/** A bot has worked off an event. */
export function botStepped(step: { event: string; effects: readonly string[]; isUnmatched: boolean }): void {
  steps.inc({ event: step.event });
  for (const effect of step.effects) effects.inc({ effect });
  if (step.isUnmatched) unmatched.inc();
}

/** A web request, or a turn of a bot in code or outside, has ended or is tried again. */
export function botTaskEnded(
  log: Logger,
  task: {
    accountId: number;
    botId: number | null;
    kind: 'call' | 'turn';
    outcome: 'done' | 'retried' | 'failed' | 'dropped';
    problem?: string;
  },
): void {
  tasks.inc({ kind: task.kind, outcome: task.outcome });
  const line = { event: 'bot_task', ...task };
  if (task.outcome === 'failed') log.warn(line);
  else log.debug(line);
}

/** The bot had something to say, and nobody can say it in the name of the group. */
export function botCannotSpeak(log: Logger, where: { accountId: number; network: string }): void {
  const problem = 'the account has no connection of its own to this group, and the upstream takes notifications only';
  log.info({ event: 'bot_cannot_speak', ...where, problem });
}

/** A variable or a label was more than is kept of a person. */
export function botToldTooMuch(log: Logger, who: { accountId: number; contactId: number }): void {
  log.warn({ event: 'bot_told_too_much', ...who });
}

import type { Bot } from '../definition/definition.ts';
import type { BotEvent, Value, Wait } from '../model/model.ts';
import { isObject } from '../reading/reading.ts';
import type { Step } from '../scenarios/scenarios.ts';
import { type Answer, HINTS, readAnswer } from './answers.ts';
import { END, follow, type Going, go, sayQuestion, stand } from './run-scenario.ts';
import { cancelWake, handOver, note, setVariable, type Turn } from './turn.ts';
import { fill, fillContent } from './variables.ts';

/** The scenario that waits in this dialog, with its step, on the version that it began with; undefined where there is none. */
function waiting(turn: Turn, bot: Bot): { going: Going; step: Step; index: number; wait: Wait } | undefined {
  const place = turn.state.scenario;
  if (place === undefined) return undefined;
  const own = place.version === bot.version ? bot : bot.versions.get(place.version);
  const scenario = own?.scenarios.get(place.name);
  const index = scenario?.steps.findIndex(({ id }) => id === place.step) ?? -1;
  const step = scenario?.steps[index];
  if (own !== undefined && scenario !== undefined && step !== undefined)
    return { going: { bot: own, scenario, isAside: false }, step, index, wait: place.wait };
  note(turn, 'guard', `${place.name}/${place.step}`, `is not in version ${place.version} any more`);
  handOver(turn, bot.texts, { note: 'The scenario of this conversation is gone.' }, true);
  return undefined;
}

/** Goes on where a timer or the answer of a call was waited for. False where nobody waits for this one. */
export function wakeScenario(turn: Turn, bot: Bot, event: BotEvent & { kind: 'timer' | 'callResult' }): boolean {
  const found = waiting(turn, bot);
  if (found === undefined) return turn.isOver;
  const { going, step, index, wait } = found;
  if (event.kind === 'timer' && wait.kind === 'timer' && wait.id === event.id) {
    delete turn.state.scenario;
    go(going, turn, index + 1);
    return true;
  }
  if (event.kind === 'timer' && wait.kind === 'answer' && wait.wakeId === event.id && step.kind === 'ask') {
    delete turn.state.scenario;
    note(turn, 'step', `${going.scenario.name}/${step.id}`, 'no answer in time');
    follow(going, turn, step.onTimeout ?? END);
    return true;
  }
  if (event.kind !== 'callResult' || wait.kind !== 'call' || wait.id !== event.id || step.kind !== 'call') return false;
  delete turn.state.scenario;
  note(turn, 'step', `${going.scenario.name}/${step.id}`, event.ok ? 'answered' : `failed with ${event.status ?? 'no answer'}`);
  if (!event.ok) {
    if (step.onError !== undefined) follow(going, turn, step.onError);
    else handOver(turn, bot.texts, { note: `The call of step ${step.id} failed.` }, true);
    return true;
  }
  for (const [name, path] of Object.entries(step.save)) {
    const value = pick(event, path);
    if (value !== undefined) setVariable(turn, bot.texts, name, value);
  }
  go(going, turn, index + 1);
  return true;
}

/** What stands at a path of an answer, where it is a value. */
function pick(event: BotEvent & { kind: 'callResult' }, path: string): Value | undefined {
  let found: unknown = { status: event.status, body: event.body };
  for (const key of path.split('.')) {
    found =
      (isObject(found) || Array.isArray(found)) && Object.hasOwn(found, key)
        ? (found as Record<string, unknown>)[key]
        : undefined;
  }
  if (typeof found === 'string') return found.slice(0, 4_096);
  return typeof found === 'number' || typeof found === 'boolean' ? found : undefined;
}

/**
 * Reads the answer to the question that waits. False where there is none, or where it is no answer to it: rules may know what is
 * meant, and otherwise `failAnswer` counts it.
 */
export function answerScenario(turn: Turn, bot: Bot, event: Answer): boolean {
  const found = waiting(turn, bot);
  if (found === undefined || found.step.kind !== 'ask' || found.wait.kind !== 'answer') return turn.isOver;
  const { going, step, index, wait } = found;
  if (step.kind !== 'ask') return false;
  const answer = readAnswer(step, step.id, event, turn.facts);
  if (!answer.ok) return false;
  cancelWake(turn, wait);
  delete turn.state.scenario;
  turn.state.misunderstood = 0;
  note(turn, 'step', `${going.scenario.name}/${step.id}`, 'answered');
  if (step.save !== undefined) setVariable(turn, bot.texts, step.save, answer.value);
  if (answer.option?.goto !== undefined) follow(going, turn, answer.option.goto);
  else go(going, turn, index + 1);
  return true;
}

/** Asks again, or gives the question up. False where no question waits. */
export function failAnswer(turn: Turn, bot: Bot): boolean {
  const found = waiting(turn, bot);
  if (found === undefined || found.step.kind !== 'ask' || found.wait.kind !== 'answer') return turn.isOver;
  const { going, step, wait } = found;
  if (wait.failures < step.retries) {
    note(turn, 'step', `${going.scenario.name}/${step.id}`, `not understood, ${wait.failures + 1} of ${step.retries + 1}`);
    stand(going, turn, step, { ...wait, failures: wait.failures + 1 });
    sayQuestion(going, turn, step, fill(step.retry ?? HINTS[step.type], turn));
    return true;
  }
  note(turn, 'step', `${going.scenario.name}/${step.id}`, 'given up');
  cancelWake(turn, wait);
  delete turn.state.scenario;
  if (step.onFail !== undefined) follow(going, turn, step.onFail);
  else handOver(turn, bot.texts, { note: `No answer was understood at step ${step.id}.` }, true);
  return true;
}

/** Says the question once more, after something else was answered in between. */
export function repeatQuestion(turn: Turn, bot: Bot): void {
  const found = waiting(turn, bot);
  if (found?.step.kind === 'ask') sayQuestion(found.going, turn, found.step, fillContent(found.step.content, turn).text);
}

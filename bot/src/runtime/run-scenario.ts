import type { Bot } from '../definition/definition.ts';
import type { Wait } from '../model/model.ts';
import type { Question, Scenario, Step, Target } from '../scenarios/scenarios.ts';
import { keyboardFor } from './answers.ts';
import { holds } from './tests.ts';
import { emit, handOver, leave, mayStep, nextId, note, setVariable, type Turn } from './turn.ts';
import { fill, fillContent, fillJson, fillValue } from './variables.ts';

/** What a step leads to: the step below, a target, or standing still. */
type Next = { kind: 'below' } | { kind: 'still' } | Target;
const BELOW: Next = { kind: 'below' };
const STILL: Next = { kind: 'still' };
export const END: Target = { kind: 'end' };

/** A scenario at work; `isAside`: the few words of a rule while another scenario waits. */
export interface Going {
  bot: Bot;
  scenario: Scenario;
  isAside: boolean;
}

/** Begins a scenario at its first step; what went on before is left. */
export function beginScenario(turn: Turn, bot: Bot, scenario: Scenario): void {
  leave(turn);
  go({ bot, scenario, isAside: false }, turn, 0);
}

/** Says and sets what a rule says and sets, and leaves the scenario that waits where it is. */
export function speakAside(turn: Turn, bot: Bot, scenario: Scenario): void {
  go({ bot, scenario, isAside: true }, turn, 0);
}

/** Whether a scenario does nothing but speak and take notes: then it can be worked off beside another one. */
export function isAsideOnly({ steps }: Scenario): boolean {
  return steps.every(({ kind }) => ['say', 'notice', 'set', 'label', 'subscribe', 'unsubscribe'].includes(kind));
}

/** Works the steps off from this one, until one stands still. */
export function go(going: Going, turn: Turn, from: number): void {
  const { bot, scenario, isAside } = going;
  for (let at = from; at < scenario.steps.length; at += 1) {
    const step = scenario.steps[at];
    if (step === undefined || !mayStep(turn, bot.texts)) return;
    const next = runStep(going, turn, step);
    if (turn.isOver || next.kind === 'still') return;
    if (next.kind === 'below') continue;
    follow(going, turn, next);
    return;
  }
  if (!isAside) leave(turn);
}

/** Goes where a step leads; `end` leaves the scenario. */
export function follow(going: Going, turn: Turn, target: Target): void {
  if (target.kind === 'step') {
    const at = going.scenario.steps.findIndex(({ id }) => id === target.id);
    go(going, turn, at);
    return;
  }
  const scenario = target.kind === 'end' ? undefined : going.bot.scenarios.get(target.name);
  if (scenario === undefined) {
    leave(turn);
    return;
  }
  note(turn, 'step', scenario.name, 'begins');
  go({ ...going, scenario }, turn, 0);
}

/** Keeps the place; the next event goes on from there. */
export function stand({ bot, scenario }: Going, turn: Turn, step: Step, wait: Wait): Next {
  turn.state.scenario = { name: scenario.name, version: bot.version, step: step.id, wait };
  return STILL;
}

function runStep(going: Going, turn: Turn, step: Step): Next {
  const { texts } = going.bot;
  const { effects } = turn;
  note(turn, 'step', `${going.scenario.name}/${step.id}`, step.kind);
  switch (step.kind) {
    case 'say':
      emit(turn, { kind: 'say', ...fillContent(step.content, turn) }, texts);
      return BELOW;
    case 'notice':
      emit(turn, { kind: 'notice', text: step.text }, texts);
      return BELOW;
    case 'ask':
      return ask(going, turn, step, fillContent(step.content, turn).text);
    case 'if': {
      const isSo = holds(step.test, turn);
      note(turn, 'step', step.id, isSo ? 'holds' : 'does not hold');
      return isSo ? step.yes : (step.no ?? BELOW);
    }
    case 'set':
      for (const [name, value] of Object.entries(step.values)) setVariable(turn, texts, name, fillValue(value, turn));
      return BELOW;
    case 'label':
      for (const label of step.add) emit(turn, { kind: 'label', action: 'add', label }, texts);
      for (const label of step.remove) emit(turn, { kind: 'label', action: 'remove', label }, texts);
      return BELOW;
    case 'call': {
      const id = nextId(turn);
      const inUrl = (value: string): string => encodeURIComponent(value.toWellFormed());
      const inHeader = (value: string): string => value.replaceAll(/[^\x20-\x7e]/g, '');
      const headers = Object.entries(step.call.headers).map(([name, value]) => [name, fill(value, turn, inHeader)] as const);
      const body = step.body === undefined ? {} : { body: JSON.stringify(fillJson(step.body, turn)) };
      const url = fill(step.call.url, turn, inUrl);
      emit(turn, { kind: 'call', id, method: step.call.method, url, headers: Object.fromEntries(headers), ...body }, texts);
      return stand(going, turn, step, { kind: 'call', id });
    }
    case 'wait': {
      const id = nextId(turn);
      emit(turn, { kind: 'wake', id, at: turn.facts.now + step.ms }, texts);
      return stand(going, turn, step, { kind: 'timer', id });
    }
    case 'ab': {
      const branch = draw(step.branches, turn.facts.random());
      note(turn, 'step', step.id, branch === undefined ? 'has no branch' : `takes ${nameOf(branch.goto)}`);
      return branch?.goto ?? END;
    }
    case 'handoff': {
      const why = step.note === undefined ? {} : { note: fill(step.note, turn).slice(0, 1_000) };
      const hasSaid = effects.some(({ kind }) => kind === 'say');
      handOver(turn, texts, { ...(step.team !== undefined && { team: step.team }), ...why }, !hasSaid);
      return STILL;
    }
    case 'goto':
      return step.target;
    case 'end':
      return END;
    case 'close':
    case 'subscribe':
    case 'unsubscribe':
      emit(turn, { kind: step.kind }, texts);
      return BELOW;
  }
}

const nameOf = (target: Target): string =>
  target.kind === 'step' ? target.id : target.kind === 'scenario' ? target.name : 'end';

function draw<T extends { weight: number }>(branches: readonly T[], chance: number): T | undefined {
  let left = chance * branches.reduce((sum, { weight }) => sum + weight, 0);
  return branches.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
}

/** Asks, and sets the time-out of the question. */
function ask(going: Going, turn: Turn, step: Step & Question, text: string): Next {
  sayQuestion(going, turn, step, text);
  if (step.timeoutMs === undefined) return stand(going, turn, step, { kind: 'answer', failures: 0 });
  const wakeId = nextId(turn);
  emit(turn, { kind: 'wake', id: wakeId, at: turn.facts.now + step.timeoutMs }, going.bot.texts);
  return stand(going, turn, step, { kind: 'answer', failures: 0, wakeId });
}

/** Says the question, or a word in its place, with the buttons of the question. */
export function sayQuestion({ bot }: Going, turn: Turn, step: Step & Question, text: string): void {
  const keyboard = keyboardFor(step, step.id, turn.facts);
  const { attachments, typingMs } = step.content;
  emit(
    turn,
    {
      kind: 'say',
      text,
      ...(keyboard !== undefined && { keyboard }),
      ...(attachments !== undefined && { attachments }),
      ...(typingMs !== undefined && { typingMs }),
    },
    bot.texts,
  );
}

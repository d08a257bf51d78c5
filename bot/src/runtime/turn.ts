import type { Bot } from '../definition/definition.ts';
import type { BotEvent, BotState, Effect, Facts, StepResult, TraceLine, Value, Wait } from '../model/model.ts';

/** What one event may lead to, before a person has to look: the guard against bots that talk in circles. */
export const TURN_LIMITS = { says: 10, steps: 100, effects: 200 } as const;

/** The work on one event: what came in, and what has come of it so far. */
export interface Turn {
  readonly event: BotEvent;
  readonly facts: Facts;
  /** A copy: written as the turn goes. */
  readonly state: BotState;
  readonly effects: Effect[];
  readonly trace: TraceLine[];
  steps: number;
  isUnmatched: boolean;
  /** A person took over: nothing more is said. */
  isOver: boolean;
}

export function beginTurn(event: BotEvent, facts: Facts, state: BotState): Turn {
  return { event, facts, state, effects: [], trace: [], steps: 0, isUnmatched: false, isOver: false };
}

export function endTurn({ state, effects, trace, isUnmatched }: Turn): StepResult {
  return { state, effects, trace, isUnmatched };
}

export function note(turn: Turn, at: TraceLine['at'], name: string, outcome: string): void {
  turn.trace.push({ at, name, outcome });
}

/** Ids that no earlier wait or call of this dialog had. */
export function nextId(turn: Turn): string {
  const id = String(turn.state.nextId);
  turn.state.nextId += 1;
  return id;
}

/** Takes an effect down, unless a person took over. One message too many hands over. */
export function emit(turn: Turn, effect: Effect, texts: Bot['texts']): void {
  if (turn.isOver) return;
  const says = turn.effects.filter(({ kind }) => kind === 'say').length;
  if ((effect.kind === 'say' && says >= TURN_LIMITS.says) || turn.effects.length >= TURN_LIMITS.effects) {
    note(turn, 'guard', 'loop', `more than ${TURN_LIMITS.says} messages or ${TURN_LIMITS.effects} effects for one event`);
    handOver(turn, texts, { note: 'The bot went round in circles.' }, false);
    return;
  }
  turn.effects.push(effect);
}

/** Counts one step. False where it is one too many: a person has taken over. */
export function mayStep(turn: Turn, texts: Bot['texts']): boolean {
  if (turn.isOver) return false;
  turn.steps += 1;
  if (turn.steps <= TURN_LIMITS.steps) return true;
  note(turn, 'guard', 'loop', `more than ${TURN_LIMITS.steps} steps for one event`);
  handOver(turn, texts, { note: 'The bot went round in circles.' }, false);
  return false;
}

/** Keeps a variable for the conversation, and with the person. */
export function setVariable(turn: Turn, texts: Bot['texts'], name: string, value: Value): void {
  turn.state.variables[name] = value;
  emit(turn, { kind: 'set', name, value }, texts);
}

/** Leaves whatever is going on; a timer that would wake it is taken back. */
export function leave(turn: Turn): void {
  const { scenario, scene } = turn.state;
  for (const going of [scenario, scene]) if (going !== undefined) cancelWake(turn, going.wait);
  delete turn.state.scenario;
  delete turn.state.scene;
  turn.state.variables = {};
}

/** Takes back the timer that a wait has set. */
export function cancelWake(turn: Turn, wait: Wait): void {
  const id = wait.kind === 'timer' ? wait.id : wait.kind === 'answer' ? wait.wakeId : undefined;
  // Not by `emit`: leaving is what an event with too many effects ends with.
  if (id !== undefined) turn.effects.push({ kind: 'cancelWake', id });
}

/** Gives the dialog to a person, and says so unless somebody else has. Nothing is said after it. */
export function handOver(
  turn: Turn,
  texts: Bot['texts'],
  { team, note: why }: { team?: string; note?: string },
  isSaid: boolean,
): void {
  if (turn.isOver) return;
  leave(turn);
  turn.state.misunderstood = 0;
  const says = turn.effects.filter(({ kind }) => kind === 'say').length;
  if (isSaid && says < TURN_LIMITS.says) turn.effects.push({ kind: 'say', text: texts.handoff });
  turn.effects.push({ kind: 'handoff', ...(team !== undefined && { team }), ...(why !== undefined && { note: why }) });
  turn.isOver = true;
}

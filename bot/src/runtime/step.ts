import { Compile } from 'typebox/compile';
import type { Bot, StopWords } from '../definition/definition.ts';
import { hasKeyword, readText } from '../matching/matching.ts';
import { BotEvent, type BotState, emptyState, type Facts, readState, type StepResult } from '../model/model.ts';
import { matchRules, startOf } from '../rules/rules.ts';
import { answerScenario, failAnswer, repeatQuestion, wakeScenario } from './resume.ts';
import { beginScenario, isAsideOnly, speakAside } from './run-scenario.ts';
import { beginTurn, emit, endTurn, handOver, leave, note, type Turn } from './turn.ts';

const checkEvent = Compile(BotEvent);

/** In so short a message a stop word is the whole meaning; in a longer one it may be part of a story. */
const STOP_MESSAGE_WORDS_MAX: Readonly<Record<keyof StopWords, number>> = { human: 4, unsubscribe: 2, cancel: 2 };

const NUMERALS = new Set(
  'один одного два две двух три трех четыре пять шесть семь восемь девять десять двое трое четверо несколько'.split(' '),
);

/**
 * What a bot makes of one event. Pure but for `facts.random`: the same inputs give the same outputs, so that it may be run again.
 * Never throws: an event or a state that is none, and a mistake of ours, are told by the trace, the last with a hand-over.
 *
 * `state` is what the last step of this dialog gave, undefined for the first. Store the state that comes back, and carry out the
 * effects, in one transaction.
 */
export function step(bot: Bot, state: BotState | undefined, event: BotEvent, facts: Facts): StepResult {
  const { turn, isReady } = openTurn(state, event, facts);
  try {
    if (isReady) answer(turn, bot);
    return endTurn(turn);
  } catch (error) {
    return failedTurn(bot, turn, error);
  }
}

/** A turn over a copy of the state; not ready where the event is none. */
export function openTurn(state: BotState | undefined, event: BotEvent, facts: Facts): { turn: Turn; isReady: boolean } {
  const known = state === undefined ? emptyState() : readState(state);
  const turn = beginTurn(event, facts, known ?? emptyState());
  if (known === undefined) note(turn, 'guard', 'state', 'could not be read: begun anew');
  const isReady = checkEvent.Check(event);
  if (!isReady) note(turn, 'guard', 'event', 'is none that bots know: nothing is done');
  return { turn, isReady };
}

/** A hand-over in place of what a turn did before it failed. */
export function failedTurn(bot: Pick<Bot, 'texts'>, begun: Turn, error: unknown): StepResult {
  const { nextId, cooldowns, session } = begun.state;
  const state = { ...emptyState(), nextId, cooldowns, ...(session !== undefined && { session }) };
  const turn = beginTurn(begun.event, begun.facts, state);
  turn.trace.push(...begun.trace);
  note(turn, 'guard', 'failure', error instanceof Error ? error.name : 'something that is no error was thrown');
  handOver(turn, bot.texts, { note: 'The bot failed.' }, true);
  return endTurn(turn);
}

function answer(turn: Turn, bot: Bot): void {
  if (stopWord(turn, bot)) return;
  const { event, facts } = turn;
  if (facts.owner === 'bot' && !facts.isGroupChat) {
    if (event.kind === 'timer' || event.kind === 'callResult') {
      if (!wakeScenario(turn, bot, event)) note(turn, 'event', event.kind, 'nobody waits for it any more');
      return;
    }
    // Whoever comes by a link begins anew.
    const isAnswer = (event.kind === 'message' || event.kind === 'button') && startOf(event) === undefined;
    if (isAnswer && answerScenario(turn, bot, event)) return;
  }
  if (event.kind === 'timer' || event.kind === 'callResult') {
    note(turn, 'event', event.kind, `the dialog is with ${facts.owner}: what waited for it ends`);
    leave(turn);
    return;
  }
  applyRules(turn, bot);
}

/** Stop words win over everything. True where one was said and obeyed. */
export function stopWord(turn: Turn, { stopWords, texts }: Pick<Bot, 'stopWords' | 'texts'>): boolean {
  const { event, facts, state } = turn;
  if (event.kind !== 'message' || facts.isGroupChat) return false;
  const text = readText(event.text);
  // «4 человека» is an answer, and no call for one.
  const isCount = text.words.some((word) => /\p{N}/u.test(word) || NUMERALS.has(word));
  const isSaid = (kind: keyof StopWords): boolean =>
    !(kind === 'human' && isCount) && text.words.length <= STOP_MESSAGE_WORDS_MAX[kind] && hasKeyword(text, stopWords[kind]);
  if (isSaid('unsubscribe')) {
    note(turn, 'guard', 'stop word', 'unsubscribe');
    leave(turn);
    emit(turn, { kind: 'unsubscribe' }, texts);
    emit(turn, { kind: 'say', text: texts.unsubscribed }, texts);
    return true;
  }
  // Whoever is with a person already asks that person.
  if (facts.owner !== 'bot') return false;
  if (isSaid('human')) {
    note(turn, 'guard', 'stop word', 'human');
    handOver(turn, texts, {}, true);
    return true;
  }
  if (!isSaid('cancel') || (state.scenario === undefined && state.scene === undefined)) return false;
  note(turn, 'guard', 'stop word', 'cancel');
  leave(turn);
  emit(turn, { kind: 'say', text: texts.cancelled }, texts);
  return true;
}

/** The first rule that fits, and what it does. */
export function applyRules(turn: Turn, bot: Bot): void {
  const { event, facts, state } = turn;
  const { rule, isFallback, looked } = matchRules(bot.rules, event, facts, state);
  for (const { rule: name, fits, missed } of looked) note(turn, 'rule', name, fits ? 'fits' : `no: ${missed.join(', ')}`);
  const isHeard = (event.kind === 'message' || event.kind === 'button') && facts.owner === 'bot' && !facts.isGroupChat;
  const isUnderstood = rule !== undefined && !isFallback;
  if (isHeard && !isUnderstood) {
    if (failAnswer(turn, bot)) return;
    turn.isUnmatched = event.kind === 'message';
    if (misunderstand(turn, bot)) return;
  }
  if (rule === undefined) return;
  const isBusy = state.scenario !== undefined || state.scene !== undefined;
  const isOwnDoing = event.kind === 'message' || event.kind === 'button' || event.kind === 'started';
  if (isBusy && !isOwnDoing && !isAsideOnly(rule.scenario)) {
    // A label or a silence must not take an order away from under the hands of whoever makes it.
    note(turn, 'rule', rule.name, 'is left out: another scenario is under way');
    return;
  }
  if (isHeard && isUnderstood) state.misunderstood = 0;
  if (rule.when.some(({ cooldownMs }) => cooldownMs !== undefined)) state.cooldowns[rule.name] = facts.now;
  if (rule.notice !== undefined && event.kind === 'button') emit(turn, { kind: 'notice', text: rule.notice }, bot.texts);
  if (rule.scenario.steps.length === 0) return;
  if (facts.isGroupChat || facts.owner !== 'bot' || (isBusy && isAsideOnly(rule.scenario) && startOf(event) === undefined)) {
    speakAside(turn, bot, rule.scenario);
    if (isHeard) repeatQuestion(turn, bot);
    return;
  }
  beginScenario(turn, bot, rule.scenario);
}

/** Counts what nothing fitted; true where a person took over. */
function misunderstand(turn: Turn, { misunderstoodMax, texts }: Pick<Bot, 'misunderstoodMax' | 'texts'>): boolean {
  turn.state.misunderstood += 1;
  note(turn, 'event', 'misunderstood', `${turn.state.misunderstood} of ${misunderstoodMax}`);
  if (turn.state.misunderstood < misunderstoodMax) return false;
  handOver(turn, texts, { note: `${misunderstoodMax} messages in a row were not understood.` }, true);
  return true;
}

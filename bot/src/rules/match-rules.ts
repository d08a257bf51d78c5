import { canonicalPayload, fold, hasKeyword, payloadValue, type ReadText, readText } from '../matching/matching.ts';
import type { BotEvent, BotState, Facts } from '../model/model.ts';
import type { Condition, Rule } from './rule.ts';

// A regex is tried on no more than this; longer messages are pasted documents.
const TEXT_CHARACTERS_MAX = 4_096;

/** What one rule made of an event: it fits, or why none of its conditions does. */
export interface RuleMatch {
  rule: string;
  fits: boolean;
  /** The field that kept each condition from fitting, or `chats`; empty where the rule fits. */
  missed: readonly string[];
}

export interface RulesMatch {
  rule: Rule | undefined;
  /** Whether nothing but the word for "anything at all" fitted. */
  isFallback: boolean;
  /** Down to the rule that fitted. */
  looked: readonly RuleMatch[];
}

interface Seen {
  event: BotEvent;
  facts: Facts;
  state: Pick<BotState, 'cooldowns'>;
  rule: string;
  text: string;
  words: ReadText;
  /** Of a button. */
  payload: string | undefined;
  /** What the person came with, '' for nothing; undefined where nobody came. */
  start: string | undefined;
}

interface Check {
  field: keyof Condition;
  fits(condition: Condition, seen: Seen): boolean;
}

/** In the order of their price; chance is drawn last, and only where all else fits. */
const CHECKS: readonly Check[] = [
  { field: 'event', fits: hears },
  { field: 'channel', fits: ({ channel }, { facts }) => channel === undefined || channel === facts.network },
  { field: 'dialog', fits: dialogFits },
  { field: 'hours', fits: ({ hours }, { facts }) => hours === undefined || (hours === 'in') === facts.isWorkingHours },
  { field: 'segment', fits: ({ segment }, { facts }) => segment === undefined || facts.segments[segment] === true },
  {
    field: 'start',
    fits: ({ start }, seen) => start === undefined || (start === true ? seen.start !== undefined : seen.start === start),
  },
  {
    field: 'startSource',
    fits: ({ startSource }, { event }) =>
      startSource === undefined || (event.kind === 'started' && event.refSource === startSource),
  },
  { field: 'payload', fits: ({ payload }, seen) => payload === undefined || payload === seen.payload },
  {
    field: 'noReplyMs',
    fits: ({ noReplyMs }, { event }) => noReplyMs === undefined || (event.kind === 'noReply' && event.forMs === noReplyMs),
  },
  {
    field: 'labelAdded',
    fits: ({ labelAdded }, { event }) => labelAdded === undefined || (event.kind === 'labelAdded' && event.label === labelAdded),
  },
  { field: 'keywords', fits: ({ keywords }, { words }) => keywords === undefined || hasKeyword(words, keywords) },
  { field: 'regex', fits: ({ regex }, { text }) => regex === undefined || regex.test(text) },
  // Who came by a link without a word of their own: only a rule for starts has something to say.
  {
    field: 'fallback',
    fits: ({ fallback }, { event }) => fallback === undefined || event.kind === 'message' || event.kind === 'button',
  },
  {
    field: 'cooldownMs',
    fits: ({ cooldownMs }, { state, facts, rule }) =>
      cooldownMs === undefined || facts.now - (state.cooldowns[rule] ?? Number.NEGATIVE_INFINITY) >= cooldownMs,
  },
  { field: 'probability', fits: ({ probability }, { facts }) => probability === undefined || facts.random() < probability },
];

/** Without a word about events a condition is about what people do themselves; silence and labels are heard only by name. */
function hears({ event, noReplyMs, labelAdded }: Condition, { event: { kind } }: Seen): boolean {
  if (event !== undefined) return event === kind;
  if (kind === 'noReply') return noReplyMs !== undefined;
  if (kind === 'labelAdded') return labelAdded !== undefined;
  return kind === 'message' || kind === 'button' || kind === 'started';
}

/** While the dialog is not the bot's, only a rule that says so speaks. */
function dialogFits({ dialog = 'bot' }: Condition, { facts }: Seen): boolean {
  return dialog === 'new' ? facts.isNewDialog && facts.owner === 'bot' : dialog === facts.owner;
}

/** The first rule of which a condition fits, and why those above it do not. Pure but for `facts.random`, drawn once per condition with a probability. */
export function matchRules(
  rules: readonly Rule[],
  event: BotEvent,
  facts: Facts,
  state: Pick<BotState, 'cooldowns'>,
): RulesMatch {
  const seen = look(event, facts, state);
  const looked: RuleMatch[] = [];
  for (const rule of rules) {
    const { match, condition } = lookAt(rule, { ...seen, rule: rule.name });
    looked.push(match);
    if (match.fits) return { rule, isFallback: condition?.fallback === true, looked };
  }
  return { rule: undefined, isFallback: false, looked };
}

/** What every rule makes of an event, also those below the first that fits: for trying rules out. */
export function explainMatch(rules: readonly Rule[], event: BotEvent, facts: Facts): RuleMatch[] {
  const seen = look(event, facts, { cooldowns: {} });
  return rules.map((rule) => lookAt(rule, { ...seen, rule: rule.name }).match);
}

function lookAt(rule: Rule, seen: Seen): { match: RuleMatch; condition?: Condition } {
  if (seen.facts.isGroupChat && !rule.chats) return { match: { rule: rule.name, fits: false, missed: ['chats'] } };
  const missed: string[] = [];
  for (const condition of rule.when) {
    const check = CHECKS.find(({ fits }) => !fits(condition, seen));
    if (check === undefined) return { match: { rule: rule.name, fits: true, missed: [] }, condition };
    missed.push(check.field);
  }
  return { match: { rule: rule.name, fits: false, missed } };
}

function look(event: BotEvent, facts: Facts, state: Pick<BotState, 'cooldowns'>): Omit<Seen, 'rule'> {
  const text = event.kind === 'message' ? event.text.slice(0, TEXT_CHARACTERS_MAX) : '';
  const payload = event.kind === 'message' || event.kind === 'button' ? event.payload : undefined;
  const start = startOf(event);
  return {
    event,
    facts,
    state,
    text: fold(text),
    words: readText(text),
    payload: payload === undefined || isStartButton(payload) ? undefined : canonicalPayload(payload),
    start,
  };
}

/** What a person came with, by the Start button or a link: '' for nothing; undefined where nobody came. */
export function startOf(event: BotEvent): string | undefined {
  if (event.kind === 'started') return event.ref ?? event.payload ?? '';
  if (event.kind !== 'message') return undefined;
  return event.ref ?? (event.payload !== undefined && isStartButton(event.payload) ? '' : undefined);
}

/** VK's Start button. Source: dev.vk.com/api/bots/development/keyboard. */
function isStartButton(payload: string): boolean {
  const value = payloadValue(payload);
  return typeof value === 'object' && value !== null && 'command' in value && value.command === 'start';
}

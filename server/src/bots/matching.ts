import type { InboundEvent } from '@soroka/channels';
import type { Condition, Phrase, Rule } from './rules.ts';
import { canonicalPayload, fold, payloadValue, wordsOf } from './words.ts';

/** What a person did, as far as rules ask for it. */
export type BotEvent = Extract<InboundEvent, { kind: 'message' | 'started' | 'button' }>;

// A regex is tried on no more than this; longer messages are pasted documents.
const TEXT_CHARACTERS_MAX = 4_096;

/** The first rule that speaks in such a place and one of whose conditions fits the event. */
export function findRule(rules: readonly Rule[], event: BotEvent, { isGroupChat }: { isGroupChat: boolean }): Rule | undefined {
  const seen = look(event);
  return rules.find((rule) => (rule.chats || !isGroupChat) && rule.when.some((condition) => fits(condition, seen)));
}

interface Seen {
  network: BotEvent['network'];
  words: readonly string[];
  text: string;
  /** Of a button. */
  payload: string | undefined;
  /** What the person came with, '' for nothing; undefined where nobody came. */
  start: string | undefined;
  /** Came by a link without a word of their own: only a rule for starts has something to say. */
  isBareStart: boolean;
}

function look(event: BotEvent): Seen {
  const text = event.kind === 'message' ? event.text.slice(0, TEXT_CHARACTERS_MAX) : '';
  const payload = event.kind === 'message' || event.kind === 'button' ? event.payload : undefined;
  const isStartButton = payload !== undefined && isStart(payloadValue(payload));
  const ref = event.kind === 'message' ? event.ref : undefined;
  return {
    network: event.network,
    words: wordsOf(text),
    text: fold(text),
    payload: payload === undefined || isStartButton ? undefined : canonicalPayload(payload),
    start: event.kind === 'started' ? (event.payload ?? '') : (ref ?? (isStartButton ? '' : undefined)),
    isBareStart: event.kind === 'started',
  };
}

function fits(condition: Condition, seen: Seen): boolean {
  const { keywords, regex, start, payload, channel, fallback } = condition;
  return (
    (channel === undefined || channel === seen.network) &&
    (keywords === undefined || keywords.some((phrase) => contains(seen.words, phrase))) &&
    (regex === undefined || regex.test(seen.text)) &&
    (start === undefined || (start === true ? seen.start !== undefined : seen.start === start)) &&
    (payload === undefined || payload === seen.payload) &&
    (fallback === undefined || !seen.isBareStart)
  );
}

/** Whether the words of the phrase stand in the text in a row. */
function contains(words: readonly string[], phrase: Phrase): boolean {
  return words.some((_, from) =>
    phrase.every(({ word, isBeginning }, offset) => {
      const found = words[from + offset];
      return found !== undefined && (isBeginning ? found.startsWith(word) : found === word);
    }),
  );
}

/** VK's Start button. Source: dev.vk.com/api/bots/development/keyboard. */
function isStart(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'command' in payload && payload.command === 'start';
}

import { readFileSync } from 'node:fs';
import { CAPABILITIES, type Keyboard, type Network } from '@soroka/channels';
import { RE2JS } from 're2js';
import { LineCounter, parseDocument } from 'yaml';
import { AppError } from '../platform/errors.ts';
import { keyboardOf } from './reply-keyboard.ts';
import { isObject, kindOf, type Report, refuseUnknown } from './report.ts';
import { canonicalJson, fold, wordsOf } from './words.ts';

export interface Reply {
  text: string;
  /** As the file gives it; each channel makes of it what its network can show. */
  keyboard?: Keyboard;
}

/** Words that must stand in a row; `isBeginning`: the word of the text may go on. */
export type Phrase = readonly { word: string; isBeginning: boolean }[];

/** Everything that is given must fit. */
export interface Condition {
  /** Any of them. */
  keywords?: readonly Phrase[];
  regex?: RE2JS;
  /** The person came by the Start button or a link; a text: by a link with it. */
  start?: true | string;
  /** A button with this payload was pressed; in canonical form. */
  payload?: string;
  channel?: Network;
  /** Any message or button. */
  fallback?: true;
}

export interface Rule {
  name: string;
  /** Any of them. */
  when: readonly Condition[];
  /** Answers in chats of several people too. */
  chats: boolean;
  /** Empty where the rule has a notice only. */
  replies: readonly Reply[];
  /** Shown to a person who pressed a `callback` button that this rule answers. */
  notice?: string;
}

const NETWORKS: readonly Network[] = ['vk', 'ok'];

export const LIMITS = {
  rules: 1_000,
  keywordsPerCondition: 200,
  keywordCharacters: 100,
  regexCharacters: 300,
  repliesPerRule: 3,
  beginningCharactersMin: 3,
  noticeCharacters: 90, // VK's show_snackbar (VkNet, vkbottle); OK has no such line and shows a message
} as const;

/** Reads a file of rules. Throws `config.invalid` with every problem: rule, field, what is wrong and what to write instead. */
export function readRules(file: string): readonly Rule[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const problem = `bot rules ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); check SOROKA_BOT_RULES`;
    throw new AppError('config.invalid', problem, { cause: error });
  }
  return parseRules(text, file);
}

/** The same for rules given as text; `file` stands in the messages. The form: docs/bot-rules.md. */
export function parseRules(text: string, file: string): readonly Rule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: string[] = [];
  for (const { message, pos } of document.errors) {
    const { line, col } = lines.linePos(pos[0]);
    problems.push(`line ${line}, column ${col}: ${message}`);
  }
  const rules = problems.length > 0 ? [] : rulesOf(document.toJS() as unknown, problems);
  if (problems.length > 0) throw new AppError('config.invalid', `bot rules ${file}: ${problems.join('; ')}`);
  return rules;
}

function rulesOf(root: unknown, problems: string[]): Rule[] {
  const report: Report = (field, problem) => void problems.push(`${field} ${problem}`);
  const list = isObject(root) ? root['rules'] : undefined;
  if (!isObject(root) || !Array.isArray(list)) {
    report('the file', 'must be an object with "rules", a list');
    return [];
  }
  refuseUnknown(root, ['rules'], (field, problem) => report(field, problem));
  if (list.length > LIMITS.rules) report('rules', `must be at most ${LIMITS.rules}, got ${list.length}`);
  const names = new Set<string>();
  // The rule above that answers everything, outside chats of several people and in them.
  const fallbacks: { people?: string; chats?: string } = {};
  return list.flatMap((item: unknown, index): Rule[] => {
    const name = isObject(item) && typeof item['name'] === 'string' ? item['name'] : '';
    const at: Report = (field, problem) => report(`rule ${index + 1}${name === '' ? '' : ` "${name}"`}: ${field}`, problem);
    if (!isObject(item)) return at('it', `must be an object with name, when and reply, got ${kindOf(item)}`) ?? [];
    refuseUnknown(item, ['name', 'when', 'reply', 'notice', 'chats'], at);
    if (name === '') at('name', 'must be a text that is not empty: it stands in messages about the rule');
    if (names.has(name)) at('name', 'was used by a rule above: give each its own');
    names.add(name);
    const chats = item['chats'] ?? false;
    if (typeof chats !== 'boolean') at('chats', `must be true or false, got ${kindOf(chats)}`);
    const isInChats = chats === true;
    const answered = isInChats ? fallbacks.people && fallbacks.chats : fallbacks.people;
    if (answered !== undefined) at('it', `can never fit: rule "${answered}" above answers everything; put the fallback last`);
    const when = conditionsOf(item['when'], at);
    if (when.some((condition) => condition.fallback && Object.keys(condition).length === 1)) {
      fallbacks.people ??= name;
      if (isInChats) fallbacks.chats ??= name;
    }
    const notice = noticeOf(item['notice'], at);
    const isNoticeOnly = notice !== undefined && item['reply'] === undefined;
    const replies = isNoticeOnly ? [] : repliesOf(item['reply'], networksOf(when), at);
    return [{ name, when, chats: isInChats, replies, ...(notice !== undefined && { notice }) }];
  });
}

function noticeOf(given: unknown, report: Report): string | undefined {
  if (given === undefined) return undefined;
  const isFit = typeof given === 'string' && given.trim() !== '' && [...given.trim()].length <= LIMITS.noticeCharacters;
  if (isFit) return given.trim();
  report('notice', `must be a text of 1 to ${LIMITS.noticeCharacters} characters`);
  return undefined;
}

/** On which networks a rule may answer. */
export function networksOf(when: readonly Condition[]): readonly Network[] {
  return NETWORKS.filter((network) => when.some(({ channel = network }) => channel === network));
}

function conditionsOf(given: unknown, report: Report): Condition[] {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0) report('when', 'must name at least one condition');
  return list.map((item: unknown, index) => {
    const path = Array.isArray(given) ? `when[${index}]` : 'when';
    if (!isObject(item) || Object.keys(item).length === 0) {
      report(path, `must be an object with ${CONDITION_FIELDS.join(', ')}, got ${kindOf(item)}`);
      return {};
    }
    const at: Report = (field, problem) => report(`${path}.${field}`, problem);
    refuseUnknown(item, CONDITION_FIELDS, at);
    return conditionOf(item, at);
  });
}

const CONDITION_FIELDS = ['keywords', 'regex', 'start', 'payload', 'channel', 'fallback'] as const;

function conditionOf(item: Readonly<Record<string, unknown>>, report: Report): Condition {
  const { keywords, regex, start, payload, channel, fallback } = item;
  const condition: Condition = {};
  if (keywords !== undefined) condition.keywords = phrasesOf(keywords, report);
  if (regex !== undefined) {
    const compiled = regexOf(regex, report);
    if (compiled !== undefined) condition.regex = compiled;
  }
  if (start !== undefined) {
    if (start === true || (typeof start === 'string' && start !== '')) condition.start = start;
    else report('start', `must be true, or the text of the link, got ${kindOf(start)}`);
  }
  if (payload !== undefined) condition.payload = canonicalJson(payload);
  if (channel !== undefined) {
    if (channel === 'vk' || channel === 'ok') condition.channel = channel;
    else report('channel', 'must be vk or ok');
  }
  if (fallback !== undefined) {
    if (fallback === true) condition.fallback = true;
    else report('fallback', `must be true or absent, got ${kindOf(fallback)}`);
  }
  return condition;
}

function phrasesOf(given: unknown, report: Report): Phrase[] {
  if (!Array.isArray(given) || given.length === 0) {
    report('keywords', `must be a list of words, for example [привет, добрый день], got ${kindOf(given)}`);
    return [];
  }
  if (given.length > LIMITS.keywordsPerCondition) report('keywords', `must be at most ${LIMITS.keywordsPerCondition}`);
  return given.map((keyword: unknown, index) => {
    const field = `keywords[${index}]`;
    if (typeof keyword !== 'string') {
      report(field, `must be a text, got ${kindOf(keyword)}: write it in quotes`);
      return [];
    }
    if (keyword.length > LIMITS.keywordCharacters) report(field, `must be at most ${LIMITS.keywordCharacters} characters`);
    const phrase = keyword.split(/\s+/).flatMap((part) => {
      const words = wordsOf(part);
      return words.map((word, at) => ({ word, isBeginning: part.endsWith('*') && at === words.length - 1 }));
    });
    if (phrase.length === 0) report(field, 'holds no letter and no digit');
    if (phrase.some(({ word, isBeginning }) => isBeginning && word.length < LIMITS.beginningCharactersMin)) {
      report(field, `must have at least ${LIMITS.beginningCharactersMin} letters before *`);
    }
    return phrase;
  });
}

function regexOf(given: unknown, report: Report): RE2JS | undefined {
  if (typeof given !== 'string' || given === '') return report('regex', `must be a text that is not empty, got ${kindOf(given)}`);
  if (given.length > LIMITS.regexCharacters) return report('regex', `must be at most ${LIMITS.regexCharacters} characters`);
  try {
    return RE2JS.compile(fold(given), RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    return report('regex', `is no RE2 expression (${(error as Error).message}); see github.com/google/re2/wiki/Syntax`);
  }
}

function repliesOf(given: unknown, networks: readonly Network[], report: Report): Reply[] {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0 || list.length > LIMITS.repliesPerRule) {
    report('reply', `must be one reply or a list of 1 to ${LIMITS.repliesPerRule}`);
  }
  return list.map((item: unknown, index) => {
    const path = Array.isArray(given) ? `reply[${index}]` : 'reply';
    if (typeof item === 'string') return { text: textOf(item, path, networks, report) };
    if (!isObject(item)) {
      report(path, `must be a text or an object with text and buttons, got ${kindOf(item)}`);
      return { text: '' };
    }
    const at: Report = (field, problem) => report(`${path}.${field}`, problem);
    refuseUnknown(item, ['text', 'buttons', 'keyboard'], at);
    const text = textOf(item['text'], `${path}.text`, networks, report);
    const keyboard = keyboardOf(item, networks, at);
    return { text, ...(keyboard !== undefined && { keyboard }) };
  });
}

function textOf(given: unknown, field: string, networks: readonly Network[], report: Report): string {
  if (typeof given !== 'string' || given.trim() === '') {
    report(field, `must be a text that is not empty, got ${kindOf(given)}`);
    return '';
  }
  const charactersMax = Math.min(...networks.map((network) => CAPABILITIES[network].textCharactersMax));
  const count = [...given.trim()].length;
  if (count > charactersMax) report(field, `must be at most ${charactersMax} characters, got ${count}`);
  return given.trim();
}

import { canonicalJson, type KeywordMode, type Keywords, phrasesOf, type Synonyms } from '../matching/matching.ts';
import type { EventKind } from '../model/model.ts';
import {
  below,
  durationField,
  type Item,
  isObject,
  kindOf,
  numberField,
  oneOfField,
  type Report,
  refuseUnknown,
  regexField,
  textField,
} from '../reading/reading.ts';
import type { Condition } from './rule.ts';

const KEYWORDS_MAX = 200;
const KEYWORD_CHARACTERS_MAX = 100;
const BEGINNING_CHARACTERS_MIN = 3;
const MODES: readonly KeywordMode[] = ['words', 'contains', 'exact', 'fuzzy'];
/** What rules may ask for; timers and answers of calls belong to the steps that wait for them. */
const EVENTS: readonly EventKind[] = ['message', 'button', 'started', 'subscribed', 'unsubscribed', 'noReply', 'labelAdded'];

type Read = (item: Item, field: string, report: Report, synonyms: Synonyms) => unknown;
const text: Read = (item, field, report) => textField(item, field, report, 100);

/** The fields of a condition: how each is read, and what it is called in `Condition`. */
const FIELDS: Readonly<Record<string, { name: keyof Condition; read: Read }>> = {
  event: { name: 'event', read: (item, field, report) => oneOfField(item, field, report, EVENTS) },
  keywords: {
    name: 'keywords',
    read: (item, field, report, synonyms) => keywordsOf(item[field], below(report, field), synonyms),
  },
  regex: { name: 'regex', read: regexField },
  start: {
    name: 'start',
    read: (item, field, report) => {
      const start = item[field];
      if (start === true || (typeof start === 'string' && start !== '')) return start;
      return report(field, `must be true, or the text of the link, got ${kindOf(start)}`);
    },
  },
  startSource: { name: 'startSource', read: text },
  payload: { name: 'payload', read: (item, field) => canonicalJson(item[field]) },
  channel: { name: 'channel', read: (item, field, report) => oneOfField(item, field, report, ['vk', 'ok']) },
  hours: { name: 'hours', read: (item, field, report) => oneOfField(item, field, report, ['in', 'out']) },
  segment: { name: 'segment', read: text },
  dialog: { name: 'dialog', read: (item, field, report) => oneOfField(item, field, report, ['bot', 'queue', 'human', 'new']) },
  noReply: { name: 'noReplyMs', read: durationField },
  labelAdded: { name: 'labelAdded', read: text },
  cooldown: { name: 'cooldownMs', read: durationField },
  probability: { name: 'probability', read: (item, field, report) => numberField(item, field, report, 0, 1) },
  fallback: {
    name: 'fallback',
    read: (item, field, report) => item[field] === true || report(field, `must be true or absent, got ${kindOf(item[field])}`),
  },
};

/** One condition, or a list of which any may fit. */
export function conditionsOf(given: unknown, report: Report, synonyms: Synonyms): Condition[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) report('', 'must name at least one condition');
  return list.map((item, index) => {
    const at = Array.isArray(given) ? below(report, `[${index}]`) : report;
    if (!isObject(item) || Object.keys(item).length === 0) {
      at('', `must be an object with ${Object.keys(FIELDS).join(', ')}, got ${kindOf(item)}`);
      return {};
    }
    refuseUnknown(item, Object.keys(FIELDS), at);
    const read = Object.entries(FIELDS)
      .filter(([field]) => item[field] !== undefined)
      .map(([field, { name, read }]) => [name, read(item, field, at, synonyms)] as const)
      .filter(([, value]) => value !== undefined);
    return Object.fromEntries(read) as Condition;
  });
}

/** A list of words as they are written, or `{any, mode}`. */
function keywordsOf(given: unknown, report: Report, synonyms: Synonyms): Keywords {
  const isShort = Array.isArray(given);
  if (!isShort && isObject(given)) refuseUnknown(given, ['any', 'mode'], report);
  const mode = isShort || !isObject(given) ? 'words' : (oneOfField(given, 'mode', report, MODES) ?? 'contains');
  const list: unknown = isObject(given) ? given['any'] : given;
  if (!Array.isArray(list) || list.length === 0) {
    report('', `must be a list of words, for example [привет, добрый день], or {any: […], mode: fuzzy}, got ${kindOf(list)}`);
    return { mode, phrases: [] };
  }
  if (list.length > KEYWORDS_MAX) report('', `must be at most ${KEYWORDS_MAX}`);
  const phrases = list.flatMap((keyword: unknown, index) => {
    const at = below(report, `${isShort ? '' : 'any'}[${index}]`);
    if (typeof keyword !== 'string') return at('', `must be a text, got ${kindOf(keyword)}: write it in quotes`) ?? [];
    if (keyword.length > KEYWORD_CHARACTERS_MAX) at('', `must be at most ${KEYWORD_CHARACTERS_MAX} characters`);
    const read = phrasesOf(keyword, mode === 'words' ? [] : synonyms);
    if (read.length === 0) at('', 'holds no letter and no digit');
    if (read[0]?.some(({ word, isBeginning }) => isBeginning && word.length < BEGINNING_CHARACTERS_MIN))
      at('', `must have at least ${BEGINNING_CHARACTERS_MIN} letters before *`);
    return read;
  });
  return { mode, phrases };
}

import type { Attachment, Content } from '../model/model.ts';
import { durationField, isVariable, oneOfField } from './fields.ts';
import { keyboardOf } from './keyboard-field.ts';
import { below, type Item, isObject, kindOf, type Report, refuseUnknown } from './report.ts';

// The longest that any network takes; what each takes, lint says.
const TEXT_CHARACTERS_MAX = 4_096;
const ATTACHMENTS_MAX = 10;
const TYPING_MAX_MS = 10_000;
const ATTACHMENT_KINDS = ['image', 'file', 'voice', 'video'] as const;
const CONTENT_FIELDS = ['text', 'buttons', 'keyboard', 'attachments', 'typing'] as const;

/** What stands between `{{` and `}}`; the names that a text needs. */
export function variablesOf(text: string): string[] {
  return [...text.matchAll(/\{\{(.*?)\}\}/gs)].map(([, name = '']) => name.trim());
}

/** A message: a text, or `{text, buttons, keyboard, attachments, typing}`. */
export function contentOf(given: unknown, report: Report): Content {
  if (typeof given === 'string') return { text: textOf(given, report) };
  if (!isObject(given)) {
    report('', `must be a text or an object with text and buttons, got ${kindOf(given)}`);
    return { text: '' };
  }
  refuseUnknown(given, CONTENT_FIELDS, report);
  return contentOfItem(given, report);
}

/** The same from the fields of an object that has others too. */
export function contentOfItem(item: Item, report: Report): Content {
  const attachments = attachmentsOf(item['attachments'], below(report, 'attachments'));
  const isTextMissing = item['text'] === undefined && attachments !== undefined;
  const keyboard = keyboardOf(item, report);
  const typingMs = durationField(item, 'typing', report);
  if (typingMs !== undefined && typingMs > TYPING_MAX_MS) report('typing', 'must be at most 10s');
  return {
    text: isTextMissing ? '' : textOf(item['text'], below(report, 'text')),
    ...(keyboard !== undefined && { keyboard }),
    ...(attachments !== undefined && { attachments }),
    ...(typingMs !== undefined && { typingMs: Math.min(typingMs, TYPING_MAX_MS) }),
  };
}

function textOf(given: unknown, report: Report): string {
  if (typeof given !== 'string' || given.trim() === '') {
    report('', `must be a text that is not empty, got ${kindOf(given)}`);
    return '';
  }
  const text = given.trim();
  const count = [...text].length;
  if (count > TEXT_CHARACTERS_MAX) report('', `must be at most ${TEXT_CHARACTERS_MAX} characters, got ${count}`);
  checkTemplate(text, report);
  return text;
}

/** Says what is wrong with the `{{ }}` of a text. */
export function checkTemplate(text: string, report: Report): void {
  for (const name of variablesOf(text)) {
    if (!isVariable(name)) report('', `has {{ ${name} }}: between the braces stands the name of a variable and nothing else`);
  }
  if ((text.match(/\{\{/g)?.length ?? 0) !== variablesOf(text).length) report('', 'has {{ without }}');
}

function attachmentsOf(given: unknown, report: Report): Attachment[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length === 0 || given.length > ATTACHMENTS_MAX)
    return report('', `must be a list of 1 to ${ATTACHMENTS_MAX}, each {kind, url}, got ${kindOf(given)}`);
  return given.flatMap((item: unknown, index): Attachment[] => {
    const at = below(report, `[${index}]`);
    if (!isObject(item)) return at('', `must be an object with kind and url, got ${kindOf(item)}`) ?? [];
    refuseUnknown(item, ['kind', 'url'], at);
    const kind = oneOfField({ kind: item['kind'] ?? '' }, 'kind', at, ATTACHMENT_KINDS);
    const { url } = item;
    if (typeof url !== 'string' || !/^https?:\/\//.test(url)) return at('url', 'must be an http or https address') ?? [];
    return kind === undefined ? [] : [{ kind, url }];
  });
}

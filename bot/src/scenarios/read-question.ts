import {
  below,
  contentOfItem,
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
  textsField,
  variableField,
} from '../reading/reading.ts';
import type { Places } from './places.ts';
import type { AnswerType, Option, Question } from './scenario.ts';

const TYPES: readonly AnswerType[] = ['text', 'number', 'phone', 'email', 'date', 'choice', 'file'];
const CONTENT = ['text', 'attachments', 'typing'];
const BOTH = [...CONTENT, 'save', 'retries', 'retry', 'timeout', 'onTimeout', 'onFail'];
const ASK_FIELDS = [...BOTH, 'type', 'validate', 'buttons', 'keyboard', 'options', 'contactButton'];
const CHOICE_FIELDS = [...BOTH, 'options'];
const RETRIES_DEFAULT = 2;
const OPTIONS_MAX = 30;

/** `ask: {text, type, save, …}`. */
export function askOf(given: unknown, report: Report, places: Places): Question {
  if (!isObject(given)) return nothingAsked(report, `must be an object with text, type and save, got ${kindOf(given)}`);
  refuseUnknown(given, ASK_FIELDS, report);
  const type = oneOfField({ type: given['type'] ?? 'text' }, 'type', report, TYPES) ?? 'text';
  if (type !== 'choice' && given['options'] !== undefined) report('options', 'are of type choice');
  if (type === 'choice' && given['buttons'] !== undefined) report('buttons', 'are made of the options: leave them out');
  if (type !== 'phone' && given['contactButton'] !== undefined) report('contactButton', 'is of type phone');
  return questionOf(given, type, report, places);
}

/** `choice: {text, options, save, …}`: the same as ask with type choice. */
export function choiceOf(given: unknown, report: Report, places: Places): Question {
  if (!isObject(given)) return nothingAsked(report, `must be an object with text and options, got ${kindOf(given)}`);
  refuseUnknown(given, CHOICE_FIELDS, report);
  return questionOf(given, 'choice', report, places);
}

function nothingAsked(report: Report, problem: string): Question {
  report('', problem);
  return { content: { text: '' }, type: 'text', options: [], retries: 0 };
}

function questionOf(item: Item, type: AnswerType, report: Report, places: Places): Question {
  const save = variableField(item, 'save', report);
  const retry = textField(item, 'retry', report, 4_096);
  const contactButton = textField(item, 'contactButton', report, 40);
  const timeoutMs = durationField(item, 'timeout', report);
  const onTimeout = places.targetOf(item, 'onTimeout', report);
  const onFail = places.targetOf(item, 'onFail', report);
  if (onTimeout !== undefined && timeoutMs === undefined) report('timeout', 'is missing: after how long does onTimeout come?');
  return {
    content: contentOfItem(item, report),
    type,
    options: type === 'choice' ? optionsOf(item['options'], below(report, 'options'), places) : [],
    retries: numberField(item, 'retries', report, 0, 10) ?? RETRIES_DEFAULT,
    ...(save !== undefined && { save }),
    ...validationOf(item['validate'], type, below(report, 'validate')),
    ...(retry !== undefined && { retry }),
    ...(contactButton !== undefined && { contactButton }),
    ...(onFail !== undefined && { onFail }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(onTimeout !== undefined && { onTimeout }),
  };
}

function validationOf(given: unknown, type: AnswerType, report: Report): Pick<Question, 'min' | 'max' | 'regex'> {
  if (given === undefined) return {};
  if (!isObject(given) || (type !== 'text' && type !== 'number')) {
    report('', 'is an object with min, max and regex, of type text or number');
    return {};
  }
  refuseUnknown(given, type === 'text' ? ['min', 'max', 'regex'] : ['min', 'max'], report);
  const min = numberField(given, 'min', report, -1e15, 1e15);
  const max = numberField(given, 'max', report, -1e15, 1e15);
  if (min !== undefined && max !== undefined && min > max) report('min', 'is more than max: no answer would do');
  const regex = regexField(given, 'regex', report);
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }), ...(regex !== undefined && { regex }) };
}

function optionsOf(given: unknown, report: Report, places: Places): Option[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > OPTIONS_MAX) {
    report('', `must be a list of 1 to ${OPTIONS_MAX} texts or {label, value, words, goto}, got ${kindOf(given)}`);
    return [];
  }
  const options = given.flatMap((item: unknown, index) => optionOf(item, below(report, `[${index}]`), places) ?? []);
  const values = options.map(({ value }) => value);
  for (const value of new Set(values.filter((one, index) => values.indexOf(one) !== index)))
    report('', `has the value "${value}" twice: give each option its own`);
  return options;
}

function optionOf(given: unknown, report: Report, places: Places): Option | undefined {
  if (typeof given === 'string' || typeof given === 'number') return optionOf({ label: String(given) }, report, places);
  if (!isObject(given)) return report('', `must be a text or an object with label, got ${kindOf(given)}`);
  refuseUnknown(given, ['label', 'value', 'words', 'goto'], report);
  if (given['label'] === undefined) report('label', 'is missing: it stands on the button');
  const label = textField(given, 'label', report, 128);
  const value = textField(given, 'value', report, 100) ?? label;
  const words = textsField(given, 'words', report, 50, 100) ?? [];
  const goto = places.targetOf(given, 'goto', report);
  if (label === undefined || value === undefined) return undefined;
  return { label, value, words, ...(goto !== undefined && { goto }) };
}

import { canonicalJson, canonicalPayload, fold, hasKeyword, phrasesOf, readText, wordsOf } from '../matching/matching.ts';
import type { BotEvent, Facts, Keyboard, Value } from '../model/model.ts';
import type { AnswerType, Option, Question } from '../scenarios/scenarios.ts';
import { dateOf } from './dates.ts';

export type Answer = BotEvent & { kind: 'message' | 'button' };

/** What an answer means to a question; `option` where one was chosen. */
export type ReadAnswer = { ok: true; value: Value; option?: Option } | { ok: false };

// What networks take in one column; more options stand two in a row.
const OPTIONS_IN_COLUMN_MAX = 6;
const TEXT_CHARACTERS_MAX = 4_096;
const NO: ReadAnswer = { ok: false };

interface Asked {
  question: Question;
  step: string;
  text: string;
  event: Answer;
  facts: Facts;
}
type Read = (asked: Asked) => Value | undefined;

/** How each type of answer is read; undefined where it is none. To add a type, add it here and its word to `HINTS`. */
const READ: Readonly<Record<Exclude<AnswerType, 'choice'>, Read>> = {
  text: ({ text, question: { min = 1, max = TEXT_CHARACTERS_MAX, regex } }) => {
    const count = [...text].length;
    return count >= min && count <= max && (regex === undefined || regex.test(fold(text))) ? text : undefined;
  },
  number: ({ text, question: { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } }) => {
    const [, written] = /^(-?\d[\d\s\u00a0]*(?:[.,]\d+)?)\s*\p{L}{0,5}\.?$/u.exec(text) ?? [];
    const number = written === undefined ? Number.NaN : Number(written.replaceAll(/\s/g, '').replace(',', '.'));
    return number >= min && number <= max ? number : undefined;
  },
  phone: ({ text, event }) => phoneOf(event.kind === 'message' ? (event.contact?.phone ?? text) : text),
  email: ({ text }) =>
    /^[^\s@<>"(),:;]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24}$/u.test(text) ? text.toLowerCase() : undefined,
  date: ({ text, facts }) => dateOf(text, facts.now, facts.timeZone),
  file: ({ event }) => (event.kind === 'message' ? event.attachments[0] : undefined),
};

/** Said after a wrong answer, where the question brings no word of its own. */
export const HINTS: Readonly<Record<AnswerType, string>> = {
  text: 'Напишите, пожалуйста, текстом.',
  number: 'Нужно число. Напишите его цифрами, например 2.',
  phone: 'Не похоже на номер телефона. Напишите его так: +7 900 123-45-67.',
  email: 'Не похоже на адрес почты. Напишите его так: anna@example.ru.',
  date: 'Не понял дату. Напишите её так: 25.12 или «завтра».',
  choice: 'Выберите, пожалуйста, один из вариантов.',
  file: 'Пришлите, пожалуйста, файл или фотографию.',
};

/** Digits of E.164 without plus, of a phone as people in Russia write it: `8 (900) 123-45-67`, `900 1234567`, `+375 29 …`. */
export function phoneOf(written: string): string | undefined {
  if (!/^[+\d][\d\s().\u00a0-]*$/.test(written.trim())) return undefined;
  const digits = written.replaceAll(/\D/g, '');
  if (written.trim().startsWith('+'))
    return digits.length >= 10 && digits.length <= 15 && !/^(0|7.{0,9}$|7.{11,}$)/.test(digits) ? digits : undefined;
  if (/^[78]\d{10}$/.test(digits)) return `7${digits.slice(1)}`;
  if (/^9\d{9}$/.test(digits)) return `7${digits}`;
  return /^[1-6]\d{10,13}$/.test(digits) ? digits : undefined;
}

/** Reads an answer to the question of a step. */
export function readAnswer(question: Question, step: string, event: Answer, facts: Facts): ReadAnswer {
  const asked: Asked = { question, step, text: textOf(question, event), event, facts };
  if (question.type !== 'choice') {
    const value = READ[question.type](asked);
    return value === undefined ? NO : { ok: true, value };
  }
  const option = optionOf(asked);
  return option === undefined ? NO : { ok: true, value: option.value, option };
}

/** What was written. A button of the question itself says its label; one of another message is no answer, but may be a rule's. */
function textOf({ content, type }: Question, event: Answer): string {
  if (event.payload === undefined || type === 'choice') return event.kind === 'message' ? event.text.trim() : '';
  const payload = canonicalPayload(event.payload);
  const own = content.keyboard?.rows.flat().find((one) => 'payload' in one && one.payload === payload);
  return own?.label ?? '';
}

/** By its button, its label, its number, or its words, if they mean one option only. */
function optionOf({ question: { options }, step, text, event }: Asked): Option | undefined {
  if (event.payload !== undefined) {
    const payload = canonicalPayload(event.payload);
    const pressed = options.find((option) => payloadOf(step, option) === payload);
    return pressed;
  }
  const said = wordsOf(text).join(' ');
  const named = options.find(({ label, value }) => said !== '' && [label, value].some((one) => wordsOf(one).join(' ') === said));
  if (named !== undefined) return named;
  const number = /^\d{1,2}$/.test(said) ? Number(said) : 0;
  if (number > 0) return options[number - 1];
  const read = readText(text);
  const meant = options.filter(({ label, words }) =>
    [label, ...words].some((one) => hasKeyword(read, { mode: 'fuzzy', phrases: phrasesOf(one, []) })),
  );
  return meant.length === 1 ? meant[0] : undefined;
}

/** What comes back when the button of an option is pressed; in canonical form. */
function payloadOf(step: string, { value }: Option): string {
  return canonicalJson({ choice: step, value });
}

/** The buttons of a question: those of its options, or its own with one that shares the phone. */
export function keyboardFor(question: Question, step: string, { network }: Facts): Keyboard | undefined {
  const { type, options, content, contactButton } = question;
  if (type === 'choice') {
    const columns = options.length > OPTIONS_IN_COLUMN_MAX ? 2 : 1;
    const buttons = options.map((option) => ({ kind: 'text', label: option.label, payload: payloadOf(step, option) }) as const);
    const rows = buttons
      .filter((_, index) => index % columns === 0)
      .map((_, row) => buttons.slice(row * columns, row * columns + columns));
    return { place: 'message', rows };
  }
  // VK has no such button (channels' keyboard rules): the one that stands in would only write its label.
  if (contactButton === undefined || network === 'vk') return content.keyboard;
  return {
    place: 'message',
    ...content.keyboard,
    rows: [...(content.keyboard?.rows ?? []), [{ kind: 'contact', label: contactButton }]],
  };
}

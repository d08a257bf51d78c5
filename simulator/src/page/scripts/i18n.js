import { EN } from '../texts/en.js';
import { RU } from '../texts/ru.js';

const KEY = 'soroka-language';
const TEXTS = { ru: RU, en: EN };

/** What the person chose here before, else what the server found in the browser's own languages. */
export const language = localStorage.getItem(KEY) ?? (document.documentElement.lang === 'ru' ? 'ru' : 'en');
document.documentElement.lang = language;

export function chooseLanguage(chosen) {
  localStorage.setItem(KEY, chosen);
  location.reload();
}

/** A text by its name; some are functions of what stands in them. */
export function t(name, ...values) {
  const text = TEXTS[language][name];
  if (text === undefined) throw new Error(`there is no text "${name}" in ${language}`);
  return typeof text === 'function' ? text(...values) : text;
}

const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' });
const dayAndClock = new Intl.DateTimeFormat(locale, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export const clockTime = (ms) => clock.format(ms);
export const exactTime = (ms) => exact.format(ms);
export const dayOf = (ms) => day.format(ms);
export const fullTime = (ms) => dayAndClock.format(ms);

/** `1 048 576` bytes as `1 MB`. */
export function sizeOf(bytes) {
  const [value, unit] =
    bytes >= 1_048_576 ? [bytes / 1_048_576, 'megabyte'] : bytes >= 1_024 ? [bytes / 1_024, 'kilobyte'] : [bytes, 'byte'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}

const DAY_MS = 86_400_000;
const MONTHS = ['январ', 'феврал', 'март', 'апрел', 'ма', 'июн', 'июл', 'август', 'сентябр', 'октябр', 'ноябр', 'декабр'];
const WORDS: Readonly<Record<string, number>> = { сегодня: 0, завтра: 1, послезавтра: 2 };

/** The day of a moment in a time zone, as `2026-06-01`. */
export function dayOf(now: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(
    now,
  );
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

/**
 * The date that a person named, as `2026-06-01`: `25.12`, `25.12.2026`, `2026-12-25`, `25 декабря`, `завтра`. Without a year the
 * next such day is meant. Undefined where the text names none that exists.
 */
export function dateOf(text: string, now: number, timeZone: string): string | undefined {
  const today = dayOf(now, timeZone);
  const said = text.trim().toLowerCase();
  const offset = Object.hasOwn(WORDS, said) ? WORDS[said] : undefined;
  if (offset !== undefined) return isoOf(Date.parse(today) + offset * DAY_MS);
  const [, isoYear, isoMonth = '', isoDay = ''] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(said) ?? [];
  if (isoYear !== undefined) return existing(Number(isoYear), Number(isoMonth), Number(isoDay));
  const [, day = '', monthNumber, monthName, year] =
    /^(\d{1,2})(?:[./-](\d{1,2})|\s+(\p{L}+))(?:[./-]?\s*(\d{4}|\d{2}))?(?:\s*г\.?|\s*года)?$/u.exec(said) ?? [];
  const month = monthNumber === undefined ? monthOf(monthName ?? '') : Number(monthNumber);
  if (year !== undefined) return existing(Number(year.length === 2 ? `20${year}` : year), month, Number(day));
  const thisYear = existing(Number(today.slice(0, 4)), month, Number(day));
  return thisYear !== undefined && thisYear < today ? existing(Number(today.slice(0, 4)) + 1, month, Number(day)) : thisYear;
}

/** 1 to 12; 0 for no month. «Май» and «мая» share two letters with «март», so it comes after all others. */
function monthOf(name: string): number {
  const at = MONTHS.findIndex((stem, index) => index !== 4 && name.startsWith(stem));
  return at === -1 ? (/^ма[йя]$/.test(name) ? 5 : 0) : at + 1;
}

function existing(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1900 && year <= 2200
    ? isoOf(date.getTime())
    : undefined;
}

const isoOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

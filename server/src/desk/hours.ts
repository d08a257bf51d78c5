import { AppError } from '../platform/errors.ts';

/** When people work. Times are of the wall clock in `timeZone`. */
export interface WorkingHours {
  timeZone: string;
  /** Monday first; of each day spans that do not overlap, in order. */
  weekly: readonly (readonly Span[])[];
  /** Days without work, as `2026-01-01`. */
  holidays: readonly string[];
}

/** From `from` until just before `to`, as `09:00`; `24:00` is the end of the day. */
export interface Span {
  from: string;
  to: string;
}

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

/** As it is kept. Throws `parameter.invalid` with the field. */
export function checkedHours({ timeZone, weekly, holidays }: WorkingHours): WorkingHours {
  if (!isTimeZone(timeZone)) throw refused('hours.timeZone', 'must be the name of a time zone: Europe/Moscow');
  if (weekly.length !== 7) throw refused('hours.weekly', 'must have seven days, Monday first');
  for (const [day, spans] of weekly.entries()) {
    for (const [index, { from, to }] of spans.entries()) {
      const field = `hours.weekly[${day}][${index}]`;
      if (!TIME.test(from) || !TIME.test(to) || from >= to)
        throw refused(field, 'must be from an earlier time to a later one: 09:00');
      const before = spans[index - 1];
      if (before !== undefined && before.to > from) throw refused(field, 'must begin after the span before it');
    }
  }
  const wrong = holidays.findIndex((date) => !DATE.test(date) || Number.isNaN(Date.parse(date)));
  if (wrong !== -1) throw refused(`hours.holidays[${wrong}]`, 'must be a date: 2026-01-01');
  return { timeZone, weekly, holidays };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const refused = (field: string, problem: string) => new AppError('parameter.invalid', problem, { field });

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
// Whoever works on no day of a year has no working time at all.
const DAYS_LOOKED_AT = 400;

/** Whether it is working time; where there are no hours, it always is. */
export function isWorking(at: Date, hours: WorkingHours | null): boolean {
  if (hours === null) return true;
  const time = at.getTime();
  return spansOf(dayOf(time, hours.timeZone), hours).some(({ start, end }) => start <= time && time < end);
}

/** Working time between two moments, in ms; 0 where `to` is not after `from`. */
export function workingMsBetween(from: Date, to: Date, hours: WorkingHours | null): number {
  if (hours === null) return Math.max(0, to.getTime() - from.getTime());
  let worked = 0;
  for (let day = dayOf(from.getTime(), hours.timeZone); ; day = nextDay(day)) {
    if (utcOf(day, 0, hours.timeZone) >= to.getTime()) return worked;
    for (const { start, end } of spansOf(day, hours))
      worked += Math.max(0, Math.min(end, to.getTime()) - Math.max(start, from.getTime()));
  }
}

/** The moment at which so much working time has passed since `from`; null where nobody works for a year. */
export function afterWorkingMs(from: Date, ms: number, hours: WorkingHours | null): Date | null {
  if (hours === null) return new Date(from.getTime() + ms);
  let left = ms;
  let day = dayOf(from.getTime(), hours.timeZone);
  for (let looked = 0; looked < DAYS_LOOKED_AT; looked += 1) {
    for (const { start, end } of spansOf(day, hours)) {
      const begin = Math.max(start, from.getTime());
      const worked = Math.max(0, end - begin);
      if (worked >= left && worked > 0) return new Date(begin + left);
      left -= worked;
    }
    day = nextDay(day);
  }
  return null;
}

/** Midnight of a calendar day, as if it were in UTC. */
type Day = number;

function spansOf(day: Day, { weekly, holidays, timeZone }: WorkingHours): { start: number; end: number }[] {
  const date = new Date(day);
  if (holidays.includes(date.toISOString().slice(0, 10))) return [];
  const spans = weekly[(date.getUTCDay() + 6) % 7] ?? [];
  return spans.map(({ from, to }) => ({
    start: utcOf(day, minutesOf(from), timeZone),
    end: utcOf(day, minutesOf(to), timeZone),
  }));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

const nextDay = (day: Day): Day => day + DAY_MS;

function dayOf(time: number, timeZone: string): Day {
  const local = time + offsetAt(time, timeZone);
  return local - (((local % DAY_MS) + DAY_MS) % DAY_MS);
}

/** The moment at which clocks of the zone show so many minutes after midnight of a day; where they jump over it, one just before or after. */
function utcOf(day: Day, minutes: number, timeZone: string): number {
  const local = day + minutes * MINUTE_MS;
  const guess = local - offsetAt(local, timeZone);
  return local - offsetAt(guess, timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>(); // as many as the time zone database has names

/** How far the clocks of a zone are ahead of UTC, in ms. */
function offsetAt(time: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...numeric });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts as Record<string, number>;
  const wholeSeconds = time - (((time % 1_000) + 1_000) % 1_000);
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSeconds;
}

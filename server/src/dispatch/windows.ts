import type { SendWindow } from './contract.ts';

/** A window whose time zone is settled. */
export type ZonedWindow = SendWindow & { timeZone: string };

/** Local hours without notifications; over midnight where `from` is later than `to`. */
export interface Quiet {
  from: string;
  to: string;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const DAY_END = '24:00';
// Every window opens at least once in a week; one day more for a change of the zone's offset.
const HORIZON_DAYS = 8;
const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** What is left of a window outside of the quiet hours; of the whole day for none. */
export function withoutQuiet(window: SendWindow, { from, to }: Quiet): SendWindow[] {
  const loud =
    from > to
      ? [{ from: to, to: from }]
      : [
          { from: '00:00', to: from },
          { from: to, to: DAY_END },
        ];
  return loud
    .map((hours) => ({
      ...window,
      from: hours.from > window.from ? hours.from : window.from,
      to: hours.to < window.to ? hours.to : window.to,
    }))
    .filter((left) => left.from < left.to);
}

export const WHOLE_DAY: SendWindow = { weekdays: EVERY_DAY, from: '00:00', to: DAY_END };

/** The first moment at or after `from` (ms since 1970) inside one of the windows; Infinity where none ever opens. */
export function nextAllowed(windows: readonly ZonedWindow[], from: number): number {
  return Math.min(...windows.map((window) => nextInWindow(window, from)));
}

function nextInWindow(window: ZonedWindow, from: number): number {
  const opens = minutesOf(window.from);
  const closes = minutesOf(window.to);
  let at = from;
  for (let day = 0; day <= HORIZON_DAYS; day += 1) {
    const local = localTime(at, window.timeZone);
    const allowedDay = window.weekdays.includes(local.weekday);
    if (allowedDay && local.minutes >= opens && local.minutes < closes) return at;
    if (allowedDay && local.minutes < opens) {
      const opening = laterTheSameDay(at, window.timeZone, opens);
      if (localTime(opening, window.timeZone).minutes < closes) return opening;
    }
    at = laterTheSameDay(at, window.timeZone, DAY_MINUTES); // the next local midnight
  }
  return Number.POSITIVE_INFINITY;
}

/** The moment after `at` when clocks show `minutes` after midnight, also where they are changed in between; the first after it where they never do. */
function laterTheSameDay(at: number, timeZone: string, minutes: number): number {
  const offset = offsetMinutes(at, timeZone);
  const midnight = Math.floor((at / MINUTE_MS + offset) / DAY_MINUTES) * DAY_MINUTES; // in local minutes since 1970
  const guess = (midnight + minutes - offset) * MINUTE_MS;
  const changed = offsetMinutes(guess, timeZone) - offset;
  if (changed === 0) return guess;
  const corrected = guess - changed * MINUTE_MS;
  // Where the corrected time has the old offset, clocks jump over the wanted time: the guess is as long after it as they jump.
  return offsetMinutes(corrected, timeZone) - offset === changed ? corrected : guess;
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function localTime(at: number, timeZone: string): { weekday: number; minutes: number } {
  const local = Math.floor(at / MINUTE_MS) + offsetMinutes(at, timeZone);
  const day = Math.floor(local / DAY_MINUTES);
  return { weekday: ((((day + 3) % 7) + 7) % 7) + 1, minutes: local - day * DAY_MINUTES }; // 1 January 1970 was a Thursday
}

// Asking Intl takes 5 us, and a batch asks for one zone a thousand times. All offsets change at full quarters of an hour.
const QUARTER_MS = 15 * MINUTE_MS;
const OFFSETS_MAX = 10_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** What local clocks are ahead of UTC at a moment, in minutes. */
function offsetMinutes(at: number, timeZone: string): number {
  const quarter = Math.floor(at / QUARTER_MS);
  const key = `${timeZone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' },
    });
    formats.set(timeZone, format);
  }
  const start = quarter * QUARTER_MS;
  const part = Object.fromEntries(format.formatToParts(start).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = part;
  const offset = (Date.UTC(year, month - 1, day, hour, minute) - start) / MINUTE_MS;
  if (offsets.size >= OFFSETS_MAX) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

// By numbering plan. A Russian mobile prefix does not tell the region, and numbers are carried from one to another: Moscow is the default for
// the whole country, to be given with the message where it matters. Countries of several zones that share a prefix are left out, but for those
// where nearly everybody lives in one.
const ZONE_OF_COUNTRY_CODE: readonly (readonly [prefix: string, timeZone: string])[] = [
  ['77', 'Asia/Almaty'],
  ['76', 'Asia/Almaty'],
  ['7', 'Europe/Moscow'],
  ['375', 'Europe/Minsk'],
  ['380', 'Europe/Kyiv'],
  ['373', 'Europe/Chisinau'],
  ['374', 'Asia/Yerevan'],
  ['994', 'Asia/Baku'],
  ['995', 'Asia/Tbilisi'],
  ['996', 'Asia/Bishkek'],
  ['992', 'Asia/Dushanbe'],
  ['993', 'Asia/Ashgabat'],
  ['998', 'Asia/Tashkent'],
  ['370', 'Europe/Vilnius'],
  ['371', 'Europe/Riga'],
  ['372', 'Europe/Tallinn'],
  ['358', 'Europe/Helsinki'],
  ['359', 'Europe/Sofia'],
  ['381', 'Europe/Belgrade'],
  ['382', 'Europe/Podgorica'],
  ['420', 'Europe/Prague'],
  ['357', 'Asia/Nicosia'],
  ['972', 'Asia/Jerusalem'],
  ['971', 'Asia/Dubai'],
  ['48', 'Europe/Warsaw'],
  ['49', 'Europe/Berlin'],
  ['39', 'Europe/Rome'],
  ['33', 'Europe/Paris'],
  ['44', 'Europe/London'],
  ['90', 'Europe/Istanbul'],
  ['86', 'Asia/Shanghai'],
  ['84', 'Asia/Ho_Chi_Minh'],
  ['66', 'Asia/Bangkok'],
];

/** The time zone of a phone by its prefix; null where the prefix does not tell. `phone` is digits of E.164. */
export function timeZoneOfPhone(phone: string): string | null {
  return ZONE_OF_COUNTRY_CODE.find(([prefix]) => phone.startsWith(prefix))?.[1] ?? null;
}

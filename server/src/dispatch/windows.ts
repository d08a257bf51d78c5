import type { SendWindow } from './contract.ts';

/** A window whose time zone is settled. */
export type ZonedWindow = SendWindow & { timeZone: string };

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
// Every window opens at least once in a week; one day more for a change of the zone's offset.
const HORIZON_DAYS = 8;

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
    if (allowedDay && local.minutes < opens) return toMinute(at) + (opens - local.minutes) * MINUTE_MS;
    at = toMinute(at) + (DAY_MINUTES - local.minutes) * MINUTE_MS; // the next local midnight
  }
  return Number.POSITIVE_INFINITY;
}

const toMinute = (at: number): number => Math.floor(at / MINUTE_MS) * MINUTE_MS;

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

const formats = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function localTime(at: number, timeZone: string): { weekday: number; minutes: number } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return { weekday: WEEKDAYS.indexOf(part['weekday'] ?? '') + 1, minutes: Number(part['hour']) * 60 + Number(part['minute']) };
}

// A Russian mobile prefix does not tell the region, and numbers are carried from one to another: Moscow is the default
// for the whole country, to be given with the message where it matters. Countries of one zone stand for themselves.
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
];

/** The time zone of a phone by its prefix; null where the prefix does not tell. `phone` is digits of E.164. */
export function timeZoneOfPhone(phone: string): string | null {
  return ZONE_OF_COUNTRY_CODE.find(([prefix]) => phone.startsWith(prefix))?.[1] ?? null;
}

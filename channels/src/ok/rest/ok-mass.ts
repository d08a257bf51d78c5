/** A notification to everybody whose profile fits all filters; ranges include both ends. */
export interface OkMassNotification {
  /** At most 200 characters; `${user.first-name}`, `${user.last-name}`, `${user.full-name}`, `${user.age}` are filled by OK. */
  text: string;
  /** Less than 14 days ahead; whole minutes. */
  expiresAt: Date;
  /** `admins` sees only who develops the application; `public` by default, five at once and 30 a day. */
  shownTo?: 'public' | 'admins';
  gender?: 'male' | 'female';
  ageYears?: { from: number; to: number };
  birthday?: { from: OkDayOfYear; to: OkDayOfYear };
  /** OK's codes, as `location` of `users.getInfo` has them. */
  countryCode?: string;
  cityCode?: string;
  /** Days in Moscow on which the application was opened first, or last. */
  firstOpened?: { from: Date; to: Date };
  lastOpened?: { from: Date; to: Date };
  hasEmail?: boolean;
  /** 32 bits; people whose mask shares a bit, or is the same. */
  mask?: { bits: number; exactMatch?: boolean };
  mark?: string;
}

/** `month` 1 to 12. */
export interface OkDayOfYear {
  month: number;
  day: number;
}

const TEXT_CHARACTERS_MAX = 200;
const EXPIRY_DAYS_MAX = 14;
const MASK_MAX = 0xffff_ffff;
const DAY_MS = 86_400_000;
const MOSCOW_OFFSET_MS = 3 * 3_600_000; // UTC+3 all year, as OK's page says

/** The first rule that is broken, with its place, or null. Source: apiok.ru, notifications.sendMass. */
export function problemOfMass({ text, expiresAt, ageYears, mask }: OkMassNotification, now: Date): string | null {
  const characters = [...text].length;
  if (text.trim() === '') return 'text: a notification has a text';
  if (characters > TEXT_CHARACTERS_MAX) return `text: at most ${TEXT_CHARACTERS_MAX} characters, there are ${characters}`;
  const aheadMs = expiresAt.getTime() - now.getTime();
  if (aheadMs <= 0) return 'expiresAt: lies in the past';
  if (aheadMs >= EXPIRY_DAYS_MAX * DAY_MS) return `expiresAt: must be less than ${EXPIRY_DAYS_MAX} days ahead`;
  if (ageYears !== undefined && ageYears.from > ageYears.to) return 'ageYears: from is more than to';
  if (mask !== undefined && !(Number.isInteger(mask.bits) && mask.bits >= 0 && mask.bits <= MASK_MAX))
    return 'mask.bits: 32 bits, 0 to 4294967295';
  return null;
}

/** The parameters of the call, those that were given. */
export function massParams(notification: OkMassNotification): Record<string, string> {
  const { text, expiresAt, shownTo, gender, ageYears, birthday, countryCode, cityCode } = notification;
  const { firstOpened, lastOpened, hasEmail, mask, mark } = notification;
  const dayOfYear = ({ month, day }: OkDayOfYear): string => `${pad(month)}.${pad(day)}`;
  const days = ({ from, to }: { from: Date; to: Date }): string => `${moscowDay(from)}-${moscowDay(to)}`;
  return {
    text,
    expires: moscowMinute(expiresAt),
    ...(shownTo && { status: shownTo === 'admins' ? 'ADMINS_ONLY' : 'PUBLIC' }),
    ...(gender && { gender: gender === 'male' ? 'MALE' : 'FEMALE' }),
    ...(ageYears && { age_range: `${ageYears.from}-${ageYears.to}` }),
    ...(birthday && { birthday_range: `${dayOfYear(birthday.from)}-${dayOfYear(birthday.to)}` }),
    ...(countryCode !== undefined && { country: countryCode }),
    ...(cityCode !== undefined && { city: cityCode }),
    ...(firstOpened && { first_access_range: days(firstOpened) }),
    ...(lastOpened && { last_access_range: days(lastOpened) }),
    ...(hasEmail !== undefined && { has_email: String(hasEmail) }),
    ...(mask && { mask: String(mask.bits) }),
    ...(mask?.exactMatch !== undefined && { maskExactMatch: String(mask.exactMatch) }),
    ...(mark !== undefined && { mark }),
  };
}

const pad = (part: number): string => String(part).padStart(2, '0');

/** `yyyy.MM.dd` */
function moscowDay(moment: Date): string {
  return inMoscow(moment).slice(0, 10).replaceAll('-', '.');
}

/** `yyyy.MM.dd HH:mm` */
function moscowMinute(moment: Date): string {
  return `${moscowDay(moment)} ${inMoscow(moment).slice(11, 16)}`;
}

function inMoscow(moment: Date): string {
  return new Date(moment.getTime() + MOSCOW_OFFSET_MS).toISOString();
}

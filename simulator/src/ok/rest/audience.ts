import { type Refused, refuse } from '../ok-errors.ts';
import { ageOf, type Profile } from './profiles.ts';

type Given = Readonly<Record<string, string>>;
type Test = (profile: Profile, now: number) => boolean;

const DAY_MS = 86_400_000;
const MASK_MAX = 4_294_967_295;

/** Reads one filter; null where its text is not of the right form. */
type ReadFilter = (text: string) => Test | null;

const GENDERS: Readonly<Record<string, Profile['gender']>> = { MALE: 'male', M: 'male', FEMALE: 'female', F: 'female' };

const byGender: ReadFilter = (text) => {
  const wanted = GENDERS[text.toUpperCase()];
  return wanted === undefined ? null : ({ gender }) => gender === wanted;
};
const byAge: ReadFilter = (text) => {
  const [, from, to] = /^(\d{1,3})-(\d{1,3})$/.exec(text) ?? [];
  return from === undefined || Number(from) > Number(to)
    ? null
    : (profile, now) => isBetween(ageOf(profile, now), Number(from), Number(to));
};
const byBirthday: ReadFilter = (text) => {
  const [, from, to] = /^(\d\d\.\d\d)-(\d\d\.\d\d)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return null;
  return ({ birthday }) => {
    const day = birthday.slice(5).replace('-', '.');
    // 12.20-01.10 goes over the turn of the year.
    return from <= to ? day >= from && day <= to : day >= from || day <= to;
  };
};
const byAccess =
  (which: 'first' | 'last'): ReadFilter =>
  (text) => {
    const [, from, to] = /^(\d{4}\.\d\d\.\d\d)-(\d{4}\.\d\d\.\d\d)$/.exec(text) ?? [];
    if (from === undefined || to === undefined) return null;
    const [start, end] = [moscowDay(from), moscowDay(to)];
    return ({ accessed }) => accessed !== null && accessed[which] >= start && accessed[which] < end + DAY_MS;
  };
const byCountry: ReadFilter =
  (text) =>
  ({ country }) =>
    [country.code, country.name].some((name) => name.toLowerCase() === text.toLowerCase());
const byCity: ReadFilter =
  (text) =>
  ({ city }) =>
    city.toLowerCase() === text.toLowerCase();
const byEmail: ReadFilter = (text) =>
  text === 'true' || text === 'false' ? ({ hasEmail }) => hasEmail === (text === 'true') : null;
// Nobody has a mask: the application sets it by methods that the simulator does not have, so it is 0 for everybody.
const byMask: ReadFilter = (text) => {
  const mask = Number(text);
  return Number.isInteger(mask) && mask >= 0 && mask <= MASK_MAX ? () => mask === 0 : null;
};
const anybody: ReadFilter = (text) => (text === 'true' || text === 'false' ? () => true : null);

/** The filters of notifications.sendMass by parameter, with the form they must have (contracts/ok.md 5.2). */
const FILTERS: Readonly<Record<string, { read: ReadFilter; form: string }>> = {
  gender: { read: byGender, form: 'MALE, M, FEMALE or F' },
  age_range: { read: byAge, form: 'two ages, such as 20-25' },
  birthday_range: { read: byBirthday, form: 'MM.dd-MM.dd' },
  country: { read: byCountry, form: 'a country' },
  city: { read: byCity, form: 'a city' },
  first_access_range: { read: byAccess('first'), form: 'yyyy.MM.dd-yyyy.MM.dd' },
  last_access_range: { read: byAccess('last'), form: 'yyyy.MM.dd-yyyy.MM.dd' },
  has_email: { read: byEmail, form: 'true or false' },
  mask: { read: byMask, form: 'a whole number of 32 bits' },
  maskExactMatch: { read: anybody, form: 'true or false' },
};

const isBetween = (value: number, from: number, to: number): boolean => value >= from && value <= to;
const moscowDay = (text: string): number => Date.parse(`${text.replaceAll('.', '-')}T00:00:00+03:00`);

/** Whom a mass notification is for: all filters that are given together, ranges with both of their ends. */
export function readAudience(given: Given): { ok: true; isFor: Test } | Refused {
  const tests: Test[] = [];
  for (const [name, { read, form }] of Object.entries(FILTERS)) {
    const text = given[name]?.trim() ?? '';
    if (text === '') continue;
    const test = read(text);
    if (test === null) return refuse('PARAM', `${name} should be ${form}`);
    tests.push(test);
  }
  return { ok: true, isFor: (profile, now) => tests.every((test) => test(profile, now)) };
}

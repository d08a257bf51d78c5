import type { Person } from '../../world/world.ts';

const DAY_MS = 86_400_000;

/** What OK knows of a person beyond their name. */
export interface Profile {
  gender: 'male' | 'female';
  /** `yyyy-MM-dd`. */
  birthday: string;
  country: { name: string; code: string };
  city: string;
  hasEmail: boolean;
  /** Wall time of the first and last launch of the application, ms; null for whom never launched it. */
  accessed: { first: number; last: number } | null;
}

const FEMALE_NAME = /[ая]$/i;
const CITIES = ['Москва', 'Санкт-Петербург', 'Казань', 'Новосибирск'] as const;

/** Made up from the person's id, so that it is the same in every run; Anna is 30 in 2026 and lives in Moscow. */
export function profileOf(person: Person, now: number): Profile {
  const number = Number((person.okId ?? '0').slice(-6)) - 789_012;
  const spread = ((number % 40) + 40) % 40;
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    gender: FEMALE_NAME.test(person.firstName) ? 'female' : 'male',
    birthday: `${1996 - spread}-${two((spread % 12) + 1)}-${two((spread % 28) + 1)}`,
    country: { name: 'Россия', code: 'RU' },
    city: CITIES[spread % CITIES.length] ?? CITIES[0],
    hasEmail: spread % 2 === 0,
    accessed: person.behaviour.launchedOkApplication ? { first: now - 100 * DAY_MS, last: now - DAY_MS } : null,
  };
}

/** Whole years on the day of `now`. */
export function ageOf({ birthday }: Profile, now: number): number {
  const today = new Date(now).toISOString().slice(0, 10);
  const years = Number(today.slice(0, 4)) - Number(birthday.slice(0, 4));
  return today.slice(5) < birthday.slice(5) ? years - 1 : years;
}

const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Milliseconds since 1970 of an ISO 8601 time with its zone, from 1970 to 2999; null for anything else, 30 February included. */
export function isoTime(text: string): number | null {
  const parts = ISO_TIME.exec(text)?.slice(1, 7).map(Number);
  if (parts === undefined) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => (Number.isNaN(part) ? 0 : part));
  const isInCalendar = year >= 1970 && year < 3000 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  if (!isInCalendar || hour > 23 || minute > 59 || second > 59) return null;
  return Date.parse(text);
}

const daysOf = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

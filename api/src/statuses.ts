/** Statuses of a message; QUEUED and CANCELLED are shown by GET and never called back. */
export const STATUSES = [
  'QUEUED',
  'SENT',
  'DELIVERED',
  'READ',
  'UNDELIVERABLE',
  'EXPIRED',
  'RATELIMIT',
  'UNKNOWN',
  'CANCELLED',
] as const;
export type Status = (typeof STATUSES)[number];

export const ROUTES = ['VK', 'OK'] as const;
export type Route = (typeof ROUTES)[number];

/** `errorCode` of statuses and callbacks; docs/errors.md explains each (held by a test). */
export const STATUS_ERRORS = {
  none: 0,
  no_such_user: 1,
  refused_by_user: 2,
  daily_limit: 3,
  ttl: 4,
  policy: 5,
  content: 6,
  provider: 7,
  no_contact: 8,
  unknown_outcome: 9,
} as const;
export type StatusError = keyof typeof STATUS_ERRORS;

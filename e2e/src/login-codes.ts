import type { ErrorCode } from '@soroka/api';

/** Refusals that only people meet who log in: login.test.ts provokes them, gateway.test.ts all others. */
export const LOGIN_CODES: readonly ErrorCode[] = [
  'code.needed',
  'last.owner',
  'link.dead',
  'login.refused',
  'login.taken',
  'origin.foreign',
  'role.too.high',
  'second.factor.needed',
  'second.factor.on',
];

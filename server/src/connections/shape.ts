import { AppError } from '../platform/errors.ts';
import type { Connection, Receive } from './connections.ts';

/** Throws `parameter.invalid` naming the field. */
export function checkShape(kind: Connection['kind'], groupId: string | null, receive: Receive): void {
  if (kind === 'notify' && groupId !== null) {
    throw new AppError('parameter.invalid', 'a notify connection has no group: senders name theirs', { field: 'groupId' });
  }
  if (kind !== 'notify' && !/^\d{1,20}$/.test(groupId ?? '')) {
    throw new AppError('parameter.invalid', "groupId must be the digits of the group's id", { field: 'groupId' });
  }
  checkReceive(kind, receive);
}

/** Throws `parameter.invalid`. */
export function checkReceive(kind: Connection['kind'], receive: Receive): void {
  if (kind === 'notify' && receive === 'long-poll') {
    throw new AppError('parameter.invalid', 'a notify upstream calls us, it cannot be polled: use webhook', { field: 'receive' });
  }
}

/** The root of an API as it is kept: without a slash at its end. Throws `parameter.invalid`. */
export function checkedRoot(baseUrl: string): string {
  const parsed = URL.parse(baseUrl);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol) || parsed.search !== '' || parsed.username !== '') {
    throw new AppError('parameter.invalid', 'baseUrl must be an http or https URL without a query or a login', {
      field: 'baseUrl',
    });
  }
  return parsed.href.replace(/\/+$/, '');
}

import type { Seat } from '../events/events.ts';
import { AppError } from '../platform/errors.ts';

// Of this process. An operator has a few browsers and a phone; what opens more has lost count of its own sockets.
const PER_OPERATOR_MAX = 20;
const PER_ACCOUNT_MAX = 10_000;
const RETRY_AFTER_SECONDS = 10;

/** Who listens, by sockets and long polls. */
export interface EventSeats {
  /** Throws `rate.limit` where the account or the operator has too many already. The function gives the seat back. */
  take(seat: Seat): () => void;
}

export function createEventSeats(): EventSeats {
  const taken = new Map<string, number>();
  return {
    take({ accountId, viewer: { operatorId } }) {
      const bounds: [key: string, whose: string, max: number][] = [[`account ${accountId}`, 'this account', PER_ACCOUNT_MAX]];
      if (operatorId !== null) bounds.push([`operator ${operatorId}`, 'this operator', PER_OPERATOR_MAX]);
      for (const [key, whose, max] of bounds) {
        if ((taken.get(key) ?? 0) < max) continue;
        throw new AppError(
          'rate.limit',
          `${whose} listens to events ${max} times already; close some, or wait ${RETRY_AFTER_SECONDS} s`,
        );
      }
      for (const [key] of bounds) taken.set(key, (taken.get(key) ?? 0) + 1);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        for (const [key] of bounds) {
          const left = (taken.get(key) ?? 0) - 1;
          if (left > 0) taken.set(key, left);
          else taken.delete(key);
        }
      };
    },
  };
}

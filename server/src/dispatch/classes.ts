import type { MessageClass } from '@soroka/api';

export type { MessageClass } from '@soroka/api';

/** Of a notification that names none. */
export const DEFAULT_CLASS: MessageClass = 'service';

/**
 * `priority` of a row of `delivery` by class. Only names, in no order: classes are weighed, none goes strictly first. Notifications
 * were all 1 before there were classes, so what waited then, and what servers of that release store, is of the default class.
 */
export const PRIORITY_OF_CLASS: Readonly<Record<MessageClass, number>> = { service: 1, transactional: 2, broadcast: 3 };

/** `priority` of a reply, which goes before all notifications and counts in no limit but that of calls. */
export const REPLY_PRIORITY = 0;

/**
 * Added to the priority of a row of `delivery` whose sender is paused. Lanes look for queues of smaller priorities alone, so they need not know of
 * pauses; due times, steps and expiry stay as they are.
 */
export const PARKED = 100;

// Where one account has all of them waiting, 4 : 2 : 1 (reliability 3.4; service is ours).
const WEIGHTS = new Map([
  [PRIORITY_OF_CLASS.transactional, 4],
  [PRIORITY_OF_CLASS.service, 2],
  [PRIORITY_OF_CLASS.broadcast, 1],
]);

/** How many messages of this priority leave for one of a broadcast, while both wait. */
export function weightOf(priority: number): number {
  return WEIGHTS.get(priority) ?? 1;
}

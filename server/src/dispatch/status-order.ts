import type { Route, Status } from '@soroka/api';
import type { HeldMessage } from './facts.ts';

const PROGRESS: Partial<Record<Status, number>> = { QUEUED: 0, SENT: 1, DELIVERED: 2, READ: 3 };

export const isFinal = (status: Status): boolean => PROGRESS[status] === undefined;

/** Of a status on the way; 0 for a final one. */
export const rank = (status: Status): number => PROGRESS[status] ?? 0;

/** How far a message got on one route. */
export function reachedOn(message: HeldMessage, channel: Route): number {
  const own = message.history.filter((entry) => entry.channel === channel && entry.evidence === undefined);
  return Math.max(0, ...own.map((entry) => rank(entry.status)));
}

/** Whether a step that has reached `status` still waits for more, until its time-out starts the next one. */
export function awaitsSuccess(message: HeldMessage, step: number, status: Status): boolean {
  const plan = message.steps[step];
  if (plan?.timeoutSeconds === undefined || message.steps[step + 1] === undefined) return false;
  return rank(plan.success ?? 'DELIVERED') > rank(status);
}

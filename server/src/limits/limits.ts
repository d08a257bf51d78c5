export { type Budgets, createBudgets } from './budgets.ts';
export { createDayCaps, type DayCaps, type DayWant } from './day-caps.ts';
export { createLimitsPurge, type LimitsPurge } from './purge.ts';
export { type CoolingSlots, createSlidingWindow, type SlidingWindow } from './sliding-window.ts';

/** The platform's limits. A connection's settings may lower them, or raise what the network has granted to it. */
export const LIMITS = {
  // Both: docs.devino.online/en/http/vk_ok, "sending restrictions". Notifications only, over all senders and accounts.
  notificationsPerGroup: { max: 50, windowMs: 1_000 },
  // The source does not say what "a day" is. Any 24 hours in a row satisfy every reading; a calendar day would not. The minute more
  // lies between a place, taken by the clock of one process, and the person: a slow claim, the way there, clocks that differ.
  notificationsPerPerson: { max: 5, windowMs: 86_460_000 },
  // dev.vk.com: 20 calls a second per community token. Two are left for set-up, names and long polling.
  vkCalls: { max: 18, windowMs: 1_000 },
  // OK publishes no rate for its Graph API: our own choice, a setting of the connection (`callsPerSecond`).
  okCalls: { max: 50, windowMs: 1_000 },
} as const;

import { AppError } from '../platform/errors.ts';
import type { HttpParts } from './http.ts';

/** For tests of other matters: an account without dialogs. */
export function emptyDesk(): HttpParts['desk'] {
  const none = async (): Promise<never> => {
    throw new AppError('not.found', 'there is no dialog here');
  };
  const nothing = { count: 0, isMore: false };
  const catalog = { list: async () => [], add: none, change: none, remove: none };
  return {
    list: {
      list: async () => ({ items: [], nextCursor: null }),
      counts: async () => ({
        ...{ queue: nothing, mine: nothing, mentions: nothing, open: nothing, bot: nothing, snoozed: nothing, closed: nothing },
      }),
      get: async () => null,
      conversations: async () => [],
    },
    moves: { changeOwner: none, close: none, reopen: none, snooze: none },
    sort: none,
    notes: { add: none },
    drafts: { get: none, set: none, drop: async () => {} },
    reading: { readUpTo: none },
    presence: { show: none, run: async () => {}, stop: async () => {} },
    labels: catalog,
    canned: { ...catalog, fill: none },
    rules: { list: async () => [], change: none, ofTeam: none, changeTeam: none },
  };
}

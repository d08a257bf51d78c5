import type { Facts } from '../model/model.ts';

/** A person who has just come, on a working day: Monday, 1 June 2026, 12:00 in Moscow. `random` gives 0. */
export function factsOf(more: Partial<Facts> = {}): Facts {
  return {
    now: Date.UTC(2026, 5, 1, 9),
    timeZone: 'Europe/Moscow',
    random: () => 0,
    network: 'vk',
    groupId: '1',
    person: { name: 'Анна', variables: {}, labels: [] },
    isWorkingHours: true,
    owner: 'bot',
    isNewDialog: false,
    isGroupChat: false,
    segments: {},
    ...more,
  };
}

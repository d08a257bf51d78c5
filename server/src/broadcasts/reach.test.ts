import { expect, test } from 'vitest';
import type { Way } from './plan.ts';
import { chooseWay, type Person, type PhoneStanding, type Standing } from './reach.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const WAYS: readonly Way[] = [
  { kind: 'message', group: 'VK:1' },
  { kind: 'template', service: 'Shop', templateId: 4 },
];
const KNOWN: Standing = {
  ...{ userId: '7', optedOut: false, denied: false, isKnown: true, isCapped: false },
  lastWordAt: new Date(NOW - 60_000),
};
const open: PhoneStanding = { open: ['VK', 'OK'], reason: null };
const anna = (standing: Standing | null, byPhone: PhoneStanding | null, more: Partial<Person> = {}): Person => ({
  ...{ contactId: 1, name: 'Анна', phone: '79999999999', variables: {}, optedOut: false },
  ...{ byWay: [standing, null], byPhone: [null, byPhone] },
  ...more,
});

test.each<[string, Person, ReturnType<typeof chooseWay>]>([
  ['who wrote gets it as a message', anna(KNOWN, open), { way: 0 }],
  ['who never wrote gets it by phone', anna({ ...KNOWN, isKnown: false }, open), { way: 1 }],
  ['who opted out of the group of the message may have another way', anna({ ...KNOWN, optedOut: true }, open), { way: 1 }],
  [
    'nobody is notified through groups that they opted out of',
    anna({ ...KNOWN, optedOut: true }, { open: [], reason: 'opted_out' }),
    { reason: 'opted_out' },
  ],
  [
    'nor through those that have sent them all of the day',
    anna({ ...KNOWN, isCapped: true }, { open: [], reason: 'capped' }),
    { reason: 'capped' },
  ],
  ['one open route is enough', anna(null, { open: ['OK'], reason: 'capped' }), { way: 1 }],
  ['without a phone and an id nothing reaches them', anna(null, null), { reason: 'no_identity' }],
  ['whoever wants nothing of the account gets nothing', anna(KNOWN, open, { optedOut: true }), { reason: 'opted_out' }],
])('%s', (_, person, way) => {
  expect(chooseWay(WAYS, person, NOW)).toEqual(way);
});

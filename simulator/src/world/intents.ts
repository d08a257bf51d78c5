import type { Group } from './groups.ts';
import type { Person } from './people.ts';

/** Kinds of mailing that a person agrees to, group by group (VK: messages.getIntentUsers; vk.md 3.2). */
export const SUBSCRIBED_INTENTS = ['confirmed_notification', 'non_promo_newsletter', 'promo_newsletter'] as const;
export type SubscribedIntent = (typeof SUBSCRIBED_INTENTS)[number];

/** Who agreed to what. */
export interface Intents {
  /** A person agrees, or takes it back. */
  set(group: Group, person: Person, intent: SubscribedIntent, agreed: boolean): void;
  has(group: Group, person: Person, intent: SubscribedIntent): boolean;
  /** In the order of agreeing. */
  people(group: Group, intent: SubscribedIntent): readonly Person[];
  reset(): void;
}

export function createIntents(): Intents {
  const agreed = new Map<Group, Map<SubscribedIntent, Set<Person>>>();
  const of = (group: Group, intent: SubscribedIntent): Set<Person> => {
    const ofGroup = agreed.get(group) ?? new Map<SubscribedIntent, Set<Person>>();
    const people = ofGroup.get(intent) ?? new Set<Person>();
    agreed.set(group, ofGroup.set(intent, people));
    return people;
  };
  return {
    set(group, person, intent, isAgreed) {
      if (isAgreed) of(group, intent).add(person);
      else of(group, intent).delete(person);
    },
    has: (group, person, intent) => of(group, intent).has(person),
    people: (group, intent) => [...of(group, intent)],
    reset: () => agreed.clear(),
  };
}

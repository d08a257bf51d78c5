import type { Person } from './people.ts';

/** Who is online: as they behave, until somebody says otherwise. */
export interface Presence {
  isOnline(person: Person): boolean;
  /** How long a message takes to the person's device, ms; null while they are offline. */
  deliveredAfterMs(person: Person): number | null;
  /** False where it is so already. */
  set(person: Person, isOnline: boolean): boolean;
  reset(): void;
}

// Of whom is never online by themselves, once they are.
const DELIVERED_AFTER_MS = 100;

export function createPresence(): Presence {
  const said = new Map<Person, boolean>();
  const isOnline = (person: Person): boolean => said.get(person) ?? person.behaviour.deliveredAfterMs !== null;
  return {
    isOnline,
    deliveredAfterMs: (person) => (isOnline(person) ? (person.behaviour.deliveredAfterMs ?? DELIVERED_AFTER_MS) : null),
    set(person, now) {
      if (isOnline(person) === now) return false;
      said.set(person, now);
      return true;
    },
    reset: () => said.clear(),
  };
}

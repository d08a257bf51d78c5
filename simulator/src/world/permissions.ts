import type { Clock } from './clock.ts';
import type { Acted } from './deeds.ts';
import { idOn } from './dialogs.ts';
import type { Emit } from './emitter.ts';
import type { Group } from './groups.ts';
import type { Ids } from './ids.ts';
import type { Person } from './people.ts';

/** Which groups may write to whom: as people behave, until they say otherwise. */
export interface Permissions {
  of(group: Group, person: Person): 'allowed' | 'blocked' | 'no_account';
  /** Told only where it changes. `key` comes back in VK's message_allow. */
  set(group: Group, person: Person, now: 'allowed' | 'blocked', key?: string): Acted<null>;
  reset(): void;
}

export function createPermissions({ clock, ids, emit }: { clock: Clock; ids: Ids; emit: Emit }): Permissions {
  const said = new Map<Group, Map<Person, 'allowed' | 'blocked'>>();
  const of: Permissions['of'] = (group, person) => {
    if (idOn(person, group.network) === null) return 'no_account';
    return said.get(group)?.get(person) ?? person.behaviour.permissions[group.network];
  };
  return {
    of,
    set(group, person, now, key = '') {
      const before = of(group, person);
      if (before === 'no_account') return { ok: false, reason: before };
      if (before !== now) {
        const ofGroup = said.get(group) ?? new Map<Person, 'allowed' | 'blocked'>();
        said.set(group, ofGroup.set(person, now));
        emit(now, { group, person, key, eventId: ids.eventId(), time: clock.now() });
      }
      return { ok: true, result: null };
    },
    reset: () => said.clear(),
  };
}

import type { Contacts, Segment } from '../contacts/contacts.ts';
import type { LockedDialog } from '../dialogs/dialogs.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { botToldTooMuch } from './bot-events.ts';

/** The persons behind dialogs, as bots know and change them. */
export interface People {
  /** Nobody in particular where the dialog is a chat of several people. */
  of(tx: Queryable, dialog: LockedDialog): Promise<Person>;
  /** Which of these segments of the account the person is in; a name that it has not is none. */
  segments(tx: Queryable, dialog: LockedDialog, names: readonly string[]): Promise<Readonly<Record<string, boolean>>>;
  learn(tx: Queryable, dialog: LockedDialog, learnt: Learnt): Promise<void>;
  /** Whether the group may write to the person by itself. */
  consent(tx: Queryable, dialog: LockedDialog, allowed: boolean): Promise<void>;
}

type Learnt = Parameters<Contacts['learn']>[3];
interface Person {
  name?: string;
  phone?: string;
  variables: Learnt['variables'];
  labels: readonly string[];
}

export interface PeopleParts {
  contacts: Pick<Contacts, 'know' | 'learn' | 'recordConsent' | 'segments'>;
  clock: Clock;
  log: Logger;
}

// How long a change of segments may stay unseen here.
const AGE_MAX_MS = 1_000;

export function createPeople({ contacts, clock, log }: PeopleParts): People {
  const known = createAgedCache<readonly Segment[]>({ clock, maxAgeMs: AGE_MAX_MS });
  return {
    async of(tx, { accountId, contactId }) {
      const person = contactId === null ? null : await contacts.know(tx, accountId, contactId);
      if (person === null) return { variables: {}, labels: [] };
      const { name, phone, variables, labels } = person;
      return { ...(name !== null && { name }), ...(phone !== null && { phone }), variables, labels };
    },
    async segments(tx, { accountId, contactId }, names) {
      if (contactId === null || names.length === 0) return {};
      const all = (await known.get(String(accountId), () => contacts.segments.list(accountId))) ?? [];
      const found: Record<string, boolean> = {};
      for (const { name, definition } of all.filter((segment) => names.includes(segment.name))) {
        const page = await contacts.segments.page(tx, accountId, definition, { afterId: contactId - 1, limit: 1 });
        found[name] = page[0] === contactId;
      }
      return found;
    },
    async learn(tx, { accountId, contactId }, learnt) {
      if (contactId === null) return;
      if (!(await contacts.learn(tx, accountId, contactId, learnt))) botToldTooMuch(log, { accountId, contactId });
    },
    async consent(tx, { accountId, contactId, network, groupId }, allowed) {
      if (contactId === null) return;
      await contacts.recordConsent(tx, accountId, [contactId], { scope: { network, groupId }, allowed, source: 'bot' });
    },
  };
}

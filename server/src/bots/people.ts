import type { Contacts } from '../contacts/contacts.ts';
import type { LockedDialog } from '../dialogs/dialogs.ts';
import type { Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { botToldTooMuch } from './bot-events.ts';

/** The persons behind dialogs, as bots know and change them. */
export interface People {
  /** Nobody in particular where the dialog is a chat of several people. */
  of(tx: Queryable, dialog: LockedDialog): Promise<Person>;
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
  contacts: Pick<Contacts, 'know' | 'learn' | 'recordConsent'>;
  log: Logger;
}

export function createPeople({ contacts, log }: PeopleParts): People {
  return {
    async of(tx, { accountId, contactId }) {
      const known = contactId === null ? null : await contacts.know(tx, accountId, contactId);
      if (known === null) return { variables: {}, labels: [] };
      const { name, phone, variables, labels } = known;
      return { ...(name !== null && { name }), ...(phone !== null && { phone }), variables, labels };
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

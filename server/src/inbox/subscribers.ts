import type { InboundEvent } from '@soroka/channels';
import type { Bots } from '../bots/bots.ts';
import type { Broadcasts } from '../broadcasts/broadcasts.ts';
import { type Contacts, consentOfPayload, consentOfWords } from '../contacts/contacts.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Transaction } from '../platform/database.ts';
import type { RawEvent } from './incoming.ts';
import type { Place, Placed, Places } from './places.ts';
import { TAG_COPY } from './raw-events.ts';
import type { Words } from './words.ts';

type Permission = Placed<Extract<InboundEvent, { kind: 'permission' }>>;

export interface SubscribersParts {
  contacts: Pick<Contacts, 'ensureByUser' | 'noteWord' | 'notePermission' | 'recordConsent' | 'learnPhone'>;
  dialogs: Pick<Dialogs, 'askedForContact'>;
  broadcasts: Pick<Broadcasts, 'noteWords'>;
  bots: Pick<Bots, 'hear' | 'hearsPermissions'>;
  places: Pick<Places, 'of' | 'open'>;
}

/** Learns from what people say whether their group may write to them, and by which phone they are known. */
export interface Subscribers {
  /** Something was said, and is recorded. */
  heard(tx: Transaction, raw: RawEvent, event: Words, place: Place): Promise<void>;
  permitted(tx: Transaction, raw: RawEvent, event: Permission): Promise<void>;
}

export function createSubscribers({ contacts, dialogs, broadcasts, bots, places }: SubscribersParts): Subscribers {
  const contactOf = async (tx: Transaction, raw: RawEvent, { network, userId }: Words | Permission): Promise<number> =>
    (await contacts.ensureByUser(tx, raw.accountId, network, userId)).contactId;

  const tellBot = async (tx: Transaction, raw: RawEvent, event: Permission): Promise<void> => {
    const place = await places.of(tx, raw, event);
    if ('until' in place || place.isGroupChat) return;
    const { id: dialogId, isNew: isNewDialog } = await places.open(tx, raw, event, place);
    await bots.hear(tx, { dialogId, connectionId: place.community?.id, isNewDialog, event });
  };

  return {
    async heard(tx, raw, event, { isGroupChat }) {
      if (isGroupChat || raw.dedupKey.startsWith(TAG_COPY)) return;
      const { network, groupId, userId } = event;
      const { accountId } = raw;
      await contacts.noteWord(tx, { accountId, network, groupId, userId }, event.at);
      const phone = event.kind === 'message' ? sharedPhone(event.attachments) : null;
      if (phone !== null && (await dialogs.askedForContact(tx, { accountId, network, groupId }, userId)))
        await contacts.learnPhone(tx, accountId, await contactOf(tx, raw, event), phone);
      const consent = consentOf(event);
      const isOptOut = consent?.allowed === false;
      await broadcasts.noteWords(tx, { accountId, network, userId }, { at: event.at, isOptOut });
      if (consent === null) return;
      const scope = { network, groupId };
      await contacts.recordConsent(tx, accountId, [await contactOf(tx, raw, event)], { scope, ...consent });
    },
    async permitted(tx, raw, event) {
      const { network, groupId, userId, allowed, at } = event;
      if (userId === '') return;
      await contacts.notePermission(tx, { accountId: raw.accountId, network, groupId, userId }, allowed, at);
      const consent = { scope: { network, groupId }, allowed, source: 'network' } as const;
      await contacts.recordConsent(tx, raw.accountId, [await contactOf(tx, raw, event)], consent);
      // Else nobody's list is to fill with dialogs in which nothing was said.
      if (await bots.hearsPermissions(tx, raw.accountId, network, groupId)) await tellBot(tx, raw, event);
    },
  };
}

/** A button first: its text is what the account wrote on it. */
function consentOf(event: Words): { allowed: boolean; source: 'word' | 'button' } | null {
  const pressed = consentOfPayload(event.payload);
  if (pressed !== null) return { allowed: pressed, source: 'button' };
  const said = event.kind === 'message' ? consentOfWords(event.text) : null;
  return said === null ? null : { allowed: said, source: 'word' };
}

/** The phone of the one card in a message, digits of E.164. Source: apiok.ru, graph.chat.answer, attachment CONTACT. */
function sharedPhone(attachments: readonly unknown[]): string | null {
  const [card, ...others] = attachments as readonly { type?: unknown; payload?: { phone?: unknown } }[];
  if (card?.type !== 'CONTACT' || others.length > 0 || typeof card.payload?.phone !== 'string') return null;
  const digits = card.payload.phone.replaceAll(/\D/g, '').replace(/^8(?=\d{10}$)/, '7');
  return /^[1-9]\d{6,14}$/.test(digits) ? digits : null;
}

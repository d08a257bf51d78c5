import { createHash } from 'node:crypto';
import type { Route } from '@soroka/api';
import type { Dispatch, NewNotification, ZonedWindow } from '../dispatch/dispatch.ts';
import type { Database } from '../platform/database.ts';
import { keyOf } from './keys.ts';
import type { Broadcast, Way } from './plan.ts';
import type { Person, Reason } from './reach.ts';
import { excludeRecipients, noteGiven } from './recipients.ts';

/** Somebody who gets it by phone, with all that their template needs. */
export interface ByPhone {
  person: Person & { phone: string };
  /** By which of the sender's routes; none: by all (they were being handed over when a server stopped). */
  routes: readonly Route[];
  values: Readonly<Record<string, string | number | boolean>>;
  windows: readonly ZonedWindow[] | null;
}

const TTL_SECONDS = { min: 60, max: 86_400 } as const;

/** What a refusal of dispatch says of the person. */
const REASON_OF: Readonly<Record<string, Reason>> = {
  'recipient.opted.out': 'opted_out',
  'tmpl_data.invalid': 'variable_missing',
  'text.too.long': 'text_too_long',
};

/**
 * Gives people to dispatch by phone, and writes down its answers. Done again after a stop in between, with the same keys, it makes no
 * second message: dispatch knows them for a day.
 */
export async function handOver(
  { database, dispatch }: { database: Database; dispatch: Pick<Dispatch, 'accept'> },
  broadcast: Pick<Broadcast, 'id' | 'accountId'>,
  { index, way }: { index: number; way: Extract<Way, { kind: 'template' }> },
  people: readonly ByPhone[],
  { now, endsAt }: { now: number; endsAt: number },
): Promise<void> {
  if (people.length === 0) return;
  const ttlSeconds = Math.min(TTL_SECONDS.max, Math.max(TTL_SECONDS.min, Math.floor((endsAt - now) / 1_000)));
  const items = people.map(({ person, routes, values, windows }): NewNotification => {
    const clientMessageId = keyOf({ broadcastId: broadcast.id, contactId: person.contactId });
    return {
      ...{ phone: person.phone, service: way.service, templateId: way.templateId, class: 'broadcast', deliveryPolicy: 'any' },
      ...{ templateData: values, templateDataJson: JSON.stringify(values), ttlSeconds, clientMessageId },
      ...(windows !== null && { windows }),
      ...(routes.length > 0 && { routes }),
      contentSha256: createHash('sha256').update(clientMessageId).digest(),
    };
  });
  const result = await dispatch.accept(broadcast.accountId, items);
  if (result.kind !== 'accepted') throw new Error(`dispatch answered ${result.kind} to a request without a key`);
  const given: { contactId: number; messageId: number }[] = [];
  const excluded: { contactId: number; reason: Reason }[] = [];
  for (const [place, answer] of result.answers.entries()) {
    const contactId = people[place]?.person.contactId as number;
    if (answer.ok) given.push({ contactId, messageId: answer.messageId });
    else excluded.push({ contactId, reason: REASON_OF[answer.reasons[0]?.key ?? ''] ?? 'refused' });
  }
  await database.transaction(async (tx) => {
    await noteGiven(tx, broadcast.id, index, given, new Date(now));
    await excludeRecipients(tx, broadcast.id, excluded);
  });
}

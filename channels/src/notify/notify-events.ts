import { type Fields, readFields } from '../body/body.ts';
import type { InboundEvent, Receipt } from '../channel.ts';
import { parseOkEvent } from '../ok/ok.ts';
import { parseVkEvent } from '../vk/vk.ts';

const RECEIPT_STATUSES: readonly Receipt['status'][] = [
  'SENT',
  'DELIVERED',
  'READ',
  'UNDELIVERABLE',
  'EXPIRED',
  'RATELIMIT',
  'UNKNOWN',
];

/**
 * Turns one forwarded body, or an array of them, into events: VK's messages come in VK's form with `message_tag`, OK's in
 * OK's own. OK's form names no group; a `group_id` beside it is taken if the upstream adds one. `receivedAt` stands in where
 * an event carries no time. Throws `BrokenBodyError`, naming the field.
 *
 * Source: docs.devino.online/en/http/vk_ok, "Incoming messages".
 */
export function parseNotifyIncoming(body: unknown, receivedAt: Date = new Date()): InboundEvent[] {
  const bodies: readonly unknown[] = Array.isArray(body) ? body : [body];
  return bodies.flatMap((one, index) => {
    const fields = readFields(one, Array.isArray(body) ? `[${index}]` : '');
    if (fields.has('event_id') || (fields.has('object') && fields.has('group_id'))) return parseVkEvent(one, receivedAt);
    return parseOkEvent(one, fields.has('group_id') ? fields.textOrId('group_id').replace(/^group:/i, '') : null, receivedAt);
  });
}

/**
 * Turns one status callback, an array or a single object, into receipts in its order. A status that is not in the contract
 * says nothing to us and gives no receipt. Throws `BrokenBodyError`, naming the field.
 *
 * Source: docs.devino.online/en/http/vk_ok, "Callbacks".
 */
export function parseNotifyStatuses(body: unknown): Receipt[] {
  const items: readonly unknown[] = Array.isArray(body) ? body : [body];
  return items.flatMap((item, index) => {
    const fields = readFields(item, `[${index}]`);
    return receiptOf(fields, fields.textOrId('messageId'));
  });
}

/** The receipt in one callback, or in one line of a message's history; none for a status of no use. */
export function receiptOf(fields: Fields, networkId: string): Receipt[] {
  const status = RECEIPT_STATUSES.find((known) => known === fields.text('status'));
  return status === undefined ? [] : [{ networkId, status, at: fields.moment('ts') }];
}

import type { Fields } from '../body/body.ts';

/** Things that a message carries beside its attachments; without a text they may be all of it. */
const BESIDE = ['geo', 'fwd_messages'] as const;

/** What a message of VK carries: its attachments, then a place and forwarded messages in the same form, `{type, [type]: …}`. */
export function attachmentsOf(message: Fields): readonly unknown[] {
  const attachments = message.has('attachments') ? message.array('attachments') : [];
  const beside = BESIDE.filter((type) => message.has(type) && !isEmptyList(message.raw(type)));
  return [...attachments, ...beside.map((type) => ({ type, [type]: message.raw(type) }))];
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

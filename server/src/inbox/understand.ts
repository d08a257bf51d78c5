import { type InboundEvent, type Network, parseNotifyIncoming, parseOkEvent, parseVkEvent } from '@soroka/channels';
import type { BodyForm } from './raw-events.ts';

/**
 * What a body that has been read as JSON means. `groupId` stands in where the form names no group (OK's). Throws
 * `BrokenBodyError`, naming the field.
 */
export function eventsOf(
  form: Exclude<BodyForm, 'notify-statuses'>,
  json: unknown,
  groupId: string | null,
  receivedAt: Date,
): InboundEvent[] {
  switch (form) {
    case 'vk':
      return parseVkEvent(json, receivedAt);
    case 'ok':
      return parseOkEvent(json, groupId, receivedAt);
    case 'notify-incoming':
      return parseNotifyIncoming(json, receivedAt).map((event) => ({ ...event, groupId: event.groupId ?? groupId }));
  }
}

/** The key of the order in which events are worked off: one person and one group, or one group chat. Null where the event names nobody. */
export function dialogKeyOf(
  { userId, peerId }: Pick<InboundEvent, 'userId' | 'peerId'>,
  network: Network,
  groupId: string,
): string | null {
  const person = userId === '' ? peerId : userId;
  return person === '' ? null : `${network} ${groupId} ${person}`;
}

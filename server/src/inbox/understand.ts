import { type InboundEvent, parseNotifyIncoming, parseOkEvent, parseVkEvent } from '@soroka/channels';
import { isGroupChat } from '../dialogs/dialogs.ts';
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

/**
 * The key of the order in which events are worked off: one person and one group, or one chat. Of OK always the chat, since
 * its bodies do not tell whether several people write in it. Null where the event names nobody.
 */
export function dialogKeyOf(event: InboundEvent, groupId: string): string | null {
  const { network, userId, peerId } = event;
  const isOfChat = userId === '' || isGroupChat(event) || (network === 'ok' && peerId !== '');
  const whose = isOfChat ? peerId : userId;
  return whose === '' ? null : `${network} ${groupId} ${whose}`;
}

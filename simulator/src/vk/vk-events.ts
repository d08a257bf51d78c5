import { type Dialog, type Group, type Person, vkMessageNew, type World } from '../world/world.ts';
import type { SentEvent } from './event-settings.ts';
import { dialogMessages, vkMessage } from './vk-message.ts';

/** One event of a community, made once: webhook and long poll send the same, with the same id. */
export interface VkEvent {
  group: Group;
  type: SentEvent;
  /** 40 hex digits; a receiver that saw it drops the repeat. */
  eventId: string;
  /** Events of one dialog go out in order. */
  dialogKey: string;
  object: Record<string, unknown>;
}

/** The JSON that is sent, without `secret`. Source: callback_base of the schema; contracts/vk.md 1.2. */
export function eventBody(event: VkEvent, apiVersion: string): Record<string, unknown> {
  return {
    group_id: Number(event.group.id),
    type: event.type,
    event_id: event.eventId,
    v: apiVersion,
    object: event.object,
  };
}

/**
 * Tells `publish` what happens in VK's communities. Not told: notifications by phone and their reading, which belong to a
 * dialog apart, and a press on a button of another network.
 */
export function watchWorld(world: World, publish: (event: VkEvent) => void): void {
  const tell = (group: Group, person: Person, type: SentEvent, eventId: string, object: Record<string, unknown>): void => {
    if (group.network === 'vk') publish({ group, type, eventId, dialogKey: person.phone, object });
  };
  const tellDialog = ({ group, person }: Dialog, type: SentEvent, eventId: string, object: Record<string, unknown>): void =>
    tell(group, person, type, eventId, object);

  world.on('said', (message) => {
    if (message.dialog.group.network !== 'vk') return;
    const { event_id: eventId, object } = vkMessageNew(message);
    tellDialog(message.dialog, 'message_new', eventId, object);
  });
  world.on('sent', (message) => {
    if (message.kind === 'message') tellDialog(message.dialog, 'message_reply', world.ids.eventId(), vkMessage(message));
  });
  world.on('allowed', ({ group, person, eventId }) => {
    // `key` is that of messages.allowMessagesFromGroup; who wrote first or pressed "Allow" has none.
    tell(group, person, 'message_allow', eventId, { user_id: person.vkId, key: '' });
  });
  world.on('blocked', ({ group, person, eventId }) => tell(group, person, 'message_deny', eventId, { user_id: person.vkId }));
  world.on('read', ({ dialog, messages, eventId }) => {
    const upTo = dialogMessages(messages).at(-1);
    if (upTo === undefined) return;
    tellDialog(dialog, 'message_read', eventId, {
      from_id: dialog.person.vkId,
      peer_id: Number(dialog.peerId),
      read_message_id: Number(upTo.networkId),
      conversation_message_id: upTo.numberInDialog,
    });
  });
  world.on('pressed', ({ dialog, shownBy, payload, eventId, callbackId }) => {
    tellDialog(dialog, 'message_event', eventId, {
      user_id: dialog.person.vkId,
      peer_id: Number(dialog.peerId),
      event_id: callbackId,
      // An object in recorded bodies, though the schema says text (contracts/vk.md 1.4). A payload is JSON: the keyboard was checked.
      payload: payload === '' ? {} : JSON.parse(payload),
      ...(shownBy === null ? {} : { conversation_message_id: shownBy.numberInDialog }),
    });
  });
}

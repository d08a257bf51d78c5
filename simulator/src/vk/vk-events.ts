import {
  type ChatMessage,
  type Dialog,
  type Group,
  type Person,
  VK_CLIENT_INFO,
  vkMessageNew,
  type World,
} from '../world/world.ts';
import type { SentEvent } from './event-settings.ts';
import { chatPeer } from './peer-ids.ts';
import { dialogMessages, isOwn, vkMessage } from './vk-message.ts';

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

// From this version on `message_new` holds the message beside `client_info`; before it is the bare message (contracts/vk.md 1.4).
const FIRST_WITH_CLIENT_INFO = 103;

/** The JSON that is sent, without `secret`. Source: callback_base of the schema; contracts/vk.md 1.2. */
export function eventBody(event: VkEvent, apiVersion: string): Record<string, unknown> {
  const isBare = event.type === 'message_new' && Number(apiVersion.split('.')[1]) < FIRST_WITH_CLIENT_INFO;
  return {
    group_id: Number(event.group.id),
    type: event.type,
    event_id: event.eventId,
    v: apiVersion,
    object: isBare ? event.object['message'] : event.object,
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
  // A deleted message is told of by no event.
  world.on('changed', (message) => {
    if (message.kind !== 'message' || message.deleted) return;
    tellDialog(message.dialog, 'message_edit', world.ids.eventId(), vkMessage(message));
  });
  world.on('allowed', ({ group, person, key, eventId }) => {
    tell(group, person, 'message_allow', eventId, { user_id: person.vkId, key });
  });
  world.on('blocked', ({ group, person, eventId }) => tell(group, person, 'message_deny', eventId, { user_id: person.vkId }));
  world.on('typed', ({ group, person, eventId }) => {
    tell(group, person, 'message_typing_state', eventId, { state: 'typing', from_id: person.vkId, to_id: -Number(group.id) });
  });
  world.on('reacted', ({ message: { dialog, numberInDialog }, reactionId, eventId }) => {
    tellDialog(dialog, 'message_reaction_event', eventId, {
      reacted_id: dialog.person.vkId,
      peer_id: Number(dialog.peerId),
      cmid: numberInDialog,
      // Without a number it was taken back (contracts/vk.md 1.4).
      ...(reactionId === null ? {} : { reaction_id: reactionId }),
    });
  });
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
    if (dialog.group.network !== 'vk') return; // payloads of other networks are no JSON
    const object = pressObject(dialog.person, Number(dialog.peerId), { shownBy, payload, callbackId });
    tellDialog(dialog, 'message_event', eventId, object);
  });
  watchChats(world, publish);
}

/** The same for chats of several people, where the community is told everything while it is in. */
function watchChats(world: World, publish: (event: VkEvent) => void): void {
  const tell = (line: ChatMessage, type: SentEvent, eventId: string, object: Record<string, unknown>): void => {
    const { group } = line.chat;
    if (group.network === 'vk') publish({ group, type, eventId, dialogKey: `chat ${line.chat.number}`, object });
  };
  world.on('chatSaid', (line) => {
    if (isOwn(line)) tell(line, 'message_reply', line.eventId, vkMessage(line));
    else tell(line, 'message_new', line.eventId, { message: vkMessage(line), client_info: VK_CLIENT_INFO });
  });
  world.on('chatChanged', (line) => {
    if (!line.deleted) tell(line, 'message_edit', world.ids.eventId(), vkMessage(line));
  });
  world.on('chatPressed', ({ chat, person, shownBy, payload, eventId, callbackId }) => {
    if (chat.group.network !== 'vk') return;
    const object = pressObject(person, chatPeer(chat), { shownBy, payload, callbackId });
    publish({ group: chat.group, type: 'message_event', eventId, dialogKey: `chat ${chat.number}`, object });
  });
}

function pressObject(
  person: Person,
  peerId: number,
  press: { shownBy: { numberInDialog: number } | null; payload: string; callbackId: string },
): Record<string, unknown> {
  const { shownBy, payload, callbackId } = press;
  return {
    user_id: person.vkId,
    peer_id: peerId,
    event_id: callbackId,
    // An object in recorded bodies, though the schema says text (contracts/vk.md 1.4). A payload is JSON: the keyboard was checked.
    payload: payload === '' ? {} : JSON.parse(payload),
    ...(shownBy === null ? {} : { conversation_message_id: shownBy.numberInDialog }),
  };
}

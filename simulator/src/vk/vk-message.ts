import { type Message, vkMessageNew } from '../world/world.ts';

/**
 * A message as VK's API and its events write it. A person's is the one of `message_new`; the group's own has `out` 1 and the
 * group as its author. Source: messages_message of the schema; contracts/vk.md 1.4.
 */
export function vkMessage(message: Message): Record<string, unknown> {
  if (message.from === 'person') return vkMessageNew(message).object.message;
  const { dialog } = message;
  return {
    date: Math.floor(message.time / 1_000),
    from_id: -Number(dialog.group.id),
    id: Number(message.networkId),
    version: message.numberInDialog,
    out: 1,
    important: false,
    is_hidden: false,
    attachments: [],
    conversation_message_id: message.numberInDialog,
    fwd_messages: [],
    text: message.text,
    peer_id: Number(dialog.peerId),
    random_id: 0,
    ...message.extra,
    ...(message.editedAt === null ? {} : { update_time: Math.floor(message.editedAt / 1_000) }),
  };
}

/** What stands in the community's own dialog. Notifications by phone have a dialog apart (contracts/vk.md 5). */
export function dialogMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message) => message.kind === 'message' && !message.deleted);
}

import type { Message } from './dialogs.ts';

/** What a VK client of today says it can show (seed 001, `client_info`; callback is its usual button kind). */
export const VK_CLIENT_INFO = {
  button_actions: ['text', 'vkpay', 'open_app', 'location', 'open_link', 'callback', 'intent_subscribe', 'intent_unsubscribe'],
  keyboard: true,
  inline_keyboard: true,
  carousel: true,
  lang_id: 0,
} as const;

export interface VkMessageNew {
  group_id: number;
  type: 'message_new';
  event_id: string;
  v: string;
  object: { message: Record<string, unknown>; client_info: typeof VK_CLIENT_INFO };
}

/**
 * The `message_new` event of something a person said on VK, in the form of seed 001 with the fields that the schema requires
 * (vk.md 1.4). It depends on the message alone, so whoever sends it sends the same: the Callback API and long poll of the group
 * (`vk/`, which adds `secret`, and unwraps `object.message` for v below 5.103) and the notify upstream (`notify/`).
 */
export function vkMessageNew(message: Message, v = '5.199'): VkMessageNew {
  const { dialog } = message;
  return {
    group_id: Number(dialog.group.id),
    type: 'message_new',
    event_id: message.eventId ?? '',
    v,
    object: {
      message: {
        date: Math.floor(message.time / 1_000),
        from_id: dialog.person.vkId,
        id: Number(message.networkId),
        version: message.numberInDialog,
        out: 0,
        important: false,
        is_hidden: false,
        attachments: [],
        conversation_message_id: message.numberInDialog,
        fwd_messages: [],
        text: message.text,
        peer_id: Number(dialog.peerId),
        random_id: 0,
        ...message.extra,
        ...(message.payload === null ? {} : { payload: message.payload }),
        ...(message.ref === null ? {} : { ref: message.ref }),
        ...(message.tag === null ? {} : { message_tag: message.tag }),
      },
      client_info: VK_CLIENT_INFO,
    },
  };
}

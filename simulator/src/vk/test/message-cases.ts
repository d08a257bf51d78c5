import {
  ANNA_ID,
  ANNAS_TOKEN,
  CHAT,
  casesOf,
  LEFT_CHAT,
  type MethodCase,
  NOBODY,
  OF_GROUP,
  type Parameters,
  UNKNOWN_CHAT,
  VERA_ID,
} from './stage.ts';
import { ANNA, GROUP_ID, type SimulatedVk } from './start-vk.ts';

const KEYBOARD = JSON.stringify({
  inline: true,
  buttons: [
    [
      { action: { type: 'text', label: 'Да', payload: '{"a":1}' }, color: 'secondary' },
      { action: { type: 'callback', label: 'Нет', payload: '{"a":2}' }, color: 'positive' },
    ],
    [{ action: { type: 'open_link', label: 'Сайт', link: 'https://example.org', payload: '{}' } }],
    [{ action: { type: 'location', payload: '{}' } }],
  ],
});
const CAROUSEL = JSON.stringify({
  type: 'carousel',
  elements: [
    { title: 'Маргарита', description: 'Томаты', buttons: [{ action: { type: 'text', label: 'Беру', payload: '{}' } }] },
  ],
});

let lastRandomId = 0;
const toAnna = (more: Parameters = {}): Parameters => {
  lastRandomId += 1;
  return { peer_id: ANNA_ID, random_id: lastRandomId, message: 'текст', ...more };
};
/** Sends a message and gives its id. */
async function sent(vk: SimulatedVk, more: Parameters = {}): Promise<number> {
  return Number((await vk.call('messages.send', toAnna(more))).response);
}
/** Sends a message to the chat and gives its number. */
async function sentToChat(vk: SimulatedVk): Promise<number> {
  const { response } = await vk.call('messages.send', { ...toAnna(), peer_id: 0, peer_ids: CHAT });
  return (response as unknown as { conversation_message_id: number }[])[0]?.conversation_message_id ?? 0;
}

/** Writing, and changing what was written. */
export const SENDING_CASES: readonly MethodCase[] = [
  ...casesOf('messages.send', {
    'to one person': { parameters: () => toAnna(), variant: 'deprecatedResponse' },
    'with a keyboard': { parameters: () => toAnna({ keyboard: KEYBOARD, payload: '{"b":1}' }), variant: 'deprecatedResponse' },
    'with a carousel': { parameters: () => toAnna({ template: CAROUSEL }) },
    'with files, a place and a link': {
      parameters: ({ photo, document }) =>
        toAnna({ attachment: `${photo},${document},https://example.org`, lat: 59.93, long: 30.31 }),
    },
    'with media of others': {
      parameters: () => toAnna({ attachment: 'photo1_2,doc3_4_k,video5_6,audio7_8,wall-9_10,market-11_12,poll13_14,story15_16' }),
    },
    'a sticker': { parameters: () => toAnna({ sticker_id: 1, message: '' }) },
    'an answer': { parameters: async (_, vk) => toAnna({ reply_to: await sent(vk) }) },
    'forwarding by ids': { parameters: async (_, vk) => toAnna({ forward_messages: await sent(vk), message: '' }) },
    'forwarding from a chat': {
      parameters: async (_, vk) =>
        toAnna({ forward: JSON.stringify({ peer_id: CHAT, conversation_message_ids: [await sentToChat(vk)] }) }),
    },
    'to many': {
      parameters: () => ({ ...toAnna(), peer_id: '', peer_ids: `${ANNA_ID},${VERA_ID},${CHAT}` }),
      variant: 'userIdsResponse',
    },
    'with an intent that was agreed to': { parameters: () => toAnna({ intent: 'promo_newsletter', subscribe_id: 1 }) },
    'to nobody named': { parameters: { random_id: 1, message: 'а' }, code: 100 },
    'to whom has forbidden it': { parameters: () => toAnna({ peer_id: VERA_ID }), code: 901 },
    'to a chat that is not there': { parameters: () => toAnna({ peer_id: UNKNOWN_CHAT }), code: 917 },
    'to a chat that the group was taken out of': { parameters: () => toAnna({ peer_id: LEFT_CHAT }), code: 917 },
    'to nobody': { parameters: () => toAnna({ peer_id: NOBODY }), code: 936 },
    'with a broken keyboard': { parameters: () => toAnna({ keyboard: '[]' }), code: 911 },
    'too long': { parameters: () => toAnna({ message: 'я'.repeat(9_001) }), code: 914 },
    'forwarding what is not there': { parameters: () => toAnna({ forward_messages: 1 }), code: 921 },
    'with an intent that was not agreed to': { parameters: () => toAnna({ intent: 'confirmed_notification' }), code: 943 },
    'with a file that is not there': { parameters: () => toAnna({ attachment: `photo-${GROUP_ID}_1` }), code: 100 },
  }),
  ...casesOf('messages.edit', {
    'its own message': { parameters: async (_, vk) => ({ peer_id: ANNA_ID, message: 'иначе', message_id: await sent(vk) }) },
    'its own line in a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, message: 'иначе', cmid: await sentToChat(vk) }) },
    'a message of the person': {
      parameters: (_, { world, group, person }) => ({
        peer_id: ANNA_ID,
        message: 'иначе',
        message_id: world.dialogs.find(group, person(ANNA))?.messages[0]?.networkId ?? '',
      }),
      code: 920,
    },
    'a message that is not there': { parameters: { peer_id: ANNA_ID, message: 'иначе', message_id: 5 }, code: 100 },
  }),
  ...casesOf('messages.delete', {
    'by ids': { parameters: async (_, vk) => ({ message_ids: `${await sent(vk)},5`, delete_for_all: 1 }) },
    'by numbers in a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, cmids: await sentToChat(vk) }) },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.restore', {
    'what the group deleted for itself': {
      parameters: async (_, vk) => {
        const id = await sent(vk);
        await vk.call('messages.delete', { message_ids: id });
        return { message_id: id };
      },
    },
    'what was never deleted': { parameters: async (_, vk) => ({ message_id: await sent(vk) }), code: 100 },
  }),
  ...casesOf('messages.sendReaction', {
    'to a line of a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, cmid: await sentToChat(vk), reaction_id: 1 }) },
    'of no kind': { parameters: async (_, vk) => ({ peer_id: CHAT, cmid: await sentToChat(vk), reaction_id: 0 }), code: 1009 },
  }),
  ...casesOf('messages.deleteReaction', {
    'where there is none': { parameters: async (_, vk) => ({ peer_id: CHAT, cmid: await sentToChat(vk) }) },
    'from a line that is not there': { parameters: { peer_id: CHAT, cmid: 9_999 }, code: 100 },
  }),
  ...casesOf('messages.pin', {
    'a line of a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, cmid: await sentToChat(vk) }) },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT, cmid: 1 }, code: 927 },
  }),
  ...casesOf('messages.unpin', {
    'in a chat': { parameters: { peer_id: CHAT } },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 927 },
  }),
  ...casesOf('messages.setActivity', {
    typing: { parameters: { peer_id: ANNA_ID, type: 'typing' } },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 917 },
    'to a community': { parameters: { peer_id: -1 }, code: 932 },
  }),
  ...casesOf('messages.sendMessageEventAnswer', {
    'to a press': {
      parameters: async (_, vk) => {
        await vk.call('messages.send', { ...toAnna({ keyboard: KEYBOARD }), peer_id: CHAT });
        const chat = vk.world.chats.byNumber(vk.group, 1);
        let eventId = '';
        const stop = vk.world.on('chatPressed', ({ callbackId }) => {
          eventId = callbackId;
        });
        if (chat !== null) vk.world.chats.press(chat, vk.person(ANNA), '{"a":2}');
        stop();
        const data = JSON.stringify({ type: 'show_snackbar', text: 'Готово' });
        return { event_id: eventId, user_id: ANNA_ID, peer_id: CHAT, event_data: data };
      },
    },
    'to no press': { parameters: { event_id: 'x', user_id: ANNA_ID, peer_id: ANNA_ID }, code: 100 },
  }),
];

/** Ruling chats. */
export const CHAT_CASES: readonly MethodCase[] = [
  ...casesOf('messages.createChat', {
    'with people': { parameters: { user_ids: `${ANNA_ID},37119448`, title: 'Новый' } },
    'with nobody that exists': { parameters: { user_ids: NOBODY }, code: 936 },
  }),
  ...casesOf('messages.editChat', {
    'its title': { parameters: { chat_id: 1, title: 'Двор' } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.removeChatUser', {
    'a member': { parameters: { chat_id: 1, member_id: 37_119_448 } },
    'who is not in it': { parameters: { chat_id: 1, member_id: VERA_ID }, code: 935 },
  }),
  ...casesOf('messages.setChatPhoto', {
    'as it was uploaded': { parameters: ({ uploadedIcon }) => ({ file: uploadedIcon }) },
    'what was not uploaded': { parameters: { file: 'x' }, code: 22 },
  }),
  ...casesOf('messages.deleteChatPhoto', {
    'of a chat': { parameters: { chat_id: 1 } },
    'where the group does not rule': { parameters: { chat_id: 3 }, code: 925 },
  }),
  ...casesOf('messages.getInviteLink', {
    'of a chat': { parameters: { peer_id: CHAT } },
    'of a dialog': { parameters: { peer_id: ANNA_ID }, code: 919 },
  }),
];

const BOTH_FORMS = (parameters: Parameters, code: number): Record<string, Omit<MethodCase, 'method' | 'name'>> => ({
  short: { parameters, variant: 'response' },
  extended: { parameters: { ...parameters, extended: 1, fields: 'photo_100,screen_name' }, variant: 'extendedResponse' },
  'of nobody': { parameters: { ...parameters, peer_id: UNKNOWN_CHAT, peer_ids: UNKNOWN_CHAT }, code },
});

/** Reading what was written, and noting about it. */
export const READING_CASES: readonly MethodCase[] = [
  ...casesOf('messages.getHistory', BOTH_FORMS({ peer_id: ANNA_ID, count: 200 }, 927)),
  ...casesOf('messages.getHistory', { 'of a chat': { parameters: { peer_id: CHAT, extended: 1 }, variant: 'extendedResponse' } }),
  ...casesOf('messages.getById', {
    short: { parameters: async (_, vk) => ({ message_ids: await sent(vk) }), variant: 'response' },
    extended: { parameters: async (_, vk) => ({ message_ids: await sent(vk), extended: 1 }), variant: 'extendedResponse' },
    'by numbers': { parameters: async (_, vk) => ({ peer_id: CHAT, cmids: await sentToChat(vk) }) },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.search', {
    short: { parameters: { q: 'текст', peer_id: ANNA_ID }, variant: 'response' },
    extended: { parameters: { q: 'важное', extended: 1 }, variant: 'extendedResponse' },
    'for nothing': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.searchConversations', {
    short: { parameters: { q: 'анна' }, variant: 'response' },
    extended: { parameters: { q: 'двор', extended: 1, fields: 'photo_50' }, variant: 'extendedResponse' },
    'too many': { parameters: { q: 'а', count: 256 }, code: 100 },
  }),
  ...casesOf('messages.getHistoryAttachments', {
    photos: { parameters: { peer_id: ANNA_ID, extended: 1 } },
    documents: { parameters: { peer_id: ANNA_ID, media_type: 'doc', count: 1 } },
    'of nobody named': { parameters: { media_type: 'doc' }, code: 100 },
  }),
  ...casesOf('messages.getMessagesReactions', {
    'of a chat': { parameters: { peer_id: CHAT, cmids: '1,2' } },
    'nothing named': { parameters: { peer_id: CHAT }, code: 100 },
  }),
  ...casesOf('messages.getByConversationMessageId', {
    short: { parameters: { peer_id: CHAT, conversation_message_ids: '1,2,3' }, variant: 'response' },
    extended: { parameters: { peer_id: CHAT, conversation_message_ids: '1', extended: 1 }, variant: 'extendedResponse' },
    'nothing named': { parameters: { peer_id: CHAT }, code: 100 },
  }),
  ...casesOf('messages.getConversations', {
    all: { parameters: { extended: 1 } },
    unanswered: { parameters: { filter: 'unanswered' } },
    'an unknown filter': { parameters: { filter: 'some' }, code: 100 },
  }),
  ...casesOf('messages.getConversationsById', BOTH_FORMS({ peer_ids: `${ANNA_ID},${CHAT},${VERA_ID}` }, 927)),
  ...casesOf('messages.getConversationMembers', {
    'of a chat': { parameters: { peer_id: CHAT, fields: 'photo_50' } },
    'of a dialog': { parameters: { peer_id: ANNA_ID } },
    'of a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 927 },
  }),
  ...casesOf('messages.markAsRead', {
    'up to the end': { parameters: { peer_id: ANNA_ID, mark_conversation_as_read: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.markAsAnsweredConversation', {
    answered: { parameters: { peer_id: ANNA_ID, answered: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.markAsImportantConversation', {
    important: { parameters: { peer_id: CHAT, important: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('messages.isMessagesFromGroupAllowed', {
    allowed: { parameters: { ...OF_GROUP, user_id: ANNA_ID } },
    'nobody named': { parameters: OF_GROUP, code: 100 },
  }),
  ...casesOf('messages.allowMessagesFromGroup', {
    'by a person': { parameters: { ...OF_GROUP, access_token: ANNAS_TOKEN, key: 'a' } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...casesOf('messages.denyMessagesFromGroup', {
    'by a person': { parameters: { ...OF_GROUP, access_token: 'vk1.user.37119448' } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...casesOf('messages.deleteConversation', {
    'of one person': { parameters: { peer_id: 37_119_448 } },
    'of nobody': { parameters: { peer_id: NOBODY }, code: 936 },
  }),
  ...casesOf('messages.getIntentUsers', {
    'who agreed': { parameters: { intent: 'promo_newsletter', extended: 1 } },
    'an unknown intent': { parameters: { intent: 'default' }, code: 100 },
  }),
];

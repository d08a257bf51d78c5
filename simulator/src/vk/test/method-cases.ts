import { ANNA, GROUP_ID, type SimulatedVk } from './start-vk.ts';

type Parameters = Record<string, string | number>;

/** One call of a method, and how it must end. */
export interface MethodCase {
  method: string;
  name: string;
  parameters: Parameters | ((stage: Stage, vk: SimulatedVk) => Parameters | Promise<Parameters>);
  /** Which of the method's responses the schema has for it; any, if not given. */
  variant?: string;
  /** Of the error that it must end with. */
  code?: number;
}

/** What the cases speak of. */
export interface Stage {
  /** `attachment` of a saved photo and of a saved document. */
  photo: string;
  document: string;
  /** `photo`, `server` and `hash` of an uploaded photo; `file` of an uploaded document. */
  uploadedPhoto: { photo: string; server: number; hash: string };
  uploadedFile: string;
  uploadedVoice: string;
  uploadedGraffiti: string;
  serverId: number;
}

const ANNA_ID = 37_119_444;
const VERA_ID = 37_119_446;
const NOBODY = 12;
const CHAT = 2_000_000_001;
const LEFT_CHAT = 2_000_000_002;
const UNKNOWN_CHAT = 2_000_000_077;
const ANNAS_TOKEN = 'vk1.user.37119444';
const OF_GROUP = { group_id: GROUP_ID };

// The smallest picture there is: a GIF of one point.
export const PICTURE = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');

/** Sends bytes to an upload address as a browser does. */
export async function upload(url: string, field: string, bytes: Buffer, name: string): Promise<Record<string, never>> {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(bytes)]), name);
  return (await (await fetch(url, { method: 'POST', body: form })).json()) as Record<string, never>;
}

/** A world in which something has happened: a dialog, chats, files, a callback server. */
export async function setStage(vk: SimulatedVk): Promise<Stage> {
  const { world, group } = vk;
  world.limits.set({ callsPerSecond: null });
  const anna = vk.person(ANNA);
  world.say(group, anna, 'привет', { payload: '{"a":1}', ref: 'site' });
  world.intents.set(group, anna, 'promo_newsletter', true);
  const chat = world.chats.create({
    group,
    title: 'Соседи',
    owner: anna,
    groupIsAdmin: true,
    people: [vk.person('79990000004')],
  });
  const said = world.chats.say(chat, anna, 'важное');
  if (said !== null) world.chats.pin(chat, anna, said);
  world.chats.setIcon(chat, anna, 'http://127.0.0.1/icon.png');
  const left = world.chats.create({ group, title: 'Ушли', owner: anna });
  world.chats.leave(left, null, anna);

  const address = async (method: string, parameters: Parameters = {}): Promise<string> =>
    ((await vk.call(method, parameters)).response as unknown as { upload_url: string }).upload_url;
  const photoUrl = await address('photos.getMessagesUploadServer');
  const documentUrl = (type: string) => address('docs.getMessagesUploadServer', { type });
  const uploadedPhoto = (await upload(photoUrl, 'photo', PICTURE, 'a.gif')) as unknown as Stage['uploadedPhoto'];
  const fileOf = async (type: string, bytes: Buffer, name: string): Promise<string> =>
    (await upload(await documentUrl(type), 'file', bytes, name))['file'] ?? '';
  const uploadedFile = await fileOf('doc', Buffer.from('привет'), 'a.txt');
  const [photo] = (await vk.call('photos.saveMessagesPhoto', { ...uploadedPhoto })).response as unknown as [SavedMedia];
  const { doc } = (await vk.call('docs.save', { file: uploadedFile })).response as unknown as { doc: SavedMedia };
  const server = await vk.call('groups.addCallbackServer', { ...OF_GROUP, url: 'http://127.0.0.1:9/hook', title: 'a' });
  return {
    photo: `photo${photo.owner_id}_${photo.id}_${photo.access_key}`,
    document: `doc${doc.owner_id}_${doc.id}`,
    uploadedPhoto,
    uploadedFile,
    uploadedVoice: await fileOf('audio_message', Buffer.from('OggS and so on'), 'a.ogg'),
    uploadedGraffiti: await fileOf('graffiti', PICTURE, 'a.gif'),
    serverId: (server.response as unknown as { server_id: number }).server_id,
  };
}

interface SavedMedia {
  id: number;
  owner_id: number;
  access_key: string;
}

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

const of = (method: string, cases: Record<string, Omit<MethodCase, 'method' | 'name'>>): MethodCase[] =>
  Object.entries(cases).map(([name, one]) => ({ method, name, ...one }));

const SENDING: readonly MethodCase[] = [
  ...of('messages.send', {
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
  ...of('messages.edit', {
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
  ...of('messages.delete', {
    'by ids': { parameters: async (_, vk) => ({ message_ids: `${await sent(vk)},5`, delete_for_all: 1 }) },
    'by numbers in a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, cmids: await sentToChat(vk) }) },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.pin', {
    'a line of a chat': { parameters: async (_, vk) => ({ peer_id: CHAT, cmid: await sentToChat(vk) }) },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT, cmid: 1 }, code: 927 },
  }),
  ...of('messages.unpin', {
    'in a chat': { parameters: { peer_id: CHAT } },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 927 },
  }),
  ...of('messages.setActivity', {
    typing: { parameters: { peer_id: ANNA_ID, type: 'typing' } },
    'in a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 917 },
    'to a community': { parameters: { peer_id: -1 }, code: 932 },
  }),
  ...of('messages.sendMessageEventAnswer', {
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

const BOTH_FORMS = (parameters: Parameters, code: number): Record<string, Omit<MethodCase, 'method' | 'name'>> => ({
  short: { parameters, variant: 'response' },
  extended: { parameters: { ...parameters, extended: 1, fields: 'photo_100,screen_name' }, variant: 'extendedResponse' },
  'of nobody': { parameters: { ...parameters, peer_id: UNKNOWN_CHAT, peer_ids: UNKNOWN_CHAT }, code },
});

const READING: readonly MethodCase[] = [
  ...of('messages.getHistory', BOTH_FORMS({ peer_id: ANNA_ID, count: 200 }, 927)),
  ...of('messages.getHistory', { 'of a chat': { parameters: { peer_id: CHAT, extended: 1 }, variant: 'extendedResponse' } }),
  ...of('messages.getById', {
    short: { parameters: async (_, vk) => ({ message_ids: await sent(vk) }), variant: 'response' },
    extended: { parameters: async (_, vk) => ({ message_ids: await sent(vk), extended: 1 }), variant: 'extendedResponse' },
    'by numbers': { parameters: async (_, vk) => ({ peer_id: CHAT, cmids: await sentToChat(vk) }) },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.getByConversationMessageId', {
    short: { parameters: { peer_id: CHAT, conversation_message_ids: '1,2,3' }, variant: 'response' },
    extended: { parameters: { peer_id: CHAT, conversation_message_ids: '1', extended: 1 }, variant: 'extendedResponse' },
    'nothing named': { parameters: { peer_id: CHAT }, code: 100 },
  }),
  ...of('messages.getConversations', {
    all: { parameters: { extended: 1 } },
    unanswered: { parameters: { filter: 'unanswered' } },
    'an unknown filter': { parameters: { filter: 'some' }, code: 100 },
  }),
  ...of('messages.getConversationsById', BOTH_FORMS({ peer_ids: `${ANNA_ID},${CHAT},${VERA_ID}` }, 927)),
  ...of('messages.getConversationMembers', {
    'of a chat': { parameters: { peer_id: CHAT, fields: 'photo_50' } },
    'of a dialog': { parameters: { peer_id: ANNA_ID } },
    'of a chat that is not there': { parameters: { peer_id: UNKNOWN_CHAT }, code: 927 },
  }),
  ...of('messages.markAsRead', {
    'up to the end': { parameters: { peer_id: ANNA_ID, mark_conversation_as_read: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.markAsAnsweredConversation', {
    answered: { parameters: { peer_id: ANNA_ID, answered: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.markAsImportantConversation', {
    important: { parameters: { peer_id: CHAT, important: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.isMessagesFromGroupAllowed', {
    allowed: { parameters: { ...OF_GROUP, user_id: ANNA_ID } },
    'nobody named': { parameters: OF_GROUP, code: 100 },
  }),
  ...of('messages.allowMessagesFromGroup', {
    'by a person': { parameters: { ...OF_GROUP, access_token: ANNAS_TOKEN, key: 'a' } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...of('messages.denyMessagesFromGroup', {
    'by a person': { parameters: { ...OF_GROUP, access_token: 'vk1.user.37119448' } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...of('messages.getIntentUsers', {
    'who agreed': { parameters: { intent: 'promo_newsletter', extended: 1 } },
    'an unknown intent': { parameters: { intent: 'default' }, code: 100 },
  }),
];

const CHATS: readonly MethodCase[] = [
  ...of('messages.createChat', {
    'with people': { parameters: { user_ids: `${ANNA_ID},37119448`, title: 'Новый' } },
    'with nobody that exists': { parameters: { user_ids: NOBODY }, code: 936 },
  }),
  ...of('messages.editChat', {
    'its title': { parameters: { chat_id: 1, title: 'Двор' } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('messages.removeChatUser', {
    'a member': { parameters: { chat_id: 1, member_id: 37_119_448 } },
    'who is not in it': { parameters: { chat_id: 1, member_id: VERA_ID }, code: 935 },
  }),
  ...of('messages.getInviteLink', {
    'of a chat': { parameters: { peer_id: CHAT } },
    'of a dialog': { parameters: { peer_id: ANNA_ID }, code: 919 },
  }),
];

const PEOPLE: readonly MethodCase[] = [
  ...of('users.get', {
    'by id and short name': { parameters: { user_ids: `${ANNA_ID},id${VERA_ID}`, fields: 'photo_200,online,sex' } },
    'too many': { parameters: { user_ids: Array.from({ length: 1_001 }, (_, n) => n).join(',') }, code: 100 },
  }),
  ...of('groups.getById', {
    own: { parameters: { fields: 'members_count,description' } },
    'by short name': { parameters: { group_ids: `club${GROUP_ID}` } },
    'none named by a person': { parameters: { access_token: ANNAS_TOKEN }, code: 100 },
  }),
  ...of('groups.getTokenPermissions', {
    own: { parameters: {} },
    'of a wrong token': { parameters: { access_token: 'x' }, code: 5 },
  }),
  ...of('groups.getMembers', {
    ids: { parameters: OF_GROUP, variant: 'response' },
    'with fields': { parameters: { ...OF_GROUP, fields: 'photo_50' }, variant: 'fieldsResponse' },
    managers: { parameters: { ...OF_GROUP, filter: 'managers' }, variant: 'filterResponse' },
    'of no community': { parameters: { group_id: 5 }, code: 125 },
  }),
  ...of('groups.isMember', {
    one: { parameters: { ...OF_GROUP, user_id: ANNA_ID }, variant: 'response' },
    'one, extended': { parameters: { ...OF_GROUP, user_id: ANNA_ID, extended: 1 }, variant: 'extendedResponse' },
    many: { parameters: { ...OF_GROUP, user_ids: `${ANNA_ID},1` }, variant: 'userIdsResponse' },
    'many, extended': { parameters: { ...OF_GROUP, user_ids: ANNA_ID, extended: 1 }, variant: 'userIds_Extended_Response' },
    'nobody named': { parameters: OF_GROUP, code: 100 },
  }),
  ...of('utils.resolveScreenName', {
    'a community': { parameters: { screen_name: `club${GROUP_ID}` } },
    'a person': { parameters: { screen_name: `id${ANNA_ID}` } },
    nobody: { parameters: { screen_name: 'soroka_nobody' }, code: 104 },
  }),
  ...of('utils.getServerTime', { now: { parameters: {} }, 'without a token': { parameters: { access_token: '' }, code: 5 } }),
];

const COMMUNITY: readonly MethodCase[] = [
  ...of('groups.setSettings', {
    some: { parameters: { ...OF_GROUP, bots_add_to_chat: 1, messages: 1 } },
    'without a group': { parameters: {}, code: 100 },
  }),
  ...of('groups.getSettings', {
    'by a person': { parameters: { ...OF_GROUP, access_token: ANNAS_TOKEN } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...of('groups.enableOnline', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...of('groups.getOnlineStatus', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...of('groups.disableOnline', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...of('storage.set', {
    'a text': { parameters: { key: 'a', value: 'б', user_id: ANNA_ID } },
    'with a bad key': { parameters: { key: 'а б', value: 'б' }, code: 100 },
  }),
  ...of('storage.get', {
    'one and another': { parameters: { keys: 'a,b', user_id: ANNA_ID } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...of('storage.getKeys', {
    'of one user': { parameters: { user_id: ANNA_ID } },
    'with a bad count': { parameters: { count: 1_001 }, code: 100 },
  }),
];

const UPLOADS: readonly MethodCase[] = [
  ...of('photos.getMessagesUploadServer', {
    'for a person': { parameters: { peer_id: ANNA_ID } },
    'for whom has forbidden it': { parameters: { peer_id: VERA_ID }, code: 901 },
  }),
  ...of('photos.saveMessagesPhoto', {
    'as it was uploaded': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto }) },
    'with a wrong server': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto, server: 1 }), code: 118 },
    'with a wrong hash': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto, hash: 'x' }), code: 121 },
    'of nothing': { parameters: { photo: '[]', server: 1, hash: '' }, code: 100 },
  }),
  ...of('docs.getMessagesUploadServer', {
    'for a voice': { parameters: { type: 'audio_message', peer_id: ANNA_ID } },
    'for whom has forbidden it': { parameters: { peer_id: VERA_ID }, code: 901 },
  }),
  ...of('docs.save', {
    'a document': { parameters: ({ uploadedFile }) => ({ file: uploadedFile, title: 'Меню', tags: 'a,b', return_tags: 1 }) },
    'a voice': { parameters: ({ uploadedVoice }) => ({ file: uploadedVoice }) },
    'a drawing': { parameters: ({ uploadedGraffiti }) => ({ file: uploadedGraffiti }) },
    nothing: { parameters: { file: 'x' }, code: 105 },
  }),
];

const SERVER = { url: 'http://127.0.0.1:9/hook', title: 'Soroka', secret_key: 's' };
const withServer =
  (more: Parameters = {}) =>
  ({ serverId }: Stage): Parameters => ({ ...OF_GROUP, server_id: serverId, ...more });

const SUBSCRIPTIONS: readonly MethodCase[] = [
  ...of('groups.addCallbackServer', {
    'a server': { parameters: { ...OF_GROUP, ...SERVER } },
    'with a long title': { parameters: { ...OF_GROUP, ...SERVER, title: 'x'.repeat(15) }, code: 100 },
    'an eleventh': {
      parameters: async (_, vk) => {
        for (let n = 0; n < 10; n += 1) await vk.call('groups.addCallbackServer', { ...OF_GROUP, ...SERVER });
        return { ...OF_GROUP, ...SERVER };
      },
      code: 2000,
    },
  }),
  ...of('groups.editCallbackServer', {
    'a server': { parameters: withServer(SERVER) },
    'that is not there': { parameters: { ...OF_GROUP, ...SERVER, server_id: 99 }, code: 104 },
  }),
  ...of('groups.getCallbackServers', { all: { parameters: OF_GROUP }, 'without a group': { parameters: {}, code: 100 } }),
  ...of('groups.getCallbackConfirmationCode', {
    own: { parameters: OF_GROUP },
    'of another': { parameters: { group_id: 5 }, code: 15 },
  }),
  ...of('groups.setCallbackSettings', {
    'of a server': { parameters: withServer({ api_version: '5.199', message_new: 1 }) },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...of('groups.getCallbackSettings', {
    'of a server': { parameters: withServer() },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...of('groups.deleteCallbackServer', {
    'a server': { parameters: withServer() },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...of('groups.getLongPollServer', { own: { parameters: OF_GROUP }, 'without a group': { parameters: {}, code: 100 } }),
  ...of('groups.setLongPollSettings', {
    'of a community': { parameters: { ...OF_GROUP, enabled: 1, api_version: '5.199', message_typing_state: 1 } },
    'with a bad switch': { parameters: { ...OF_GROUP, message_new: 2 }, code: 100 },
  }),
  ...of('groups.getLongPollSettings', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...of('execute', {
    'a list': { parameters: { code: 'return [API.users.get({"user_ids":"1"}),API.messages.send({})];' } },
    'what it cannot read': { parameters: { code: 'while(true){}' }, code: 12 },
  }),
];

/** Every simulated method, done right and done wrong. They run in this order, in one world. */
export const METHOD_CASES: readonly MethodCase[] = [
  ...SENDING,
  ...CHATS,
  ...READING,
  ...PEOPLE,
  ...COMMUNITY,
  ...UPLOADS,
  ...SUBSCRIPTIONS,
];

import { CHAT_CASES, READING_CASES, SENDING_CASES } from './message-cases.ts';
import { ANNA_ID, ANNAS_TOKEN, casesOf, type MethodCase, OF_GROUP, type Parameters, type Stage, VERA_ID } from './stage.ts';
import { GROUP_ID } from './start-vk.ts';

const PEOPLE: readonly MethodCase[] = [
  ...casesOf('users.get', {
    'by id and short name': { parameters: { user_ids: `${ANNA_ID},id${VERA_ID}`, fields: 'photo_200,online,sex' } },
    'too many': { parameters: { user_ids: Array.from({ length: 1_001 }, (_, n) => n).join(',') }, code: 100 },
  }),
  ...casesOf('groups.getById', {
    own: { parameters: { fields: 'members_count,description' } },
    'by short name': { parameters: { group_ids: `club${GROUP_ID}` } },
    'none named by a person': { parameters: { access_token: ANNAS_TOKEN }, code: 100 },
  }),
  ...casesOf('groups.getTokenPermissions', {
    own: { parameters: {} },
    'of a wrong token': { parameters: { access_token: 'x' }, code: 5 },
  }),
  ...casesOf('groups.getMembers', {
    ids: { parameters: OF_GROUP, variant: 'response' },
    'with fields': { parameters: { ...OF_GROUP, fields: 'photo_50' }, variant: 'fieldsResponse' },
    managers: { parameters: { ...OF_GROUP, filter: 'managers' }, variant: 'filterResponse' },
    'of no community': { parameters: { group_id: 5 }, code: 125 },
  }),
  ...casesOf('groups.isMember', {
    one: { parameters: { ...OF_GROUP, user_id: ANNA_ID }, variant: 'response' },
    'one, extended': { parameters: { ...OF_GROUP, user_id: ANNA_ID, extended: 1 }, variant: 'extendedResponse' },
    many: { parameters: { ...OF_GROUP, user_ids: `${ANNA_ID},1` }, variant: 'userIdsResponse' },
    'many, extended': { parameters: { ...OF_GROUP, user_ids: ANNA_ID, extended: 1 }, variant: 'userIds_Extended_Response' },
    'nobody named': { parameters: OF_GROUP, code: 100 },
  }),
  ...casesOf('utils.resolveScreenName', {
    'a community': { parameters: { screen_name: `club${GROUP_ID}` } },
    'a person': { parameters: { screen_name: `id${ANNA_ID}` } },
    nobody: { parameters: { screen_name: 'soroka_nobody' }, code: 104 },
  }),
  ...casesOf('utils.getShortLink', {
    'of a page': { parameters: { url: 'https://example.org/a' } },
    'of no address': { parameters: { url: 'a b' }, code: 100 },
  }),
  ...casesOf('utils.checkLink', {
    'of a page': { parameters: { url: 'https://example.org/a' } },
    'without one': { parameters: {}, code: 100 },
  }),
  ...casesOf('utils.getServerTime', {
    now: { parameters: {} },
    'without a token': { parameters: { access_token: '' }, code: 5 },
  }),
];

const COMMUNITY: readonly MethodCase[] = [
  ...casesOf('groups.setSettings', {
    some: { parameters: { ...OF_GROUP, bots_add_to_chat: 1, messages: 1 } },
    'without a group': { parameters: {}, code: 100 },
  }),
  ...casesOf('groups.getSettings', {
    'by a person': { parameters: { ...OF_GROUP, access_token: ANNAS_TOKEN } },
    'by a community': { parameters: OF_GROUP, code: 27 },
  }),
  ...casesOf('groups.enableOnline', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...casesOf('groups.getOnlineStatus', {
    own: { parameters: OF_GROUP },
    'of another': { parameters: { group_id: 5 }, code: 15 },
  }),
  ...casesOf('groups.disableOnline', { own: { parameters: OF_GROUP }, 'of another': { parameters: { group_id: 5 }, code: 15 } }),
  ...casesOf('storage.set', {
    'a text': { parameters: { key: 'a', value: 'б', user_id: ANNA_ID } },
    'with a bad key': { parameters: { key: 'а б', value: 'б' }, code: 100 },
  }),
  ...casesOf('storage.get', {
    'one and another': { parameters: { keys: 'a,b', user_id: ANNA_ID } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('storage.getKeys', {
    'of one user': { parameters: { user_id: ANNA_ID } },
    'with a bad count': { parameters: { count: 1_001 }, code: 100 },
  }),
];

const UPLOADS: readonly MethodCase[] = [
  ...casesOf('photos.getMessagesUploadServer', {
    'for a person': { parameters: { peer_id: ANNA_ID } },
    'for whom has forbidden it': { parameters: { peer_id: VERA_ID }, code: 901 },
  }),
  ...casesOf('photos.saveMessagesPhoto', {
    'as it was uploaded': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto }) },
    'with a wrong server': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto, server: 1 }), code: 118 },
    'with a wrong hash': { parameters: ({ uploadedPhoto }) => ({ ...uploadedPhoto, hash: 'x' }), code: 121 },
    'of nothing': { parameters: { photo: '[]', server: 1, hash: '' }, code: 100 },
  }),
  ...casesOf('photos.getChatUploadServer', {
    'for a chat': { parameters: { chat_id: 1 } },
    'nothing named': { parameters: {}, code: 100 },
  }),
  ...casesOf('docs.getWallUploadServer', {
    'for a voice': { parameters: { ...OF_GROUP, type: 'audio_message' } },
    'for another community': { parameters: { group_id: 5 }, code: 15 },
  }),
  ...casesOf('docs.getMessagesUploadServer', {
    'for a voice': { parameters: { type: 'audio_message', peer_id: ANNA_ID } },
    'for whom has forbidden it': { parameters: { peer_id: VERA_ID }, code: 901 },
  }),
  ...casesOf('docs.save', {
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
  ...casesOf('groups.addCallbackServer', {
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
  ...casesOf('groups.editCallbackServer', {
    'a server': { parameters: withServer(SERVER) },
    'that is not there': { parameters: { ...OF_GROUP, ...SERVER, server_id: 99 }, code: 104 },
  }),
  ...casesOf('groups.getCallbackServers', { all: { parameters: OF_GROUP }, 'without a group': { parameters: {}, code: 100 } }),
  ...casesOf('groups.getCallbackConfirmationCode', {
    own: { parameters: OF_GROUP },
    'of another': { parameters: { group_id: 5 }, code: 15 },
  }),
  ...casesOf('groups.setCallbackSettings', {
    'of a server': { parameters: withServer({ api_version: '5.199', message_new: 1 }) },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...casesOf('groups.getCallbackSettings', {
    'of a server': { parameters: withServer() },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...casesOf('groups.deleteCallbackServer', {
    'a server': { parameters: withServer() },
    'that is not there': { parameters: { ...OF_GROUP, server_id: 99 }, code: 104 },
  }),
  ...casesOf('groups.getLongPollServer', { own: { parameters: OF_GROUP }, 'without a group': { parameters: {}, code: 100 } }),
  ...casesOf('groups.setLongPollSettings', {
    'of a community': { parameters: { ...OF_GROUP, enabled: 1, api_version: '5.199', message_typing_state: 1 } },
    'with a bad switch': { parameters: { ...OF_GROUP, message_new: 2 }, code: 100 },
  }),
  ...casesOf('groups.getLongPollSettings', {
    own: { parameters: OF_GROUP },
    'of another': { parameters: { group_id: 5 }, code: 15 },
  }),
  ...casesOf('execute', {
    'a list': { parameters: { code: 'return [API.users.get({"user_ids":"1"}),API.messages.send({})];' } },
    'a loop': { parameters: { code: 'var i = 0; while (i < 2) { API.users.get({}); i = i + 1; } return i;' } },
    'what it cannot read': { parameters: { code: 'for (;;) {}' }, code: 12 },
    'without an end': { parameters: { code: 'while (true) {}' }, code: 13 },
  }),
];

/** Every simulated method, done right and done wrong. They run in this order, in one world. */
export const METHOD_CASES: readonly MethodCase[] = [
  ...SENDING_CASES,
  ...CHAT_CASES,
  ...READING_CASES,
  ...PEOPLE,
  ...COMMUNITY,
  ...UPLOADS,
  ...SUBSCRIPTIONS,
];

import { describe, expect, test } from 'vitest';
import { playVk, raw } from '../../test/play-vk.ts';
import { readVkSchema } from '../../test/vk-schema.ts';
import type { Outgoing } from '../channel.ts';
import type { VkChannel } from './vk-channel.ts';

const never = new AbortController().signal;
const schema = readVkSchema();
const url = 'https://soroka.example/hooks/vk/token';
const PERSON = { peerId: '37119444', networkId: '412' };
const CHAT = { peerId: '2000000003', networkId: '2000000003:5' };
const full = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: 'k',
  network: 'vk',
  groupId: '213243638',
  recipientId: '37119444',
  text: 'Выбирайте) ]});',
  keyboard: {
    place: 'message',
    rows: [
      [
        { kind: 'text', label: 'Да', payload: '{"a":1}', color: 'secondary' },
        { kind: 'callback', label: 'Нет', payload: '{}', color: 'negative' },
      ],
      [{ kind: 'link', label: 'Меню', url: 'https://pizza.example/' }],
      [{ kind: 'location', label: 'Где вы?', payload: '{}' }],
      [{ kind: 'contact', label: 'Телефон' }],
    ],
  },
  attachments: [{ kind: 'image', reference: 'photo-1_2_key' }],
  carousel: [{ title: 'Пицца', buttons: [{ kind: 'text', label: 'Беру', payload: '{}' }] }],
  replyToNetworkId: '411',
  intent: 'promo_newsletter',
  ...fields,
});
const plain = (recipientId: string, fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: recipientId,
  network: 'vk',
  groupId: '213243638',
  recipientId,
  text: 'Привет',
  ...fields,
});
const FILE = { name: 'a.jpg', contentType: 'image/jpeg', bytes: new Uint8Array([1]) } as const;

/** Everything that the channel can ask VK for. */
const DEEDS: readonly [name: string, deed: (channel: VkChannel) => Promise<unknown>][] = [
  ['a message with all that it can have', ({ send }) => send([full()], never)],
  [
    'a message to a group chat',
    ({ send }) => send([full({ recipientId: CHAT.peerId, replyToNetworkId: CHAT.networkId })], never),
  ],
  ['a keyboard of the dialog', ({ send }) => send([plain('1', { keyboard: { place: 'dialog', rows: [] } })], never)],
  ['several messages', ({ send }) => send([full(), plain('1'), full({ recipientId: '2' })], never)],
  [
    'one text for a hundred people',
    ({ send }) =>
      send(
        Array.from({ length: 100 }, (_, index) => plain(String(index + 1), { sharedKey: 's' })),
        never,
      ),
  ],
  ['editing', ({ edit }) => edit(PERSON, full(), never)],
  ['editing in a group chat', ({ edit }) => edit(CHAT, { text: 'Да' }, never)],
  ['deleting', (channel) => channel.delete(PERSON, never)],
  ['deleting in a group chat', (channel) => channel.delete(CHAT, never)],
  ['typing', ({ showTyping }) => showTyping('37119444', never)],
  ['marking as read', ({ markRead }) => markRead(PERSON, never)],
  ['marking as read in a group chat', ({ markRead }) => markRead(CHAT, never)],
  [
    'answering a button',
    ({ answerButton }) => answerButton({ userId: '1', peerId: '1', callbackId: 'e' }, { text: 'я '.repeat(100) }, never),
  ],
  ['uploading a picture', ({ upload }) => upload({ ...FILE, kind: 'image' }, '37119444', never)],
  ['uploading a file', ({ upload }) => upload({ ...FILE, kind: 'file' }, '37119444', never)],
  ['uploading a voice message', ({ upload }) => upload({ ...FILE, kind: 'voice' }, '37119444', never)],
  ['history', ({ history }) => history('37119444', '200', never)],
  ['dialogs', ({ dialogs }) => dialogs(null, never)],
  ['a whole message', ({ message }) => message(PERSON, never)],
  ['a whole message of a group chat', ({ message }) => message(CHAT, never)],
  ['profiles', ({ profiles }) => profiles(['1', '2'], never)],
  ['a chat', ({ chat }) => chat(CHAT.peerId, never)],
  ['keeping the token alive', ({ keepAlive }) => keepAlive(never)],
  ['the check', ({ check }) => check(url, never)],
  ['the first poll', ({ poll }) => poll(null, 25, never)],
  ['a webhook', ({ subscribeWebhook }) => subscribeWebhook({ url, secret: 'x'.repeat(50) }, never)],
  ['taking a webhook back', ({ unsubscribeWebhook }) => unsubscribeWebhook(url, never)],
];

/** Methods that each deed must have got to, all together: a deed that stops half-way would prove nothing. */
const METHODS = [
  'docs.getMessagesUploadServer',
  'docs.save',
  'execute',
  'groups.addCallbackServer',
  'groups.deleteCallbackServer',
  'groups.getById',
  'groups.getCallbackConfirmationCode',
  'groups.getCallbackServers',
  'groups.getCallbackSettings',
  'groups.getLongPollServer',
  'groups.getLongPollSettings',
  'groups.getTokenPermissions',
  'groups.setCallbackSettings',
  'groups.setLongPollSettings',
  'groups.setSettings',
  'messages.delete',
  'messages.edit',
  'messages.getByConversationMessageId',
  'messages.getById',
  'messages.getConversationMembers',
  'messages.getConversations',
  'messages.getConversationsById',
  'messages.getHistory',
  'messages.markAsRead',
  'messages.send',
  'messages.sendMessageEventAnswer',
  'messages.setActivity',
  'photos.getMessagesUploadServer',
  'photos.saveMessagesPhoto',
  'users.get',
];

/** A VK with one confirmed callback server, once it has been added. */
function playWholeVk() {
  let isAdded = false;
  const server = { id: 3, title: 'Soroka', creator_id: 1, url, secret_key: '', status: 'ok' };
  const named = (_: unknown, base: string) => ({ upload_url: `${base}/upload` });
  return playVk({
    'groups.getCallbackServers': () => ({ count: 1, items: isAdded ? [server] : [] }),
    'groups.getCallbackConfirmationCode': { code: 'a' },
    'groups.addCallbackServer': () => {
      isAdded = true;
      return { server_id: 3 };
    },
    'groups.getTokenPermissions': { mask: 1, permissions: [] },
    'groups.getLongPollServer': (_: unknown, base: string) => ({ key: 'k', server: `${base}/poll`, ts: '1' }),
    '/poll': raw({ body: '{"ts":"2","updates":[]}' }),
    'photos.getMessagesUploadServer': named,
    'docs.getMessagesUploadServer': named,
    '/upload': raw({ body: '{"server":7,"photo":"[1]","hash":"h","file":"f"}' }),
    'messages.getConversationsById': { count: 0, items: [] },
  });
}

describe.skipIf(schema === null)('by VK’s own schema', () => {
  test('everything that the channel asks for is known to VK: methods, parameters, values and limits', async () => {
    await using vk = await playWholeVk();
    for (const [name, deed] of DEEDS) {
      const before = vk.calls.length;
      await deed(vk.channel);
      const made = vk.calls.slice(before);
      expect(made.length, name).toBeGreaterThan(0);
      expect(
        made.flatMap((call) => schema?.faultsOf(call) ?? []),
        name,
      ).toEqual([]);
    }
    const asked = new Set(vk.calls.map(({ method }) => method));
    // The settings of a callback server are looked at where one stands already.
    await vk.channel.check(url, never);
    for (const { method } of vk.calls) asked.add(method);
    expect([...asked].sort()).toEqual(METHODS);
  }, 60_000);

  test.each<[string, Record<string, string>, string]>([
    ['messages.sent', {}, 'messages.sent is no method of VK'],
    ['messages.send', { peer_id: 'x' }, 'messages.send: peer_id is no integer'],
    ['messages.send', { text: 'x' }, 'messages.send: text is no parameter of it'],
    ['messages.send', { message: 'x'.repeat(9_001) }, 'messages.send: message is longer than 9000'],
    ['messages.send', { intent: 'spam' }, 'messages.send: intent is none of the values'],
    ['messages.send', { peer_ids: Array(101).fill('1').join(',') }, 'messages.send: peer_ids has 101 items, 100 at most'],
    ['messages.getHistory', { count: '201' }, 'messages.getHistory: count is above 200'],
    ['messages.edit', {}, 'messages.edit: peer_id is missing'],
    ['groups.getSettings', { group_id: '1' }, 'groups.getSettings: takes no token of a community'],
    ['execute', { code: 'return [API.messages.send({"peer":"1"})];' }, 'messages.send: peer is no parameter of it'],
    ['users.get', { fields: 'photo_101' }, expect.stringContaining('users.get: fields')],
    [
      'messages.send',
      { keyboard: '{"inline":true,"buttons":[[{"action":{"type":"text","label":"x","link":"y"}}]]}' },
      expect.stringContaining('messages.send: keyboard'),
    ],
  ])('the schema’s reader finds what is wrong with a call of %s', (method, params, fault) => {
    expect(schema?.faultsOf({ method, params })).toContainEqual(fault);
  });
});

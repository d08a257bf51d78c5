import { startReceiver } from '../../test/simulated-networks.ts';
import type { Outgoing } from '../channel.ts';
import { createVkChannel, parseJson, parseVkEvent, type VkChannel } from '../channels.ts';
import { action, look, promise, send } from './outcomes.ts';
import { ANNA, CHANNEL_METHODS, DINA, never, type Row, type Side, TIMEOUT_MS, type Town, until, VERA } from './rows.ts';

const GROUP = '213243638';
/** No message, chat or address has these. */
const NOBODYS = { message: '999999999', chat: '2000000999', url: 'http://127.0.0.1:9/hooks' } as const;

let lastKey = 0;
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `vk-methods-${++lastKey}`,
  network: 'vk',
  groupId: GROUP,
  recipientId: ANNA.vk,
  text: 'Привет',
  ...fields,
});

async function idOfSent({ party }: Town<VkChannel>): Promise<string> {
  const [outcome] = await party.send([message()], never);
  if (outcome?.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`);
  return outcome.networkId;
}

/** Calls a method of VK as somebody else's program would. */
async function callVk({ networks }: Town<VkChannel>, method: string, params: Record<string, string>): Promise<unknown> {
  const body = new URLSearchParams({ v: '5.199', access_token: 'vk1.demo', group_id: GROUP, ...params });
  const answer = await (await fetch(`${networks.url}/vk/method/${method}`, { method: 'POST', body })).json();
  return (answer as { response: unknown }).response;
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const SENDING: readonly Row<VkChannel>[] = [
  {
    method: 'send',
    wireMethod: 'messages.send',
    refusedBy: 'itself',
    async prepare() {
      const [toAnna, toVera] = [message(), message({ recipientId: VERA.vk })];
      return {
        call: (channel) => send(channel.send([toAnna], never)),
        refused: (channel) => send(channel.send([toVera], never)),
      };
    },
  },
  {
    method: 'send, several',
    wireMethod: 'messages.send',
    refusedBy: 'itself',
    async prepare() {
      const batch = [message({ text: 'раз' }), message({ text: 'два' }), message({ recipientId: DINA.vk })];
      return {
        call: (channel) => send(channel.send(batch, never)),
        refused: (channel) => send(channel.send([message({ recipientId: VERA.vk }), message({ recipientId: VERA.vk })], never)),
      };
    },
  },
  {
    method: 'send, one text for many',
    wireMethod: 'messages.send',
    refusedBy: 'itself',
    async prepare() {
      const to = (...recipients: string[]) =>
        recipients.map((recipientId) => message({ recipientId, sharedKey: `to ${lastKey}` }));
      const [batch, toVera] = [to(ANNA.vk, DINA.vk), to(VERA.vk, VERA.vk)];
      return {
        call: (channel) => send(channel.send(batch, never)),
        refused: (channel) => send(channel.send(toVera, never)),
      };
    },
  },
];

const IN_A_DIALOG: readonly Row<VkChannel>[] = [
  {
    method: 'edit',
    wireMethod: 'messages.edit',
    refusedBy: 'itself',
    async prepare(town) {
      const edit = (networkId: string) => (channel: VkChannel) =>
        action(channel.edit({ peerId: ANNA.vk, networkId }, { text: 'Здравствуйте' }, never));
      return { call: edit(await idOfSent(town)), refused: edit(NOBODYS.message) };
    },
  },
  {
    method: 'delete',
    wireMethod: 'messages.delete',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare(town) {
      const remove = (networkId: string) => (channel: VkChannel) => action(channel.delete({ peerId: ANNA.vk, networkId }, never));
      return { call: remove(await idOfSent(town)), refused: remove(NOBODYS.message) };
    },
  },
  {
    method: 'showTyping',
    wireMethod: 'messages.setActivity',
    refusedBy: 'itself',
    async prepare() {
      return {
        call: (channel) => action(channel.showTyping(ANNA.vk, never)),
        refused: (channel) => action(channel.showTyping(NOBODYS.chat, never)),
      };
    },
  },
  {
    method: 'markRead',
    wireMethod: 'messages.markAsRead',
    refusedBy: 'itself',
    async prepare(town) {
      const networkId = await idOfSent(town);
      return {
        call: (channel) => action(channel.markRead({ peerId: ANNA.vk, networkId }, never)),
        refused: (channel) => action(channel.markRead({ peerId: NOBODYS.chat, networkId: `${NOBODYS.chat}:1` }, never)),
      };
    },
  },
  {
    method: 'answerButton',
    wireMethod: 'messages.sendMessageEventAnswer',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare({ networks, party }) {
      const rows = [[{ kind: 'callback', label: 'Да', payload: '{}' }]] as const;
      const { state } = await party.poll(null, 0, never);
      await party.send([message({ keyboard: { place: 'message', rows } })], never);
      const press = { network: 'vk', payload: '{}' };
      // A moment passes before she has it.
      await until(() => networks.control('POST', `/people/${ANNA.phone}/press`, press).catch(() => undefined));
      const { bodies } = await party.poll(state, 5, never);
      const pressed = bodies.flatMap((body) => parseVkEvent(parseJson(body))).find((event) => event.kind === 'button');
      if (pressed === undefined) throw new Error('the pressed button did not come');
      return {
        call: (channel) => action(channel.answerButton(pressed, { text: 'Записали' }, never)),
        refused: (channel) => action(channel.answerButton({ ...pressed, callbackId: 'nobodys' }, {}, never)),
      };
    },
  },
  {
    method: 'upload',
    wireMethod: 'photos.saveMessagesPhoto',
    refusedBy: 'itself',
    async prepare() {
      const picture = { kind: 'image', name: 'кот.png', contentType: 'image/png' } as const;
      return {
        call: (channel) => action(channel.upload({ ...picture, bytes: Buffer.from(PNG, 'base64') }, ANNA.vk, never)),
        refused: (channel) => action(channel.upload({ ...picture, bytes: Buffer.from('no picture') }, ANNA.vk, never)),
      };
    },
  },
];

const LOOKING: readonly Row<VkChannel>[] = [
  {
    method: 'history',
    wireMethod: 'messages.getHistory',
    refusedBy: 'itself',
    async prepare(town) {
      await idOfSent(town);
      return {
        call: (channel) => action(channel.history(ANNA.vk, null, never)),
        refused: (channel) => action(channel.history(NOBODYS.chat, null, never)),
      };
    },
  },
  {
    method: 'dialogs',
    wireMethod: 'messages.getConversations',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => action(channel.dialogs(null, never)) };
    },
  },
  {
    method: 'message',
    wireMethod: 'messages.getById',
    refusedBy: 'itself',
    async prepare(town) {
      const read = (networkId: string) => (channel: VkChannel) => action(channel.message({ peerId: ANNA.vk, networkId }, never));
      return { call: read(await idOfSent(town)), refused: read(NOBODYS.message) };
    },
  },
  {
    method: 'profiles',
    wireMethod: 'users.get',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => action(channel.profiles([ANNA.vk, DINA.vk], never)) };
    },
  },
  {
    method: 'chat',
    wireMethod: 'messages.getConversationsById',
    refusedBy: 'an error',
    async prepare({ networks }) {
      await networks.control('POST', '/chats', { network: 'vk', title: 'Кухня', owner: ANNA.phone, people: [DINA.phone] });
      return { call: (channel) => action(channel.chat('2000000001', never)) };
    },
  },
];

const CONNECTION: readonly Row<VkChannel>[] = [
  {
    method: 'keepAlive',
    wireMethod: 'groups.getTokenPermissions',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => action(channel.keepAlive(never)) };
    },
  },
  {
    method: 'check',
    wireMethod: 'groups.getTokenPermissions',
    refusedBy: 'itself',
    async prepare() {
      return {
        call: (channel) => look(channel.check(null, never)),
        refused: (channel) => look(channel.check(NOBODYS.url, never)),
      };
    },
  },
  {
    method: 'subscribeWebhook',
    wireMethod: 'groups.addCallbackServer',
    refusedBy: 'itself',
    async prepare(town) {
      const receiver = await startReceiver(async (body) =>
        JSON.parse(body).type === 'confirmation' ? town.party.confirmation(never) : 'ok',
      );
      return {
        call: (channel) => promise(channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never)),
        async refused(channel) {
          // VK's own limit: ten servers.
          for (let count = 0; count < 10; count += 1)
            await callVk(town, 'groups.addCallbackServer', { url: `${NOBODYS.url}/${count}`, title: 'other' });
          return promise(channel.subscribeWebhook({ url: receiver.url }, never));
        },
        end: () => receiver[Symbol.asyncDispose](),
      };
    },
  },
  {
    method: 'unsubscribeWebhook',
    wireMethod: 'groups.deleteCallbackServer',
    refusedBy: 'an error',
    async prepare(town) {
      await callVk(town, 'groups.addCallbackServer', { url: NOBODYS.url, title: 'ours' });
      return { call: (channel) => promise(channel.unsubscribeWebhook(NOBODYS.url, never)) };
    },
  },
  {
    method: 'confirmation',
    wireMethod: 'groups.getCallbackConfirmationCode',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => promise(channel.confirmation(never)) };
    },
  },
  {
    method: 'poll',
    wireMethod: 'groups.getLongPollServer',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => promise(channel.poll(null, 0, never)) };
    },
  },
];

// Of VK: an error that passes, and one that says that the token has no right to it.
const ERRORS = { passing: 10, refused: 15 } as const;

/** The VK channel and every method it has. */
export const VK: Side<VkChannel> = {
  name: 'VK',
  methods: CHANNEL_METHODS,
  faults: 'vk',
  open: (url, { timeoutMs = TIMEOUT_MS, hasWrongToken = false } = {}) =>
    createVkChannel({
      baseUrl: `${url}/vk`,
      token: hasWrongToken ? 'vk1.wrong' : 'vk1.demo',
      groupId: GROUP,
      timeoutMs,
      setUpCallsPerSecond: 18,
    }),
  async answerWithError(error, { wireMethod }, { networks }) {
    await networks.control('POST', '/faults', { network: 'vk', errors: { [`${wireMethod} ${ERRORS[error]}`]: 1 } });
  },
  rows: [...SENDING, ...IN_A_DIALOG, ...LOOKING, ...CONNECTION],
};

import { startReceiver } from '../../test/simulated-networks.ts';
import type { InboundEvent, Outgoing } from '../channel.ts';
import { createOkChannel, type OkChannel, parseJson, parseOkEvent } from '../channels.ts';
import { action, look, promise, send } from './outcomes.ts';
import { ANNA, CHANNEL_METHODS, DINA, never, type Row, type Side, TIMEOUT_MS, type Town, until } from './rows.ts';

const GROUP = '70000000000001';
/** Of the simulated network, and a key that was never given out. */
const KEYS = { right: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE', wrong: 'tkn1:WRONG' } as const;
/** Of the simulated application, and one of which a digit is wrong. */
const APPLICATION_SECRETS = { right: 'DEMOAPPSECRET', wrong: 'wrong-key' } as const;
/** No message, chat or address has these. */
const NOBODYS = { message: 'mid:C1.15cea67d78d2059', chat: 'chat:C1111111', url: 'http://127.0.0.1:9/hooks' } as const;

let lastKey = 0;
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `ok-methods-${++lastKey}`,
  network: 'ok',
  groupId: GROUP,
  recipientId: ANNA.ok,
  text: 'Привет',
  ...fields,
});

const act = ({ networks }: Town<OkChannel>, deed: string, fields: object) =>
  networks.control('POST', `/people/${ANNA.phone}/${deed}`, { network: 'ok', ...fields });

/** What comes of a deed of Anna's. */
async function eventsOf(town: Town<OkChannel>, deed: () => Promise<unknown>): Promise<InboundEvent[]> {
  const { state } = await town.party.poll(null, 0, never);
  await deed();
  const { bodies } = await town.party.poll(state, 5, never);
  return bodies.flatMap((body) => parseOkEvent(parseJson(body), GROUP));
}

/** Anna writes, and we answer: the ids of the chat and of our answer. */
async function openChat(town: Town<OkChannel>, fields?: Partial<Outgoing>): Promise<{ peerId: string; networkId: string }> {
  const [said] = await eventsOf(town, () => act(town, 'say', { text: 'привет' }));
  const peerId = said?.peerId ?? '';
  const [answered] = await town.party.send([message({ recipientId: peerId, ...fields })], never);
  if (answered?.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(answered)}`);
  return { peerId, networkId: answered.networkId };
}

const SENDING: readonly Row<OkChannel>[] = [
  {
    method: 'send',
    refusedBy: 'itself',
    async prepare(town) {
      const toAnna = message();
      return {
        call: (channel) => send(channel.send([toAnna], never)),
        async refused(channel) {
          await act(town, 'block', {});
          return send(channel.send([toAnna], never));
        },
      };
    },
  },
  {
    method: 'send, one text for many',
    refusedBy: 'itself',
    async prepare() {
      const to = (...people: string[]) => people.map((recipientId) => message({ recipientId, sharedKey: 'news' }));
      const [batch, toNobody] = [to(ANNA.ok, DINA.ok), to('1', '2')];
      return {
        call: (channel) => send(channel.send(batch, never)),
        refused: (channel) => send(channel.send(toNobody, never)),
      };
    },
  },
];

const IN_A_DIALOG: readonly Row<OkChannel>[] = [
  {
    method: 'edit',
    refusedBy: 'itself',
    async prepare(town) {
      const ours = await openChat(town);
      const edit = (target: typeof ours) => (channel: OkChannel) => action(channel.edit(target, { text: 'Здравствуйте' }, never));
      return { call: edit(ours), refused: edit({ ...ours, networkId: NOBODYS.message }) };
    },
  },
  {
    method: 'delete',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare(town) {
      const ours = await openChat(town);
      const remove = (target: typeof ours) => (channel: OkChannel) => action(channel.delete(target, never));
      return { call: remove(ours), refused: remove({ ...ours, networkId: NOBODYS.message }) };
    },
  },
  {
    method: 'showTyping',
    refusedBy: 'itself',
    async prepare(town) {
      const { peerId } = await openChat(town);
      return {
        call: (channel) => action(channel.showTyping(peerId, never)),
        refused: (channel) => action(channel.showTyping(NOBODYS.chat, never)),
      };
    },
  },
  {
    method: 'markRead',
    refusedBy: 'itself',
    async prepare(town) {
      const ours = await openChat(town);
      return {
        call: (channel) => action(channel.markRead(ours, never)),
        refused: (channel) => action(channel.markRead({ ...ours, peerId: NOBODYS.chat }, never)),
      };
    },
  },
  {
    method: 'answerButton',
    refusedBy: 'itself',
    againAfterLoss: 'refused',
    async prepare(town) {
      const rows = [[{ kind: 'callback', label: 'Да', payload: '{}' }]] as const;
      await openChat(town, { keyboard: { place: 'message', rows } });
      // A moment passes before she has it.
      const press = () => until(() => act(town, 'press', { payload: '{}' }).catch(() => undefined));
      const pressed = (await eventsOf(town, press)).find((event) => event.kind === 'button');
      if (pressed === undefined) throw new Error('the pressed button did not come');
      return {
        call: (channel) => action(channel.answerButton(pressed, { text: 'Записали' }, never)),
        refused: (channel) => action(channel.answerButton({ ...pressed, callbackId: 'nobodys' }, { text: 'Записали' }, never)),
      };
    },
  },
  {
    method: 'upload',
    refusedBy: 'itself',
    async prepare() {
      const voice = (contentType: string) =>
        ({ kind: 'voice', name: 'голос.ogg', contentType, bytes: Buffer.from('OggS') }) as const;
      return {
        call: (channel) => action(channel.upload(voice('audio/ogg'), '', never)),
        refused: (channel) => action(channel.upload(voice('application/pdf'), '', never)),
      };
    },
  },
];

const LOOKING: readonly Row<OkChannel>[] = [
  {
    method: 'history',
    refusedBy: 'itself',
    async prepare(town) {
      const { peerId } = await openChat(town);
      return {
        call: (channel) => action(channel.history(peerId, null, never)),
        refused: (channel) => action(channel.history(NOBODYS.chat, null, never)),
      };
    },
  },
  {
    method: 'dialogs',
    refusedBy: 'an error',
    async prepare(town) {
      await openChat(town);
      return { call: (channel) => action(channel.dialogs(null, never)) };
    },
  },
  {
    method: 'message',
    refusedBy: 'itself',
    async prepare(town) {
      const ours = await openChat(town);
      return {
        call: (channel) => action(channel.message(ours, never)),
        refused: (channel) => action(channel.message({ ...ours, networkId: NOBODYS.message }, never)),
      };
    },
  },
  {
    method: 'profiles',
    refusedBy: 'an error',
    async prepare() {
      return {
        call(channel) {
          if (channel.profiles === undefined) throw new Error('a channel with an application has profiles');
          return action(channel.profiles([ANNA.ok, DINA.ok], never));
        },
      };
    },
  },
  {
    method: 'chat',
    refusedBy: 'itself',
    async prepare(town) {
      const { peerId } = await openChat(town);
      return {
        call: (channel) => action(channel.chat(peerId, never)),
        refused: (channel) => action(channel.chat(NOBODYS.chat, never)),
      };
    },
  },
];

const CONNECTION: readonly Row<OkChannel>[] = [
  {
    method: 'keepAlive',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => action(channel.keepAlive(never)) };
    },
  },
  {
    method: 'check',
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
    refusedBy: 'itself',
    async prepare() {
      const receiver = await startReceiver(() => '');
      return {
        call: (channel) => promise(channel.subscribeWebhook({ url: receiver.url }, never)),
        refused: (channel) => promise(channel.subscribeWebhook({ url: 'no address' }, never)),
        end: () => receiver[Symbol.asyncDispose](),
      };
    },
  },
  {
    method: 'unsubscribeWebhook',
    refusedBy: 'an error',
    async prepare({ party }) {
      await party.subscribeWebhook({ url: NOBODYS.url }, never);
      return { call: (channel) => promise(channel.unsubscribeWebhook(NOBODYS.url, never)) };
    },
  },
  {
    method: 'poll',
    refusedBy: 'an error',
    async prepare() {
      return { call: (channel) => promise(channel.poll(null, 0, never)) };
    },
  },
];

/** As OK writes an error: with status 200. Source: github gazay/odnoklassniki, test/vcr_cassettes. */
export const OK_ERROR_ANSWERS = {
  passing: okError(2, 'SERVICE : Service temporarily unavailable'),
  refused: okError(10, 'PERMISSION_DENIED : User must grant an access'),
} as const;

function okError(code: number, message: string) {
  return {
    headers: { 'invocation-error': String(code) },
    body: JSON.stringify({ error_code: code, error_data: null, error_msg: message }),
  };
}

/** The OK channel and every method it has; its profiles are the application's. */
export const OK: Side<OkChannel> = {
  name: 'OK',
  methods: CHANNEL_METHODS,
  faults: 'ok',
  open: (url, { timeoutMs = TIMEOUT_MS, hasWrongToken = false } = {}) => {
    const applicationSecret = hasWrongToken ? APPLICATION_SECRETS.wrong : APPLICATION_SECRETS.right;
    return createOkChannel({
      baseUrl: `${url}/ok`,
      graphToken: hasWrongToken ? KEYS.wrong : KEYS.right,
      groupId: GROUP,
      timeoutMs,
      application: { applicationKey: 'CBADEMOKEY', applicationSecret },
    });
  },
  async answerWithError(error, _row, { front }) {
    front.breakWith(OK_ERROR_ANSWERS[error]);
  },
  rows: [...SENDING, ...IN_A_DIALOG, ...LOOKING, ...CONNECTION],
};

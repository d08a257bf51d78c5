import type { Outgoing } from '../channel.ts';
import { createNotifyChannel, type NotifyChannel } from '../channels.ts';
import { look, promise, send } from './outcomes.ts';
import { ANNA, CHANNEL_METHODS, never, type Row, type Side, TIMEOUT_MS } from './rows.ts';

let lastKey = 0;
const notification = (templateId: number): Outgoing => ({
  dedupKey: `notify-methods-${++lastKey}`,
  network: 'vk',
  groupId: '213243638',
  recipientId: ANNA.phone,
  text: 'Готово',
  notification: {
    service: 'Group_name',
    templateId,
    templateData: '{"name":"Анна","pizza":"Маргарита"}',
    deliveryPolicy: 'any',
    ttlSeconds: 60,
  },
});

const ROWS: readonly Row<NotifyChannel>[] = [
  {
    method: 'send',
    refusedBy: 'itself',
    async prepare() {
      const [known, unknown] = [notification(4), notification(999)];
      return {
        call: (channel) => send(channel.send([known], never)),
        refused: (channel) => send(channel.send([unknown], never)),
      };
    },
  },
  {
    method: 'receipts',
    refusedBy: 'itself',
    async prepare({ party }) {
      const [sent] = await party.send([notification(4)], never);
      if (sent?.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(sent)}`);
      return { call: (channel) => promise(channel.receipts(sent.networkId, never)) };
    },
  },
  {
    method: 'check',
    refusedBy: 'itself',
    async prepare() {
      return { call: (channel) => look(channel.check(null, never)) };
    },
  },
  {
    method: 'subscribeWebhook',
    refusedBy: 'itself',
    async prepare() {
      const subscribe = (url: string) => (channel: NotifyChannel) => promise(channel.subscribeWebhook({ url }, never));
      return { call: subscribe('http://127.0.0.1:9/hooks'), refused: subscribe('no address') };
    },
  },
];

/** The upstream of POST /vk/messages. */
export const NOTIFY: Side<NotifyChannel> = {
  name: 'notify',
  methods: CHANNEL_METHODS,
  faults: 'notify',
  open(url, { timeoutMs = TIMEOUT_MS, hasWrongToken = false } = {}) {
    const statusUrl = `${url}/control/receiver/demo`;
    return createNotifyChannel({
      baseUrl: `${url}/notify`,
      key: hasWrongToken ? 'wrong-key' : 'notify-demo',
      statusUrl,
      dedup: true,
      timeoutMs,
    });
  },
  async answerWithError(_error, _row, { networks }) {
    await networks.control('POST', '/faults', { network: 'notify', errors: { 'rate.limit': 1 } });
  },
  rows: ROWS,
};

import type { Simulator } from '../../simulator.ts';

const VK_TOKEN = 'vk1.demo';
const VK_GROUP = '213243638';
const OK_TOKEN = encodeURIComponent('tkn18YdUJZe:CQABPOJKAKEKEKEKE');

export interface Bot {
  /** Writes to somebody on VK of its own accord. Gives the error code, null where it was sent. */
  sendVk(userId: number, text: string): Promise<number | null>;
  /** Rejects where the bot could not go on in between. */
  stop(): Promise<void>;
}

/**
 * A bot as somebody outside would write it: it waits for events by long polling on both networks and answers over HTTP. To a word
 * it answers with buttons, to a press with words; on VK it marks what it read. Ready when it comes back.
 */
export async function startBot({ url }: Simulator): Promise<Bot> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const json = async <Answer>(address: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(address, { ...init, signal });
    return (await answer.json()) as Answer;
  };

  const vk = (method: string, parameters: Record<string, string>): Promise<VkAnswer> => {
    const body = new URLSearchParams({ access_token: VK_TOKEN, v: '5.199', group_id: VK_GROUP, ...parameters });
    return json(`${url}/vk/method/${method}`, { method: 'POST', body });
  };
  let randomId = 0;
  const sendVk = async (userId: number, text: string, keyboard?: object): Promise<number | null> => {
    randomId += 1;
    const { error } = await vk('messages.send', {
      peer_id: String(userId),
      random_id: String(randomId),
      message: text,
      ...(keyboard === undefined ? {} : { keyboard: JSON.stringify(keyboard) }),
    });
    return error?.error_code ?? null;
  };
  const onVk = async (type: string, object: VkObject): Promise<void> => {
    if (type === 'message_event') {
      const { event_id, user_id, peer_id } = object;
      const event_data = JSON.stringify({ type: 'show_snackbar', text: 'Заказ принят' });
      await vk('messages.sendMessageEventAnswer', {
        event_id: String(event_id),
        user_id: String(user_id),
        peer_id: String(peer_id),
        event_data,
      });
    }
    const { message } = object;
    if (type !== 'message_new' || message === undefined) return;
    await vk('messages.markAsRead', { peer_id: String(message.peer_id), mark_conversation_as_read: '1' });
    if (message.payload === undefined) await sendVk(message.from_id, 'Что выберете?', VK_KEYBOARD);
    else await sendVk(message.from_id, `Вы выбрали: ${message.text}`);
  };
  const pollVk = async ({ response }: VkAnswer): Promise<void> => {
    let { ts } = response;
    while (!signal.aborted) {
      const answer = await json<VkUpdates>(`${response.server}?act=a_check&key=${response.key}&ts=${ts}&wait=25`);
      ts = answer.ts;
      for (const { type, object } of answer.updates) await onVk(type, object);
    }
  };

  const ok = (path: string, body?: object): Promise<OkUpdates> =>
    json(`${url}/ok/graph/${path}${path.includes('?') ? '&' : '?'}access_token=${OK_TOKEN}`, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const onOk = async ({ webhookType, recipient, callbackId, message }: OkUpdate): Promise<void> => {
    if (webhookType === 'MESSAGE_CALLBACK')
      await ok(`${recipient.chat_id}/answer?callbackId=${callbackId}`, { message: { text: 'Заказ отменён' } });
    else if (message?.text !== undefined)
      await ok(`me/messages/${recipient.chat_id}`, { message: { text: 'Отменить заказ?', attachments: [OK_KEYBOARD] } });
  };
  const pollOk = async (): Promise<void> => {
    let marker = '';
    while (!signal.aborted) {
      const answer = await ok(`me/updates?timeout=25&marker=${marker}`);
      marker = answer.marker;
      for (const update of answer.updates) await onOk(update);
    }
  };
  const opened = await vk('groups.getLongPollServer', {});
  await ok('me/subscribe', { types: ['MESSAGE_CREATED', 'MESSAGE_CALLBACK'], longPolling: true });
  let failure: unknown = null;
  const running = [pollVk(opened), pollOk()].map((polling) =>
    polling.catch((error: unknown) => {
      if (!signal.aborted) failure = error;
    }),
  );
  return {
    sendVk,
    async stop() {
      stopped.abort();
      await Promise.all(running);
      if (failure !== null) throw failure;
    },
  };
}

interface VkAnswer {
  response: { server: string; key: string; ts: string };
  error?: { error_code: number };
}

interface VkUpdates {
  ts: string;
  updates: { type: string; object: VkObject }[];
}

interface OkUpdates {
  marker: string;
  updates: OkUpdate[];
}

interface VkObject {
  event_id?: string;
  user_id?: number;
  peer_id?: number;
  message?: { from_id: number; peer_id: number; text: string; payload?: string };
}

interface OkUpdate {
  webhookType: string;
  recipient: { chat_id: string };
  callbackId?: string;
  message?: { text?: string };
}

const VK_KEYBOARD = {
  inline: false,
  one_time: false,
  buttons: [
    [{ action: { type: 'text', label: 'Маргарита', payload: '{"pizza":1}' }, color: 'primary' }],
    [{ action: { type: 'callback', label: 'Заказать', payload: '{"order":1}' }, color: 'positive' }],
    [{ action: { type: 'location', payload: '{"place":1}' } }],
  ],
};

const OK_KEYBOARD = {
  type: 'INLINE_KEYBOARD',
  payload: {
    keyboard: {
      buttons: [
        [{ type: 'CALLBACK', text: 'Отменить', intent: 'NEGATIVE', payload: 'cancel' }],
        [{ type: 'REQUEST_CONTACT', text: 'Позвоните мне', intent: 'DEFAULT' }],
      ],
    },
  },
};

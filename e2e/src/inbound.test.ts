import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runSoroka, sorokaJson } from './command-line.ts';
import { ANNA, eventually, type InboxEntry, type Json, type Received, someone, startTown, type Town } from './town.ts';

type Network = 'vk' | 'ok';
const NETWORKS = ['vk', 'ok'] as const;
const ROUTE = { vk: 'VK', ok: 'OK' } as const;
const GROUP = { vk: '213243638', ok: '70000000000001' } as const;

// Beginnings of what the demo's rules answer.
const GREETING = 'Здравствуйте! Это пиццерия';
const DELIVERY = 'Привозим по городу';
const THANKS = 'Пожалуйста!';
const FALLBACK = 'Кажется, этого я пока не понимаю';

let town: Town;
beforeAll(async () => {
  town = await startTown();
  await eventually(() => isHeardByWebhook());
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await town.control('/receiver/demo', undefined, 'DELETE');
});
afterEach(async () => {
  for (const network of NETWORKS) await town.control('/faults', { network, duplicateEvents: 0, dropEvents: 0 });
  expect(await town.violations()).toEqual([]);
});

interface Call {
  network: string;
  method: string;
  status: number;
  request: Json;
}
const wasCalled = async (network: string, method: string): Promise<boolean> =>
  ((await town.control('/calls')) as Call[]).some(
    (call) => call.network === network && call.method === method && call.status === 200,
  );

/** Whether the networks and the upstream know where to send events: what is said before that reaches nobody. */
async function isHeardByWebhook(): Promise<boolean> {
  const isAsked =
    (await wasCalled('vk', 'groups.setCallbackSettings')) &&
    (await wasCalled('ok', 'me/subscribe')) &&
    (await wasCalled('notify', 'PATCH /notify/v1/account'));
  if (!isAsked) return false;
  const query = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', group_id: GROUP.vk });
  const answer = await fetch(`${town.simulator.url}/vk/method/groups.getCallbackServers?${query}`);
  const { response } = (await answer.json()) as { response: { items: { status: string }[] } };
  return response.items[0]?.status === 'ok';
}

const act = (phone: string, action: string, body: Json) => town.control(`/people/${phone}/${action}`, body);
const say = (phone: string, network: Network, text: string) => act(phone, 'say', { network, text });

/** What the bot has written to the person there, oldest first. */
async function replies(phone: string, network: Network): Promise<string[]> {
  const isReply = (entry: InboxEntry): boolean => entry.kind === 'message' && entry.network === network;
  return (await town.inbox(phone)).filter(isReply).map(({ text }) => text);
}

/**
 * The replies since there were `before`, once the answer to a last "спасибо" has come: a dialog is worked off in order, so by
 * then everything said earlier has all the replies it will ever have.
 */
async function repliesUpToThanks(phone: string, network: Network, before = 0): Promise<string[]> {
  await say(phone, network, 'спасибо');
  const texts = await eventually(async () => {
    const since = (await replies(phone, network)).slice(before);
    return since.at(-1)?.startsWith(THANKS) === true && since.slice(0, -1);
  });
  // Forwards of a dialog come in order: none of them is left to come in the middle of the next test.
  await eventually(async () => (await forwardsOf('спасибо')).length > 0);
  return texts;
}
const beginningWith = (...beginnings: string[]) => beginnings.map((text) => expect.stringMatching(new RegExp(`^${text}`)));

/** The bodies of messages with this text that the account's incomingUrl got. */
async function forwardsOf(text: string): Promise<Received[]> {
  return (await town.received()).filter(({ body }) => JSON.stringify(body).includes(JSON.stringify(text)));
}

/** The network's webhook once more, by hand; VK's body gets back its secret, which is not forwarded. */
async function postByHand(network: Network, forwarded: Received): Promise<void> {
  const body = forwarded.body as unknown as Json;
  const response = await fetch(`${town.server.url}/hooks/${network}/demo`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(network === 'vk' ? { ...body, secret: 'vk-demo-secret' } : body),
  });
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
}

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
interface DialogItem {
  id: number;
  channel: string;
  groupId: string;
  contact: { name: string | null; phone: string | null } | null;
  lastMessage: { text: string };
}
interface HistoryItem {
  direction: string;
  source: string;
  text: string;
  messageTag: string | null;
  status: string | null;
}
async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${town.server.url}${path}`, { headers: { Authorization: 'Key demo' } });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}
async function dialogOf(phone: string, network: Network): Promise<DialogItem> {
  const { items } = await get<Page<DialogItem>>('/v1/dialogs?limit=100');
  const found = items.filter(({ channel, contact }) => channel === ROUTE[network] && contact?.phone === phone);
  expect(found).toHaveLength(1);
  return found[0] as DialogItem;
}
const historyOf = async (dialogId: number) => (await get<Page<HistoryItem>>(`/v1/dialogs/${dialogId}/messages`)).items;

describe.each(NETWORKS)('by webhook from %s', (network) => {
  const base = network === 'vk' ? 100 : 200;

  test('Anna says "привет" and gets one reply', async () => {
    await say(ANNA, network, 'привет');
    expect(await repliesUpToThanks(ANNA, network)).toEqual(beginningWith(GREETING));
  });

  test('one event delivered four times gets one reply and is forwarded once', async () => {
    const phone = someone(base + 1);
    await town.control('/faults', { network, duplicateEvents: 1 });
    await say(phone, network, 'привет');
    const [forwarded] = await eventually(async () => {
      const found = await forwardsOf('привет');
      return found.length > 0 && found;
    });
    await postByHand(network, forwarded as Received);
    await postByHand(network, forwarded as Received);
    expect(await repliesUpToThanks(phone, network)).toEqual(beginningWith(GREETING));
    expect(await forwardsOf('привет')).toHaveLength(1);
    expect(await forwardsOf('спасибо')).toHaveLength(1);
  });

  test('a pressed button is answered', async () => {
    const phone = someone(base + 2);
    await say(phone, network, 'привет');
    await eventually(async () => (await replies(phone, network)).length === 1);
    await act(phone, 'press', { network, payload: { command: 'delivery' } });
    expect(await repliesUpToThanks(phone, network, 1)).toEqual(beginningWith(DELIVERY));
  });

  test('who opens the chat by its Start button or a link is greeted', async () => {
    const phone = someone(base + 3);
    await act(phone, 'start', { network, payload: 'spring' });
    expect(await repliesUpToThanks(phone, network)).toEqual(beginningWith(GREETING));
  });

  test('what no rule knows gets the fallback', async () => {
    const phone = someone(base + 4);
    await say(phone, network, 'абырвалг');
    expect(await repliesUpToThanks(phone, network)).toEqual(beginningWith(FALLBACK));
  });

  test('the dialog holds notification, answer and reply, newest first, and the answer names the notification', async () => {
    const before = (await replies(ANNA, network)).length;
    const id = await town.send(ANNA, { routes: [ROUTE[network]] });
    await eventually(async () => (await town.message(id)).status === 'DELIVERED');
    await say(ANNA, network, 'Когда привезёте?');
    await eventually(async () => (await replies(ANNA, network)).length > before);
    const dialog = await dialogOf(ANNA, network);
    expect(dialog).toMatchObject({ groupId: GROUP[network], lastMessage: { text: expect.stringMatching(DELIVERY) } });
    const history = await eventually(async () => {
      const items = await historyOf(dialog.id);
      return items[0]?.status === 'SENT' && items;
    });
    expect(history.slice(0, 3)).toMatchObject([
      { direction: 'out', source: 'bot', text: expect.stringMatching(DELIVERY), status: 'SENT' },
      { direction: 'in', source: 'person', text: 'Когда привезёте?', messageTag: String(id), status: null },
      { direction: 'out', source: 'notification', messageTag: String(id), status: expect.stringMatching(/^(DELIVERED|READ)$/) },
    ]);
  });

  test('an answer is forwarded in the form of its network, with our id of the notification as message_tag', async () => {
    const id = await town.send(ANNA, { routes: [ROUTE[network]] });
    await eventually(async () => (await town.message(id)).status === 'DELIVERED');
    await say(ANNA, network, 'Спасибо, жду');
    const forwards = await eventually(async () => {
      const found = await forwardsOf('Спасибо, жду');
      return found.length > 0 && found;
    });
    expect(forwards.map(({ body }) => body)).toEqual([
      network === 'vk'
        ? {
            group_id: Number(GROUP.vk),
            type: 'message_new',
            event_id: expect.stringMatching(/^[0-9a-f]{40}$/),
            v: '5.199',
            object: {
              message: expect.objectContaining({ text: 'Спасибо, жду', peer_id: 37_119_444, message_tag: String(id) }),
              client_info: expect.objectContaining({ keyboard: true }),
            },
          }
        : {
            webhookType: 'MESSAGE_CREATED',
            sender: { user_id: 'user:123456789012', name: 'Анна Белова' },
            recipient: { chat_id: 'chat:C3ecb9d02a600' },
            message: {
              text: 'Спасибо, жду',
              seq: expect.any(Number),
              mid: expect.stringMatching(/^mid:C3ecb9d02a600\./),
              message_tag: String(id),
            },
            timestamp: expect.any(Number),
          },
    ]);
  });

  test('who answers a notification without having been known there becomes the contact of that phone', async () => {
    const phone = someone(base + 6);
    const id = await town.send(phone, { routes: [ROUTE[network]] });
    await eventually(async () => (await town.message(id)).status === 'DELIVERED');
    await say(phone, network, 'Когда привезёте?');
    // OK does not say which notification is answered; the upstream does, in a copy that may come later.
    await eventually(async () => {
      const { items } = await get<Page<DialogItem>>('/v1/dialogs?limit=100');
      const dialog = items.find(({ channel, contact }) => channel === ROUTE[network] && contact?.phone === phone);
      const history = dialog === undefined ? [] : await historyOf(dialog.id);
      const tags = history.map(({ source, messageTag }) => `${source} ${messageTag}`);
      return tags.includes(`person ${id}`) && tags.includes(`notification ${id}`) && history.length === 3;
    });
    expect((await dialogOf(phone, network)).groupId).toBe(GROUP[network]);
  });

  test('an answer that only the notify upstream tells of is in the dialog, forwarded and answered once', async () => {
    const phone = someone(base + 7);
    await town.control('/faults', { network, dropEvents: 1 });
    const id = await town.send(phone, { routes: [ROUTE[network]] });
    await eventually(async () => (await town.message(id)).status === 'DELIVERED');
    await say(phone, network, 'привет');
    await eventually(async () => (await replies(phone, network)).length === 1);
    await town.control('/faults', { network, dropEvents: 0 });
    expect(await repliesUpToThanks(phone, network)).toEqual(beginningWith(GREETING));
    const history = await historyOf((await dialogOf(phone, network)).id);
    expect(history.filter(({ text }) => text === 'привет')).toMatchObject([{ messageTag: String(id) }]);
    const forwards = await forwardsOf('привет');
    expect(forwards).toHaveLength(1);
    expect(JSON.stringify(forwards[0]?.body)).toContain(`"message_tag":"${id}"`);
  });
});

describe('by long poll, switched over by the command line', () => {
  beforeAll(async () => {
    const env = { SOROKA_DATA: town.dataFolder };
    const connections = await sorokaJson<{ id: number; kind: string }[]>(['connection', 'list'], env);
    for (const network of NETWORKS) {
      const id = connections.find(({ kind }) => kind === network)?.id;
      const { code, note } = await runSoroka(['connection', 'set', String(id), '--receive', 'long-poll'], env);
      expect({ code, note }).toEqual({ code: 0, note: expect.stringContaining('Long polling is on') });
    }
    // Until then a webhook would bring the same.
    await eventually(async () => (await wasCalled('vk', 'groups.deleteCallbackServer')) && wasCalled('ok', 'me/unsubscribe'));
  });

  test.each(NETWORKS)('Anna says "привет" on %s and gets one reply', async (network) => {
    const before = (await replies(ANNA, network)).length;
    await say(ANNA, network, 'привет');
    expect(await repliesUpToThanks(ANNA, network, before)).toEqual(beginningWith(GREETING));
  });

  test.each(NETWORKS)('an event of %s that comes twice by long poll and once by webhook gets one reply', async (network) => {
    const phone = someone(network === 'vk' ? 301 : 302);
    await town.control('/faults', { network, duplicateEvents: 1 });
    await say(phone, network, 'привет');
    const [forwarded] = await eventually(async () => {
      const found = await forwardsOf('привет');
      return found.length > 0 && found;
    });
    await postByHand(network, forwarded as Received);
    expect(await repliesUpToThanks(phone, network)).toEqual(beginningWith(GREETING));
    expect(await forwardsOf('привет')).toHaveLength(1);
  });
});

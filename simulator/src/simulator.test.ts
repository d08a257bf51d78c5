import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from './simulator.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ port: 0, seed: 1 });
});
afterEach(() => simulator.stop());

const TOKEN = 'vk1.demo';
const GRAPH_TOKEN = encodeURIComponent('tkn18YdUJZe:CQABPOJKAKEKEKEKE');

async function json<Body>(path: string, init?: RequestInit): Promise<Body> {
  const answer = await fetch(path.startsWith('http') ? path : simulator.url + path, init);
  return (await answer.json()) as Body;
}

const post = (body: object, headers = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const asCustomer = (body: object, method = 'POST'): RequestInit => ({
  ...post(body, { authorization: 'Key notify-demo' }),
  method,
});

async function vk<Response>(method: string, parameters: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ access_token: TOKEN, v: '5.199', group_id: '213243638', ...parameters });
  const { response } = await json<{ response: Response }>(`/vk/method/${method}`, { method: 'POST', body });
  return response;
}

async function notifyAnna(route: 'VK' | 'OK'): Promise<string> {
  await json('/notify/v1/account', asCustomer({ incomingUrl: `${simulator.url}/control/receiver/incoming` }, 'PATCH'));
  const message = {
    phone: '79999999999',
    routes: [route],
    service: 'Group_name',
    templateId: 4,
    tmpl_data: { name: 'Анна', pizza: 'Маргарита' },
  };
  const { result } = await json<{ result: [{ messageId: number }] }>('/notify/vk/messages', asCustomer([message]));
  await expect.poll(() => json('/control/people/79999999999/inbox')).toMatchObject([{ kind: 'notification' }]);
  return String(result[0].messageId);
}

const forwarded = async () => (await json<{ body: unknown }[]>('/control/receiver/incoming')).map(({ body }) => body);

test("Anna's answer on VK is one event, for the group's long poll and for the customer of the upstream", async () => {
  await vk('groups.setLongPollSettings', { enabled: '1', api_version: '5.199', message_new: '1' });
  const { server, key, ts } = await vk<{ server: string; key: string; ts: string }>('groups.getLongPollServer', {});
  const id = await notifyAnna('VK');
  await json('/control/people/79999999999/say', post({ network: 'vk', text: 'Спасибо' }));
  const { updates } = await json<{ updates: { type: string; event_id: string }[] }>(
    `${server}?act=a_check&key=${key}&ts=${ts}&wait=1`,
  );
  const said = updates.filter(({ type }) => type === 'message_new');
  expect(said).toMatchObject([{ object: { message: { text: 'Спасибо', message_tag: id } } }]);
  await expect.poll(forwarded).toEqual(said);
});

test("Anna's answer on OK has one mid, in the group's updates and for the customer of the upstream", async () => {
  await json(`/ok/graph/me/subscribe?access_token=${GRAPH_TOKEN}`, post({ types: ['MESSAGE_CREATED'], longPolling: true }));
  const id = await notifyAnna('OK');
  const { messageId } = await json<{ messageId: string }>(
    '/control/people/79999999999/say',
    post({ network: 'ok', text: 'Спасибо' }),
  );
  const { updates } = await json<{ updates: unknown[] }>(`/ok/graph/me/updates?access_token=${GRAPH_TOKEN}&timeout=1`);
  expect(updates).toMatchObject([{ webhookType: 'MESSAGE_CREATED', message: { mid: messageId, text: 'Спасибо' } }]);
  await expect.poll(forwarded).toMatchObject([{ message: { mid: messageId, message_tag: id } }]);
});

test('it stops at once although a bot is waiting for events', async () => {
  await vk('groups.setLongPollSettings', { enabled: '1', api_version: '5.199', message_new: '1' });
  const { server, key, ts } = await vk<{ server: string; key: string; ts: string }>('groups.getLongPollServer', {});
  const waiting = fetch(`${server}?act=a_check&key=${key}&ts=${ts}&wait=25`).then(
    () => 'answered',
    () => 'cut off',
  );
  await expect.poll(() => simulator.world.calls.since(0).length).toBe(3);
  await simulator.stop();
  expect(await waiting).toMatch(/answered|cut off/);
});

test('a person acts as a test tells: writes, presses by label or payload, and reads', async () => {
  const anna = simulator.person('79999999999');
  expect([anna.name, anna.idOn('vk'), anna.idOn('ok')]).toEqual(['Анна Белова', '37119444', '123456789012']);
  anna.say('vk', 'меню');
  const button = { action: { type: 'text', label: 'Да', payload: '{"a":1}' } };
  const keyboard = JSON.stringify({ inline: true, buttons: [[button]] });
  await vk<number>('messages.send', { peer_id: '37119444', random_id: '1', message: 'Точно?', keyboard });
  await expect.poll(() => anna.inbox('vk')).toMatchObject([{ text: 'Точно?' }]);
  anna.press('vk', 'Да');
  anna.press('vk', '{"a":1}');
  const { items } = await vk<{ items: { text: string; payload?: string }[] }>('messages.getHistory', {
    peer_id: '37119444',
    count: '2',
  });
  expect(items).toMatchObject(Array(2).fill({ text: 'Да', payload: '{"a":1}' }));
  anna.read('vk');
  expect(anna.inbox()).toMatchObject([{ status: 'read' }]);
});

test('who cannot act so is told why in a sentence', () => {
  expect(() => simulator.person('71112223344')).toThrow('Nobody has the number 71112223344');
  expect(() => simulator.person('79990000001').say('vk', 'привет')).toThrow('Борис Орлов has no account on vk');
  expect(() => simulator.person('79999999999').press('ok', 'Нет такой')).toThrow('sees no such button on ok');
});

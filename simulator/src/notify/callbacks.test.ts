import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ port: 0, seed: 1 });
});
afterEach(() => simulator.stop());

interface Callback {
  channel: string;
  messageId: string;
  ts: number;
  status: string;
  errorCode: number;
}
interface Taken {
  body: unknown;
  raw: string;
  status: number;
}

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { authorization: 'Key notify-demo', 'content-type': 'application/json' };
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  const answer = await fetch(simulator.url + path, method === 'GET' ? { method } : { method, headers, body: text });
  return answer.json();
}

const receiverUrl = (name: string) => `${simulator.url}/control/receiver/${name}`;
const taken = async (name: string) => (await call('GET', `/control/receiver/${name}`)) as Taken[];
const callbacks = async (name: string) =>
  (await taken(name)).flatMap(({ body, status }) => (status === 200 ? (body as Callback[]) : []));

const message = (changes: object) => ({
  phone: '79980000001',
  routes: ['VK'],
  service: 'Group_name',
  tmpl: 'base_template',
  tmpl_data: { name: 'Anna', pizza: 'Margarita' },
  status_url: receiverUrl('statuses'),
  ...changes,
});

async function send(changes: object = {}): Promise<string> {
  const { result } = (await call('POST', '/notify/vk/messages', [message(changes)])) as { result: [{ messageId: number }] };
  return String(result[0].messageId);
}

test('statuses are posted in order as an array, with the data of the message exactly as it was given', async () => {
  const body = JSON.stringify([message({ callbackData: 'DATA' })]).replace('"DATA"', '{"order":9007199254740993}');
  const { result } = (await call('POST', '/notify/vk/messages', body)) as { result: [{ messageId: number }] };
  await expect.poll(() => callbacks('statuses')).toHaveLength(2);
  const got = await callbacks('statuses');
  expect(got.map(({ channel, status, errorCode }) => `${channel} ${status} ${errorCode}`)).toEqual([
    'VK SENT 0',
    'VK DELIVERED 0',
  ]);
  expect(got[0]?.messageId).toBe(String(result[0].messageId));
  expect((await taken('statuses'))[0]?.raw).toContain('"callbackData":{"order":9007199254740993}');
});

test('a receiver that fails gets the same statuses again, in order, until it takes them', async () => {
  await call('POST', '/control/receiver/statuses/behaviour', { status: 500, failTimes: 2 });
  const id = await send();
  await expect.poll(() => callbacks('statuses'), { timeout: 60_000 }).toHaveLength(2);
  expect((await callbacks('statuses')).map((callback) => `${callback.messageId} ${callback.status}`)).toEqual([
    `${id} SENT`,
    `${id} DELIVERED`,
  ]);
  expect((await taken('statuses')).map(({ status }) => status)).toEqual([500, 500, 200]);
});

test('the statuses of many messages share their requests', async () => {
  const messages = Array.from({ length: 50 }, (_, n) => message({ phone: `799800001${String(n).padStart(2, '0')}` }));
  await call('POST', '/notify/vk/messages', messages);
  await expect.poll(async () => (await callbacks('statuses')).length).toBe(100);
  expect(await taken('statuses')).toHaveLength(1);
});

test('without a status_url statuses go to the address of the account', async () => {
  await call('PATCH', '/notify/v1/account', { statusUrl: receiverUrl('account') });
  await send({ status_url: undefined });
  await expect.poll(() => callbacks('account')).toHaveLength(2);
});

test('dropped events never come, doubled events come twice', async () => {
  await call('POST', '/control/faults', { network: 'notify', dropEvents: 1 });
  await send({ phone: '79980000002' });
  await call('POST', '/control/faults', { network: 'notify', dropEvents: 0, duplicateEvents: 1 });
  const id = await send({ phone: '79980000003' });
  await expect.poll(() => callbacks('statuses')).toHaveLength(4);
  const got = (await callbacks('statuses')).map((callback) => `${callback.messageId} ${callback.status}`);
  expect(got).toEqual([`${id} SENT`, `${id} SENT`, `${id} DELIVERED`, `${id} DELIVERED`]);
});

test('after a time-out the message is there although the client has seen no answer, and its statuses come', async () => {
  await call('POST', '/control/faults', { network: 'notify', timeoutAfter: 1 });
  const request = fetch(`${simulator.url}/notify/vk/messages`, {
    method: 'POST',
    headers: { authorization: 'Key notify-demo', 'content-type': 'application/json' },
    body: JSON.stringify([message({})]),
    signal: AbortSignal.timeout(100),
  });
  await expect(request).rejects.toThrow('timeout');
  expect(await call('GET', '/control/people/79980000001/inbox')).toHaveLength(1);
  await expect.poll(() => callbacks('statuses')).toHaveLength(2);
});

test('an answer on VK is forwarded as the event of the group, with the notification as its tag', async () => {
  await call('PATCH', '/notify/v1/account', { incomingUrl: receiverUrl('incoming') });
  const id = await send();
  const said = await call('POST', '/control/people/79980000001/say', { network: 'vk', text: 'Спасибо' });
  await expect.poll(() => taken('incoming')).toHaveLength(1);
  expect((await taken('incoming'))[0]?.body).toMatchObject({
    type: 'message_new',
    group_id: 213_243_638,
    event_id: expect.stringMatching(/^[0-9a-f]{40}$/),
    object: {
      message: { id: Number((said as { messageId: string }).messageId), peer_id: 500_000_001, text: 'Спасибо', message_tag: id },
    },
  });
});

test("an answer on OK is forwarded in OK's own form, its seq exact", async () => {
  await call('PATCH', '/notify/v1/account', { incomingUrl: receiverUrl('incoming') });
  const id = await send({ routes: ['OK'] });
  const said = (await call('POST', '/control/people/79980000001/say', { network: 'ok', text: 'Спасибо' })) as {
    messageId: string;
  };
  await expect.poll(() => taken('incoming')).toHaveLength(1);
  const [forwarded] = await taken('incoming');
  expect(forwarded?.body).toMatchObject({
    webhookType: 'MESSAGE_CREATED',
    sender: { user_id: 'user:580000000001' },
    message: { text: 'Спасибо', mid: said.messageId, message_tag: id },
  });
  const seq = BigInt(`0x${said.messageId.split('.')[1]}`);
  expect(forwarded?.raw).toContain(`"seq":${seq},`);
});

test('who was not notified is not forwarded', async () => {
  await call('PATCH', '/notify/v1/account', { incomingUrl: receiverUrl('incoming') });
  await call('POST', '/control/people/79980000009/say', { network: 'vk', text: 'привет' });
  await send();
  await call('POST', '/control/people/79980000001/say', { network: 'vk', text: 'Спасибо' });
  await expect.poll(() => taken('incoming')).toMatchObject([{ body: { object: { message: { text: 'Спасибо' } } } }]);
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNA, BORIS, type Callback, DINA, EGOR, eventually, GLEB, someone, startTown, type Town, VERA, ZOYA } from './town.ts';

let town: Town;
beforeAll(async () => {
  town = await startTown();
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await town.control('/receiver/demo', undefined, 'DELETE');
});
afterEach(async () => {
  expect(await town.violations()).toEqual([]);
});

const statusesOf = async (id: number): Promise<string[]> =>
  (await town.callbacksOf(id)).map(({ channel, status }) => `${channel} ${status}`);
const statusIs = (id: number, status: string) => async (): Promise<boolean> => (await town.message(id)).status === status;

// Seed 001, "Request example", without the comma that makes it invalid JSON.
const SEED_REQUEST = `[
  {
    "delivery_policy": "ANY",
    "phone": "79999999999",
    "routes": [
      "VK", "OK"
    ],
    "service": "Group_name",
    "status_url": "http://your.website.com/",
    "templateId": 4,
    "tmpl": "base_template",
    "tmpl_data": {
      "name": "Anna",
      "pizza": "Margarita"
    },
    "ttl": 60
  }
]`;

test('the seed’s request, word for word but for its trailing comma, reaches Anna', async () => {
  const response = await fetch(`${town.server.url}/vk/messages`, {
    method: 'POST',
    headers: { Authorization: 'Key demo', 'Content-Type': 'application/json' },
    body: SEED_REQUEST,
  });
  const answer = (await response.json()) as { result: { code: string; messageId: number }[] };
  expect(response.status).toBe(200);
  expect(answer.result[0]?.code).toBe('OK');
  await eventually(async () =>
    (await town.inbox(ANNA)).some(({ text }) => text === 'Здравствуйте, Anna! Ваша Margarita готова.'),
  );
});

test('SENT, DELIVERED and READ reach a receiver in order, signed as Standard Webhooks', async () => {
  const account = (await (await fetch(`${town.server.url}/v1/account`, { headers: { Authorization: 'Key demo' } })).json()) as {
    callbackSecret: string;
  };
  const webhook = new Webhook(account.callbackSecret);
  const verified: Callback[] = [];
  const receiver = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    verified.push(...(webhook.verify(body, request.headers as Record<string, string>) as Callback[]));
    response.end('ok');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  try {
    const callbackData = { order: 42, nested: { text: 'да' } };
    const id = await town.send(ANNA, { status_url: `http://127.0.0.1:${port}/statuses`, callbackData });
    await eventually(() => verified.length >= 3);
    expect(verified.map(({ channel, status }) => [channel, status])).toEqual([
      ['VK', 'SENT'],
      ['VK', 'DELIVERED'],
      ['VK', 'READ'],
    ]);
    expect(verified.every(({ messageId, errorCode }) => messageId === String(id) && errorCode === 0)).toBe(true);
    expect(verified.map((callback) => callback.callbackData)).toEqual([callbackData, callbackData, callbackData]);
  } finally {
    receiver.close();
    receiver.closeAllConnections();
  }
});

test('Boris, who is only on OK, gets it there and is called back as SENT and DELIVERED on OK', async () => {
  const id = await town.send(BORIS, { routes: ['VK', 'OK'] });
  await eventually(async () => (await statusesOf(id)).includes('OK DELIVERED'));
  expect((await statusesOf(id)).filter((status) => status.startsWith('OK'))).toEqual(['OK SENT', 'OK DELIVERED']);
  expect((await town.inbox(BORIS)).map(({ network }) => network)).toEqual(['ok']);
});

test('Vera, who has blocked the group and is not on OK, is UNDELIVERABLE once, at the end', async () => {
  const id = await town.send(VERA, { routes: ['VK', 'OK'] });
  await eventually(statusIs(id, 'UNDELIVERABLE'));
  await eventually(async () => (await statusesOf(id)).some((status) => status.endsWith('UNDELIVERABLE')));
  const statuses = await statusesOf(id);
  expect(statuses.filter((status) => status.endsWith('UNDELIVERABLE'))).toHaveLength(1);
  expect(statuses.at(-1)).toMatch(/UNDELIVERABLE$/);
  expect(await town.inbox(VERA)).toEqual([]);
});

test('Gleb, who is never online, is EXPIRED when his ttl of 60 s ends, and not before', async () => {
  const id = await town.send(GLEB, { routes: ['VK'], ttl: 60 });
  await eventually(statusIs(id, 'EXPIRED'), 75_000);
  const callbacks = await eventually(async () => {
    const found = await town.callbacksOf(id);
    return found.some(({ status }) => status === 'EXPIRED') && found;
  });
  const sent = callbacks.find(({ status }) => status === 'SENT') as Callback;
  const expired = callbacks.find(({ status }) => status === 'EXPIRED') as Callback;
  expect(expired.ts - sent.ts).toBeGreaterThan(58_000);
  expect(expired.ts - sent.ts).toBeLessThan(62_000);
  expect(callbacks.at(-1)?.status).toBe('EXPIRED');
});

test('Dina gets it and never reads: DELIVERED is the last word', async () => {
  const id = await town.send(DINA, { routes: ['VK'] });
  await eventually(async () => (await statusesOf(id)).length === 2);
  expect(await statusesOf(id)).toEqual(['VK SENT', 'VK DELIVERED']);
});

test('who does not meet the delivery policy is UNDELIVERABLE, and is delivered to with ANY', async () => {
  for (const [phone, policy] of [
    [EGOR, 'mobile_device_required'],
    [ZOYA, 'VERIFIED_PHONE_NUMBER'],
  ] as const) {
    const refused = await town.send(phone, { delivery_policy: policy });
    await eventually(statusIs(refused, 'UNDELIVERABLE'));
    const taken = await town.send(phone, { delivery_policy: 'ANY' });
    await eventually(statusIs(taken, 'DELIVERED'));
  }
});

test('the sixth message of a day on VK alone is RATELIMIT; with OK behind it, it arrives there', async () => {
  const phone = someone(9_000_001);
  const first = await Promise.all(Array.from({ length: 5 }, () => town.send(phone, { routes: ['VK'] })));
  for (const id of first) await eventually(statusIs(id, 'DELIVERED'));
  const sixth = await town.send(phone, { routes: ['VK'] });
  await eventually(statusIs(sixth, 'RATELIMIT'));
  const other = await town.send(phone, { routes: ['VK', 'OK'] });
  await eventually(statusIs(other, 'DELIVERED'));
  expect((await town.message(other)).channel).toBe('OK');
  expect((await town.inbox(phone)).map(({ network }) => network)).toEqual(['vk', 'vk', 'vk', 'vk', 'vk', 'ok']);
});

test('the community provider writes into the dialogs of both networks to people it knows, and to nobody else', async () => {
  const toAnna = await town.send(ANNA, { service: 'Community', routes: ['VK'] });
  const toBoris = await town.send(BORIS, { service: 'Community' });
  const stranger = await town.send(someone(9_000_002), { service: 'Community' });
  await eventually(async () => (await town.message(toAnna)).status !== 'QUEUED');
  await eventually(statusIs(toBoris, 'SENT'));
  await eventually(statusIs(stranger, 'UNDELIVERABLE'));
  // Her phone shows it a moment after VK has taken it.
  await eventually(async () => (await town.inbox(ANNA)).some(({ kind, network }) => kind === 'message' && network === 'vk'));
  expect((await town.message(toBoris)).channel).toBe('OK');
  await eventually(statusIs(toAnna, 'READ')); // Anna reads after 2 s, VK says so by message_read
});

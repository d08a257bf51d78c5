import { createServer, globalAgent, type Server } from 'node:http';
import type { Agent } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VK } from 'vk-io';
import { type Simulator, startSimulator } from '../simulator.ts';

// An independent client of VK that knows nothing of us: what works here works for a stranger's bot too (contracts/vk.md 7, a).

const GROUP = 213_243_638;
const ANNA = { phone: '79999999999', id: 37_119_444 };
const VERA = { phone: '79990000002', id: 37_119_446 }; // has blocked the group
const DINA = { phone: '79990000004', id: 37_119_448 };
// The smallest picture there is: a GIF of one point.
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');

let simulator: Simulator;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await simulator.stop();
});

type Options = Partial<ConstructorParameters<typeof VK>[0]>;

function client(options: Options = {}, apiBaseUrl = simulator.addresses.vkMethod): VK {
  const vk = new VK({
    token: 'vk1.demo',
    apiBaseUrl,
    agent: globalAgent as unknown as Agent, // its own, and the type of this option, are for https only
    apiVersion: '5.199',
    apiLimit: 20,
    apiMode: 'sequential',
    pollingGroupId: GROUP,
    ...options,
  });
  closing.push(() => vk.updates.stop());
  return vk;
}

const textsOf = ({ phone }: { phone: string }): string[] =>
  simulator
    .person(phone)
    .inbox('vk')
    .map(({ text }) => text);
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 20 });
const group = () => simulator.world.groupOf('vk', simulator.world.people.byPhone(ANNA.phone) as never);

test('one message goes to one person, and a repeated random_id sends nothing', async () => {
  const vk = client();
  const message = { peer_id: ANNA.id, random_id: 5, message: 'Ваш заказ & готов = ?' };
  const first = await vk.api.messages.send(message);
  expect(first).toEqual(expect.any(Number));
  expect(await vk.api.messages.send(message)).toBe(first);
  await eventually(() => expect(textsOf(ANNA)).toEqual(['Ваш заказ & готов = ?']));
});

test('peer_ids give a row for each, and one refused person does not spoil the others', async () => {
  const rows = (await client().api.messages.send({
    peer_ids: [ANNA.id, VERA.id, DINA.id],
    random_id: 6,
    message: 'всем',
  })) as unknown;
  expect(rows).toMatchObject([
    { peer_id: ANNA.id, message_id: expect.any(Number) },
    { peer_id: VERA.id, error: { code: 901 } },
    { peer_id: DINA.id, message_id: expect.any(Number) },
  ]);
  await eventually(() => expect([textsOf(ANNA), textsOf(VERA), textsOf(DINA)]).toEqual([['всем'], [], ['всем']]));
});

test('error 6 is waited out and the message sent once; error 9 reaches the program', async () => {
  const vk = client();
  simulator.world.faults.set('vk', { errors: { 6: 1 } });
  const sending = vk.api.messages.send({ peer_id: ANNA.id, random_id: 7, message: 'после паузы' });
  await eventually(() => expect(simulator.world.calls.since(0).map(({ code }) => code)).toContain('6'));
  simulator.world.faults.set('vk', { errors: {} });
  await sending;
  await eventually(() => expect(textsOf(ANNA)).toHaveLength(1));
  simulator.world.faults.set('vk', { errors: { 9: 1 } });
  await expect(vk.api.messages.send({ peer_id: ANNA.id, random_id: 8, message: 'x' })).rejects.toMatchObject({ code: 9 });
});

test('calls packed into execute are answered one by one, a 901 in their middle too', async () => {
  const vk = client({ apiMode: 'parallel' });
  const sent = await Promise.allSettled(
    [ANNA, VERA, DINA].map(({ id }) => vk.api.messages.send({ peer_id: id, random_id: id, message: 'пачкой' })),
  );
  expect(sent).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 901 } }, { status: 'fulfilled' }]);
  expect(simulator.world.calls.since(0).map(({ method }) => method)).toEqual(['execute']);
});

test('a photo is uploaded, sent, and its bytes come back from the address in the message', async () => {
  const vk = client();
  const photo = await vk.upload.messagePhoto({ peer_id: ANNA.id, source: { value: PICTURE, filename: 'point.gif' } });
  await vk.api.messages.send({ peer_id: ANNA.id, random_id: 9, attachment: photo.toString() });
  const { items } = await vk.api.messages.getHistory({ peer_id: ANNA.id, count: 1 });
  const sizes = items[0]?.attachments?.[0]?.photo?.sizes ?? [];
  const url = sizes.at(-1)?.url ?? '';
  expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(PICTURE);
});

/** A bot that says "Вы сказали: …" to every message, by long poll. */
async function pollingBot(apiBaseUrl?: string): Promise<void> {
  const vk = client({}, apiBaseUrl);
  vk.updates.on('message_new', (context) => context.send(`Вы сказали: ${context.text}`));
  await vk.updates.start();
}
const answered = (text: string) => eventually(() => expect(textsOf(ANNA)).toContain(`Вы сказали: ${text}`));

test('a long-poll bot answers, also after its history, its key and its place were lost', async () => {
  await pollingBot();
  const anna = simulator.person(ANNA.phone);
  anna.say('vk', 'раз');
  await answered('раз');
  for (const failed of ['long_poll_failed_1', 'long_poll_failed_2', 'long_poll_failed_3'] as const) {
    simulator.world.disturb(group(), failed);
    await eventually(() => expect(simulator.world.calls.since(0).map(({ code }) => code)).toContain(`failed ${failed.at(-1)}`));
    // After a lost key this client drops what came meanwhile: it must be listening again before Anna speaks.
    const polls = () => simulator.world.calls.since(0).filter(({ method }) => method === 'longpoll').length;
    const before = polls();
    anna.say('vk', `пробую ${failed}`);
    await eventually(() => {
      if (polls() > before) anna.say('vk', failed);
      expect(textsOf(ANNA)).toContain(`Вы сказали: ${failed}`);
    });
  }
});

test('a long-poll bot gets over a 503', async () => {
  await pollingBot();
  const anna = simulator.person(ANNA.phone);
  simulator.world.faults.set('vk', { error5xx: 1 });
  anna.say('vk', 'во время сбоя');
  await eventually(() => expect(simulator.world.calls.since(0).some(({ status }) => status === 503)).toBe(true));
  simulator.world.faults.set('vk', { error5xx: 0 });
  anna.say('vk', 'после сбоя');
  await answered('после сбоя');
});

test('a long-poll bot gets over a dropped connection', async () => {
  const proxy = await startProxy(Number(new URL(simulator.url).port));
  await pollingBot(`${proxy.url}/vk/method`);
  const anna = simulator.person(ANNA.phone);
  anna.say('vk', 'до обрыва');
  await answered('до обрыва');
  expect(proxy.dropAll()).toBeGreaterThan(0);
  anna.say('vk', 'после обрыва');
  await answered('после обрыва');
});

interface Proxy {
  url: string;
  /** Gives how many connections there were. */
  dropAll(): number;
}

/** A cable that can be pulled out. */
async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dropAll = (): number => {
    const dropped = [...sockets];
    for (const socket of dropped) socket.destroy();
    return dropped.length;
  };
  closing.push(async () => {
    dropAll();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, dropAll };
}

interface WebhookBot {
  /** What VK says of its address. */
  statusAtVk(): Promise<string | undefined>;
  /** HTTP statuses it answered with. */
  answers: number[];
}

/** A webhook bot with the secret `sesame`; VK is told its address with `secretAtVk`. */
async function webhookBot(secretAtVk: string): Promise<WebhookBot> {
  const { code } = await client().api.groups.getCallbackConfirmationCode({ group_id: GROUP });
  const vk = client({ webhookSecret: 'sesame', webhookConfirmation: code });
  vk.updates.on('message_new', (context) => context.send(`По вебхуку: ${context.text}`));
  const answers: number[] = [];
  const handle = vk.updates.getWebhookCallback('/hook');
  const server: Server = createServer((request, response) => {
    response.once('finish', () => answers.push(response.statusCode));
    return handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const about = { group_id: GROUP, url, title: 'vk-io', secret_key: secretAtVk };
  const { server_id } = await vk.api.groups.addCallbackServer(about);
  await vk.api.groups.setCallbackSettings({ group_id: GROUP, server_id, api_version: '5.199', message_new: true });
  const statusAtVk = async () =>
    (await vk.api.groups.getCallbackServers({ group_id: GROUP, server_ids: [server_id] })).items[0]?.status;
  return { statusAtVk, answers };
}

test('a webhook bot confirms its address and answers', async () => {
  const bot = await webhookBot('sesame');
  await eventually(async () => expect(await bot.statusAtVk()).toBe('ok'));
  simulator.person(ANNA.phone).say('vk', 'привет');
  await eventually(() => expect(textsOf(ANNA)).toEqual(['По вебхуку: привет']));
});

test('a webhook that is given another secret refuses, and VK does not take it as confirmed', async () => {
  const bot = await webhookBot('another');
  await eventually(() => expect(bot.answers).toContain(403));
  expect(await bot.statusAtVk()).not.toBe('ok');
  simulator.person(ANNA.phone).say('vk', 'привет');
  expect(bot.answers).not.toContain(200);
});

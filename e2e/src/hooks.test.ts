import { readFixture } from '@soroka/fixtures';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { runSoroka, SOROKA } from './command-line.ts';
import { ANNA, eventually, type Received, startProgram, startTown, type Town } from './town.ts';

let town: Town;
let env: Record<string, string>;
beforeAll(async () => {
  town = await startTown();
  env = { SOROKA_DATA: town.dataFolder };
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

/** As curl does it: a body as it is printed, and what the hook answered. */
async function post(hook: string, body: string, server = town.server.url): Promise<[status: number, text: string]> {
  const headers = { 'Content-Type': 'application/json;charset=utf-8' };
  const response = await fetch(`${server}/hooks/${hook}`, { method: 'POST', headers, body });
  return [response.status, await response.text()];
}

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${town.server.url}${path}`, { headers: { Authorization: 'Key demo' } });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}
interface HistoryItem {
  kind: string;
  source: string;
  text: string;
  messageTag: string | null;
  payload: string | null;
}
/** All that people have said and done, in all dialogs of the network. */
async function heard(channel: 'VK' | 'OK'): Promise<HistoryItem[]> {
  const { items } = await get<{ items: { id: number; channel: string }[] }>('/v1/dialogs');
  const ofNetwork = items.filter((dialog) => dialog.channel === channel);
  const pages = await Promise.all(
    ofNetwork.map(({ id }) => get<{ items: HistoryItem[] }>(`/v1/dialogs/${id}/messages?limit=100`)),
  );
  return pages.flatMap((page) => page.items).filter(({ source }) => source === 'person');
}
const hearsText = (channel: 'VK' | 'OK', text: string) =>
  eventually(async () => (await heard(channel)).find((item) => item.text === text));

const forwardWith = (piece: string): Promise<Received & { raw: string }> =>
  eventually(async () => ((await town.received()) as (Received & { raw: string })[]).find(({ raw }) => raw.includes(piece)));
const annaGot = async (network: 'vk' | 'ok', beginning: string): Promise<number> =>
  (await town.inbox(ANNA)).filter((entry) => entry.network === network && entry.text.startsWith(beginning)).length;

test('seed 001’s event is understood at the hook of the notify upstream, answered, and forwarded as it is printed', async () => {
  const { text, body } = readFixture('notify/incoming');
  expect(await post('notify/demo/incoming', text)).toEqual([200, 'ok']);
  expect(await hearsText('VK', 'text')).toMatchObject({ messageTag: '3690837110063289472' });
  expect((await forwardWith('07c0da23123148715ab13e97823adc1bb0eadcf9')).body).toEqual(body);
  // Its `ref` says that the person came by a link: such people are greeted.
  await eventually(async () => (await annaGot('vk', 'Здравствуйте! Это пиццерия')) === 1);
});

test('seed 001’s event without the secret of the VK group is refused at its hook', async () => {
  const [status, text] = await post('vk/demo', readFixture('notify/incoming').text);
  expect([status, text]).toEqual([403, expect.stringContaining('secret')]);
});

test('an address that no connection has is not found', async () => {
  for (const hook of ['vk/other', 'ok/other', 'notify/other/incoming', 'notify/other/statuses']) {
    expect((await post(hook, '{}'))[0]).toBe(404);
  }
});

test('seed 000’s body is understood at OK’s hook, under either of its names', async () => {
  const { text } = readFixture('ok/new-message');
  expect(await post('ok/demo', text)).toEqual([200, 'ok']);
  expect(await hearsText('OK', 'Hello')).toMatchObject({ kind: 'message' });
  expect((await forwardWith('"Hello"')).body).toMatchObject({
    webhookType: 'MESSAGE_CREATED',
    sender: { user_id: 'user:123456789' },
    message: { text: 'Hello', mid: 'MESSAGE_ID' },
  });
  const renamed = text
    .replace('NEW_MESSAGE', 'GROUP_MESSAGE_NEW')
    .replace('Hello', 'Hello again')
    .replace('MESSAGE_ID', 'OTHER_ID');
  expect(await post('ok/demo', renamed)).toEqual([200, 'ok']);
  await hearsText('OK', 'Hello again');
});

test('seed 002’s messages are understood, answered and forwarded with every digit of seq', async () => {
  expect(await post('ok/demo', readFixture('ok/message-created').text)).toEqual([200, 'ok']);
  expect(await post('ok/demo', readFixture('ok/message-with-share').text)).toEqual([200, 'ok']);
  await hearsText('OK', 'text');
  await hearsText('OK', 'https://ya.ru/');
  await eventually(async () => (await annaGot('ok', 'Кажется, этого я пока не понимаю')) === 2);
  expect((await forwardWith('15cea67d78d2059')).raw).toContain('"seq":98211023614189660,');
  const share = await forwardWith('15cea668c4c2481');
  expect(share.raw).toContain('"seq":98211018056672380,');
  expect(share.body).toMatchObject({ message: { attachments: [{ type: 'SHARE', payload: { url: 'https://ya.ru/' } }] } });
});

test('numbers beyond 2^53 survive into the forward, on both networks', async () => {
  const ok = readFixture('ok/message-created')
    .text.replace('98211023614189660', '9007199254740993')
    .replace('15cea67d78d2059', 'a1');
  expect(await post('ok/demo', ok)).toEqual([200, 'ok']);
  expect((await forwardWith('mid:C3ecb9d02a600.a1')).raw).toContain('"seq":9007199254740993,');
  const vk = readFixture('notify/incoming')
    .text.replace('07c0da23', '17c0da23')
    .replace('"message_tag": "3690837110063289472"', '"message_tag": 9007199254740993')
    .replace('"random_id": 123', '"random_id": 9007199254740995');
  expect(await post('notify/demo/incoming', vk)).toEqual([200, 'ok']);
  const { raw } = await forwardWith('17c0da23');
  expect(raw).toContain('"random_id":9007199254740995,');
  expect(raw).toContain('"message_tag":"9007199254740993"');
});

test('seed 002’s CHAT_STARTED as printed is kept and shown with its reason; with its commas mended it is understood', async () => {
  const printed = readFixture('ok/chat-started-as-printed').text;
  const mended = readFixture('ok/chat-started').text;
  expect(await post('ok/demo', printed)).toEqual([200, 'ok']);
  interface RawEvent {
    id: number;
    form: string;
    error: string;
    body: string;
  }
  const listFailed = async () => (await get<{ items: RawEvent[] }>('/v1/raw-events?state=failed')).items;
  const [failed, ...others] = await listFailed();
  expect(others).toEqual([]);
  expect(failed).toMatchObject({ form: 'ok', body: printed, error: expect.stringContaining('not valid JSON') });

  expect(await post('ok/demo', mended)).toEqual([200, 'ok']);
  const started = async () => (await heard('OK')).filter(({ kind }) => kind === 'started');
  await eventually(async () => (await started()).length === 1);
  expect(await started()).toMatchObject([{ payload: 'payloadText' }]);
  await eventually(async () => (await annaGot('ok', 'Здравствуйте! Это пиццерия')) === 1);

  // The kept one, mended by hand, is the same event: it is through, and nobody is greeted twice.
  const replay = await runSoroka(['event', 'replay', String(failed?.id), '--body-file', '-'], env, mended);
  expect(replay).toMatchObject({ code: 0 });
  await eventually(async () => (await listFailed()).length === 0);
  await post(
    'ok/demo',
    readFixture('ok/message-created').text.replace('"text": "text"', '"text": "спасибо"').replace('15cea67d78d2059', 'a2'),
  );
  await eventually(async () => (await annaGot('ok', 'Пожалуйста!')) === 1);
  expect(await annaGot('ok', 'Здравствуйте! Это пиццерия')).toBe(1);
});

test('a server that is not the demo takes OK’s webhooks from OK’s addresses only', async () => {
  const serve = { ...env, PORT: '0', SOROKA_METRICS_PORT: 'off', SOROKA_ROLES: 'api,intake', SOROKA_HOST: '127.0.0.1' };
  const server = await startProgram([SOROKA, 'serve'], serve);
  try {
    const body = readFixture('ok/message-created').text;
    expect(await post('ok/demo', body, server.url)).toEqual([403, expect.stringContaining('not expected from this address')]);
    const forged = await fetch(`${server.url}/hooks/ok/demo`, {
      method: 'POST',
      headers: { 'X-Forwarded-For': '217.20.145.193' },
      body,
    });
    expect(forged.status).toBe(403);
  } finally {
    expect(await server.end('SIGTERM')).toBe(0);
  }
});

import { readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { registry } from '../platform/telemetry.ts';

const failed = { state: 'failed', limit: 10 } as const;

test('an event of VK is answered with ok, and a repeat of it changes nothing', async () => {
  await using town = await startIncomingTown();
  const body = town.vkMessage('привет');
  for (const retry of ['', '1', '2']) {
    expect(await town.post('vk', body, { headers: { 'x-retry-counter': retry } })).toMatchObject({ status: 200, text: 'ok' });
  }
  await town.settled();
  expect((await town.history()).map(({ text, source }) => [source, text])).toEqual([
    ['person', 'привет'],
    ['bot', 'Здравствуйте!'],
  ]);
  expect(town.forwards).toHaveLength(1);
});

test('the same event three times at once is stored once', async () => {
  await using town = await startIncomingTown();
  const body = town.vkMessage('привет');
  const answers = await Promise.all([1, 2, 3].map(() => town.post('vk', body)));
  expect(answers.map(({ text }) => text)).toEqual(['ok', 'ok', 'ok']);
  await town.settled();
  expect(await town.history()).toHaveLength(2);
});

test.each([
  ['without a secret', (secret: string) => [secret, undefined]],
  ['with a wrong secret', (secret: string) => [secret, `${secret}x`]],
  ['with a secret that is no text', (secret: string) => [secret, 1]],
] as const)('an event %s gets 403 and is not kept', async (_, secrets) => {
  await using town = await startIncomingTown();
  const [, given] = secrets(town.webhookSecret);
  const { status, text } = await town.post('vk', town.vkMessage('привет', {}, { secret: given }));
  expect([status, text]).toEqual([403, expect.stringContaining('secret')]);
  expect(await town.bodies(town.account.id, { limit: 10 })).toEqual([]);
});

test('an event of another group gets 403, an unknown address 404', async () => {
  await using town = await startIncomingTown();
  expect((await town.post('vk', town.vkMessage('привет', {}, { group_id: 1 }))).status).toBe(403);
  expect((await town.post('vk', town.vkMessage('привет'), { token: 'f'.repeat(32) })).status).toBe(404);
  expect((await town.post('ok', town.okMessage('привет'), { token: 'f'.repeat(32) })).status).toBe(404);
  expect((await town.post('notify/statuses', '[]', { token: 'f'.repeat(32) })).status).toBe(404);
});

test('VK gets the confirmation code of its group, asked for anew each time, with or without the secret', async () => {
  await using town = await startIncomingTown();
  const confirm = (secret?: string) =>
    town.post('vk', JSON.stringify({ type: 'confirmation', group_id: Number(town.groupIds.vk), secret }));
  expect(await confirm()).toMatchObject({ status: 200, text: 'c0nf1rm' });
  town.confirmation.code = 'changed';
  expect(await confirm(town.webhookSecret)).toMatchObject({ status: 200, text: 'changed' });
  expect((await confirm('wrong')).status).toBe(403);
  expect((await town.post('vk', '{"type":"confirmation","group_id":1}')).status).toBe(403);
  town.confirmation.code = new Error('VK is away');
  expect((await confirm()).status).toBe(503);
  expect(await town.bodies(town.account.id, { limit: 10 })).toEqual([]);
});

test("OK's webhook is taken from OK's addresses only", async () => {
  await using town = await startIncomingTown({ okSourceCidrs: ['217.20.145.192/28'] });
  const answer = await town.post('ok', town.okMessage('привет'), { headers: { 'x-forwarded-for': '217.20.145.200' } });
  expect(answer.status).toBe(403);
});

test('behind a trusted proxy the address it saw counts, not what the caller claims', async () => {
  await using town = await startIncomingTown({
    okSourceCidrs: ['217.20.145.192/28'],
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
  });
  const from = async (forwardedFor: string) =>
    (await town.post('ok', town.okMessage('привет'), { headers: { 'x-forwarded-for': forwardedFor } })).status;
  expect(await from('217.20.145.207')).toBe(200);
  expect(await from('217.20.145.207, 10.1.2.3')).toBe(200);
  expect(await from('217.20.145.208')).toBe(403);
  expect(await from('217.20.145.207, 8.8.8.8')).toBe(403);
  expect(await from('nonsense')).toBe(403);
  expect(await from('')).toBe(403);
});

test('a body that is no JSON is answered, kept, shown, and worked off once it is mended', async () => {
  await using town = await startIncomingTown();
  const printed = readFixture('ok/chat-started-as-printed').text;
  expect((await town.post('ok', printed)).status).toBe(200);
  expect((await town.post('ok', printed)).status).toBe(200);
  const [kept, ...others] = await town.bodies(town.account.id, failed);
  expect(others).toEqual([]);
  expect(kept).toMatchObject({ form: 'ok', source: 'webhook', body: printed, error: expect.stringContaining('not valid JSON') });

  expect(await town.rawEvents.replay(town.account.id, kept?.id as number)).toBe(true);
  await eventually(async () => (await town.bodies(town.account.id, failed)).length === 1);
  expect(await town.rawEvents.replay(town.account.id, kept?.id as number, readFixture('ok/chat-started').text)).toBe(true);
  await town.settled();
  expect((await town.history()).map(({ kind, payload, source }) => [source, kind, payload])).toEqual([
    ['person', 'started', 'payloadText'],
    ['bot', 'message', null],
  ]);
  expect(await town.bodies(town.account.id, failed)).toEqual([]);
});

test("another account cannot replay or see one's failed events", async () => {
  await using town = await startIncomingTown();
  await town.post('ok', '{');
  const [kept] = await town.bodies(town.account.id, failed);
  const stranger = await town.accounts.create(`stranger ${town.account.id}`);
  expect(await town.bodies(stranger.id, failed)).toEqual([]);
  expect(await town.rawEvents.replay(stranger.id, kept?.id as number)).toBe(false);
});

test('failed events come newest first, page by page', async () => {
  await using town = await startIncomingTown();
  for (const body of ['{1', '{2', '{3']) await town.post('ok', body);
  const first = await town.rawEvents.list(town.account.id, { ...failed, limit: 2 });
  const second = await town.rawEvents.list(town.account.id, { ...failed, limit: 2, cursor: first.nextCursor as string });
  expect([...first.items, ...second.items].map(({ body }) => body)).toEqual(['{3', '{2', '{1']);
  expect(second.nextCursor).toBeNull();
  await expect(town.rawEvents.list(town.account.id, { ...failed, cursor: 'x' })).rejects.toMatchObject({ field: 'cursor' });
});

test('JSON of an unknown shape is kept with the field that is missing, and VK still gets ok', async () => {
  await using town = await startIncomingTown();
  const body = town.vkMessage('x', { peer_id: undefined });
  expect(await town.post('vk', body)).toMatchObject({ status: 200, text: 'ok' });
  expect(await town.post('vk', '{"type":"message_new",')).toMatchObject({ status: 200, text: 'ok' });
  const errors = (await town.bodies(town.account.id, failed)).map(({ error }) => error);
  expect(errors).toEqual([
    expect.stringContaining('not valid JSON'),
    expect.stringContaining('object.message.peer_id is missing'),
  ]);
});

test("VK's secret does not reach the database, whatever a person writes", async () => {
  await using town = await startIncomingTown();
  const { webhookSecret: secret } = town;
  await town.post('vk', town.vkMessage(`"secret":"${secret}"`));
  const [kept] = await town.bodies(town.account.id, { limit: 1 });
  const body = JSON.parse(kept?.body ?? '') as { secret: string; object: { message: { text: string } } };
  expect(body.secret).toBe('[hidden]');
  expect(body.object.message.text).toBe(`"secret":"${secret}"`);
});

test.each(['text/plain', 'application/json;charset=utf-8', 'application/x-www-form-urlencoded', 'nonsense'])(
  'the content type %s makes no difference',
  async (contentType) => {
    await using town = await startIncomingTown();
    const { status } = await town.post('ok', town.okMessage('привет'), { headers: { 'content-type': contentType } });
    expect(status).toBe(200);
    await town.settled();
    expect(await town.history()).toHaveLength(2);
  },
);

test('a body of more than 1 MiB gets 413', async () => {
  await using town = await startIncomingTown();
  expect((await town.post('ok', town.okMessage('x'.repeat(1_048_576)))).status).toBe(413);
});

test('while the database is away VK is told when to come again, and nothing is taken as stored', async () => {
  const away = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  await using town = await startIncomingTown({ storeInto: (database) => ({ ...database, rows: away }) });
  const { status, headers } = await town.post('vk', town.vkMessage('привет'));
  expect(status).toBe(503);
  const waitMs = Date.parse(headers.get('retry-after') ?? '') - Date.now();
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThan(3 * 3_600_000);
});

test('a database that hangs is one that is away: the network is answered before it gives up', async () => {
  const hangs = () => new Promise<never>(() => {});
  await using town = await startIncomingTown({ storeInto: (database) => ({ ...database, rows: hangs }) });
  const [vk, ok] = await Promise.all([town.post('vk', town.vkMessage('привет')), town.post('ok', town.okMessage('привет'))]);
  expect([vk.status, ok.status]).toEqual([503, 503]);
  expect(vk.headers.get('retry-after')).not.toBeNull();
});

test('the same event by webhook and by the upstream is one, and the upstream’s word on it is kept', async () => {
  await using town = await startIncomingTown();
  const event = JSON.parse(town.vkMessage('привет')) as { object: { message: object }; secret?: string };
  await town.post('vk', JSON.stringify(event));
  await town.settled();
  delete event.secret;
  await town.post(
    'notify/incoming',
    JSON.stringify({ ...event, object: { message: { ...event.object.message, message_tag: '369' } } }),
  );
  await town.settled();
  const history = await town.history();
  expect(history.map(({ source, messageTag }) => [source, source === 'person' ? messageTag : 'ours'])).toEqual([
    ['person', '369'],
    ['bot', 'ours'],
  ]);
  expect(town.forwards).toHaveLength(1);
});

test('an upstream may send several events in one body', async () => {
  await using town = await startIncomingTown();
  await town.post('notify/incoming', `[${town.vkMessage('один')},${town.vkMessage('два')}]`);
  await town.settled();
  expect((await town.history()).map(({ text }) => text)).toEqual(['один', 'два']);
});

test('an item nested too deeply to be written again costs the others nothing and is kept', async () => {
  await using town = await startIncomingTown();
  const deep = '['.repeat(50_000) + ']'.repeat(50_000);
  // The drawn secret may look like a number of many digits, for which the whole body is read by the parser that goes less deep.
  const message = town.vkMessage('привет', {}, { secret: 'sesame' });
  const { status } = await town.post('notify/incoming', `[${deep},${message}]`);
  expect(status).toBe(200);
  await town.settled();
  expect((await town.history()).map(({ text }) => text)).toContain('привет');
  const kept = await town.bodies(town.account.id, { limit: 10 });
  expect(kept.filter(({ state }) => state === 'failed').map(({ error }) => error)).toEqual([
    'an item is nested too deeply to be kept by itself',
  ]);
});

test('callers whose bodies are written together do not suffer from each other', async () => {
  await using town = await startIncomingTown();
  const bodies = Array.from({ length: 40 }, (_, index) => town.vkMessage(`сообщение ${index}`, { from_id: 1_000 + index }));
  // An event id that the database cannot hold as it is.
  const hostile = town.vkMessage('привет', {}, { event_id: 'e\0\ud800' });
  const answers = await Promise.all([...bodies, hostile].map((body) => town.post('vk', body)));
  expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['ok']));
  await town.settled();
  const { items } = await town.dialogs.list(town.account.id, { limit: 100 });
  expect(items).toHaveLength(41);
});

describe("the confirmation of an OK application's webhook", () => {
  const asked = '{"webhookType":"CONFIRMATION"}';
  const origin = { origin: 'https://nap.okapps.ru' };

  test('is answered from whatever address the administrator asks, readable by the page of the settings alone', async () => {
    await using town = await startIncomingTown({ okSourceCidrs: ['217.20.145.192/28'] });
    await town.connections.setSettings(town.connectionIds.ok, { confirmation: 'a1b2c3' });
    const answer = await eventually(async () => {
      const { headers, ...rest } = await town.post('ok', asked, { headers: origin });
      return rest.status === 200 && { ...rest, headers };
    });
    expect(answer.text).toBe('a1b2c3');
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://nap.okapps.ru');
    const stranger = await town.post('ok', asked, { headers: { origin: 'https://example.org' } });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    expect(await town.bodies(town.account.id, { limit: 10 })).toEqual([]);
  });

  test('is allowed by the browser beforehand', async () => {
    await using town = await startIncomingTown();
    const { intakeToken } = await town.connections.credentials(town.connectionIds.ok);
    const headers = { ...origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const preflight = await fetch(`${town.url}/hooks/ok/${intakeToken}`, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://nap.okapps.ru');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Content-Type');
  });

  test('says what is missing where no text was set', async () => {
    await using town = await startIncomingTown();
    expect(await town.post('ok', asked)).toMatchObject({ status: 403, text: expect.stringContaining('confirmation text') });
  });
});

test('what VK sends again is counted as sent again, and taken as if it were the first', async () => {
  await using town = await startIncomingTown();
  const count = async () => {
    const found = await registry.getSingleMetric('soroka_intake_repeats_total')?.get();
    return found?.values.find(({ labels }) => labels['kind'] === 'vk')?.value ?? 0;
  };
  const before = await count();
  const body = town.vkMessage('привет');
  expect((await town.post('vk', body, { headers: { 'x-retry-counter': '3' } })).text).toBe('ok');
  await town.post('vk', town.vkMessage('ещё'));
  expect((await count()) - before).toBe(1);
  await town.settled();
  expect((await town.history()).map(({ text }) => text)).toContain('привет');
});

test('what the group sent itself, told back by VK, is answered and not kept; what an admin wrote is', async () => {
  await using town = await startIncomingTown();
  const reply = (text: string, more: Record<string, unknown> = {}) => {
    const message = { id: 7, date: 1_790_000_000, peer_id: 37_119_444, from_id: -Number(town.groupIds.vk), out: 1, text };
    return town.vkEvent('message_reply', { ...message, ...more });
  };
  const echoes = async () => {
    const found = await registry.getSingleMetric('soroka_intake_events_total')?.get();
    return found?.values.find(({ labels }) => labels['kind'] === 'vk' && labels['result'] === 'echo')?.value ?? 0;
  };
  const before = await echoes();
  expect(await town.post('vk', reply('от нас'))).toMatchObject({ status: 200, text: 'ok' });
  await town.post('vk', reply('от админа', { id: 8, admin_author_id: 501 }));
  await town.post('vk', reply('сломано', { id: 9, admin_author_id: 'кто-то' }));
  const kept = await town.bodies(town.account.id, { limit: 10 });
  expect(kept.map(({ body }) => (JSON.parse(body) as { object: { text: string } }).object.text)).toEqual([
    'сломано',
    'от админа',
  ]);
  expect((await echoes()) - before).toBe(1);
  await town.settled();
  expect((await town.history()).map(({ text }) => text)).toEqual(['от админа']);
});

test('kinds of events that nobody knows are kept, answered 200, and seen', async () => {
  await using town = await startIncomingTown();
  const vk = JSON.parse(town.vkMessage('x', {}, { type: 'message_from_tomorrow' })) as object;
  expect(await town.post('vk', JSON.stringify(vk))).toMatchObject({ status: 200, text: 'ok' });
  const ok = { webhookType: 'FROM_TOMORROW', sender: { user_id: 'user:1' }, timestamp: Date.now() };
  expect((await town.post('ok', JSON.stringify(ok))).status).toBe(200);
  await town.settled();
  const kept = await town.bodies(town.account.id, { limit: 10 });
  expect(kept.map(({ form, state, body }) => [form, state, body.includes('TOMORROW') || body.includes('tomorrow')])).toEqual([
    ['ok', 'done', true],
    ['vk', 'done', true],
  ]);
  expect((await town.dialogs.list(town.account.id, { limit: 10 })).items).toEqual([]);
});

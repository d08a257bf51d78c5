import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ERRORS, type ErrorCode } from '@soroka/api';
import { readFixture } from '@soroka/fixtures';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CODES_ELSEWHERE } from './codes-elsewhere.ts';
import { runSoroka, sorokaJson } from './command-line.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { type DatabaseLine, openDatabaseLine } from './database-line.ts';
import { LOGIN_CODES } from './login-codes.ts';
import { DINA, eventually, type Json, someone, startTown, type Town } from './town.ts';

/** What no request can bring about, or not in a time that a test has; unit tests do. */
const NOT_OVER_HTTP: readonly ErrorCode[] = [
  'config.invalid', // stops the program before it listens
  'endpoint.disabled', // comes after five days of failures
  'internal', // a mistake of ours
  'overloaded', // 20,000 messages wait in one process
  'request.timeout', // comes after a minute of silence
];
const REQUESTS_PER_SECOND = 200;

let database: FreshDatabase;
let line: DatabaseLine;
let town: Town;
let env: Record<string, string>;
/** Another account's key with every scope, and a key of the demo's account for reading alone. */
let strangerKey: string;
let readingKey: string;

beforeAll(async () => {
  database = await freshDatabase();
  line = await openDatabaseLine(database.url);
  env = { DATABASE_URL: database.url, SOROKA_SECRET_KEY: randomBytes(32).toString('base64') };
  expect(await runSoroka(['migrate'], env)).toMatchObject({ code: 0 });
  town = await startTown({
    env: { ...env, DATABASE_URL: line.url, SOROKA_KEY_REQUESTS_PER_SECOND: String(REQUESTS_PER_SECOND) },
  });
  await addSenders();
  await soroka('account', 'create', 'stranger');
  strangerKey = await newKey('stranger', 'send,read,admin');
  readingKey = await newKey('demo', 'read');
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
  await line?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  expect(await town.violations()).toEqual([]);
});

async function soroka(...words: string[]): Promise<string> {
  const { code, out, note } = await runSoroka(words, env);
  if (code !== 0) throw new Error(`soroka ${words.join(' ')} ended with ${code}: ${note}`);
  return out.trim();
}
const newKey = (account: string, scopes: string) =>
  soroka('key', 'create', '--account', account, '--name', 'e2e', '--scopes', scopes);

/** `Budget` and `Words` send as the demo's sender does; `Slow` to a group of its own, once a second. */
async function addSenders(): Promise<void> {
  const connections = await sorokaJson<{ id: number; kind: string }[]>(['connection', 'list'], env);
  const notify = connections.find(({ kind }) => kind === 'notify')?.id;
  const upstream = ['--base-url', `${town.simulator.url}/notify`, '--token', 'notify-demo', '--service', 'Load_9'];
  const add = ['connection', 'add', 'notify', ...upstream, '--dedup', 'yes', '--messages-per-second', '1'];
  const { id: slow } = await sorokaJson<{ id: number }>(add, env);
  await soroka('sender', 'add', 'Budget', '--route', `VK=notify:${notify}:213243638`);
  await soroka('sender', 'add', 'Words', '--route', `VK=notify:${notify}:213243638`);
  await soroka('sender', 'add', 'Slow', '--route', `VK=notify:${slow}:300000009`);
  const senders = ['Budget', 'Words', 'Slow'].flatMap((name) => ['--sender', name]);
  const upstreamTemplate = ['--upstream-id', '4', '--upstream-name', 'base_template'];
  const text = ['--text', 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.'];
  await soroka('template', 'add', '42', '--name', 'same_words', ...senders, ...upstreamTemplate, ...text);
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Of the whole request, or of each message in their order; empty for an accepted one. */
  codes: string[][];
  result: { code: string; messageId?: number; reasons?: { key: string; field?: string; message: string }[] }[];
  json: Json;
}
const provoked = new Set<string>();

/** One request with the demo's key, unless headers say otherwise. Every code in the answer counts as provoked. */
async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${town.server.url}${path}`, {
    method,
    headers: { Authorization: 'Key demo', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = JSON.parse(text) as Json;
  const { error, result = [] } = json as { error?: { code: string }; result?: Answer['result'] };
  const codes = error === undefined ? result.map(({ reasons = [] }) => reasons.map(({ key }) => key)) : [[error.code]];
  for (const code of codes.flat()) provoked.add(code);
  return { status: response.status, headers: response.headers, text, codes, result, json };
}
const post = (body: unknown, headers?: Record<string, string>) => call('POST', '/vk/messages', body, headers);
const idsOf = ({ result }: Answer): number[] => result.map(({ messageId }) => messageId as number);

const item = (more: Json = {}): Json => ({
  ...{ phone: someone(7_000_000), service: 'Group_name', templateId: 4, tmpl_data: { name: 'Анна', pizza: 'Маргарита' } },
  ...more,
});
const waiting = (more: Json = {}): Json => item({ sendAt: new Date(Date.now() + 3_600_000).toISOString(), ...more });

describe('a whole request is refused', () => {
  const noKey = { Authorization: '' };
  test.each<[code: ErrorCode, status: number, request: () => Promise<Answer>]>([
    ['login.must.be.not.null', 401, () => post([item()], noKey)],
    ['login.must.be.not.null', 401, () => post([item()], { Authorization: 'Key soroka_0000000000000000_no' })],
    ['login.must.be.not.null', 401, () => post([item()], { Authorization: 'Bearer demo' })],
    ['scope.missing', 403, () => post([item()], { Authorization: `Key ${readingKey}` })],
    ['content.type.invalid', 415, () => post([item()], { 'Content-Type': 'text/plain' })],
    ['request.too.large', 413, () => post([item({ callbackData: { text: 'x'.repeat(5 * 1_048_576) } })])],
    ['invalid.json', 400, () => post('[{"phone": "79999999999",')],
    ['invalid.json', 400, () => post('')],
    ['invalid.json', 400, () => post(`${'['.repeat(33)}${']'.repeat(33)}`)],
    ['messages.invalid', 400, () => post('"messages"')],
    ['messages.invalid', 400, () => post({ message: [] })],
    ['messages.empty', 400, () => post([])],
    ['too.many.messages', 400, () => post(Array.from({ length: 1_001 }, () => item()))],
    ['service.not.found', 403, () => post([item()], { Authorization: `Key ${strangerKey}` })],
    ['idempotency.key.invalid', 400, () => post([item()], { 'Idempotency-Key': 'k'.repeat(256) })],
    ['not.found', 404, () => call('GET', '/vk/messages/999999999999')],
    ['not.found', 404, () => call('GET', '/vk/nowhere')],
    ['parameter.invalid', 400, () => call('GET', '/vk/messages?limit=0')],
    ['parameter.invalid', 400, () => call('GET', '/vk/messages?from=yesterday')],
    ['parameter.invalid', 400, () => call('PATCH', '/v1/account', { statusUrl: 'http://10.0.0.1/' })],
    ['method.not.allowed', 405, () => call('DELETE', '/vk/messages')],
    ['request.invalid', 400, () => call('GET', '/vk/messages/%zz')],
    ['headers.too.large', 431, () => call('GET', '/v1/account', undefined, { 'X-Long': 'x'.repeat(17 * 1_024) })],
  ])('with %s', async (code, status, request) => {
    const answer = await request();
    expect([answer.status, answer.codes]).toEqual([status, [[code]]]);
  });

  test('with invalid.json at the comma that the seed’s printed request has too many', async () => {
    const printed = readFixture('notify/request-as-printed').text;
    const comma = printed.indexOf(',\n}');
    const { status, result } = await post(printed);
    expect(status).toBe(400);
    const before = printed.slice(0, comma).split('\n');
    expect(result).toEqual([
      {
        code: 'REJECTED',
        reasons: [
          {
            key: 'invalid.json',
            message: expect.any(String),
            position: comma,
            line: before.length,
            column: (before.at(-1) as string).length + 1,
          },
        ],
      },
    ]);
  });

  test('with rate.limit, and is told when to come back', async () => {
    const headers = { Authorization: `Key ${await newKey('demo', 'read')}` };
    const flood = Array.from({ length: REQUESTS_PER_SECOND * 2 }, () => call('GET', '/vk/messages?limit=1', undefined, headers));
    const refused = (await Promise.all(flood)).filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, codes, headers: answered } of refused) {
      expect([status, codes, answered.get('Retry-After')]).toEqual([429, [['rate.limit']], '1']);
    }
  });

  test('by a key that was revoked, within a second', async () => {
    const key = await newKey('demo', 'read');
    const read = () => call('GET', '/vk/messages?limit=1', undefined, { Authorization: `Key ${key}` });
    expect((await read()).status).toBe(200);
    await soroka('key', 'revoke', key, '--account', 'demo');
    await eventually(async () => (await read()).status === 401, 1_500);
  });
});

describe('a message is refused, and the field named', () => {
  const farHour = String((new Date().getUTCHours() + 6) % 24).padStart(2, '0');
  test.each<[key: ErrorCode, field: string | undefined, message: unknown]>([
    ['service.not.found', 'service', item({ service: 'Nobody' })],
    ['message.contains.invalid.templateId', 'templateId', item({ templateId: 999 })],
    ['message.contains.invalid.templateId', 'templateId', item({ templateId: 42 })],
    ['message.invalid', undefined, 'a text'],
    ['phone.invalid', 'phone', item({ phone: '123' })],
    ['routes.invalid', 'routes', item({ routes: [] })],
    ['delivery_policy.invalid', 'delivery_policy', item({ delivery_policy: 'all' })],
    ['class.invalid', 'class', item({ class: 'urgent' })],
    ['ttl.invalid', 'ttl', item({ ttl: 59 })],
    ['tmpl_data.invalid', 'tmpl_data.pizza', item({ tmpl_data: { name: 'Анна' } })],
    ['tmpl_data.invalid', 'tmpl_data.size', item({ tmpl_data: { name: 'Анна', pizza: 'Маргарита', size: 30 } })],
    ['status_url.invalid', 'status_url', item({ status_url: 'ftp://example.org/' })],
    ['status_url.invalid', 'status_url', item({ status_url: 'http://169.254.169.254/' })],
    ['callbackData.invalid', 'callbackData', item({ callbackData: { text: 'x'.repeat(4_096) } })],
    ['text.too.long', 'tmpl_data', item({ tmpl_data: { name: 'ё'.repeat(2_048), pizza: 'Маргарита' } })],
    ['field.unknown', 'colour', item({ colour: 'red' })],
    ['field.type.invalid', 'phone', item({ phone: 79_999_999_999 })],
    ['steps.invalid', 'steps', item({ steps: [{ route: 'VK' }], routes: ['VK'] })],
    [
      'steps.invalid',
      'steps[0].success',
      item({ service: 'Community', steps: [{ route: 'VK', timeout: 60, success: 'DELIVERED' }] }),
    ],
    ['sendAt.invalid', 'sendAt', item({ sendAt: 'tomorrow' })],
    ['windows.invalid', 'windows[0].from', item({ windows: [{ from: '21:00', to: '09:00' }] })],
    [
      'window.outside.ttl',
      'windows',
      item({ ttl: 60, windows: [{ from: `${farHour}:00`, to: `${farHour}:30`, timeZone: 'UTC' }] }),
    ],
    ['clientMessageId.invalid', 'clientMessageId', item({ clientMessageId: '' })],
  ])('%s at %s', async (key, field, message) => {
    const { status, result } = await post([message]);
    expect(status).toBe(200);
    const reason = { key, ...(field === undefined ? {} : { field }), message: expect.stringMatching(/./) };
    expect(result).toEqual([{ code: 'REJECTED', reasons: [reason] }]);
  });

  test('billing.error once the sender’s budget of the day is used up', async () => {
    await soroka('sender', 'set', 'Budget', '--account', 'demo', '--budget-per-day', '2');
    const messages = [1, 2, 3].map((n) => item({ phone: someone(7_000_100 + n), service: 'Budget', templateId: 42 }));
    await eventually(async () => (await post(messages)).codes.flat().includes('billing.error'));
    const { codes } = await post(messages);
    expect(codes).toEqual([['billing.error'], ['billing.error'], ['billing.error']]);
  });

  test('is.spam by the sender’s forbidden patterns, letter case aside', async () => {
    await soroka('sender', 'set', 'Words', '--account', 'demo', '--forbid', 'казин[оа]');
    const message = item({
      phone: someone(7_000_105),
      service: 'Words',
      templateId: 42,
      tmpl_data: { name: 'Анна', pizza: 'реклама КАЗИНО' },
    });
    const { result } = await eventually(async () => {
      const answer = await post([message]);
      return answer.result[0]?.code === 'REJECTED' && answer;
    });
    expect(result[0]?.reasons).toMatchObject([{ key: 'is.spam', field: 'tmpl_data' }]);
  });

  test('recipient.opted.out once that was noted', async () => {
    const phone = someone(7_000_110);
    await soroka('contact', 'set', phone, '--opted-out', 'yes', '--account', 'demo');
    expect((await post([item({ phone })])).result[0]?.reasons).toMatchObject([{ key: 'recipient.opted.out', field: 'phone' }]);
  });

  test('queue.too.long from the first one that has no turn within its ttl', async () => {
    const messages = Array.from({ length: 100 }, (_, n) =>
      item({ phone: someone(7_000_200 + n), service: 'Slow', templateId: 42, ttl: 60 }),
    );
    const { codes } = await post(messages);
    expect(codes.findIndex(([code]) => code !== undefined)).toBe(60);
    expect(new Set(codes.slice(60).flat())).toEqual(new Set(['queue.too.long']));
  });

  test('with every reason it has, beside good ones that are sent, in the request’s order', async () => {
    const phone = someone(7_000_120);
    const { status, codes } = await post([item({ ttl: 1, colour: 'red', phone: '1' }), item({ phone }), 7]);
    expect(status).toBe(200);
    expect(codes[0]?.toSorted()).toEqual(['field.unknown', 'phone.invalid', 'ttl.invalid']);
    expect(codes.slice(1)).toEqual([[], ['message.invalid']]);
    await eventually(async () => (await town.inbox(phone)).length === 1);
  });

  test('and leaves nothing behind', async () => {
    const { json } = await call('GET', `/vk/messages?phone=${item()['phone']}`);
    expect(json).toEqual({ items: [], nextCursor: null });
  });
});

describe('the same thing twice', () => {
  test('with one Idempotency-Key and body gives the stored answer and sends once; with another body it is refused', async () => {
    const phone = someone(7_000_130);
    const headers = { 'Idempotency-Key': 'order 130' };
    const first = await post([item({ phone })], headers);
    const second = await post([item({ phone })], headers);
    expect([second.status, second.text]).toEqual([200, first.text]);
    const other = await post([item({ phone, ttl: 60 })], headers);
    expect([other.status, other.codes]).toEqual([422, [['idempotency.key.conflict']]]);
    const last = await post([item({ phone })]);
    await eventually(async () => (await town.message(idsOf(last)[0] as number)).status === 'DELIVERED');
    expect(await town.inbox(phone)).toHaveLength(2);
  });

  test('while the first one with its Idempotency-Key is running is refused, to be repeated', async () => {
    const messages = Array.from({ length: 1_000 }, () => waiting());
    for (let round = 0; !provoked.has('idempotency.key.running') && round < 20; round += 1) {
      const headers = { 'Idempotency-Key': `round ${round}` };
      const answers = await Promise.all([post(messages, headers), post(messages, headers)]);
      for (const { status, codes, headers: answered } of answers.filter((answer) => answer.status !== 200)) {
        expect([status, codes, answered.get('Retry-After')]).toEqual([409, [['idempotency.key.running']], '1']);
      }
      expect((await post(messages, headers)).headers.get('Idempotency-Replayed')).toBe('true');
    }
    expect(provoked).toContain('idempotency.key.running');
  });

  test('with one clientMessageId gives the same messageId and sends once; with other content it is refused', async () => {
    const phone = someone(7_000_140);
    const [first] = idsOf(await post([item({ phone, clientMessageId: 'order 140' })]));
    const again = await post([item({ phone, clientMessageId: 'order 140', ttl: 600 })]);
    expect(idsOf(again)).toEqual([first]);
    const other = await post([item({ phone, clientMessageId: 'order 140', tmpl_data: { name: 'Иван', pizza: 'Маргарита' } })]);
    expect(other.result[0]?.reasons).toMatchObject([{ key: 'client.message.id.conflict', field: 'clientMessageId' }]);
    const [last] = idsOf(await post([item({ phone })]));
    await eventually(async () => (await town.message(last as number)).status === 'DELIVERED');
    expect(await town.inbox(phone)).toHaveLength(2);
  });
});

test('numbers beyond 2^53 in callbackData come back in the callback, digit by digit', async () => {
  const callbackData = '{"order": 9007199254740993, "sum": 1.10, "deep": {"list": [9007199254740995]}}';
  const message = JSON.stringify(item({ phone: DINA, callbackData: {} })).replace(
    '"callbackData":{}',
    `"callbackData":${callbackData}`,
  );
  const [id] = idsOf(await post(`[${message}]`));
  const raws = await eventually(async () => {
    const received = (await town.received()) as unknown as { raw: string }[];
    const ofMessage = received.map(({ raw }) => raw).filter((raw) => raw.includes(`"messageId":"${id}"`));
    return ofMessage.length > 0 && ofMessage;
  });
  expect(raws[0]?.replaceAll(' ', '')).toContain(`"callbackData":${callbackData.replaceAll(' ', '')}`);
  expect((await call('GET', `/vk/messages/${id}`)).text.replaceAll(' ', '')).toContain(callbackData.replaceAll(' ', ''));
});

test('a dry run and a forecast say what would happen, and nothing does', async () => {
  const phone = someone(7_000_160);
  const dry = await call('POST', '/vk/messages?dryRun=true', [item({ phone }), item({ phone: '1' })]);
  expect(dry.json).toMatchObject({
    result: [
      {
        code: 'OK',
        text: 'Здравствуйте, Анна! Ваша Маргарита готова.',
        forecast: { channel: 'VK', outcome: 'SENT', dailyCaps: [] },
      },
      { code: 'REJECTED', reasons: [{ key: 'phone.invalid' }] },
    ],
  });
  const { json: forecast } = await call(
    'POST',
    '/v1/forecast',
    Array.from({ length: 7 }, () => item({ phone, routes: ['VK'] })),
  );
  expect(forecast).toMatchObject({ messages: 7, sent: 5, dailyCaps: [{ index: 5, follows: 'refused' }, { index: 6 }] });
  expect((await call('GET', `/vk/messages?phone=${phone}`)).json['items']).toEqual([]);
});

test('the timeline of a message names its plan, what the network took, its statuses and callbacks, in their order and without secrets', async () => {
  const phone = someone(7_000_161);
  const status_url = `${town.simulator.url}/control/receiver/timeline?key=mine`;
  const [id] = idsOf(await post([item({ phone, routes: ['VK'], status_url })]));
  const timeline = async () => (await call('GET', `/v1/messages/${id}/timeline`)).json['items'] as Json[];
  const items = await eventually(async () => {
    const seen = await timeline();
    const isDelivered = ({ kind, state }: Json): boolean => kind === 'callback' && state === 'delivered';
    return seen.filter(isDelivered).length === 2 && seen.filter(({ kind }) => kind === 'call').length === 2 && seen;
  });
  expect(items[0]).toMatchObject({
    kind: 'accepted',
    routes: [{ channel: 'VK', provider: 'notify', timeout: null }],
    windows: null,
  });
  const of = (kind: string) => items.filter((entry) => entry['kind'] === kind);
  expect(of('status').map(({ status }) => status)).toEqual(['SENT', 'DELIVERED']);
  expect(of('attempt')).toMatchObject([{ channel: 'VK', attempt: 1, outcome: 'sent', answeredAt: expect.any(String) }]);
  expect(of('taken')).toMatchObject([{ channel: 'VK', networkId: expect.any(String) }]);
  expect(of('callback')).toMatchObject(Array(2).fill({ state: 'delivered', url: `${status_url.split('?')[0]}?…` }));
  expect(of('call')).toMatchObject(Array(2).fill({ attempt: 1, outcome: 'delivered', answerStatus: 200 }));
  expect(JSON.stringify(items)).not.toContain('mine');
  const stranger = await call('GET', `/v1/messages/${id}/timeline`, undefined, { Authorization: `Key ${strangerKey}` });
  expect([stranger.status, stranger.codes]).toEqual([404, [['not.found']]]);
});

test('what nobody reads in its step’s time goes out on the next route too; what is read in time does not', async () => {
  const steps = (timeout: number) => [{ route: 'VK', timeout, success: 'READ' }, { route: 'OK' }];
  const [unread] = idsOf(await post([item({ phone: DINA, steps: steps(3) })]));
  await eventually(async () => (await town.message(unread as number)).channel === 'OK');
  const entries = (await call('GET', `/v1/messages/${unread}/timeline`)).json['items'] as Json[];
  expect(entries).toContainEqual(
    expect.objectContaining({ kind: 'decision', what: 'step_ended', reason: 'time_out', channel: 'VK' }),
  );
  const [read] = idsOf(await post([item({ phone: '79999999999', steps: steps(60) })]));
  await eventually(async () => (await town.message(read as number)).status === 'READ');
  expect((await town.message(read as number)).channel).toBe('VK');
});

test('a batch is cancelled by its key, a sender paused and let go on', async () => {
  const phone = someone(7_000_162);
  const batch = idsOf(await post([waiting({ phone }), waiting({ phone })], { 'Idempotency-Key': 'batch 162' }));
  const cancelled = await call('POST', '/v1/messages/cancel', { idempotencyKey: 'batch 162' });
  expect(cancelled.json).toEqual({ cancelled: batch, alreadySent: [], notFound: [] });

  const name = { service: 'Words' };
  expect((await call('POST', '/v1/senders/pause', name)).json['pausedAt']).toEqual(expect.any(String));
  const [paused] = idsOf(await post([item({ phone, ...name, templateId: 42 })]));
  const [other] = idsOf(await post([item({ phone })]));
  await eventually(async () => (await town.message(other as number)).status === 'DELIVERED');
  expect((await town.message(paused as number)).status).toBe('QUEUED');
  expect((await call('POST', '/v1/senders/resume', name)).json['pausedAt']).toBeNull();
  // The upstream does not know this sender: what counts is that it was asked.
  await eventually(async () => (await town.message(paused as number)).status !== 'QUEUED');
});

test('the signing secret is not changed once more while the old one signs', async () => {
  const rotate = () => call('POST', '/v1/account/callback-secret/rotate', undefined, { Authorization: `Key ${strangerKey}` });
  expect((await rotate()).status).toBe(200);
  expect((await rotate()).codes).toEqual([['rotation.running']]);
});

test('the older form is taken, and mapped field by field', async () => {
  const phone = someone(7_000_150);
  const older = {
    to: Number(phone),
    templateId: '4',
    templateData: { name: 'Анна', pizza: 'Маргарита' },
    routes: ['OK'],
    deliveryPolicy: 'ANY',
    validity: 15,
    pushToken: 'ignored',
    callbackData: { order: 150 },
    callbackUrl: `${town.simulator.url}/control/receiver/older`,
  };
  const [id] = idsOf(await post({ messages: [older] }));
  await eventually(async () => (await town.callbacksOf(id as number, 'older')).some(({ status }) => status === 'DELIVERED'));
  expect(await town.callbacksOf(id as number, 'older')).toMatchObject([{ channel: 'OK', callbackData: { order: 150 } }, {}]);
  expect((await call('GET', `/vk/messages/${id}`)).json).toMatchObject({
    phone,
    templateId: 4,
    service: 'Group_name',
    channel: 'OK',
  });
  const { result } = await post({ messages: [{ ...older, to: '1', validity: 14 }] });
  expect(result[0]?.reasons?.map(({ key, field }) => `${key} ${field}`).toSorted()).toEqual([
    'phone.invalid to',
    'ttl.invalid validity',
  ]);
});

test('Basic authorization is taken as well: the account’s name and a key of it', async () => {
  const key = await newKey('demo', 'send');
  const basic = (login: string, password: string) => ({
    Authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
  });
  expect((await post([waiting()], basic('demo', key))).codes).toEqual([[]]);
  expect((await post([waiting()], basic('demo', 'demo'))).codes).toEqual([[]]);
  expect((await post([waiting()], basic('stranger', key))).status).toBe(401);
});

describe('reading and cancelling', () => {
  test('a message that waits can be cancelled, once; one that was sent cannot', async () => {
    const phone = someone(7_000_160);
    const [waits, sent] = idsOf(await post([waiting({ phone }), item({ phone })]));
    const cancelled = await call('POST', `/vk/messages/${waits}/cancel`);
    expect([cancelled.status, cancelled.json['status']]).toEqual([200, 'CANCELLED']);
    expect((await call('GET', `/vk/messages/${waits}`)).json['status']).toBe('CANCELLED');
    await eventually(async () => (await town.message(sent as number)).status === 'DELIVERED');
    const late = await call('POST', `/vk/messages/${sent}/cancel`);
    expect([late.status, late.codes]).toEqual([409, [['message.already.sent']]]);
    expect(await town.inbox(phone)).toHaveLength(1);
    expect(await town.callbacksOf(waits as number)).toEqual([]);
  });

  test('the list comes newest first, page by page, and by status, phone, sender and time', async () => {
    const phone = someone(7_000_170);
    const from = new Date().toISOString();
    const ids = idsOf(await post([1, 2, 3, 4, 5].map(() => waiting({ phone }))));
    const to = new Date(Date.now() + 1).toISOString();
    await call('POST', `/vk/messages/${ids[0]}/cancel`);
    const list = async (query: string): Promise<number[]> => {
      const { status, json } = await call('GET', `/vk/messages?phone=%2B${phone}&${query}`);
      expect(status).toBe(200);
      return (json['items'] as { messageId: number }[]).map(({ messageId }) => messageId);
    };
    const newestFirst = ids.toReversed();
    expect(await list('')).toEqual(newestFirst);
    expect(await list('status=QUEUED')).toEqual(newestFirst.slice(0, 4));
    expect(await list('status=CANCELLED')).toEqual([ids[0]]);
    expect(await list('sender=Group_name')).toEqual(newestFirst);
    expect(await list('sender=Community')).toEqual([]);
    expect(await list(`from=${from}&to=${to}`)).toEqual(newestFirst);
    expect(await list(`to=${from}`)).toEqual([]);
    const pages: number[][] = [];
    for (let cursor: unknown = ''; cursor !== null; ) {
      const query = cursor === '' ? '' : `&cursor=${String(cursor)}`;
      const { json } = await call('GET', `/vk/messages?phone=${phone}&limit=2${query}`);
      pages.push((json['items'] as { messageId: number }[]).map(({ messageId }) => messageId));
      cursor = json['nextCursor'];
    }
    expect(pages).toEqual([newestFirst.slice(0, 2), newestFirst.slice(2, 4), newestFirst.slice(4)]);
  });

  test('another account finds nothing of it', async () => {
    const phone = someone(7_000_180);
    const [id] = idsOf(await post([waiting({ phone })]));
    await town.control(`/people/${phone}/say`, { network: 'vk', text: 'привет' });
    await eventually(async () => (await town.inbox(phone)).length === 1);
    const own = await call('GET', '/v1/dialogs');
    const dialogId = (own.json['items'] as { id: number }[])[0]?.id;
    const headers = { Authorization: `Key ${strangerKey}` };
    for (const [method, path] of [
      ['GET', `/vk/messages/${id}`],
      ['POST', `/vk/messages/${id}/cancel`],
      ['GET', `/v1/dialogs/${dialogId}/messages`],
    ] as const) {
      const answer = await call(method, path, undefined, headers);
      expect([path, answer.status, answer.codes]).toEqual([path, 404, [['not.found']]]);
    }
    for (const path of ['/vk/messages', '/v1/dialogs', '/v1/raw-events']) {
      expect((await call('GET', path, undefined, headers)).json).toMatchObject({ items: [], nextCursor: null });
    }
    expect((await call('GET', `/vk/messages/${id}`)).json['status']).toBe('QUEUED');
  });
});

test('while the database is away nothing is accepted, and afterwards everything works again', async () => {
  const phone = someone(7_000_190);
  await line.cut();
  const { status, codes } = await post([item({ phone })]);
  expect([status, codes]).toEqual([503, [['unavailable']]]);
  expect((await fetch(`${town.server.url}/livez`)).status).toBe(200);
  expect((await fetch(`${town.server.url}/readyz`)).status).toBe(503);
  await line.mend();
  await eventually(async () => (await fetch(`${town.server.url}/readyz`)).status === 200);
  const [id] = idsOf(await post([item({ phone })]));
  await eventually(async () => (await town.message(id as number)).status === 'DELIVERED');
  expect(await town.inbox(phone)).toHaveLength(1);
});

test('every code there is was provoked above or by another test, but for those that no request can provoke', async () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const elsewhere = Object.keys(CODES_ELSEWHERE) as ErrorCode[];
  const left = [...NOT_OVER_HTTP, ...LOGIN_CODES, ...elsewhere];
  expect(codes.filter((code) => !provoked.has(code)).toSorted()).toEqual(left.toSorted());
  for (const [code, file] of Object.entries(CODES_ELSEWHERE))
    expect(await readFile(new URL(`../../${file}`, import.meta.url), 'utf8'), file).toContain(`'${code}'`);
});

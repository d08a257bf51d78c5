import { readFixture } from '@soroka/fixtures';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock, createWorld, type ManualClock, type World } from '../world/world.ts';
import { registerNotify } from './notify.ts';

let app: FastifyInstance;
let clock: ManualClock;
let world: World;

beforeEach(async () => {
  clock = createManualClock();
  world = createWorld({ clock, seed: 1 });
  app = Fastify();
  await app.register(async (scope) => registerNotify(scope, world));
});
afterEach(() => app.close());

const MESSAGE = {
  phone: '79999999999',
  routes: ['VK', 'OK'],
  service: 'Group_name',
  templateId: 4,
  tmpl: 'base_template',
  tmpl_data: { name: 'Anna', pizza: 'Margarita' },
  ttl: 60,
};

interface Answer {
  result: { code: string; messageId?: number; reasons?: { key: string; field?: string; message?: string }[] }[];
}

async function post(body: unknown, authorization = 'Key notify-demo'): Promise<{ status: number; body: Answer }> {
  const headers = { authorization, 'content-type': 'application/json' };
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await app.inject({ method: 'POST', url: '/notify/vk/messages', headers, payload });
  return { status: answer.statusCode, body: answer.json() };
}

async function send(changes: object = {}): Promise<number> {
  const { body } = await post([{ ...MESSAGE, ...changes }]);
  const id = body.result[0]?.messageId;
  if (id === undefined) throw new Error(JSON.stringify(body));
  return id;
}

async function refusal(item: unknown) {
  const { status, body } = await post([item]);
  expect(status).toBe(200);
  return body.result[0]?.reasons?.[0];
}

async function get(path: string) {
  return app.inject({ url: `/notify/vk/messages${path}`, headers: { authorization: 'Key notify-demo' } });
}

async function walk(id: number): Promise<string> {
  const { history } = (await get(`/${id}`)).json<{ history: { channel: string; status: string; errorCode: number }[] }>();
  return history.map(({ channel, status, errorCode }) => `${channel} ${status} ${errorCode}`).join(', ');
}

const inbox = (phone: string) => {
  const person = world.people.byPhone(phone);
  return person === null ? [] : world.inbox(person);
};

test('the printed request is taken word for word without its trailing comma, and refused at the place of the comma with it', async () => {
  expect(await post(readFixture('notify/request').text)).toMatchObject({ status: 200, body: { result: [{ code: 'OK' }] } });
  const { status, body } = await post(readFixture('notify/request-as-printed').text);
  expect(status).toBe(400);
  expect(body.result).toMatchObject([
    { code: 'REJECTED', reasons: [{ key: 'invalid.json', message: expect.stringContaining('position') }] },
  ]);
});

test('Anna gets the rendered text on VK: sent, delivered, and read two seconds later', async () => {
  const id = await send();
  expect(await walk(id)).toBe('VK SENT 0');
  clock.advance(100);
  expect(await walk(id)).toBe('VK SENT 0, VK DELIVERED 0');
  clock.advance(2_000);
  expect(await walk(id)).toBe('VK SENT 0, VK DELIVERED 0, VK READ 0');
  expect(inbox('79999999999')).toMatchObject([
    { network: 'vk', text: 'Здравствуйте, Anna! Ваша Margarita готова.', kind: 'notification', status: 'read' },
  ]);
});

test('Boris is reached by OK, where he is', async () => {
  const id = await send({ phone: '79990000001' });
  clock.advance(100);
  expect(await walk(id)).toBe('OK SENT 0, OK DELIVERED 0');
  expect(inbox('79990000001')).toMatchObject([{ network: 'ok', group: '70000000000001' }]);
});

test('Vera has blocked VK and is not on OK: undeliverable, by the first route', async () => {
  expect(await walk(await send({ phone: '79990000002' }))).toBe('VK UNDELIVERABLE 2');
});

test('nobody has the number: undeliverable', async () => {
  expect(await walk(await send({ phone: '79161234567', routes: ['OK'] }))).toBe('OK UNDELIVERABLE 1');
});

test('Gleb is never online: sent, and expired at the ttl', async () => {
  const id = await send({ phone: '79990000003' });
  clock.advance(59_999);
  expect(await walk(id)).toBe('VK SENT 0');
  clock.advance(1);
  expect(await walk(id)).toBe('VK SENT 0, VK EXPIRED 4');
});

test('policies keep out Egor without the mobile app and Zoya with an unchecked number, any lets both in', async () => {
  expect(await walk(await send({ phone: '79990000005', delivery_policy: 'MOBILE_DEVICE_REQUIRED' }))).toBe('VK UNDELIVERABLE 5');
  expect(await walk(await send({ phone: '79990000006', delivery_policy: 'verified_phone_number' }))).toBe('VK UNDELIVERABLE 5');
  const ids = [await send({ phone: '79990000005', delivery_policy: 'ANY' }), await send({ phone: '79990000006' })];
  clock.advance(100);
  expect(await Promise.all(ids.map(walk))).toEqual(Array(2).fill('VK SENT 0, VK DELIVERED 0'));
});

test('the sixth message within 24 hours is over the limit on VK, and goes by OK where it may', async () => {
  for (let n = 1; n <= 5; n += 1) await send({ routes: ['VK'] });
  expect(await walk(await send({ routes: ['VK', 'OK'] }))).toBe('OK SENT 0');
  expect(world.limits.violations()).toEqual([]);
  expect(await walk(await send({ routes: ['VK'] }))).toBe('VK RATELIMIT 3');
  expect(world.limits.violations()).toMatchObject([{ kind: 'notifications_per_day', phone: '79999999999', count: 6 }]);
  clock.advance(100);
  expect(inbox('79999999999')).toHaveLength(6);
});

test('an undeliverable message uses none of the five', async () => {
  for (let n = 1; n <= 6; n += 1) await send({ phone: '79990000005', routes: ['VK'], delivery_policy: 'mobile_device_required' });
  expect(await walk(await send({ phone: '79990000005', routes: ['VK'] }))).toBe('VK SENT 0');
});

test('of sixty messages of one group in one request ten are refused, and stand as a violation', async () => {
  const messages = Array.from({ length: 60 }, (_, n) => ({ ...MESSAGE, phone: `799800000${String(n).padStart(2, '0')}` }));
  const { body } = await post(messages);
  expect(body.result.map(({ code }) => code)).toEqual([...Array(50).fill('OK'), ...Array(10).fill('REJECTED')]);
  expect(body.result[59]?.reasons).toEqual([{ key: 'rate.limit' }]);
  expect(world.limits.violations()).toMatchObject([{ kind: 'notifications_per_second', group: '213243638', count: 60 }]);
  expect(inbox('79980000059')).toEqual([]);
});

test('READ is not reported later than the ttl and 24 hours', async () => {
  const dina = world.people.byPhone('79990000004');
  if (dina === null) throw new Error('Dina is not here');
  const [onTime, late] = [await send({ phone: dina.phone, routes: ['VK'] }), await send({ phone: dina.phone, routes: ['OK'] })];
  clock.advance(60_000 + 86_400_000);
  world.read(world.groups.demo('vk'), dina);
  clock.advance(1);
  world.read(world.groups.demo('ok'), dina);
  expect(await walk(onTime)).toBe('VK SENT 0, VK DELIVERED 0, VK READ 0');
  expect(await walk(late)).toBe('OK SENT 0, OK DELIVERED 0');
});

test('a repeated clientMessageId gives the first id and sends nothing, even with less ttl left', async () => {
  const first = await send({ clientMessageId: 'a-1', ttl: 300 });
  expect(await send({ clientMessageId: 'a-1', ttl: 60 })).toBe(first);
  expect(inbox('79999999999')).toEqual([]);
  clock.advance(100);
  expect(inbox('79999999999')).toHaveLength(1);
  expect(await refusal({ ...MESSAGE, phone: '79990000001', clientMessageId: 'a-1' })).toMatchObject({
    key: 'client.message.id.conflict',
  });
  clock.advance(86_400_000);
  expect(await send({ clientMessageId: 'a-1' })).not.toBe(first);
});

test('a refused item is not remembered under its clientMessageId', async () => {
  world.faults.set('notify', { errors: { 'billing.error': 1 } });
  expect(await refusal({ ...MESSAGE, clientMessageId: 'a-2' })).toEqual({ key: 'billing.error' });
  world.faults.set('notify', { errors: {} });
  await send({ clientMessageId: 'a-2' });
});

test.each([
  [{ phone: '12' }, 'phone.invalid', 'phone'],
  [{ service: 'Nobody' }, 'service.not.found', 'service'],
  [{ templateId: 5 }, 'message.contains.invalid.templateId', 'templateId'],
  [{ tmpl: 'other' }, 'message.contains.invalid.templateId', 'templateId'],
  [{ tmpl_data: { name: 'Anna' } }, 'tmpl_data.invalid', 'tmpl_data'],
  [{ tmpl_data: { name: 'Anna', pizza: 'M', drink: 'tea' } }, 'tmpl_data.invalid', 'tmpl_data'],
  [{ tmpl_data: { name: 'A'.repeat(2_048), pizza: 'M' } }, 'text.too.long', 'tmpl_data'],
  [{ routes: [] }, 'routes.invalid', 'routes'],
  [{ routes: ['TG'] }, 'routes.invalid', 'routes'],
  [{ delivery_policy: 'always' }, 'delivery_policy.invalid', 'delivery_policy'],
  [{ ttl: 59 }, 'ttl.invalid', 'ttl'],
  [{ status_url: 'ftp://x' }, 'status_url.invalid', 'status_url'],
  [{ callbackData: 'x' }, 'callbackData.invalid', 'callbackData'],
  [{ clientMessageId: '' }, 'clientMessageId.invalid', 'clientMessageId'],
  [{ steps: [] }, 'field.unknown', 'steps'],
])('%j is refused with %s', async (changes, key, field) => {
  expect(await refusal({ ...MESSAGE, ...changes })).toMatchObject({ key, field });
  expect(inbox('79999999999')).toEqual([]);
});

test('a missing variable is named', async () => {
  expect((await refusal({ ...MESSAGE, tmpl_data: { name: 'Anna' } }))?.message).toContain('"pizza"');
});

test('good and bad messages of one request are answered in its order', async () => {
  const { body } = await post([MESSAGE, 7, { ...MESSAGE, phone: '79990000001' }]);
  expect(body.result).toMatchObject([
    { code: 'OK' },
    { code: 'REJECTED', reasons: [{ key: 'message.invalid' }] },
    { code: 'OK' },
  ]);
});

test('a request is refused whole without the key, without an array, with none and with 1001 messages, and as broken JSON', async () => {
  expect(await post([MESSAGE], 'Key other')).toMatchObject({
    status: 401,
    body: { result: [{ reasons: [{ key: 'login.must.be.not.null' }] }] },
  });
  const basic = `Basic ${Buffer.from('demo:notify-demo').toString('base64')}`;
  expect(await post([MESSAGE], basic)).toMatchObject({ status: 200 });
  const key = async (body: unknown) => {
    const answer = await post(body);
    return [answer.status, answer.body.result[0]?.reasons?.[0]?.key];
  };
  expect(await key({})).toEqual([400, 'messages.invalid']);
  expect(await key([])).toEqual([400, 'messages.empty']);
  expect(await key(Array(1_001).fill(MESSAGE))).toEqual([400, 'too.many.messages']);
  expect(await key('[{,')).toEqual([400, 'invalid.json']);
});

test('the list goes from the newest to the oldest, page by page, and can be filtered', async () => {
  const ids = [await send(), await send({ phone: '79990000001' }), await send({ phone: '79990000002' })];
  const page = async (query: string) => (await get(query)).json<{ items: { messageId: number }[]; nextCursor: string | null }>();
  const first = await page('?limit=2');
  expect(first.items.map(({ messageId }) => messageId)).toEqual([ids[2], ids[1]]);
  const second = await page(`?limit=2&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ items: [{ messageId: ids[0] }], nextCursor: null });
  expect((await page('?status=UNDELIVERABLE')).items).toMatchObject([{ messageId: ids[2] }]);
  expect((await page('?phone=79990000001')).items).toMatchObject([{ messageId: ids[1], channel: 'OK' }]);
  expect((await get('/1')).statusCode).toBe(404);
});

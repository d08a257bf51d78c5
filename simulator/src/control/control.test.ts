import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ port: 0, seed: 1 });
});
afterEach(() => simulator.stop());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${simulator.url}/control/${path}`, { method, body: text });
  return { status: answer.status, body: await answer.json() };
}
const get = async (path: string) => (await call('GET', path)).body;

async function notify(phone: string): Promise<void> {
  const answer = await fetch(`${simulator.url}/notify/vk/messages`, {
    method: 'POST',
    headers: { authorization: 'Key notify-demo', 'content-type': 'application/json' },
    body: JSON.stringify([{ phone, service: 'Group_name', tmpl: 'base_template', tmpl_data: { name: 'A', pizza: 'B' } }]),
  });
  expect(answer.status).toBe(200);
}

const ANNA = 'people/79999999999';

test('the seven people of the demo are listed with their accounts and permissions', async () => {
  const people = (await get('people')) as { phone: string }[];
  expect(people).toHaveLength(7);
  expect(people).toMatchObject([
    { phone: '79999999999', vk: { id: '37119444', demoGroup: 'allowed' }, ok: { id: '123456789012', demoGroup: 'allowed' } },
    { phone: '79990000001', vk: null, ok: { id: '123456789013' } },
    { phone: '79990000002', vk: { id: '37119446', demoGroup: 'blocked' }, ok: null },
    {},
    {},
    {},
    {},
  ]);
});

test('an inbox holds what the person got, oldest first, and shows what they have read', async () => {
  await notify('79980000001');
  await notify('79980000001');
  const entry = {
    network: 'vk',
    group: '213243638',
    text: 'Здравствуйте, A! Ваша B готова.',
    kind: 'notification',
    time: expect.any(Number),
  };
  expect(await get('people/79980000001/inbox')).toEqual(Array(2).fill({ ...entry, status: 'received' }));
  expect(await call('POST', 'people/79980000001/read', { network: 'vk' })).toEqual({
    status: 200,
    body: { ok: true, messages: 2 },
  });
  expect(await get('people/79980000001/inbox')).toMatchObject([{ status: 'read' }, { status: 'read' }]);
});

test('a person says something, opens the chat, blocks and allows', async () => {
  const heard: string[] = [];
  for (const name of ['said', 'started', 'blocked', 'allowed'] as const) simulator.world.on(name, () => heard.push(name));
  for (const [action, body] of [
    ['say', { network: 'ok', text: 'привет' }],
    ['start', { network: 'ok', payload: 'promo' }],
    ['block', { network: 'vk' }],
    ['allow', { network: 'vk' }],
  ] as const) {
    expect(await call('POST', `${ANNA}/${action}`, body)).toMatchObject({ status: 200, body: { ok: true } });
  }
  expect(heard).toEqual(['said', 'started', 'blocked', 'allowed']);
});

test('a person may write to another group than the newest', async () => {
  const groups: string[] = [];
  simulator.world.on('said', ({ dialog }) => groups.push(dialog.group.id));
  await call('POST', `${ANNA}/say`, { network: 'vk', text: 'привет', group: '300000005' });
  await call('POST', `${ANNA}/say`, { network: 'vk', text: 'привет' });
  expect(groups).toEqual(['300000005', '213243638']);
});

test('a shown button can be pressed, its payload given as text or as JSON; any other is a conflict', async () => {
  const { world } = simulator;
  const anna = world.people.byPhone('79999999999');
  if (anna === null) throw new Error('Anna is not here');
  const buttons = [{ label: 'Да', payload: '{"answer":"yes"}', does: 'say' as const }];
  world.send(world.groups.demo('vk'), anna, {
    text: 'Придёте?',
    kind: 'message',
    keyboard: { place: 'dialog', oneTime: false, buttons },
  });
  for (const payload of ['{"answer":"yes"}', { answer: 'yes' }]) {
    expect(await call('POST', `${ANNA}/press`, { network: 'vk', payload })).toEqual({
      status: 200,
      body: { ok: true, label: 'Да' },
    });
  }
  expect(await call('POST', `${ANNA}/press`, { network: 'vk', payload: 'no' })).toMatchObject({
    status: 409,
    body: { error: { field: 'payload' } },
  });
});

test.each([
  ['GET', 'people/71/inbox', undefined, 404, 'phone'],
  ['POST', 'people/71/say', { network: 'vk', text: 'a' }, 404, 'phone'],
  ['POST', `${ANNA}/say`, { network: 'tg', text: 'a' }, 400, 'network'],
  ['POST', `${ANNA}/say`, { text: 'a' }, 400, 'network'],
  ['POST', `${ANNA}/say`, undefined, 400, 'network'],
  ['POST', `${ANNA}/say`, { network: 'vk', text: 5 }, 400, 'text'],
  ['POST', `${ANNA}/say`, { network: 'vk', text: 'a', group: '1' }, 400, 'group'],
  ['POST', `${ANNA}/say`, { network: 'vk', text: 'a', extra: 1 }, 400, 'extra'],
  ['POST', `${ANNA}/say`, '{"network":', 400, ''],
  ['POST', `${ANNA}/say`, '[]', 400, ''],
  ['POST', `${ANNA}/press`, { network: 'vk' }, 400, 'payload'],
  ['POST', 'people/79990000001/say', { network: 'vk', text: 'a' }, 409, 'network'],
  ['POST', 'people/79990000001/read', { network: 'vk' }, 409, 'network'],
  ['POST', 'faults', { network: 'sms' }, 400, 'network'],
  ['POST', 'faults', { network: 'vk', timeoutAfter: 2 }, 400, 'timeoutAfter'],
  ['POST', 'faults', { network: 'vk', errors: { '901': 'often' } }, 400, '901'],
  ['POST', 'faults', { network: 'vk', delayMs: [5, 1] }, 400, 'delayMs'],
  ['POST', 'limits', { callsPerSecond: 0 }, 400, 'callsPerSecond'],
  ['GET', 'calls?since=yesterday', undefined, 400, 'since'],
  ['POST', 'receiver/demo/behaviour', { status: 99 }, 400, 'status'],
  ['POST', 'receiver/demo/behaviour', 'fail', 400, ''],
])('%s %s with %j is answered %i and names "%s"', async (method, path, body, status, field) => {
  expect(await call(method, path, body)).toMatchObject({
    status,
    body: { error: { field, message: expect.any(String), hint: expect.any(String) } },
  });
});

test('faults are shown as they were set; what is not named stays', async () => {
  await call('POST', 'faults', { network: 'ok', timeoutAfter: 0.25, delayMs: [1, 5] });
  await call('POST', 'faults', { network: 'ok', errors: { '901': 0.1 } });
  expect(await get('faults')).toMatchObject({
    ok: { timeoutAfter: 0.25, delayMs: [1, 5], errors: { '901': 0.1 } },
    vk: { timeoutAfter: 0 },
  });
});

test('calls are listed since a time, with who, what and how it ended', async () => {
  await notify('79980000001');
  const [first] = (await get('calls')) as { time: number }[];
  expect(first).toMatchObject({
    network: 'notify',
    method: 'POST /notify/vk/messages',
    group: 'Group_name',
    status: 200,
    code: null,
  });
  expect(await get(`calls?since=${first?.time}`)).toEqual([]);
});

test('a broken limit stands among the violations, and a lifted one breaks no more', async () => {
  for (let n = 0; n < 51; n += 1) await notify(`799800002${String(n).padStart(2, '0')}`);
  expect(await get('violations')).toMatchObject([
    { kind: 'notifications_per_second', network: 'vk', group: '213243638', count: 51 },
  ]);
  expect(await call('POST', 'limits', { notificationsPerSecond: null })).toMatchObject({
    status: 200,
    body: { notificationsPerSecond: null, callsPerSecond: 20 },
  });
  for (let n = 0; n < 60; n += 1) await notify(`799800003${String(n).padStart(2, '0')}`);
  expect(await get('violations')).toHaveLength(1);
});

test('a receiver keeps whatever comes, byte for byte, and can be told to fail and to hang', async () => {
  const post = async (body: string, signal?: AbortSignal) =>
    (
      await fetch(`${simulator.url}/control/receiver/shop`, {
        method: 'POST',
        headers: { 'x-mark': 'a' },
        body,
        ...(signal && { signal }),
      })
    ).status;
  expect(await post('{"seq": 9007199254740993}')).toBe(200);
  await call('POST', 'receiver/shop/behaviour', { failTimes: 1 });
  expect([await post('not JSON'), await post('')]).toEqual([500, 200]);
  expect(await get('receiver/shop')).toMatchObject([
    { headers: { 'x-mark': 'a' }, raw: '{"seq": 9007199254740993}', status: 200 },
    { body: 'not JSON', status: 500 },
    { status: 200 },
  ]);
  await call('POST', 'receiver/shop/behaviour', { hangMs: 60_000 });
  await expect(post('{}', AbortSignal.timeout(50))).rejects.toThrow('timeout');
  await call('DELETE', 'receiver/shop');
  expect(await get('receiver/shop')).toEqual([]);
});

test('a receiver hangs as long as its caller would measure, however fast the time of the world passes', async () => {
  await call('POST', 'clock', { speed: 100_000 });
  await call('POST', 'receiver/shop/behaviour', { hangMs: 250 });
  const before = performance.now();
  const hung = call('POST', 'receiver/shop', {});
  await expect.poll(() => get('receiver/shop')).toHaveLength(1);
  await call('POST', 'clock', { advanceMs: 60_000 });
  expect(await hung).toMatchObject({ status: 200 });
  expect(performance.now() - before).toBeGreaterThan(245); // timers may be a little early
});

test('a reset empties inboxes, calls, violations, faults and receivers, and keeps the addresses of customers', async () => {
  const account = (changes: object) =>
    fetch(`${simulator.url}/notify/v1/account`, {
      method: 'PATCH',
      headers: { authorization: 'Key notify-demo', 'content-type': 'application/json' },
      body: JSON.stringify(changes),
    }).then((answer) => answer.json());
  const statusUrl = `${simulator.url}/control/receiver/demo`;
  await account({ statusUrl });
  await notify('79980000001');
  await expect.poll(() => get('receiver/demo')).not.toEqual([]);
  await call('POST', 'faults', { network: 'vk', error5xx: 1 });
  expect(await call('POST', 'reset')).toEqual({ status: 200, body: { ok: true } });
  for (const path of ['people/79980000001/inbox', 'calls', 'violations', 'receiver/demo', 'messages'])
    expect(await get(path)).toEqual([]);
  expect(await get('faults')).toMatchObject({ vk: { error5xx: 0 } });
  expect(await account({})).toMatchObject({ statusUrl });
  await call('POST', 'reset', { subscriptions: true });
  expect(await account({})).toEqual({ statusUrl: null, incomingUrl: null });
});

test('the page and its data are there', async () => {
  const page = await fetch(simulator.url);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('/control/messages');
  await call('POST', `${ANNA}/say`, { network: 'vk', text: 'привет' });
  expect(await get('messages')).toMatchObject([
    { from: 'person', name: 'Анна Белова', network: 'vk', text: 'привет', buttons: [] },
  ]);
});

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { type Connections, createConnections, type NewConnection } from './connections.ts';

let database: Database;
let drop: () => Promise<void>;
let connections: Connections;
let accountId: number;
let nowMs = 0;
let count = 0;
const secrets = createSecrets(randomBytes(32));
const clock: Clock = { ...systemClock, monotonic: () => nowMs };
const newConnections = (more: { allowShortIntakeTokens?: boolean } = {}) =>
  createConnections({ database, secrets, publicUrl: () => 'https://us.example', sendTimeoutMs: 1_000, clock, ...more });
const newAccount = async () => (await createAccounts({ database, secrets, clock }).create(`account ${++count}`)).id;

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
});
beforeEach(async () => {
  connections = newConnections();
  accountId = await newAccount();
});
afterEach(() => connections.close());
afterAll(async () => {
  await database.close();
  await drop();
});

const vk = (more: Partial<NewConnection> = {}): NewConnection => ({
  accountId,
  kind: 'vk',
  groupId: '213243638',
  baseUrl: 'https://api.vk.ru/',
  credentials: { token: 'vk1.secret' },
  receive: 'off',
  settings: {},
  ...more,
});
const notify = (more: Partial<NewConnection> = {}): NewConnection =>
  vk({ kind: 'notify', groupId: null, baseUrl: 'https://upstream.example/v1', credentials: { token: 'upstream-key' }, ...more });

test('a connection is kept with the secrets it was not given, and its hook has an address nobody can guess', async () => {
  const added = await connections.add(vk({ settings: { perDay: 7 } }));
  expect(added).toEqual({
    id: expect.any(Number),
    accountId,
    kind: 'vk',
    groupId: '213243638',
    baseUrl: 'https://api.vk.ru',
    receive: 'off',
    settings: { perDay: 7 },
    pausedReason: null,
  });
  expect(await connections.get(added.id)).toEqual(added);
  const { intakeToken, webhookSecret } = await connections.credentials(added.id);
  expect(intakeToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(webhookSecret).toMatch(/^[0-9a-f]{32}$/);
  expect(await connections.webhookUrl(added.id)).toBe(`https://us.example/hooks/vk/${intakeToken}`);
  const found = await connections.byIntakeToken('vk', intakeToken);
  expect(found).toEqual({ connection: added, credentials: { token: 'vk1.secret', intakeToken, webhookSecret } });
  expect(await connections.byIntakeToken('ok', intakeToken)).toBeNull();
});

test('tokens lie in the database only sealed, and do not open in another row', async () => {
  const { id } = await connections.add(vk());
  const other = await connections.add(vk({ groupId: '2' }));
  const stored = {
    name: 'test_connection_text',
    text: "select encode(credentials, 'escape') || c::text as row from connection c",
  };
  const rows = await database.rows<{ row: string }>(stored);
  expect(rows.map(({ row }) => row).join()).not.toContain('vk1.secret');
  const swap = {
    name: 'test_swap',
    text: 'update connection set credentials = (select credentials from connection where id = $2) where id = $1',
  };
  await database.run(swap, [other.id, id]);
  await expect(connections.credentials(other.id)).rejects.toThrow();
});

test.each([
  [{ groupId: null }, 'groupId'],
  [{ groupId: '-213' }, 'groupId'],
  [{ kind: 'notify' as const }, 'groupId'],
  [{ kind: 'notify' as const, groupId: null, receive: 'long-poll' as const }, 'receive'],
  [{ baseUrl: 'api.vk.ru' }, 'baseUrl'],
  [{ baseUrl: 'https://user:pass@api.vk.ru' }, 'baseUrl'],
  [{ credentials: { token: '' } }, 'credentials.token'],
  [{ credentials: { token: 'abc\n' } }, 'credentials.token'],
  [{ credentials: { token: 'abc', intakeToken: 'demo' } }, 'credentials.intakeToken'],
  [{ credentials: { token: 'abc', applicationId: '1' } }, 'credentials.applicationKey'],
  [{ settings: { perDay: 0 } }, 'settings.perDay'],
  [{ settings: { perday: 5 } as object }, 'settings.perday'],
  [{ settings: { constructor: 5 } as object }, 'settings.constructor'],
  [{ settings: { perDayMode: 'stop' } as object }, 'settings.perDayMode'],
  [{ kind: 'notify' as const, groupId: null, settings: { service: '' } }, 'settings.service'],
  [{ kind: 'notify' as const, groupId: null, settings: { callsPerSecond: 5 } }, 'settings.callsPerSecond'],
  [{ kind: 'notify' as const, groupId: null, settings: { textCharactersMax: 100 } }, 'settings.textCharactersMax'],
  [{ settings: { dedup: true } }, 'settings.dedup'],
])('%o is refused naming the field %s', async (wrong, field) => {
  await expect(connections.add(vk(wrong))).rejects.toMatchObject({ code: 'parameter.invalid', field });
  expect(await connections.list(accountId)).toEqual([]);
});

test('a setting that means nothing to a connection is refused with whose it is', async () => {
  await expect(connections.add(vk({ kind: 'notify', groupId: null, settings: { callsPerSecond: 5 } }))).rejects.toThrow(
    'a notify connection has no setting callsPerSecond: it is of vk and ok',
  );
});

test('a group is connected once per account', async () => {
  await connections.add(vk());
  await expect(connections.add(vk())).rejects.toThrow(/group 213243638 .* connected already/);
  expect(await connections.add(vk({ accountId: await newAccount() }))).toMatchObject({ groupId: '213243638' });
});

test('of a change with one thing wrong, nothing is done', async () => {
  const { id } = await connections.add(vk({ settings: { perDay: 7 } }));
  const before = [await connections.get(id), await connections.credentials(id)];
  const wrong = {
    settings: { perDay: 3 },
    credentials: { token: 'new' },
    baseUrl: 'https://vk.example',
    receive: 'off' as const,
  };
  await expect(connections.change(id, { ...wrong, settings: { perDay: 0 } })).rejects.toMatchObject({ field: 'settings.perDay' });
  await expect(connections.change(id, { ...wrong, credentials: { token: '' } })).rejects.toMatchObject({
    field: 'credentials.token',
  });
  await expect(connections.change(id, { ...wrong, baseUrl: 'vk' })).rejects.toMatchObject({ field: 'baseUrl' });
  await expect(connections.change(999_999, wrong)).rejects.toMatchObject({ code: 'not.found' });
  expect([await connections.get(id), await connections.credentials(id)]).toEqual(before);
});

test('settings change one by one, and the last wrong one changes nothing', async () => {
  const { id } = await connections.add(vk({ settings: { perDay: 7, messagesPerSecond: 20 } }));
  expect((await connections.setSettings(id, { perDay: null })).settings).toEqual({ perDay: null, messagesPerSecond: 20 });
  await expect(connections.setSettings(id, { messagesPerSecond: 0 })).rejects.toMatchObject({
    field: 'settings.messagesPerSecond',
  });
  expect((await connections.get(id))?.settings).toEqual({ perDay: null, messagesPerSecond: 20 });
  expect((await connections.setReceive(id, 'long-poll')).receive).toBe('long-poll');
  expect((await connections.change(id, { baseUrl: 'http://127.0.0.1:8090/vk/' })).baseUrl).toBe('http://127.0.0.1:8090/vk');
  await expect(connections.change(id, { baseUrl: 'ftp://vk.ru' })).rejects.toMatchObject({ field: 'baseUrl' });
});

test('a paused connection says why, and goes on with a new token', async () => {
  const { id } = await connections.add(vk());
  await connections.pause(id, 'VK error 5');
  expect((await connections.get(id))?.pausedReason).toBe('VK error 5');
  const { intakeToken } = await connections.credentials(id);
  expect((await connections.change(id, { credentials: { token: 'vk1.new' } })).pausedReason).toBeNull();
  expect(await connections.credentials(id)).toMatchObject({ token: 'vk1.new', intakeToken });
  await connections.pause(id, 'again');
  await connections.resume(id);
  expect((await connections.get(id))?.pausedReason).toBeNull();
});

test('what the network said of a token that was replaced meanwhile pauses nothing', async () => {
  const elsewhere = newConnections();
  try {
    const { id } = await connections.add(notify());
    const old = await elsewhere.channel(id);
    await connections.change(id, { credentials: { token: 'second-key' } });
    await elsewhere.pause(id, 'the first key was refused');
    expect((await connections.get(id))?.pausedReason).toBeNull();
    const second = await elsewhere.channel(id);
    expect(second).not.toBe(old);
    await elsewhere.pause(id, 'a call with the first key was answered late', old);
    expect((await connections.get(id))?.pausedReason).toBeNull();
    await elsewhere.pause(id, 'so was the second', second);
    expect((await connections.get(id))?.pausedReason).toBe('so was the second');
  } finally {
    await elsewhere.close();
  }
});

test('a short intake token of the demo world opens no hook where it is not allowed', async () => {
  const demo = newConnections({ allowShortIntakeTokens: true });
  const { id } = await demo.add(vk({ credentials: { token: 'vk1.demo', intakeToken: 'demo' } }));
  expect((await demo.byIntakeToken('vk', 'demo'))?.connection.id).toBe(id);
  expect(await connections.byIntakeToken('vk', 'demo')).toBeNull();
});

test('a connection of the demo world gets a new token from a process that makes no short hooks', async () => {
  const demo = newConnections({ allowShortIntakeTokens: true });
  const { id } = await demo.add(vk({ groupId: '213243639', credentials: { token: 'vk1.demo', intakeToken: 'short' } }));
  await connections.change(id, { credentials: { token: 'vk1.demo-1' } });
  expect(await connections.credentials(id)).toMatchObject({ token: 'vk1.demo-1', intakeToken: 'short' });
  await expect(connections.change(id, { credentials: { intakeToken: 'other' } })).rejects.toMatchObject({
    field: 'credentials.intakeToken',
  });
});

test('a hook closed by one process is closed in the others within a second', async () => {
  const elsewhere = newConnections();
  const { id } = await connections.add(vk({ receive: 'webhook' }));
  const { intakeToken } = await connections.credentials(id);
  expect((await elsewhere.byIntakeToken('vk', intakeToken))?.connection.receive).toBe('webhook');
  await connections.setReceive(id, 'off');
  nowMs += 1_000;
  expect((await elsewhere.byIntakeToken('vk', intakeToken))?.connection.receive).toBe('off');
});

test('a channel is one and the same until its token changes, which others notice within 5 s', async () => {
  const tokens: string[] = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization ?? '');
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const elsewhere = newConnections();
  try {
    const { id } = await connections.add(notify({ baseUrl }));
    const first = await elsewhere.channel(id);
    expect(first.kind).toBe('notify');
    await connections.change(id, { credentials: { token: 'second-key' } });
    await connections.pause(id, 'x');
    expect(await elsewhere.channel(id)).toBe(first);
    nowMs += 5_000;
    const second = await elsewhere.channel(id);
    expect(second).not.toBe(first);
    expect(await connections.channel(id)).not.toBe(second);
    nowMs += 5_000;
    expect(await elsewhere.channel(id)).toBe(second);
    const message = { dedupKey: '1', network: 'vk' as const, groupId: '1', recipientId: '79999999999', text: 'x' };
    const notification = { service: 'S', templateData: '{}', deliveryPolicy: 'any', ttlSeconds: 60 };
    await second.send([{ ...message, notification }], AbortSignal.timeout(5_000));
    expect(tokens).toEqual(['Key second-key']);
  } finally {
    await elsewhere.close();
    server.close();
  }
});

test('there is no channel of a connection that does not exist', async () => {
  await expect(connections.channel(999_999)).rejects.toMatchObject({ code: 'not.found' });
});

test('a sender keeps its routes, budget and patterns, each changed alone', async () => {
  const own = await connections.add(vk());
  const upstream = await connections.add(notify());
  const routes = [
    { route: 'VK' as const, provider: 'community' as const, connectionId: own.id, groupId: '213243638' },
    { route: 'OK' as const, provider: 'notify' as const, connectionId: upstream.id, groupId: '70000000000001' },
  ];
  const added = await connections.addSender({ accountId, name: 'Group_name', routes });
  expect(added).toEqual({
    id: expect.any(Number),
    accountId,
    name: 'Group_name',
    budgetPerDay: null,
    forbiddenPatterns: [],
    routes: [
      { ...routes[0], network: 'vk' },
      { ...routes[1], network: 'ok' },
    ],
  });
  expect(await connections.setSender(accountId, 'Group_name', { budgetPerDay: 100 })).toEqual({ ...added, budgetPerDay: 100 });
  expect(await connections.setSender(accountId, 'Group_name', { forbiddenPatterns: ['казино'] })).toMatchObject({
    budgetPerDay: 100,
    forbiddenPatterns: ['казино'],
  });
  const patched = await connections.setSender(accountId, 'Group_name', { budgetPerDay: null, routes: routes.slice(0, 1) });
  expect(patched).toMatchObject({ budgetPerDay: null, forbiddenPatterns: ['казино'], routes: [{ route: 'VK' }] });
  expect(await connections.senderByName(accountId, 'Group_name')).toEqual(patched);
  expect(await connections.senders(accountId)).toEqual([patched]);
  expect(await connections.senderNames(accountId, [added.id, 999_999])).toEqual(new Map([[added.id, 'Group_name']]));
  const stranger = await newAccount();
  expect(await connections.senderByName(stranger, 'Group_name')).toBeNull();
  expect(await connections.senderNames(stranger, [added.id])).toEqual(new Map());
  await expect(connections.setSender(stranger, 'Group_name', { budgetPerDay: 1 })).rejects.toMatchObject({ code: 'not.found' });
});

test('a route over the wrong connection is refused, and the sender is not made', async () => {
  const own = await connections.add(vk());
  const upstream = await connections.add(notify());
  const foreign = await connections.add(notify({ accountId: await newAccount() }));
  const base = { route: 'VK' as const, groupId: '213243638' };
  const wrong = [
    { ...base, provider: 'notify' as const, connectionId: own.id },
    { ...base, provider: 'community' as const, connectionId: upstream.id },
    { ...base, provider: 'notify' as const, connectionId: foreign.id },
    { ...base, provider: 'community' as const, connectionId: own.id, groupId: '5' },
    { ...base, provider: 'community' as const, connectionId: own.id, route: 'OK' as const },
  ];
  for (const route of wrong) {
    const adding = connections.addSender({ accountId, name: 'Group_name', routes: [route] });
    await expect(adding).rejects.toMatchObject({ code: 'parameter.invalid', field: 'routes[0]' });
  }
  const good = { ...base, provider: 'community' as const, connectionId: own.id };
  const add = (more: object) => connections.addSender({ accountId, name: 'Group_name', routes: [good], ...more });
  await expect(add({ routes: [good, good] })).rejects.toMatchObject({ field: 'routes' });
  await expect(add({ routes: [] })).rejects.toMatchObject({ field: 'routes' });
  await expect(add({ budgetPerDay: -1 })).rejects.toMatchObject({ field: 'budgetPerDay' });
  await expect(add({ forbiddenPatterns: ['(a'] })).rejects.toThrow(/"\(a" is no RE2 expression/);
  await expect(add({ forbiddenPatterns: ['(?=a)'] })).rejects.toMatchObject({ field: 'forbiddenPatterns' });
  await expect(add({ forbiddenPatterns: [''] })).rejects.toThrow(/empty/);
  expect(await connections.senders(accountId)).toEqual([]);
});

test('the connections of a group are its own of every account, and the upstreams that senders use for it', async () => {
  const own = await connections.add(vk({ groupId: '777' }));
  const others = await connections.add(vk({ groupId: '777', accountId: await newAccount() }));
  const upstream = await connections.add(notify());
  await connections.add(notify()); // used by no sender
  const route = { provider: 'notify' as const, connectionId: upstream.id, groupId: '777' };
  await connections.addSender({ accountId, name: 'A', routes: [{ ...route, route: 'VK' }] });
  const ids = async (network: 'vk' | 'ok', groupId: string) => (await connections.ofGroup(network, groupId)).map(({ id }) => id);
  expect(await ids('vk', '777')).toEqual([own.id, others.id, upstream.id]);
  expect(await ids('ok', '777')).toEqual([]);
  expect(await ids('vk', '778')).toEqual([]);
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { createConnections } from '../connections/connections.ts';
import { createContacts } from '../contacts/contacts.ts';
import { systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createTemplates } from '../templates/templates.ts';
import { demoKeyAliases, makeDemoWorld } from './demo.ts';

let database: Database;
let drop: () => Promise<void>;
const secrets = createSecrets(randomBytes(32));
const common = () => ({ database, secrets, clock: systemClock, publicUrl: () => 'http://127.0.0.1:8080', sendTimeoutMs: 1_000 });
/** The parts of a process started as the demo, or of one that was not. */
const parts = (more: { allowShortIntakeTokens?: boolean } = {}) => ({
  accounts: createAccounts(common()),
  connections: createConnections({ ...common(), ...more }),
  templates: createTemplates({ database }),
  contacts: createContacts({ database }),
});

beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
});
afterAll(async () => {
  await database.close();
  await drop();
});

test('the demo world is as it is documented', async () => {
  const { accounts, connections, templates, contacts } = parts({ allowShortIntakeTokens: true });
  const demo = { accounts, connections, templates, contacts };
  const { accountId } = await makeDemoWorld(demo, { simulatorUrl: 'http://127.0.0.1:8090/' });

  const receiver = 'http://127.0.0.1:8090/control/receiver/demo';
  expect(await accounts.get(accountId)).toMatchObject({ name: 'demo', statusUrl: receiver, incomingUrl: receiver });
  const hooks = await Promise.all((['vk', 'ok', 'notify'] as const).map((kind) => connections.byIntakeToken(kind, 'demo')));
  expect(hooks).toMatchObject([
    {
      connection: { accountId, groupId: '213243638', baseUrl: 'http://127.0.0.1:8090/vk', receive: 'webhook' },
      credentials: { token: 'vk1.demo', webhookSecret: 'vk-demo-secret' },
    },
    {
      connection: { accountId, groupId: '70000000000001', baseUrl: 'http://127.0.0.1:8090/ok', receive: 'webhook' },
      credentials: { token: 'tkn18YdUJZe:CQABPOJKAKEKEKEKE', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' },
    },
    {
      connection: { accountId, groupId: null, baseUrl: 'http://127.0.0.1:8090/notify', settings: { dedup: true } },
      credentials: { token: 'notify-demo' },
    },
  ]);
  const senders = await connections.senders(accountId);
  expect(
    senders.map(({ name, routes }) => [name, routes.map(({ route, provider, groupId }) => `${route} ${provider} ${groupId}`)]),
  ).toEqual([
    ['Community', ['VK community 213243638', 'OK community 70000000000001']],
    ['Group_name', ['VK notify 213243638', 'OK notify 70000000000001']],
  ]);
  const template = await templates.byName(accountId, 'base_template');
  expect(template).toMatchObject({ id: 4, routes: ['VK', 'OK'], senderIds: new Set(senders.map(({ id }) => id)) });
  expect(template && templates.render(template, { name: 'Anna', pizza: 'Margarita' })).toEqual({
    ok: true,
    text: 'Здравствуйте, Anna! Ваша Margarita готова.',
  });
  const people = await contacts.byPhones(null, accountId, ['79999999999', '79990000001', '79990000002', '79990000003']);
  expect([...people.values()].map(({ phone, userIds }) => [phone, userIds]).sort()).toEqual([
    ['79990000001', { ok: '123456789013' }],
    ['79990000002', { vk: '37119446' }],
    ['79999999999', { vk: '37119444', ok: '123456789012' }],
  ]);
});

test('a second start changes nothing but the way to a simulator that moved', async () => {
  const demo = parts({ allowShortIntakeTokens: true });
  const { accountId } = await makeDemoWorld(demo, { simulatorUrl: 'http://127.0.0.1:8090' });
  const snapshot = async () => ({
    account: await demo.accounts.get(accountId),
    connections: await demo.connections.list(accountId),
    senders: await demo.connections.senders(accountId),
    templates: await demo.templates.list(accountId),
  });
  await demo.accounts.setUrls(accountId, { statusUrl: 'https://mine.example/statuses' });
  const before = await snapshot();
  expect(await makeDemoWorld(demo, { simulatorUrl: 'http://127.0.0.1:8090' })).toEqual({ accountId });
  expect(await snapshot()).toEqual(before);

  await makeDemoWorld(demo, { simulatorUrl: 'http://127.0.0.1:9999' });
  const moved = await snapshot();
  expect(moved.account).toMatchObject({
    statusUrl: 'https://mine.example/statuses',
    incomingUrl: 'http://127.0.0.1:9999/control/receiver/demo',
  });
  expect(moved.connections.map(({ baseUrl }) => baseUrl)).toEqual(
    ['vk', 'ok', 'notify'].map((network) => `http://127.0.0.1:9999/${network}`),
  );
  expect(moved.senders).toEqual(before.senders);
});

test('a server that was not started as the demo knows neither its key nor its hooks, on the very same database', async () => {
  const { accountId } = await makeDemoWorld(parts({ allowShortIntakeTokens: true }), { simulatorUrl: 'http://127.0.0.1:8090' });
  const started = createAccounts({ ...common(), keyAliases: demoKeyAliases(accountId) });
  expect(await started.authenticate('demo')).toMatchObject({ accountId, scopes: ['send', 'read', 'admin'] });
  const served = parts();
  expect(await served.accounts.authenticate('demo')).toBeNull();
  expect(await served.accounts.authenticateBasic('demo', 'demo')).toBeNull();
  for (const kind of ['vk', 'ok', 'notify'] as const) expect(await served.connections.byIntakeToken(kind, 'demo')).toBeNull();
});

test('a server that was not started as the demo cannot make the demo world', async () => {
  const made = await testDatabase();
  const own = openDatabase(made.url, { connectionsMax: 2 });
  try {
    const served = {
      accounts: createAccounts({ ...common(), database: own }),
      connections: createConnections({ ...common(), database: own }),
      templates: createTemplates({ database: own }),
      contacts: createContacts({ database: own }),
    };
    await expect(makeDemoWorld(served, { simulatorUrl: 'http://127.0.0.1:8090' })).rejects.toThrow(/intake token has 16/);
  } finally {
    await own.close();
    await made.drop();
  }
});

import { randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Simulator, startSimulator } from '@soroka/simulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Connection, type Connections, createConnections } from '../connections/connections.ts';
import { createOAuth } from '../oauth/oauth.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { type Config, readConfig } from '../platform/config.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { type RunningServer, start } from '../start.ts';
import { checkPublicUrl } from './configuration.ts';
import { type DoctorParts, examine } from './doctor.ts';
import { reachNetworks } from './networks.ts';
import { PROBE_PATH } from './probe.ts';

const KEY = randomBytes(32);

let testing: TestDatabase;
let database: Database;
let simulator: Simulator;
let server: RunningServer;
let connections: Connections;
let accountId: number;
let count = 0;
const stops: (() => Promise<unknown>)[] = [];

const configOf = (more: Record<string, string> = {}): Config =>
  readConfig({
    DATABASE_URL: testing.url,
    SOROKA_SECRET_KEY: KEY.toString('base64'),
    SOROKA_HOST: '127.0.0.1',
    SOROKA_METRICS_PORT: 'off',
    SOROKA_OK_SOURCE_CIDRS: '127.0.0.0/8',
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...more,
  });
const partsOf = (more: Partial<DoctorParts> = {}): DoctorParts => {
  const secrets = createSecrets(KEY);
  const log = createLogger('silent');
  const publicUrl = more.publicUrl ?? server.url;
  const oauth = createOAuth({ database, connections, secrets, publicUrl: () => publicUrl, clock, log, timeoutMs: 2_000 });
  return {
    config: configOf({ SOROKA_PUBLIC_URL: publicUrl }),
    database,
    databaseUrl: testing.url,
    secrets,
    publicUrl,
    connections,
    oauth,
    ...more,
  };
};
const add = (kind: 'vk' | 'ok', more: { token?: string; baseUrl?: string; receive?: Connection['receive'] } = {}) =>
  connections.add({
    accountId,
    kind,
    groupId: kind === 'vk' ? '213243638' : '70000000000001',
    baseUrl: more.baseUrl ?? `${simulator.url}/${kind}`,
    credentials: { token: more.token ?? (kind === 'vk' ? 'vk1.demo' : 'tkn18YdUJZe:CQABPOJKAKEKEKEKE') },
    receive: more.receive ?? 'off',
    settings: {},
  });
/** Findings by `group.name`. */
async function look(parts: DoctorParts, groups: readonly Connection[] = []) {
  const findings = await examine(parts, { groups, users: [] });
  return Object.fromEntries(findings.map((finding) => [`${finding.group}.${finding.name}`, finding]));
}
async function listen(app: Server): Promise<string> {
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => app.close(resolve)));
  return `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  testing = await testDatabase();
  database = openDatabase(testing.url, { connectionsMax: 4 });
  simulator = await startSimulator();
  server = await start(configOf());
});
beforeEach(async () => {
  simulator.world.reset();
  connections = createConnections({
    ...{ database, secrets: createSecrets(KEY), sendTimeoutMs: 2_000 },
    publicUrl: () => server.url,
  });
  const accounts = createAccounts({ database, secrets: createSecrets(KEY), clock });
  accountId = (await accounts.create(`shop ${++count}`)).id;
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await connections.close();
});
afterAll(async () => {
  await server.stop();
  await simulator.stop();
  await database.close();
  await testing.drop();
});

test('where all is well nothing is bad', async () => {
  const findings = await look(partsOf(), [await add('vk'), await add('ok')]);
  expect(Object.values(findings).filter(({ state }) => state === 'bad')).toEqual([]);
  expect(findings['signature.vector']?.found).toContain(
    'application_key=ABCDEFGHIGKLMNOPKformat=jsonmethod=events.get‹md5 of access token + application secret key›',
  );
});

describe('clock', () => {
  test('one that is an hour behind the networks is named', async () => {
    const network = createServer((_, answer) => {
      answer.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
      answer.end();
    });
    const findings = await look(partsOf(), [await add('vk', { baseUrl: await listen(network) })]);
    expect(findings['clock.networks']).toMatchObject({
      state: 'bad',
      found: expect.stringMatching(/clock is 3\d{3} s behind that of 127/),
    });
    expect(findings['clock.database']).toMatchObject({ state: 'good' });
  });
});

describe('database', () => {
  test('one that may lose what was answered OK is named, with the line to change', async () => {
    const name = new URL(testing.url).pathname.slice(1);
    await database.run({ name: 'test.sync.off', text: `alter database ${name} set synchronous_commit = off` });
    const fresh = openDatabase(testing.url, { connectionsMax: 1 });
    stops.push(
      () => fresh.close(),
      () => database.run({ name: 'test.sync.on', text: `alter database ${name} reset synchronous_commit` }),
    );
    const { 'database.durability': finding } = await look(partsOf({ database: fresh }));
    expect(finding).toMatchObject({ state: 'bad', advice: expect.stringContaining('Set synchronous_commit = on') });
  });

  test('one whose tables are behind is named, with the command', async () => {
    await database.run({ name: 'test.behind', text: "delete from migration where name like '0008%'" });
    const { 'database.migrations': finding } = await look(partsOf());
    await database.run({ name: 'test.ahead', text: "insert into migration (name) values ('0008-on-behalf-of-a-user.sql')" });
    expect(finding).toMatchObject({ state: 'bad', found: expect.stringContaining('0008'), advice: 'Run "soroka migrate".' });
  });
});

describe('configuration', () => {
  const far = { baseUrl: 'https://api.vk.ru' } as Connection;

  test.each([
    [{}, 'http://127.0.0.1:8080', /SOROKA_PUBLIC_URL is not set: no network can send/],
    [{ SOROKA_PUBLIC_URL: 'http://localhost:8080' }, 'http://localhost:8080', /is http:\/\/localhost:8080: no network can send/],
    [{ SOROKA_PUBLIC_URL: 'http://soroka.example' }, 'http://soroka.example', /without encryption/],
  ])('%j cannot serve a real network', (env, publicUrl, found) => {
    const finding = checkPublicUrl(publicUrl, configOf(env), [far]);
    expect(finding).toMatchObject({ state: 'bad', found: expect.stringMatching(found) });
    expect(finding.advice).toContain('Set SOROKA_PUBLIC_URL to the https address');
  });

  test('an https address can, and polling needs none', () => {
    const config = configOf({ SOROKA_PUBLIC_URL: 'https://soroka.example' });
    expect(checkPublicUrl('https://soroka.example', config, [far]).state).toBe('good');
    expect(checkPublicUrl('http://127.0.0.1:8080', configOf(), []).state).toBe('good');
  });

  test('a secret key that opens nothing is named with its connections', async () => {
    const connection = await add('vk');
    const others = createConnections({
      ...{ database, secrets: createSecrets(randomBytes(32)), sendTimeoutMs: 2_000 },
      publicUrl: () => server.url,
    });
    stops.push(() => others.close());
    const findings = await look(partsOf({ connections: others }), [connection]);
    expect(findings['configuration.secret-key']).toMatchObject({
      state: 'bad',
      found: expect.stringContaining(`does not open the secrets of connection ${connection.id}`),
    });
  });
});

describe('the way to the networks', () => {
  test.each([
    ['a name that nobody knows', 'http://nothing.invalid', 'name'],
    ['a port that nobody listens on', 'http://127.0.0.1:9', 'connection'],
  ])('%s is told apart', async (_, baseUrl, at) => {
    expect((await reachNetworks([baseUrl]))[0]?.reached).toMatchObject({ kind: 'stuck', at });
  });

  test('a server that does not speak TLS is told apart', async () => {
    const url = await listen(createServer((_, answer) => answer.end()));
    expect((await reachNetworks([url.replace('http:', 'https:')]))[0]?.reached).toMatchObject({ kind: 'stuck', at: 'tls' });
  });

  test('a network that cannot be reached leaves the rest to be looked at', async () => {
    const findings = await look(partsOf(), [await add('vk', { baseUrl: 'http://127.0.0.1:9' })]);
    expect(findings['networks.127.0.0.1:9']).toMatchObject({
      state: 'bad',
      found: '127.0.0.1:9 takes no connection (ECONNREFUSED).',
    });
    expect(findings['connection.token']).toMatchObject({ state: 'unknown' });
    expect(findings['database.version']).toMatchObject({ state: 'good' });
  });
});

describe('a connection', () => {
  test.each(['vk', 'ok'] as const)('%s: a token that the network does not know is bad, and not printed', async (kind) => {
    const token = 'vk1.a-token-that-nobody:knows';
    const findings = await look(partsOf(), [await add(kind, { token })]);
    expect(findings['connection.token']).toMatchObject({ state: 'bad', advice: expect.stringMatching(/new (token|key)/) });
    expect(JSON.stringify(findings)).not.toContain(token);
  });

  test.each([
    [{ applicationSecret: 'DEMOAPPSECRET' }, 'good', "OK takes the application's signature."],
    [
      { applicationSecret: 'ANOTHERSECRET' },
      'bad',
      "OK does not take the application's signature (error 104). Signed was: application_key=CBADEMOKEYfields=uidformat=jsonmethod=users.getInfouids=1‹application secret key›",
    ],
    [{ applicationKey: 'CBANOBODY' }, 'bad', "OK does not know the application's public key (error 101)."],
  ])('an application %j is %s', async (more, state, found) => {
    const { id } = await add('ok');
    const application = { applicationId: '1246100000', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' };
    const connection = await connections.change(id, { credentials: { ...application, ...more } });
    const findings = await look(partsOf(), [connection]);
    expect(findings['connection.signature']).toMatchObject({ state, found });
    expect(JSON.stringify(findings)).not.toContain('SECRET');
  });

  test('trouble that the server has with its webhook is told, with what the server met', async () => {
    const connection = await add('ok', { receive: 'webhook', baseUrl: 'http://127.0.0.1:9' });
    const found = async () => (await look(partsOf(), [connection]))['connection.events'];
    await expect.poll(found, { timeout: 60_000 }).toMatchObject({
      state: 'bad',
      found: expect.stringMatching(/^The server has had trouble with its webhook since .*ECONNREFUSED/),
    });
  });

  test('a paused one says why and what lets it go on', async () => {
    const { id } = await add('vk');
    await connections.pause(id, 'VK error 5');
    const { 'connection.paused': finding } = await look(partsOf(), [(await connections.get(id)) as Connection]);
    expect(finding).toMatchObject({ state: 'bad', found: 'It is paused, and its messages wait: VK error 5' });
    expect(finding?.advice).toContain(`soroka connection set ${id} --token-file`);
  });

  test('a hook that leads to another server than the one with this connection is told', async () => {
    const stranger = await listen(createServer((_, answer) => answer.writeHead(404).end('not here')));
    const others = createConnections({
      ...{ database, secrets: createSecrets(KEY), sendTimeoutMs: 2_000 },
      publicUrl: () => stranger,
    });
    stops.push(() => others.close());
    const connection = await add('vk', { receive: 'webhook' });
    const findings = await look(partsOf({ publicUrl: stranger, connections: others }), [connection]);
    expect(findings['connection.hook']).toMatchObject({
      state: 'bad',
      found: 'The server at our address does not know this connection.',
    });
    expect(findings['outside.public-address']).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('answers with HTTP 404'),
    });
  });

  test('looking at a hook stores nothing', async () => {
    await look(partsOf(), [await add('vk', { receive: 'webhook' }), await add('ok', { receive: 'webhook' })]);
    const kept = { name: 'test.raw', text: 'select count(*)::int as n from raw_event where account_id = $1' };
    expect(await database.rows(kept, [accountId])).toEqual([{ n: 0 }]);
  });
});

describe('a connection on behalf of a user', () => {
  const APPLICATION = { applicationId: '1246100000', applicationKey: 'CBADEMOKEY', applicationSecret: 'DEMOAPPSECRET' };
  const tokenIs = async (accessToken: string) => {
    const user = await connections.keepUser({
      ...{ accountId, userId: '123456789012', baseUrl: `${simulator.url}/ok`, consentUrl: `${simulator.url}/ok`, scopes: [] },
      credentials: { ...APPLICATION, accessToken, sessionSecret: null, refreshToken: null, expiresAt: null },
    });
    const findings = await examine(partsOf(), { groups: [], users: [user] });
    return { id: user.id, token: findings.find(({ group, name }) => group === 'connection' && name === 'token') };
  };

  test('names whose it is', async () => {
    expect((await tokenIs('ok-user-anna')).token).toMatchObject({ state: 'good', found: expect.stringContaining('Анна') });
  });

  test('whose access is over says how to ask again, and prints no token', async () => {
    const { id, token } = await tokenIs('a-token-that-is-over');
    expect(token).toMatchObject({ state: 'bad', advice: `Ask the person again: "soroka connection authorize ${id}".` });
    expect(JSON.stringify(token)).not.toContain('a-token-that-is-over');
  });
});

describe('proxies', () => {
  /** A reverse proxy on this machine, as nginx would be one. */
  async function proxyTo(target: string): Promise<string> {
    const proxy = createServer((request, answer) => {
      const headers = { ...request.headers, 'x-forwarded-for': '203.0.113.7' };
      const call = httpRequest(`${target}${request.url}`, { method: request.method ?? 'GET', headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      request.pipe(call);
    });
    return listen(proxy);
  }

  test('one that is not trusted is named, with the variable to set', async () => {
    const publicUrl = await proxyTo(server.url);
    const findings = await look(partsOf({ publicUrl }), [await add('vk', { receive: 'webhook' })]);
    expect(findings['outside.public-address']).toMatchObject({ state: 'good' });
    expect(findings['outside.proxy']).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('X-Forwarded-For: 203.0.113.7'),
      advice: 'Set SOROKA_TRUSTED_PROXIES=127.0.0.1 and start the server anew.',
    });
  });

  test('one that is trusted lets the server see the caller', async () => {
    const trusting = await start(configOf({ SOROKA_TRUSTED_PROXIES: '127.0.0.1', SOROKA_ROLES: 'api' }));
    stops.push(() => trusting.stop());
    const publicUrl = await proxyTo(trusting.url);
    const config = configOf({ SOROKA_TRUSTED_PROXIES: '127.0.0.1', SOROKA_PUBLIC_URL: publicUrl });
    const findings = await look(partsOf({ publicUrl, config }), [await add('vk', { receive: 'webhook' })]);
    expect(findings['outside.proxy']).toMatchObject({ state: 'good', found: expect.stringContaining('come from 203.0.113.7') });
  });

  test('the probe is not there for who has not the key', async () => {
    expect((await fetch(server.url + PROBE_PATH)).status).toBe(404);
    const forged = {
      'x-soroka-probe': createSecrets(randomBytes(32)).seal(String(Date.now()), 'doctor.probe').toString('base64url'),
    };
    expect((await fetch(server.url + PROBE_PATH, { headers: forged })).status).toBe(404);
    const old = {
      'x-soroka-probe': createSecrets(KEY)
        .seal(String(Date.now() - 120_000), 'doctor.probe')
        .toString('base64url'),
    };
    expect((await fetch(server.url + PROBE_PATH, { headers: old })).status).toBe(404);
  });
});

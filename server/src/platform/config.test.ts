import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig, readSecretKey, VARIABLES } from './config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');

test('an empty environment is a local run with every default', () => {
  expect(readConfig({ SOROKA_HOST: '' })).toEqual({
    SOROKA_DATABASE_TIMEOUT_MS: 15_000,
    SOROKA_DATA: '.soroka',
    SOROKA_BOT_MODULES: new Map(),
    SOROKA_FILE_BYTES_MAX: 26_214_400,
    PORT: 8080,
    SIMULATOR_PORT: 8090,
    SOROKA_TRUSTED_PROXIES: [],
    SOROKA_METRICS_PORT: 9090,
    LOG_LEVEL: 'info',
    SOROKA_ROLES: ['api', 'intake', 'dispatch', 'callbacks', 'jobs'],
    SOROKA_SESSION_IDLE_HOURS: 12,
    SOROKA_SESSION_DAYS: 30,
    SOROKA_VK_API_URL: 'https://api.vk.ru',
    SOROKA_VK_ID_URL: 'https://id.vk.ru',
    SOROKA_OK_LOGIN_URL: 'https://connect.ok.ru',
    SOROKA_OK_API_URL: 'https://api.ok.ru',
    SOROKA_PUSH_RUSTORE_URL: 'https://vkpns.rustore.ru',
    SOROKA_PUSH_FCM_URL: 'https://fcm.googleapis.com',
    SOROKA_PUSH_FCM_TOKEN_URL: 'https://oauth2.googleapis.com/token',
    SOROKA_PUSH_APNS_URL: 'https://api.push.apple.com',
    SOROKA_PUSH_HMS_URL: 'https://push-api.cloud.huawei.com',
    SOROKA_PUSH_HMS_TOKEN_URL: 'https://oauth-login.cloud.huawei.com/oauth2/v3/token',
    SOROKA_SEND_TIMEOUT_MS: 10_000,
    SOROKA_LANE_LEASE_MS: 4_500,
    SOROKA_STATUS_POLL_AFTER_MS: 60_000,
    SOROKA_CALLBACK_TIMEOUT_MS: 10_000,
    SOROKA_CALLBACK_CALLS_PER_ENDPOINT: 8,
    SOROKA_CALLBACK_CALLS_PER_ACCOUNT: 512,
    SOROKA_CALLBACK_CALLS: 1_024,
    SOROKA_CALLBACK_BATCH_ABOVE: 100,
    SOROKA_CALLBACK_LOG_DAYS: 7,
    SOROKA_EVENT_LOG_DAYS: 7,
    SOROKA_CALLBACK_ALLOW_CIDRS: [],
    SOROKA_WEBHOOK_CHECK_MS: 300_000,
    SOROKA_OK_SOURCE_CIDRS: ['217.20.145.192/28', '217.20.151.160/28', '217.20.153.48/28'],
  });
});

test('values are read as what they are', () => {
  const config = readConfig({
    DATABASE_URL: 'postgres://soroka:pass@db/soroka',
    SOROKA_SECRET_KEY: KEY,
    SOROKA_METRICS_PORT: 'off',
    SOROKA_ROLES: 'api, jobs',
    SOROKA_TRUSTED_PROXIES: '10.0.0.1, fd00::/8',
    SOROKA_PUBLIC_URL: 'https://soroka.example/',
    PORT: '0',
  });
  expect(config).toMatchObject({
    SOROKA_SECRET_KEY: Buffer.alloc(32, 7),
    SOROKA_METRICS_PORT: 'off',
    SOROKA_ROLES: ['api', 'jobs'],
    SOROKA_TRUSTED_PROXIES: ['10.0.0.1/32', 'fd00::/8'],
    SOROKA_PUBLIC_URL: 'https://soroka.example',
    PORT: 0,
  });
});

test('every bad variable is named at once, and secrets are not repeated', () => {
  const read = () =>
    readConfig({
      DATABASE_URL: 'mysql://root:hunter2@db/soroka',
      SOROKA_SECRET_KEY: 'hunter3',
      PORT: '80800',
      SOROKA_METRICS_PORT: 'on',
      LOG_LEVEL: 'loud',
      SOROKA_ROLES: 'api,worker',
      SOROKA_SEND_TIMEOUT_MS: '10s',
      SOROKA_CALLBACK_ALLOW_CIDRS: '10.0.0.0/33',
      SOROKA_PUBLIC_URL: 'soroka.example',
    });
  expect(read).toThrow(
    [
      'DATABASE_URL must be a connection string like postgres://user:password@host:5432/database',
      'SOROKA_SECRET_KEY must be the base64 of 32 bytes',
      'PORT must be a whole number from 0 to 65535, not "80800"',
      'SOROKA_PUBLIC_URL must be an http or https URL without a query, not "soroka.example"',
      'SOROKA_METRICS_PORT must be one of off or a whole number from 0 to 65535, not "on"',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
      'SOROKA_ROLES must be one or more of api, intake, dispatch, callbacks, jobs, by comma, not "api,worker"',
      'SOROKA_SEND_TIMEOUT_MS must be a whole number from 100 to 120000, not "10s"',
      'SOROKA_CALLBACK_ALLOW_CIDRS must be addresses or ranges like 10.0.0.0/8, by comma, not "10.0.0.0/33"',
    ].join('; '),
  );
  expect(read).not.toThrow(/hunter/);
});

test('the credentials of push services are read as their consoles give them', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const account = { type: 'service_account', project_id: 'magpie', client_email: 'push@magpie.example', private_key_id: 'key-1' };
  const of = (fcm: string | Buffer, apns: string | Buffer) =>
    readConfig({
      SOROKA_PUSH_RUSTORE: 'project:service:token',
      SOROKA_PUSH_FCM: JSON.stringify({ ...account, private_key: fcm }),
      SOROKA_PUSH_APNS: `TEAM567890:KEY4567890:com.example.magpie:${Buffer.from(apns).toString('base64')}`,
      SOROKA_PUSH_HMS: '10:secret',
    });
  expect(of(rsa, ec)).toMatchObject({
    SOROKA_PUSH_RUSTORE: { projectId: 'project', serviceToken: 'service:token' },
    SOROKA_PUSH_FCM: { projectId: 'magpie', clientEmail: 'push@magpie.example', privateKeyId: 'key-1' },
    SOROKA_PUSH_APNS: { teamId: 'TEAM567890', keyId: 'KEY4567890', bundleId: 'com.example.magpie' },
    SOROKA_PUSH_HMS: { appId: '10', appSecret: 'secret' },
  });
  // Each in the place of the other: keys, but of the wrong sort.
  expect(() => of(ec, rsa)).toThrow(
    /SOROKA_PUSH_FCM must be the JSON of the key file.*; SOROKA_PUSH_APNS must be the ids of team, key and app and the base64[^;]*$/,
  );
  expect(() => readConfig({ SOROKA_PUSH_HMS: 'hunter4' })).toThrow(/^(?!.*hunter4).*SOROKA_PUSH_HMS/);
});

test('a database of our own asks for a key of our own', () => {
  expect(() => readConfig({ DATABASE_URL: 'postgres://db/soroka' })).toThrow(/SOROKA_SECRET_KEY must be given with DATABASE_URL/);
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soroka-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('processes that start together for the first time share one key, which only this account can read', async () => {
  const config = readConfig({ SOROKA_DATA: join(folder, 'data') });
  const keys = await Promise.all(Array.from({ length: 8 }, () => readSecretKey(config)));
  const [key] = keys;
  expect(key).toHaveLength(32);
  expect(keys.every((other) => other.equals(key as Buffer))).toBe(true);
  expect(await readdir(config.SOROKA_DATA)).toEqual(['secret.key']);
  expect((await stat(join(config.SOROKA_DATA, 'secret.key'))).mode & 0o777).toBe(0o600);
  expect((await readSecretKey(config)).equals(key as Buffer)).toBe(true);
});

test('a configured key is used, and no file is made', async () => {
  const config = readConfig({ SOROKA_DATA: folder, SOROKA_SECRET_KEY: KEY });
  expect(await readSecretKey(config)).toEqual(Buffer.alloc(32, 7));
  expect(await readdir(folder)).toEqual([]);
});

test('a broken key file is not replaced: what it sealed would be lost', async () => {
  await writeFile(join(folder, 'secret.key'), 'short\n');
  await expect(readSecretKey(readConfig({ SOROKA_DATA: folder }))).rejects.toThrow(
    /secret\.key must hold the base64 of 32 bytes; restore it/,
  );
  expect(await readFile(join(folder, 'secret.key'), 'utf8')).toBe('short\n');
});

/** The whole page; rewritten from VARIABLES by `npm test -- server/src/platform/config.test.ts -u`. */
function page(): string {
  const rows = Object.entries(VARIABLES).map(([name, { default: fallback, meaning }]) => {
    const shown = fallback === null ? 'none' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${meaning} |`;
  });
  return `# Configuration

Soroka reads environment variables, once, at start. A value that cannot be used stops the start, and the message names every
bad variable at once. An empty variable counts as absent. Times are in milliseconds.

| Variable | Default | Meaning |
| --- | --- | --- |
${rows.join('\n')}

What belongs to one group or sender is no variable: rates, caps per person and budgets are set by \`soroka connection set\`
and \`soroka sender set\`.

<!-- Made from server/src/platform/config.ts: change it there, then run: npm test -- server/src/platform/config.test.ts -u -->
`;
}

test('docs/configuration.md says what the program reads', async () => {
  await expect(page()).toMatchFileSnapshot('../../../docs/configuration.md');
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createAccounts } from './accounts.ts';

/** A clock that stands still until it is moved. */
function movableClock() {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
  return { clock, move: (ms: number) => (nowMs += ms) };
}

let database: Database;
let drop: () => Promise<void>;
const secrets = createSecrets(randomBytes(32));
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 4 });
});
afterAll(async () => {
  await database.close();
  await drop();
});

const { clock, move } = movableClock();
const newAccounts = () => createAccounts({ database, secrets, clock });
let count = 0;
const newName = () => `account ${++count}`;

test('an account is found by id and name, and its callback secret is one that Standard Webhooks takes', async () => {
  const accounts = newAccounts();
  const account = await accounts.create(newName());
  expect(account).toMatchObject({ statusUrl: null, incomingUrl: null });
  expect(account.callbackSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(await accounts.get(account.id)).toEqual(account);
  expect(await accounts.byName(account.name)).toEqual(account);
  expect(await accounts.list()).toContainEqual(account);
  expect(await accounts.byName('nobody')).toBeNull();
});

test('a name that is taken, or cannot be a login, is refused with the reason', async () => {
  const accounts = newAccounts();
  const { name } = await accounts.create(newName());
  await expect(accounts.create(name)).rejects.toThrow(/there is an account named/);
  for (const bad of ['', ' bank', 'a:b', 'a\nb', 'x'.repeat(101)])
    await expect(accounts.create(bad)).rejects.toThrow(/a name has/);
});

test('quiet hours are set, seen at once by the process that set them, and removed by null', async () => {
  const accounts = newAccounts();
  const { id } = await accounts.create(newName());
  const night = { from: '21:00', to: '09:00', timeZone: 'Europe/Moscow' };
  expect(await accounts.quietHours(id)).toBeNull();
  expect(await accounts.setQuietHours(id, night)).toMatchObject({ quietHours: night });
  expect(await accounts.quietHours(id)).toEqual(night);
  expect((await accounts.setQuietHours(id, null)).quietHours).toBeNull();
});

test('URLs are set one by one, removed by null, and must be http or https', async () => {
  const accounts = newAccounts();
  const { id } = await accounts.create(newName());
  await accounts.setUrls(id, { statusUrl: 'https://bank.example/statuses' });
  expect(await accounts.setUrls(id, { incomingUrl: 'http://bank.example/in' })).toMatchObject({
    statusUrl: 'https://bank.example/statuses',
    incomingUrl: 'http://bank.example/in',
  });
  expect(await accounts.setUrls(id, { statusUrl: null })).toMatchObject({
    statusUrl: null,
    incomingUrl: 'http://bank.example/in',
  });
  for (const bad of ['ftp://bank.example/', 'bank.example', '']) {
    await expect(accounts.create('never made', { statusUrl: bad })).rejects.toMatchObject({ field: 'statusUrl' });
    await expect(accounts.setUrls(id, { statusUrl: bad })).rejects.toThrow(/statusUrl must be an http or https URL/);
  }
  expect(await accounts.byName('never made')).toBeNull();
  expect(await accounts.create(newName(), { incomingUrl: 'https://bank.example/in' })).toMatchObject({
    statusUrl: null,
    incomingUrl: 'https://bank.example/in',
  });
});

test('a key authenticates by its scheme of both kinds, and a changed one does not', async () => {
  const accounts = newAccounts();
  const { id, name } = await accounts.create(newName());
  const made = await accounts.createKey(id, { name: 'till', scopes: ['send', 'read'] });
  const caller = { accountId: id, accountName: name, keyId: made.id, scopes: ['send', 'read'] };
  expect(made.key).toMatch(/^soroka_[0-9a-f]{16}_[0-9a-f]{64}$/);
  expect(await accounts.authenticate(made.key)).toEqual(caller);
  expect(await accounts.authenticateBasic(name, made.key)).toEqual(caller);
  expect(await accounts.authenticateBasic('another', made.key)).toBeNull();
  const changed = made.key.slice(0, -1) + (made.key.endsWith('0') ? '1' : '0');
  for (const wrong of [changed, made.id, '', 'demo', `soroka_${made.id}_`, made.key.toUpperCase()]) {
    expect(await accounts.authenticate(wrong)).toBeNull();
  }
});

test('the database holds no secret in clear', async () => {
  const accounts = newAccounts();
  const account = await accounts.create(newName());
  const { key } = await accounts.createKey(account.id, { name: 'till', scopes: ['admin'] });
  const rows = await database.rows<{ row: string }>({
    name: 'test_all_rows',
    text: `
      select encode(secret_sha256, 'escape') || k::text as row from api_key k
      union all select encode(callback_secret, 'escape') || a::text from account a`,
  });
  const stored = rows.map(({ row }) => row).join('\n');
  expect(stored).not.toContain(key.split('_')[2]);
  const secret = account.callbackSecret.slice('whsec_'.length);
  expect(stored).not.toContain(secret);
  expect(stored).not.toContain(Buffer.from(secret, 'base64').toString('hex'));
});

test('a revoked key stops at once in its own process and within a second in another', async () => {
  const here = newAccounts();
  const elsewhere = newAccounts();
  const { id } = await here.create(newName());
  const other = await here.create(newName());
  const made = await here.createKey(id, { name: 'till', scopes: ['send'] });
  expect(await elsewhere.authenticate(made.key)).not.toBeNull();
  expect(await here.revokeKey(other.id, made.id)).toBe(false);
  expect(await here.revokeKey(id, made.id)).toBe(true);
  expect(await here.revokeKey(id, made.id)).toBe(false);
  expect(await here.authenticate(made.key)).toBeNull();
  move(1_000);
  expect(await elsewhere.authenticate(made.key)).toBeNull();
  expect(await here.listKeys(id)).toMatchObject([{ id: made.id, name: 'till', scopes: ['send'], revokedAt: expect.any(Date) }]);
});

test('after a rotation both secrets sign until the old one has had its hours', async () => {
  const accounts = newAccounts();
  const { id, callbackSecret: old } = await accounts.create(newName());
  expect(await accounts.signingSecrets(id)).toEqual([old]);
  const { callbackSecret: fresh } = await accounts.rotateCallbackSecret(id, { keepOldForHours: 2 });
  expect(fresh).not.toBe(old);
  expect(await accounts.signingSecrets(id)).toEqual([fresh, old]);
  move(2 * 3_600_000 - 1);
  expect(await accounts.signingSecrets(id)).toEqual([fresh, old]);
  move(1);
  expect(await accounts.signingSecrets(id)).toEqual([fresh]);
});

test('an alias is a key only for accounts that were given it', async () => {
  const { id, name } = await newAccounts().create(newName());
  const caller = { accountId: id, accountName: name, keyId: 'demo', scopes: ['send', 'read', 'admin'] as const };
  const withAlias = createAccounts({ database, secrets, clock, keyAliases: new Map([['demo', caller]]) });
  expect(await withAlias.authenticate('demo')).toEqual(caller);
  expect(await withAlias.authenticateBasic(name, 'demo')).toEqual(caller);
  expect(await newAccounts().authenticate('demo')).toBeNull();
});

test('the default addresses are those of now: a change of this process is seen at once', async () => {
  const accounts = newAccounts();
  const { id } = await accounts.create(newName(), { statusUrl: 'https://shop.example/a' });
  expect(await accounts.urls(id)).toEqual({ statusUrl: 'https://shop.example/a', incomingUrl: null });
  await accounts.setUrls(id, { statusUrl: null, incomingUrl: 'https://shop.example/b' });
  expect(await accounts.urls(id)).toEqual({ statusUrl: null, incomingUrl: 'https://shop.example/b' });
  expect(await accounts.urls(id + 1_000_000)).toBeNull();
});

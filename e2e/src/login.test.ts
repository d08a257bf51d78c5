import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runSoroka } from './command-line.ts';
import { LOGIN_CODES } from './login-codes.ts';
import { ANNA, type Json, startTown, type Town } from './town.ts';

const OWNER = 'owner@pizzeria.example';
const PASSWORD = 'eight brown magpies';

let town: Town;
beforeAll(async () => {
  town = await startTown();
});
afterAll(() => town?.[Symbol.asyncDispose]());

const provoked = new Set<string>();
async function call(method: string, path: string, body?: Json, headers: Record<string, string> = {}) {
  const response = await fetch(`${town.server.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Json;
  const code = (json['error'] as { code: string } | undefined)?.code ?? null;
  if (code !== null) provoked.add(code);
  return { status: response.status, headers: response.headers, json, code };
}
const bearer = async (login: string) => {
  const { json } = await call('POST', '/v1/login', { login, password: PASSWORD, session: 'token' });
  return { Authorization: `Bearer ${json['token']}` };
};

/** A browser goes to the network, allows as Anna, and comes back: where it ends, and the session's cookie. */
async function goBy(network: 'vk' | 'ok', start: string, headers: Record<string, string> = {}) {
  const started = await call('POST', start, {}, headers);
  const asked = new URL(String(started.json['url']));
  const form = new URLSearchParams([...asked.searchParams, ['person', ANNA], ['decision', 'allow']]);
  const decided = await fetch(`${asked.origin}${asked.pathname}`, { method: 'POST', redirect: 'manual', body: form });
  const back = new URL(decided.headers.get('location') ?? '');
  const [cookie = ''] = (started.headers.get('set-cookie') ?? '').split(';');
  const ended = await call('GET', `${back.pathname}${back.search}`, undefined, { cookie });
  const session = ended.headers.getSetCookie().find((line) => line.startsWith('soroka='));
  return { network, location: ended.headers.get('location'), cookie: session?.split(';')[0] ?? '' };
}

/** RFC 6238 with the secret as the app gets it. */
function codeNow(secret: string): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', key).update(counter).digest();
  return String((hash.readUInt32BE((hash.at(-1) ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('from the first owner to a second factor, over the networks and past every refusal that people meet', async () => {
  const env = { SOROKA_DATA: town.dataFolder };
  const words = ['operator', 'add', OWNER, '--name', 'Owner', '--role', 'owner', '--password', '-'];
  expect(await runSoroka(words, env, PASSWORD)).toMatchObject({ code: 0 });
  const owner = await bearer(OWNER);
  const me = await call('GET', '/v1/me', undefined, owner);
  expect(me.json).toMatchObject({ login: OWNER, role: 'owner', secondFactor: { isOn: false, isRequired: false } });

  const uri = `${town.server.url}/v1/login/ok/callback`;
  await town.control('/ok/redirect-uris', { uri });
  for (const network of ['vk', 'ok'] as const) {
    expect((await goBy(network, `/v1/login/${network}/start`)).location).toBe('/console/#login=unknown');
    expect((await goBy(network, `/v1/me/networks/${network}/start`, owner)).location).toBe('/console/#login=linked');
    const { location, cookie } = await goBy(network, `/v1/login/${network}/start`);
    expect(location).toBe('/console/');
    expect((await call('GET', '/v1/dialogs', undefined, { cookie })).status).toBe(200);
    expect((await call('POST', '/v1/logout', undefined, { cookie })).code).toBe('origin.foreign');
    expect((await call('POST', '/v1/logout', undefined, { cookie, origin: town.server.url })).json).toEqual({ removed: 1 });
  }

  const admin = { login: 'admin', name: 'Admin', role: 'admin', password: PASSWORD };
  expect((await call('POST', '/v1/operators', admin, owner)).status).toBe(200);
  expect((await call('POST', '/v1/operators', admin, owner)).code).toBe('login.taken');
  expect((await call('DELETE', `/v1/operators/${me.json['id']}`, undefined, owner)).code).toBe('last.owner');
  expect((await call('POST', '/v1/login', { login: 'admin', password: 'not the password' })).code).toBe('login.refused');
  const adminSession = await bearer('admin');
  const usurper = { login: 'usurper', role: 'owner' };
  expect((await call('POST', '/v1/invitations', usurper, adminSession)).code).toBe('role.too.high');
  expect((await call('POST', '/v1/pairings/redeem', { code: 'made-up' })).code).toBe('link.dead');

  expect((await call('PATCH', '/v1/security', { secondFactorRequired: true }, owner)).status).toBe(200);
  await expect.poll(async () => (await call('GET', '/v1/dialogs', undefined, adminSession)).code).toBe('second.factor.needed');
  const { secret } = (await call('POST', '/v1/me/totp', { password: PASSWORD }, owner)).json;
  const confirmed = await call('POST', '/v1/me/totp/confirm', { code: codeNow(String(secret)) }, owner);
  expect(confirmed.status).toBe(200);
  expect((await call('POST', '/v1/me/totp', { password: PASSWORD }, owner)).code).toBe('second.factor.on');
  const halfway = await bearer(OWNER);
  expect((await call('GET', '/v1/me', undefined, halfway)).code).toBe('code.needed');
  const [recovery] = confirmed.json['recoveryCodes'] as string[];
  expect((await call('POST', '/v1/login/code', { code: String(recovery) }, halfway)).json).toMatchObject({ awaitsCode: false });

  expect([...provoked].sort()).toEqual([...LOGIN_CODES].sort());
  expect((await runSoroka(['audit', 'check', '--account', 'demo'], env)).note).toContain('is whole');
});

import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../simulator.ts';

// An independent client of OK that knows nothing of us (contracts/ok.md 9). Its GET does not encode values: ASCII only there.

type Callback = (error: { error_code?: number } | null, body: unknown) => void;
interface OkRu {
  setOptions(options: Record<string, string>): void;
  setAccessToken(token: string): void;
  post(params: Record<string, string>, callback: Callback): void;
  get(params: Record<string, string>, callback: Callback): void;
  refresh(token: string, callback: Callback): void;
}
// It is JavaScript of 2013, without types.
const ok = createRequire(import.meta.url)('ok.ru') as OkRu;

const ANNA = '123456789012';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator();
  ok.setOptions({
    applicationId: '1246100000',
    applicationKey: 'CBADEMOKEY',
    applicationSecretKey: 'DEMOAPPSECRET',
    restBase: simulator.addresses.okRest,
    refreshBase: simulator.addresses.okToken,
  });
  ok.setAccessToken('ok-user-anna');
});
afterEach(() => simulator.stop());

/** Resolves with the body, rejects with OK's error. */
const call = (send: (callback: Callback) => void): Promise<unknown> =>
  new Promise((resolve, reject) =>
    send((error, body) => (error === null || error === undefined ? resolve(body) : reject(error))),
  );

test('a signed POST and a signed GET are understood', async () => {
  expect(await call((done) => ok.post({ method: 'users.getCurrentUser' }, done))).toMatchObject({ uid: ANNA });
  expect(await call((done) => ok.get({ method: 'users.getCurrentUser' }, done))).toMatchObject({ uid: ANNA });
});

test('letters of every alphabet are signed as they are and sent encoded', async () => {
  const named = await call((done) =>
    ok.post({ method: 'users.getInfo', uids: ANNA, fields: 'first_name', comment: 'Привет & = ?' }, done),
  );
  expect(named).toMatchObject([{ first_name: 'Анна' }]);
});

test('a wrong secret is answered with error 104, a method that does not exist with error 3', async () => {
  await expect(call((done) => ok.post({ method: 'no.such' }, done))).rejects.toMatchObject({ error_code: 3 });
  ok.setOptions({ applicationSecretKey: 'ANOTHER' });
  await expect(call((done) => ok.post({ method: 'users.getCurrentUser' }, done))).rejects.toMatchObject({ error_code: 104 });
});

test('a session is refused where the method forbids one', async () => {
  const simple = { method: 'notifications.sendSimple', uid: ANNA, text: 'Заказ готов' };
  await expect(call((done) => ok.post(simple, done))).rejects.toMatchObject({ error_code: 451 });
});

test('a refresh token gives a new access token that works', async () => {
  const fresh = (await call((done) => ok.refresh('ok-refresh-anna', done))) as { access_token: string };
  ok.setAccessToken(fresh.access_token);
  expect(await call((done) => ok.post({ method: 'users.getCurrentUser' }, done))).toMatchObject({ uid: ANNA });
});

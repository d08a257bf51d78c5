import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../world/world.ts';
import { sessionSecret, signatureOf } from '../ok-signature.ts';
import { ANNA, BORIS, DINA, read, type SimulatedOk, startOk } from '../test/start-ok.ts';

const SECRET = 'DEMOAPPSECRET';
const TOKEN = 'ok-user-anna';
const SESSION = sessionSecret(TOKEN, SECRET);
const currentUser = { method: 'users.getCurrentUser', access_token: TOKEN };
const notify = (text: string, uid: string = ANNA.id) => ({ method: 'notifications.sendSimple', uid, text });

let ok: SimulatedOk;
let clock: ManualClock;
beforeAll(async () => {
  clock = createManualClock();
  ok = await startOk(clock);
});
beforeEach(() => ok.world.reset());
afterAll(() => ok[Symbol.asyncDispose]());

/** What a person got, once everything on its way has arrived. */
const inbox = (phone: string = ANNA.phone) => {
  clock.advance(100);
  return ok.world.inbox(ok.person(phone));
};

test('a call in session is answered by both of its forms', async () => {
  const anna = { uid: ANNA.id, first_name: 'Анна' };
  expect((await ok.rest(currentUser, SESSION)).body).toMatchObject(anna);
  const signed = { application_key: 'CBADEMOKEY', access_token: TOKEN };
  const query = new URLSearchParams({ ...signed, sig: signatureOf(signed, SESSION) });
  expect((await read(fetch(`${ok.url}/api/users/getCurrentUser?${query}`))).body).toMatchObject(anna);
});

test('a session key may stand inside or outside of the signature; a session secret signs too', async () => {
  const { access_token: _, ...rest } = currentUser;
  const given = { application_key: 'CBADEMOKEY', format: 'json', ...rest, session_key: TOKEN };
  for (const withSessionKey of [true, false]) {
    const body = new URLSearchParams({ ...given, sig: signatureOf(given, SESSION, { withSessionKey }) });
    expect((await read(fetch(`${ok.url}/fb.do`, { method: 'POST', body }))).body).toMatchObject({ uid: ANNA.id });
  }
  expect((await ok.rest(currentUser, 'ok-session-secret-anna')).body).toMatchObject({ uid: ANNA.id });
});

test('an error is HTTP 200 with its code in body and header', async () => {
  const { status, headers, body } = await read(fetch(`${ok.url}/fb.do?method=users.getCurrentUser&application_key=no`));
  expect(status).toBe(200);
  expect(headers.get('invocation-error')).toBe('101');
  expect(headers.get('content-type')).toBe('application/json;charset=utf-8');
  expect(headers.get('cache-control')).toBe('no-cache, no-store');
  expect(body).toEqual({ error_code: 101, error_data: null, error_msg: 'PARAM_API_KEY : Application not exist' });
});

test.each([
  ['no application key', { application_key: '' }, 101],
  ['a wrong key, before everything else', { application_key: 'no', method: 'users.no', access_token: 'no', sig: 'no' }, 101],
  ['a method that does not exist', { method: 'users.no' }, 3],
  ['a session where it is prohibited, before the signature', { method: 'notifications.sendSimple', access_token: TOKEN }, 451],
  ['no session where it is required, before the signature', { method: 'users.getCurrentUser' }, 453],
  ['an unknown session, before the signature', { method: 'users.getCurrentUser', access_token: 'no' }, 103],
  ['a wrong signature', { method: 'users.getInfo', uids: ANNA.id }, 104],
])('%s is refused', async (_name, parameters, code) => {
  const body = new URLSearchParams({ application_key: 'CBADEMOKEY', sig: '0'.repeat(32), ...parameters });
  expect((await read(fetch(`${ok.url}/fb.do`, { method: 'POST', body }))).body.error_code).toBe(code);
});

test('a parameter that was not signed breaks the signature', async () => {
  const signed = { application_key: 'CBADEMOKEY', method: 'users.getInfo' };
  const query = new URLSearchParams({ ...signed, uids: ANNA.id, sig: signatureOf(signed, SECRET) });
  expect((await read(fetch(`${ok.url}/fb.do?${query}`))).body.error_code).toBe(104);
});

test('people are found by id, with or without the prefix', async () => {
  const { body } = await ok.rest(
    { method: 'users.getInfo', uids: `${ANNA.id},user:${BORIS.id},1`, fields: 'first_name' },
    SECRET,
  );
  expect(body).toEqual([
    { uid: ANNA.id, first_name: 'Анна' },
    { uid: BORIS.id, first_name: 'Борис' },
  ]);
});

test('who has launched the application is known', async () => {
  expect((await ok.rest({ method: 'users.isAppUser', uid: ANNA.id }, SECRET)).body).toBe(true);
  expect((await ok.rest({ method: 'users.isAppUser', uid: DINA.id }, SECRET)).body).toBe(false);
  expect((await ok.rest({ method: 'users.isAppUser', access_token: TOKEN }, SESSION)).body).toBe(true);
});

test('membership follows the permission to write', async () => {
  ok.world.block(ok.group, ok.person(BORIS.phone));
  const given = { method: 'group.getUserGroupsByIds', group_id: ok.group.id, uids: `${ANNA.id},${BORIS.id}` };
  expect((await ok.rest(given, SECRET)).body).toMatchObject([
    { userId: ANNA.id, status: 'ACTIVE' },
    { userId: BORIS.id, status: 'UNKNOWN' },
  ]);
  expect((await ok.rest({ ...given, group_id: '1' }, SECRET)).body.error_code).toBe(160);
});

test('a notification of the application reaches who has launched it', async () => {
  expect((await ok.rest(notify('Готово!'), SECRET)).body).toBe(true);
  expect(inbox()).toMatchObject([{ network: 'ok', group: '1246100000', kind: 'notification', text: 'Готово!' }]);
  expect((await ok.rest(notify('Готово!', DINA.id), SECRET)).body.error_code).toBe(11);
});

test('a newer notification takes the place of one that was not looked at', async () => {
  for (const text of ['раз', 'два']) await ok.rest(notify(text), SECRET);
  expect(inbox().map(({ text }) => text)).toEqual(['два']);
});

test('a sixth notification of the application within a day is refused', async () => {
  for (let n = 1; n <= 5; n += 1) expect((await ok.rest(notify(`№ ${n}`), SECRET)).body).toBe(true);
  expect((await ok.rest(notify('№ 6'), SECRET)).body.error_code).toBe(11);
  clock.advance(86_400_000);
  expect((await ok.rest(notify('№ 7'), SECRET)).body).toBe(true);
});

test.each([
  ['101 characters', 'я'.repeat(101), 100],
  ['six emoji', '🐦🐦🐦🐦🐦🐦', 100],
  ['no text', '', 100],
])('a notification of %s is refused', async (_name, text, code) => {
  expect((await ok.rest(notify(text), SECRET)).body.error_code).toBe(code);
  expect(inbox()).toEqual([]);
});

test('after a notification of the application a person still writes to the group', async () => {
  await ok.rest(notify('Готово!'), SECRET);
  inbox();
  expect(ok.world.groupOf('ok', ok.person(ANNA.phone))).toBe(ok.group);
});

test('an error asked for by a fault comes instead of the notification', async () => {
  ok.world.faults.set('ok', { errors: { '9999': 1 } });
  expect((await ok.rest(notify('Готово!'), SECRET)).body.error_code).toBe(9999);
  expect(inbox()).toEqual([]);
});

test('a person gets one message of sendMessage a day, and the calls left say so', async () => {
  const message = { method: 'notifications.sendMessage', user_ids: ANNA.id, message: 'Готово' };
  const left = async () => (await ok.rest({ method: 'users.getCallsLeft', uid: ANNA.id, methods: message.method }, SECRET)).body;
  expect((await ok.rest(message, SECRET)).body).toEqual({ result: { [ANNA.id]: 'OK' } });
  expect(await left()).toEqual([{ available: false, callsLeft: 0, name: message.method }]);
  expect((await ok.rest(message, SECRET)).body).toEqual({ result: { [ANNA.id]: 'LIMIT_REACHED' } });
  clock.advance(86_400_000);
  expect(await left()).toEqual([{ available: true, callsLeft: 1, name: message.method }]);
});

test('the calls left of nobody in particular are asked without a session, as a check of the signature', async () => {
  const ask = { method: 'users.getCallsLeft', methods: 'users.getInfo' };
  expect((await ok.rest(ask, SECRET)).body).toEqual([{ available: true, callsLeft: null, name: 'users.getInfo' }]);
  expect((await ok.rest(ask, 'ANOTHER')).body.error_code).toBe(104);
});

test.each([
  ['an answer in XML', { format: 'XML' }, 100],
  ['a call_id in words', { call_id: 'first' }, 100],
  ['an __online that is neither', { __online: 'perhaps' }, 100],
])('%s is refused, the usual forms are taken', async (_name, given, code) => {
  const info = { method: 'users.getInfo', uids: ANNA.id };
  expect((await ok.rest({ ...info, ...given }, SECRET)).body.error_code).toBe(code);
  expect((await ok.rest({ ...info, format: 'JSON', call_id: '1700000000000', __online: 'false' }, SECRET)).body).toHaveLength(1);
});

test('a wrong signature is explained in the log of calls: what it looks like, and what should have been signed', async () => {
  const given = { application_key: 'CBADEMOKEY', format: 'json', method: 'users.getInfo', uids: ANNA.id };
  const unsigned = new URLSearchParams({ ...given, sig: signatureOf(given, '') });
  expect((await read(fetch(`${ok.url}/fb.do?${unsigned}`))).body.error_code).toBe(104);
  expect(ok.world.calls.since(0)[0]?.note).toBe(
    `no secret was appended. To be signed: application_key=CBADEMOKEYformat=jsonmethod=users.getInfouids=${ANNA.id}{application_secret_key}`,
  );
  const withToken = { ...given, access_token: TOKEN };
  const wrong = new URLSearchParams({ ...withToken, sig: signatureOf(withToken, SECRET) });
  await read(fetch(`${ok.url}/fb.do?${wrong}`));
  const { note } = ok.world.calls.since(0)[1] ?? {};
  expect(note).toContain('the application secret was used as it is');
  expect(note).not.toContain(SECRET);
  expect(note).not.toContain(TOKEN);
});

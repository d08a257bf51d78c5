import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkRest, type OkRest, type OkRestOptions } from './ok-rest.ts';
import { signOkCall } from './ok-signature.ts';

const never = new AbortController().signal;
const open: OkRest[] = [];
const restAt = (server: PlayedServer, options: Partial<OkRestOptions> = {}): OkRest => {
  const application = { applicationKey: 'APPKEY', applicationSecret: 'SECRET' };
  const rest = createOkRest({ baseUrl: server.url, ...application, timeoutMs: 5_000, ...options });
  open.push(rest);
  return rest;
};
afterEach(() => Promise.all(open.splice(0).map((rest) => rest.close())));

test('sendSimple is signed by the application alone, because a session is forbidden', async () => {
  await using server = await playAnswers({ body: 'true' });
  const outcome = await restAt(server).sendSimple({ uid: '5', text: 'Привет, мир & = ?' }, never);
  expect(outcome).toMatchObject({ kind: 'sent' });
  expect(server.requests).toMatchObject([{ method: 'POST', path: '/fb.do' }]);
  // The signature is one of the vectors of ok-signature.test.ts.
  expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
    application_key: 'APPKEY',
    format: 'json',
    method: 'notifications.sendSimple',
    text: 'Привет, мир & = ?',
    uid: '5',
    sig: '99a6848aa5cd4f401b8fa450016147b8',
  });
});

test('a call in session carries the token and is signed with it', async () => {
  await using server = await playAnswers({ body: '[]' });
  const params = { uid: '5', text: 'Привет, мир & = ?' };
  const answer = await restAt(server).call('notifications.sendSimple', params, never, { session: { accessToken: 'TOKEN' } });
  expect(answer).toEqual({ kind: 'result', result: [] });
  const form = new URLSearchParams(server.requests[0]?.body);
  expect(form.get('access_token')).toBe('TOKEN');
  expect(form.get('sig')).toBe('8e699bca47d14298ff51ba46b84c1971');
});

test('a session with a secret of its own is signed by it', async () => {
  await using server = await playAnswers({ body: '[]' });
  const session = { accessToken: 'TOKEN', sessionSecret: 'OWN' };
  await restAt(server).call('users.getCurrentUser', {}, never, { session });
  const { sig, access_token: token, ...signed } = Object.fromEntries(new URLSearchParams(server.requests[0]?.body));
  expect([sig, token]).toEqual([signOkCall(signed, { sessionSecret: 'OWN' }), 'TOKEN']);
});

test('in the other form the method stands in the path and is neither sent nor signed, and calls may be numbered', async () => {
  await using server = await playAnswers({ body: '[]' });
  const rest = restAt(server, { callForm: 'api', numbersCalls: true });
  await rest.call('users.getInfo', { uids: '5' }, never);
  await rest.call('users.getInfo', { uids: '5' }, never);
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/users/getInfo', '/api/users/getInfo']);
  const [first, second] = server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  const signed = { uids: '5', application_key: 'APPKEY', format: 'json', call_id: '1' };
  expect(first).toEqual({ ...signed, sig: signOkCall(signed, { applicationSecret: 'SECRET' }) });
  expect(second?.['call_id']).toBe('2');
});

describe('an answer', () => {
  test.each([
    [
      'an error of the body, with status 200',
      { body: readFixture('ok/error-no-application').text },
      { kind: 'error', code: 101 },
    ],
    ['an error of the header alone', { headers: { 'invocation-error': '104' }, body: 'null' }, { kind: 'error', code: 104 }],
    ['nothing', { body: 'null' }, { kind: 'result', result: null }],
    ['a page with status 200', { body: '<html>Error</html>' }, { kind: 'unanswered' }],
    ['a page with status 400', { status: 400, body: 'Provide OAUTH request parameters!' }, { kind: 'unanswered' }],
    ['silence', 'hang', { kind: 'unanswered', detail: 'timeout' }],
  ] satisfies [string, Played, object][])('that is %s is read as such', async (_, answer, expected) => {
    await using server = await playAnswers(answer);
    expect(
      await restAt(server, answer === 'hang' ? { timeoutMs: 500 } : {}).call('users.getCurrentUser', {}, never),
    ).toMatchObject(expected);
  });
});

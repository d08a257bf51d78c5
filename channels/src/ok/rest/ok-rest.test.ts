import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkRest, type OkRest } from './ok-rest.ts';

const never = new AbortController().signal;
const open: OkRest[] = [];
const restAt = (server: PlayedServer, timeoutMs = 5_000): OkRest => {
  const rest = createOkRest({ baseUrl: server.url, applicationKey: 'APPKEY', applicationSecret: 'SECRET', timeoutMs });
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
    expect(await restAt(server, answer === 'hang' ? 500 : 5_000).call('users.getCurrentUser', {}, never)).toMatchObject(expected);
  });
});

describe('sendSimple is refused', () => {
  test.each([
    [11, 'daily_limit'], // not within 14 days, or the sixth today
    [25, 'refused_by_user'],
    [455, 'refused_by_user'],
  ])('with error %i', async (code, reason) => {
    await using server = await playAnswers({ body: JSON.stringify({ error_code: code, error_msg: 'NAME : text' }) });
    const outcome = await restAt(server).sendSimple({ uid: '5', text: 'x', mark: 'm' }, never);
    expect(outcome).toEqual({ kind: 'refused', reason, networkCode: String(code) });
  });
});

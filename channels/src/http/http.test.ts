import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, playAnswers } from '../../test/play-answers.ts';
import { ANSWER_BYTES_MAX, createHttp, type Http, retryAfterMs } from './http.ts';

const never = new AbortController().signal;
const open: Http[] = [];
const clientWith = (timeoutMs: number): Http => {
  const http = createHttp({ timeoutMs });
  open.push(http);
  return http;
};
afterEach(() => Promise.all(open.splice(0).map((http) => http.close())));

describe('a call', () => {
  test('brings status, headers and text', async () => {
    await using server = await playAnswers({ status: 503, headers: { 'retry-after': '7' }, body: 'поздно' });
    const answer = await clientWith(5_000).call({ method: 'POST', url: `${server.url}/a?b=c`, body: 'да' }, never);
    expect(answer).toMatchObject({ kind: 'answered', status: 503, text: 'поздно' });
    expect(answer.kind === 'answered' && answer.header('retry-after')).toBe('7');
    expect(server.requests).toMatchObject([{ method: 'POST', path: '/a', body: 'да' }]);
  });

  test('on a port nobody listens on was not sent', async () => {
    const answer = await clientWith(5_000).call({ method: 'POST', url: await closedPort(), body: 'x' }, never);
    expect(answer).toEqual({ kind: 'unsent', code: 'ECONNREFUSED' });
  });

  test('to an address that is none was not sent', async () => {
    expect(await clientWith(5_000).call({ method: 'GET', url: 'nowhere' }, never)).toEqual({
      kind: 'unsent',
      code: 'ERR_INVALID_URL',
    });
  });

  test('that was taken and never answered is unanswered after its time-out', async () => {
    await using server = await playAnswers('hang');
    const answer = await clientWith(500).call({ method: 'POST', url: server.url, body: 'x' }, never);
    expect(answer).toEqual({ kind: 'unanswered', detail: 'timeout' });
    expect(server.requests).toHaveLength(1);
  });

  test('whose connection was dropped is unanswered', async () => {
    await using server = await playAnswers('reset');
    expect(await clientWith(5_000).call({ method: 'POST', url: server.url, body: 'x' }, never)).toMatchObject({
      kind: 'unanswered',
    });
  });

  test('with an endless answer is unanswered, and memory stays bounded', async () => {
    await using server = await playAnswers({ body: 'x'.repeat(ANSWER_BYTES_MAX + 1) });
    const answer = await clientWith(5_000).call({ method: 'GET', url: server.url }, never);
    expect(answer).toEqual({ kind: 'unanswered', detail: 'answer_too_large' });
  });

  test('does not follow a redirect', async () => {
    await using server = await playAnswers({ status: 302, headers: { location: '/elsewhere' }, body: '' });
    expect(await clientWith(5_000).call({ method: 'GET', url: server.url }, never)).toMatchObject({
      kind: 'answered',
      status: 302,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('given up before it began was not sent, given up later is unanswered', async () => {
    await using server = await playAnswers(() => {
      stop.abort();
      return 'hang';
    });
    const stop = new AbortController();
    const http = clientWith(5_000);
    expect(await http.call({ method: 'GET', url: server.url }, AbortSignal.abort())).toEqual({
      kind: 'unsent',
      code: 'given_up',
    });
    expect(await http.call({ method: 'GET', url: server.url }, stop.signal)).toEqual({
      kind: 'unanswered',
      detail: 'given_up',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('under way when the client is closed is unanswered', async () => {
    const http = createHttp({ timeoutMs: 5_000 });
    await using server = await playAnswers(() => {
      void http.close();
      return 'hang';
    });
    expect(await http.call({ method: 'GET', url: server.url }, never)).toMatchObject({ kind: 'unanswered' });
  });
});

test('Retry-After is read as seconds or as a date, and a senseless one is ignored', () => {
  expect(retryAfterMs('120')).toBe(120_000);
  expect(retryAfterMs(new Date(0).toUTCString())).toBe(0);
  expect(retryAfterMs(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
  expect(retryAfterMs('soon')).toBeUndefined();
  expect(retryAfterMs(undefined)).toBeUndefined();
});

import { type FixtureName, readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, type Played, type PlayedServer, playAnswers } from '../../test/play-answers.ts';
import type { Outgoing } from '../channel.ts';
import { createOkChannel, type OkChannel } from './ok-channel.ts';
import { parseOkEvent } from './ok-events.ts';

const never = new AbortController().signal;
const GROUP = '70000000000001';
const played = (name: FixtureName): Played => ({ body: readFixture(name).text });
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: '1000001-0',
  network: 'ok',
  groupId: GROUP,
  recipientId: '123456789012',
  text: 'Привет',
  ...fields,
});

const open: OkChannel[] = [];
const channelAt = (baseUrl: string, timeoutMs = 5_000): OkChannel => {
  const channel = createOkChannel({ baseUrl, graphToken: 'tkn1:C2&x', groupId: GROUP, timeoutMs });
  open.push(channel);
  return channel;
};
/** Only a server that hangs is not waited for: the others have all the time that a busy machine takes. */
const sendTo = async (server: PlayedServer, fields?: Partial<Outgoing>, timeoutMs?: number) => {
  const [outcome] = await channelAt(server.url, timeoutMs).send([message(fields)], never);
  return outcome;
};
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

describe('a message that OK takes', () => {
  test('goes to the person as JSON, the token in the address, and is found again by its mid', async () => {
    await using server = await playAnswers({ body: '{"recipient_id":"chat:C1","message_id":"MID:C1.a"}' });
    expect(await sendTo(server)).toEqual({ kind: 'sent', networkId: 'mid:C1.a' });
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/graph/me/messages',
      headers: { 'content-type': 'application/json;charset=utf-8' },
    });
    expect(request?.query.get('access_token')).toBe('tkn1:C2&x');
    expect(JSON.parse(request?.body ?? '')).toEqual({ recipient: { user_id: 'user:123456789012' }, message: { text: 'Привет' } });
  });

  test('as an answer goes to the chat, with its buttons', async () => {
    await using server = await playAnswers({ body: '{"message_id":"mid:C1.a"}' });
    await sendTo(server, {
      recipientId: 'chat:C1',
      keyboard: { place: 'message', rows: [[{ kind: 'callback', label: 'Да', payload: '"yes"' }]] },
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      recipient: { chat_id: 'chat:C1' },
      message: {
        text: 'Привет',
        attachment: {
          type: 'INLINE_KEYBOARD',
          payload: { keyboard: { buttons: [[{ type: 'CALLBACK', text: 'Да', intent: 'DEFAULT', payload: '"yes"' }]] } },
        },
      },
    });
  });

  test('is sent where OK only says success', async () => {
    await using server = await playAnswers(played('ok/sent-to-many'));
    expect(await sendTo(server)).toMatchObject({ kind: 'sent' });
  });
});

describe('a message that OK refuses', () => {
  test.each(['{"success":false}', '{"success":[false],"chat_ids":[null]}'])(
    'with %s is one to a person who has not allowed it',
    async (body) => {
      await using server = await playAnswers({ body });
      expect(await sendTo(server)).toEqual({
        kind: 'refused',
        reason: 'refused_by_user',
        networkCode: 'user_not_invited_to_group',
      });
    },
  );

  test('for its key stops the connection and says so, without the token', async () => {
    await using server = await playAnswers(played('ok/error-session'));
    const outcome = await sendTo(server);
    expect(outcome).toMatchObject({ kind: 'stopped', networkCode: '103', detail: expect.stringContaining('working token') });
    expect(JSON.stringify(outcome)).not.toContain('tkn1');
  });

  test.each([
    [2, { kind: 'failed' }],
    [8, { kind: 'throttled', scope: 'recipient' }],
    [9, { kind: 'throttled', scope: 'lane' }],
    [10, { kind: 'refused', reason: 'provider' }],
    [454, { kind: 'refused', reason: 'content' }],
    [455, { kind: 'refused', reason: 'refused_by_user' }],
    [705, { kind: 'refused', reason: 'no_such_user' }],
    [9_999, { kind: 'failed' }],
    [31_337, { kind: 'refused', reason: 'provider' }],
  ])('with error %i, told by the body or by the header alone', async (code, outcome) => {
    await using server = await playAnswers(
      { body: JSON.stringify({ error_msg: 'NAME : text', error_code: code, error_data: null }) },
      { headers: { 'invocation-error': String(code) }, body: '' },
    );
    expect(await sendTo(server)).toMatchObject({ ...outcome, networkCode: String(code) });
    expect(await sendTo(server)).toMatchObject({ ...outcome, networkCode: String(code) });
  });

  test('with 429 waits as long as OK asks', async () => {
    await using server = await playAnswers({ status: 429, headers: { 'retry-after': '3' }, body: '' });
    expect(await sendTo(server)).toEqual({ kind: 'throttled', scope: 'lane', retryAfterMs: 3_000, networkCode: 'http_429' });
  });
});

describe('a message whose fate', () => {
  test.each([
    ['a hanging server', 'hang'],
    ['a dropped connection', 'reset'],
    ['status 500', { status: 500, body: '{"success":true}' }],
    ['a page with status 200', { body: '<html>Error : Failed to convert value</html>' }],
    ['an empty object', { body: '{}' }],
    ['a bare value', { body: 'true' }],
  ] satisfies [string, Played][])('%s leaves open is unanswered', async (_, answer) => {
    await using server = await playAnswers(answer);
    expect(await sendTo(server, {}, answer === 'hang' ? 500 : undefined)).toMatchObject({ kind: 'unanswered' });
  });

  test('a closed port decides was not sent', async () => {
    const [outcome] = await channelAt(await closedPort()).send([message()], never);
    expect(outcome).toEqual({ kind: 'failed', networkCode: 'ECONNREFUSED' });
  });
});

describe('a webhook', () => {
  test('is subscribed once, however often it is asked for', async () => {
    await using server = await playAnswers(played('ok/subscriptions'), played('ok/subscriptions'), played('ok/subscribed'));
    const channel = channelAt(server.url);
    const url = 'https://soroka.example/hooks/ok/token';
    expect(await channel.subscribeWebhook({ url }, never)).toEqual({ state: 'active', did: [] });
    const again = await channel.subscribeWebhook({ url: 'https://soroka.example/hooks/ok/new' }, never);
    expect(again).toEqual({ state: 'active', did: ['Subscribed the address at OK: it was not there, and 1 other was.'] });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /graph/me/subscriptions',
      'GET /graph/me/subscriptions',
      'POST /graph/me/subscribe',
    ]);
    expect(JSON.parse(server.requests[2]?.body ?? '')).toEqual({ url: 'https://soroka.example/hooks/ok/new' });
  });

  test('is unsubscribed by its address, and ending what is not there is fine', async () => {
    await using server = await playAnswers(played('ok/subscriptions'), played('ok/subscribed'), played('ok/subscriptions'));
    const channel = channelAt(server.url);
    await channel.unsubscribeWebhook('https://soroka.example/hooks/ok/token', never);
    await channel.unsubscribeWebhook('https://elsewhere.example/', never);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /graph/me/subscriptions',
      'POST /graph/me/unsubscribe',
      'GET /graph/me/subscriptions',
    ]);
    expect(server.requests[1]?.body).toBe('{"url":"https://soroka.example/hooks/ok/token"}');
  });

  test('that OK refuses throws with OK’s error', async () => {
    await using server = await playAnswers(
      ...[played('ok/error-session'), played('ok/subscriptions'), { body: '{"success":false}' }],
    );
    const channel = channelAt(server.url);
    await expect(channel.subscribeWebhook({ url: 'https://a.example/' }, never)).rejects.toThrow(
      'error 103 (PARAM_SESSION_KEY : Invalid session key)',
    );
    await expect(channel.unsubscribeWebhook('https://soroka.example/hooks/ok/token', never)).rejects.toThrow('success false');
  });
});

describe('long polling', () => {
  const updates = (marker: unknown, ...items: unknown[]): Played => ({ body: JSON.stringify({ updates: items, marker }) });

  test('subscribes first, then reads on from the marker of the answer before', async () => {
    const body = readFixture('ok/message-created').body;
    await using server = await playAnswers(played('ok/subscribed'), updates('m1', body), updates('m2'));
    const channel = channelAt(server.url);
    const first = await channel.poll(null, 25, never);
    await channel.poll(first.state, 25, never);
    expect(server.requests.map(({ path, query }) => `${path} ${query.get('marker')}`)).toEqual([
      '/graph/me/subscribe null',
      '/graph/me/updates null',
      '/graph/me/updates m1',
    ]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      types: ['MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM'],
      longPolling: true,
    });
    expect(server.requests[1]?.query.get('timeout')).toBe('25');
    expect(first.bodies.flatMap((text) => parseOkEvent(JSON.parse(text), GROUP))).toMatchObject([
      { kind: 'message', text: 'text' },
    ]);
  });

  test('takes items that are texts, and a marker that is a number', async () => {
    const { text } = readFixture('ok/message-created');
    await using server = await playAnswers({ body: `{"updates":[${JSON.stringify(text)}],"marker":9007199254740993}` });
    const { bodies, state } = await channelAt(server.url).poll('{"marker":null,"polls":1}', 25, never);
    expect(bodies).toEqual([text]);
    expect(JSON.parse(state)).toEqual({ marker: '9007199254740993', polls: 2 });
  });

  test('subscribes again where OK has forgotten the subscription, and about every half hour', async () => {
    await using server = await playAnswers(
      { body: '{"error_code":5000,"error_msg":"x"}' },
      played('ok/subscribed'),
      updates('m1'),
    );
    const { state } = await channelAt(server.url).poll('{"marker":"m0","polls":1}', 25, never);
    expect(server.requests.map(({ path }) => path)).toEqual(['/graph/me/updates', '/graph/me/subscribe', '/graph/me/updates']);
    expect(JSON.parse(state)).toMatchObject({ marker: 'm1' });

    await using later = await playAnswers(played('ok/subscribed'), updates('m2'));
    await channelAt(later.url).poll('{"marker":"m1","polls":60}', 25, never);
    expect(later.requests.map(({ path, query }) => `${path} ${query.get('marker')}`)).toEqual([
      '/graph/me/subscribe null',
      '/graph/me/updates m1',
    ]);
  });

  test('throws where OK does not answer, for the same state to be tried again', async () => {
    await using server = await playAnswers({ status: 502, body: '<html>' });
    await expect(channelAt(server.url).poll('{"marker":"m0","polls":1}', 25, never)).rejects.toThrow(
      'OK did not answer me/updates',
    );
  });
});

import { type FixtureName, readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, type Played, type PlayedServer, playAnswers } from '../../test/play-answers.ts';
import type { Outgoing } from '../channel.ts';
import { createVkChannel, type VkChannel } from './vk-channel.ts';
import { randomIdOf } from './vk-message.ts';

const never = new AbortController().signal;
const played = (name: FixtureName): Played => ({ body: readFixture(name).text });
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: '1000001-0',
  network: 'vk',
  groupId: '213243638',
  recipientId: '37119444',
  text: 'Привет & = ?',
  ...fields,
});

const open: VkChannel[] = [];
const channelAt = (baseUrl: string, timeoutMs = 5_000): VkChannel => {
  const channel = createVkChannel({ baseUrl, token: 'vk1.secret', groupId: '213243638', timeoutMs });
  open.push(channel);
  return channel;
};
/** Only a server that hangs is not waited for: the others have all the time that a busy machine takes. */
const sendTo = async (server: PlayedServer, fields?: Partial<Outgoing>, timeoutMs?: number) => {
  const [outcome] = await channelAt(server.url, timeoutMs).send([message(fields)], never);
  return outcome;
};
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

describe('a message that VK takes', () => {
  test('goes out as a form with the token in a header, and is found again by its id', async () => {
    await using server = await playAnswers(played('vk/sent'));
    expect(await sendTo(server)).toEqual({ kind: 'sent', networkId: '412' });
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/method/messages.send',
      headers: { authorization: 'Bearer vk1.secret' },
    });
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      v: '5.199',
      peer_id: '37119444',
      random_id: String(randomIdOf(message())),
      message: 'Привет & = ?',
    });
  });

  test('has the same random_id on every attempt and another for every other message', async () => {
    await using server = await playAnswers(played('vk/sent'));
    await sendTo(server);
    await sendTo(server);
    await sendTo(server, { dedupKey: '1000001-1' });
    const [first, second, third] = server.requests.map(({ body }) => new URLSearchParams(body).get('random_id'));
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('carries its buttons as an inline keyboard of text buttons', async () => {
    await using server = await playAnswers(played('vk/sent'));
    await sendTo(server, { buttons: [[{ label: 'Да', payload: '{"a":1}' }]] });
    const keyboard = new URLSearchParams(server.requests[0]?.body).get('keyboard') ?? '';
    expect(JSON.parse(keyboard)).toEqual({
      inline: true,
      buttons: [[{ action: { type: 'text', label: 'Да', payload: '{"a":1}' } }]],
    });
  });

  test('to a group chat, where VK gives 0 as its id, is still told apart from others', async () => {
    await using server = await playAnswers({ body: '{"response":0}' });
    const ids = [await sendTo(server, { dedupKey: 'a' }), await sendTo(server, { dedupKey: 'b' })].map(
      (outcome) => outcome?.kind === 'sent' && outcome.networkId,
    );
    expect(new Set(ids).size).toBe(2);
    expect(ids).not.toContain('0');
  });

  test('keeps an id beyond 2^53 to the last digit', async () => {
    await using server = await playAnswers({ body: '{"response":9007199254740993}' });
    expect(await sendTo(server)).toEqual({ kind: 'sent', networkId: '9007199254740993' });
  });
});

describe('a message that VK refuses', () => {
  test.each([
    ['vk/error-no-permission', { kind: 'refused', reason: 'refused_by_user', networkCode: '901' }],
    ['vk/error-too-many-requests', { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: '6' }],
  ] as const)('%s', async (name, outcome) => {
    await using server = await playAnswers(played(name));
    expect(await sendTo(server)).toEqual(outcome);
  });

  test('for its token stops the connection and says what to do, without the token', async () => {
    await using server = await playAnswers(played('vk/error-authorization'));
    const outcome = await sendTo(server);
    expect(outcome).toMatchObject({ kind: 'stopped', networkCode: '5', detail: expect.stringContaining('working token') });
    expect(JSON.stringify(outcome)).not.toContain('vk1.secret');
  });

  test.each([
    [1, { kind: 'failed' }],
    [9, { kind: 'throttled', scope: 'recipient' }],
    [10, { kind: 'failed' }],
    [14, { kind: 'throttled', scope: 'lane' }],
    [18, { kind: 'refused', reason: 'no_such_user' }],
    [27, { kind: 'stopped' }],
    [100, { kind: 'refused', reason: 'provider' }],
    [900, { kind: 'refused', reason: 'refused_by_user' }],
    [911, { kind: 'refused', reason: 'provider' }],
    [914, { kind: 'refused', reason: 'content' }],
    [950, { kind: 'refused', reason: 'policy' }],
    [987_654, { kind: 'refused', reason: 'provider' }],
  ])('with error %i', async (code, outcome) => {
    await using server = await playAnswers({ body: JSON.stringify({ error: { error_code: code, error_msg: 'text' } }) });
    expect(await sendTo(server)).toMatchObject({ ...outcome, networkCode: String(code) });
  });

  test('is not even sent where its keyboard cannot be taken', async () => {
    await using server = await playAnswers(played('vk/sent'));
    const button = { label: 'x'.repeat(41), payload: '{}' };
    for (const buttons of [
      [[button]],
      [[{ label: 'x', payload: `"${'x'.repeat(255)}"` }]],
      [[]],
      Array(7).fill([{ label: 'x', payload: '{}' }]),
    ]) {
      expect(await sendTo(server, { buttons })).toEqual({ kind: 'refused', reason: 'provider', networkCode: '911' });
    }
    expect(server.requests).toEqual([]);
  });
});

describe('a message whose fate', () => {
  test.each([
    ['a hanging server', 'hang'],
    ['a dropped connection', 'reset'],
    ['a page of a proxy', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an empty answer', { body: '' }],
    ['a bare value', { body: 'null' }],
    ['an answer of another API', { body: '{"ok":true}' }],
    ['an error without a code', { body: '{"error":"invalid_request"}' }],
    ['a list instead of an id', { body: '{"response":[]}' }],
  ] satisfies [string, Played][])('%s leaves open is unanswered', async (_, answer) => {
    await using server = await playAnswers(answer);
    expect(await sendTo(server, {}, answer === 'hang' ? 500 : undefined)).toMatchObject({ kind: 'unanswered' });
  });

  test('a closed port decides was not sent and may be tried again', async () => {
    const [outcome] = await channelAt(await closedPort()).send([message()], never);
    expect(outcome).toEqual({ kind: 'failed', networkCode: 'ECONNREFUSED' });
  });
});

test('random_id is a signed 32-bit number and never 0', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (dedupKey, recipientId) => {
      const id = randomIdOf({ dedupKey, recipientId });
      expect(id | 0).toBe(id);
      expect(id).not.toBe(0);
    }),
  );
  // Stored nowhere: a new release must find the number that the last one sent.
  expect(randomIdOf({ dedupKey: '1000001-0', recipientId: '37119444' })).toBe(-979109987);
});

describe('a webhook', () => {
  const url = 'https://soroka.example/hooks/vk/token';
  const methods = (server: PlayedServer) => server.requests.map(({ path }) => path.replace('/method/', ''));
  const answers = (byMethod: Record<string, Played>) => (request: { path: string }) =>
    byMethod[request.path.replace('/method/', '')] ?? { body: '{"response":1}' };

  const CODE: Played = { body: '{"response":{"code":"a1b2c3"}}' };
  /** VK's list of servers, one answer per look; the last one stays. */
  const servers = (...statuses: (string | null)[]) => {
    const bodies = statuses.map((status) =>
      status === null
        ? '{"response":{"count":0,"items":[]}}'
        : readFixture('vk/callback-servers').text.replace('"ok"', `"${status}"`),
    );
    return () => ({ body: (bodies.length > 1 ? bodies.shift() : bodies[0]) ?? '' });
  };
  const vk = (lists: () => Played, more: Record<string, Played> = {}) => {
    const byMethod = answers({ 'groups.getCallbackConfirmationCode': CODE, ...more });
    return (request: { path: string }) => (request.path.endsWith('groups.getCallbackServers') ? lists() : byMethod(request));
  };
  const ADDED: Record<string, Played> = { 'groups.addCallbackServer': { body: '{"response":{"server_id":7}}' } };

  test('is added with its secret and its events switched on, once the text to confirm it is known', async () => {
    await using server = await playAnswers(vk(servers(null, 'ok'), ADDED));
    await channelAt(server.url).subscribeWebhook({ url, secret: 'a-secret' }, never);
    expect(methods(server)).toEqual([
      'groups.getCallbackServers',
      'groups.getCallbackConfirmationCode',
      'groups.addCallbackServer',
      'groups.setCallbackSettings',
      'groups.getCallbackConfirmationCode', // adding may have changed it
      'groups.getCallbackServers',
    ]);
    const [, , added, settings] = server.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(added).toMatchObject({ group_id: '213243638', url, title: 'Soroka', secret_key: 'a-secret' });
    expect(settings).toMatchObject({
      server_id: '7',
      api_version: '5.199',
      message_new: '1',
      message_event: '1',
      message_deny: '1',
    });
  });

  test('is subscribed when VK says ok of it, not before', async () => {
    await using server = await playAnswers(vk(servers(null, 'unconfigured', 'wait', 'ok'), ADDED));
    await channelAt(server.url).subscribeWebhook({ url }, never);
    expect(methods(server).slice(-3)).toEqual(Array(3).fill('groups.getCallbackServers'));
  });

  test('that VK does not confirm is no success', async () => {
    await using server = await playAnswers(vk(servers('wait')));
    await expect(channelAt(server.url).subscribeWebhook({ url, secret: 'a-secret' }, never)).rejects.toThrow(
      'VK has not confirmed the webhook (status "wait")',
    );
  }, 20_000);

  test('is confirmed at once with the text fetched for it, and later with what VK gives out then', async () => {
    const codes = ['before', 'after', 'later'];
    const confirmed: string[] = [];
    const asks = (request: { path: string }): Played =>
      request.path.endsWith('groups.getCallbackConfirmationCode')
        ? { body: `{"response":{"code":"${codes.shift()}"}}` }
        : vk(lists, ADDED)(request);
    const lists = servers(null, 'wait', 'ok');
    await using server = await playAnswers((request) => {
      // As VK does: it asks our address while it is being added and while it waits.
      const isAdding = request.path.endsWith('groups.addCallbackServer');
      const isLook = request.path.endsWith('groups.getCallbackServers') && codes.length === 1;
      if (isAdding || isLook) void channel.confirmation(never).then((code) => confirmed.push(code));
      return asks(request);
    });
    const channel = channelAt(server.url);
    await channel.subscribeWebhook({ url }, never);
    expect(confirmed).toEqual(['before', 'after', 'after']);
    expect(await channel.confirmation(never)).toBe('later');
  });

  test('that stands already is left as it is, but for its events', async () => {
    await using server = await playAnswers(answers({ 'groups.getCallbackServers': played('vk/callback-servers') }));
    await channelAt(server.url).subscribeWebhook({ url, secret: 'a-secret' }, never);
    expect(methods(server)).toEqual(['groups.getCallbackServers', 'groups.setCallbackSettings']);
  });

  test('that VK has given up is set anew', async () => {
    await using server = await playAnswers(vk(servers('failed', 'ok')));
    await channelAt(server.url).subscribeWebhook({ url, secret: 'a-secret' }, never);
    expect(methods(server)).toContain('groups.editCallbackServer');
  });

  test('with another secret is edited, not added again', async () => {
    await using server = await playAnswers(vk(servers('ok')));
    await channelAt(server.url).subscribeWebhook({ url, secret: 'another' }, never);
    expect(methods(server).slice(0, 4)).toEqual([
      'groups.getCallbackServers',
      'groups.getCallbackConfirmationCode',
      'groups.editCallbackServer',
      'groups.setCallbackSettings',
    ]);
    expect(new URLSearchParams(server.requests[2]?.body).get('server_id')).toBe('3');
  });

  test('is removed by its address, and removing what is not there is fine', async () => {
    await using server = await playAnswers(answers({ 'groups.getCallbackServers': played('vk/callback-servers') }));
    await channelAt(server.url).unsubscribeWebhook(url, never);
    await channelAt(server.url).unsubscribeWebhook('https://elsewhere.example/', never);
    expect(methods(server)).toEqual(['groups.getCallbackServers', 'groups.deleteCallbackServer', 'groups.getCallbackServers']);
  });

  test('that VK refuses throws with VK’s error and the method’s name', async () => {
    await using server = await playAnswers({
      body: '{"error":{"error_code":2000,"error_msg":"Servers number limit is reached"}}',
    });
    await expect(channelAt(server.url).subscribeWebhook({ url }, never)).rejects.toThrow(
      'VK refused groups.getCallbackServers with error 2000 (Servers number limit is reached)',
    );
  });

  test('is confirmed with the text that VK gives out at that moment', async () => {
    await using server = await playAnswers(
      { body: '{"response":{"code":"a1b2c3"}}' },
      { body: '{"response":{"code":"d4e5f6"}}' },
    );
    const channel = channelAt(server.url);
    expect([await channel.confirmation(never), await channel.confirmation(never)]).toEqual(['a1b2c3', 'd4e5f6']);
  });
});

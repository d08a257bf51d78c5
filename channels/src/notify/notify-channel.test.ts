import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { closedPort, type Played, type PlayedRequest, type PlayedServer, playAnswers } from '../../test/play-answers.ts';
import type { Outgoing } from '../channel.ts';
import { createNotifyChannel, type NotifyChannel, type NotifyChannelOptions } from './notify-channel.ts';

const never = new AbortController().signal;
const NOTIFICATION = {
  service: 'Group_name',
  templateId: 4,
  tmpl: 'base_template',
  templateData: '{"name":"Anna","sum":9007199254740993,"rate":1.50}',
  deliveryPolicy: 'any',
  ttlSeconds: 60,
};
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: '1000001',
  network: 'vk',
  groupId: '213243638',
  recipientId: '79999999999',
  text: 'Здравствуйте, Anna!',
  notification: NOTIFICATION,
  ...fields,
});
const messages = (count: number): Outgoing[] => Array.from({ length: count }, (_, index) => message({ dedupKey: String(index) }));

const open: NotifyChannel[] = [];
const channelAt = (baseUrl: string, options: Partial<NotifyChannelOptions> = {}): NotifyChannel => {
  const channel = createNotifyChannel({
    baseUrl,
    key: 'notify-key',
    statusUrl: 'http://us/statuses',
    dedup: true,
    timeoutMs: 5_000,
    ...options,
  });
  open.push(channel);
  return channel;
};
const sendTo = (server: PlayedServer, ...batch: Outgoing[]) => channelAt(server.url).send(batch, never);
const rejected = (key: string): string => `{"code":"REJECTED","reasons":[{"key":"${key}"}]}`;
const result = (...items: string[]) => ({ body: `{"result":[${items.join(',')}]}` });
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

describe('a request', () => {
  test('names one route, the upstream’s template, our address for statuses and our id against repeats', async () => {
    await using server = await playAnswers({ body: readFixture('notify/answer-ok').text });
    expect(await sendTo(server, message())).toEqual([{ kind: 'sent', networkId: '2354676865423253' }]);
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/vk/messages',
      headers: { authorization: 'Key notify-key', 'content-type': 'application/json' },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual([
      {
        phone: '79999999999',
        routes: ['VK'],
        service: 'Group_name',
        templateId: 4,
        tmpl: 'base_template',
        delivery_policy: 'any',
        ttl: 60,
        status_url: 'http://us/statuses',
        clientMessageId: '1000001',
        tmpl_data: JSON.parse(NOTIFICATION.templateData),
      },
    ]);
  });

  test('carries the template’s data byte for byte', async () => {
    await using server = await playAnswers({ body: readFixture('notify/answer-ok').text });
    await sendTo(server, message());
    expect(server.requests[0]?.body).toContain(`"tmpl_data":${NOTIFICATION.templateData}`);
  });

  test('leaves our id out where the upstream does not know it', async () => {
    await using server = await playAnswers({ body: readFixture('notify/answer-ok').text });
    const channel = channelAt(server.url, { dedup: false });
    await channel.send([message()], never);
    expect(server.requests[0]?.body).not.toContain('clientMessageId');
    expect(channel.capabilities.dropsRepeats).toBe(false);
  });

  test('over 4 MiB goes out in parts, the outcomes in the order of the whole', async () => {
    await using server = await playAnswers(({ body }) => {
      const ids = (JSON.parse(body) as { clientMessageId: string }[]).map(
        ({ clientMessageId }) => `{"code":"OK","messageId":${clientMessageId}}`,
      );
      return result(...ids);
    });
    const templateData = JSON.stringify({ name: 'x'.repeat(1_500_000) });
    const batch = messages(5).map((one) => ({ ...one, notification: { ...NOTIFICATION, templateData } }));
    const outcomes = await channelAt(server.url).send(batch, never);
    expect(outcomes.map((outcome) => outcome.kind === 'sent' && outcome.networkId)).toEqual(['0', '1', '2', '3', '4']);
    for (const { body } of server.requests) expect(Buffer.byteLength(body)).toBeLessThan(4 * 1_048_576);
  });
});

describe('an item', () => {
  test('is accepted or rejected on its own, in the order of the batch', async () => {
    await using server = await playAnswers(
      result('{"code":"OK","messageId":9007199254740993}', rejected('is.spam'), '{"code":"OK","messageId":"5"}'),
    );
    expect(await sendTo(server, ...messages(3))).toEqual([
      { kind: 'sent', networkId: '9007199254740993' },
      { kind: 'refused', reason: 'content', networkCode: 'is.spam' },
      { kind: 'sent', networkId: '5' },
    ]);
  });

  test('as the vendor prints a rejection', async () => {
    await using server = await playAnswers({ body: readFixture('notify/answer-rejected').text });
    expect(await sendTo(server, message())).toEqual([{ kind: 'refused', reason: 'provider', networkCode: 'billing.error' }]);
  });

  test.each([
    ['rate.limit', { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000 }],
    ['client.message.id.conflict', { kind: 'refused', reason: 'provider' }],
    ['phone.invalid', { kind: 'refused', reason: 'no_such_user' }],
    ['recipient.opted.out', { kind: 'refused', reason: 'refused_by_user' }],
    ['unavailable', { kind: 'failed' }],
    ['something.new', { kind: 'refused', reason: 'provider' }],
  ])('rejected with %s', async (key, outcome) => {
    await using server = await playAnswers(result(rejected(key)));
    expect(await sendTo(server, message())).toEqual([{ ...outcome, networkCode: key }]);
  });

  test.each(['{"code":"OK"}', '{"code":"REJECTED"}', '{"code":"REJECTED","reasons":[null]}', '{}'])(
    'answered with %s is unanswered',
    async (item) => {
      await using server = await playAnswers(result(item));
      expect(await sendTo(server, message())).toMatchObject([{ kind: 'unanswered' }]);
    },
  );

  test('without a notification is refused alone and not sent', async () => {
    await using server = await playAnswers(result('{"code":"OK","messageId":1}'));
    const { notification: _, ...bare } = message();
    expect(await sendTo(server, bare, message())).toEqual([
      { kind: 'refused', reason: 'provider', networkCode: 'notification.missing' },
      { kind: 'sent', networkId: '1' },
    ]);
    expect(await sendTo(server, bare)).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a request that is not taken as a whole', () => {
  test.each([
    [
      '401',
      { ...result(rejected('login.must.be.not.null')), status: 401 },
      { kind: 'stopped', networkCode: 'login.must.be.not.null' },
    ],
    ['403', { ...result(rejected('service.not.found')), status: 403 }, { kind: 'stopped', networkCode: 'service.not.found' }],
    [
      '429 with a wait',
      { ...result(rejected('rate.limit')), status: 429, headers: { 'retry-after': '2' } },
      { kind: 'throttled', scope: 'lane', retryAfterMs: 2_000 },
    ],
    [
      '429 without one',
      { status: 429, body: '' },
      { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: 'http_429' },
    ],
    [
      '503 with a wait',
      { status: 503, headers: { 'retry-after': '2' }, body: '' },
      { kind: 'throttled', scope: 'lane', retryAfterMs: 2_000 },
    ],
    [
      '503 of the upstream itself',
      { ...result(rejected('unavailable')), status: 503 },
      { kind: 'failed', networkCode: 'unavailable' },
    ],
    ['503 of a proxy', { status: 503, body: '<html>' }, { kind: 'unanswered' }],
    ['500', { status: 500, body: '{}' }, { kind: 'unanswered' }],
    [
      '400',
      { ...result(rejected('too.many.messages')), status: 400 },
      { kind: 'refused', reason: 'provider', networkCode: 'too.many.messages' },
    ],
    ['404 of a wrong address', { status: 404, body: 'Not found' }, { kind: 'failed', networkCode: 'http_404' }],
    ['a redirect', { status: 301, headers: { location: '/' }, body: '' }, { kind: 'failed', networkCode: 'http_301' }],
    ['a page with status 200', { body: '<html>' }, { kind: 'unanswered' }],
    ['one result for two', result('{"code":"OK","messageId":1}'), { kind: 'unanswered' }],
    ['silence', 'hang', { kind: 'unanswered', detail: 'timeout' }],
    ['a dropped connection', 'reset', { kind: 'unanswered' }],
  ] satisfies [string, Played, object][])('%s means the same to each of its messages', async (_, answer, outcome) => {
    await using server = await playAnswers(answer);
    const outcomes = await channelAt(server.url, { timeoutMs: answer === 'hang' ? 500 : 5_000 }).send(messages(2), never);
    expect(outcomes).toHaveLength(2);
    for (const one of outcomes) expect(one).toMatchObject(outcome);
  });

  test('because nobody listens was not sent', async () => {
    expect(await channelAt(await closedPort()).send([message()], never)).toEqual([
      { kind: 'failed', networkCode: 'ECONNREFUSED' },
    ]);
  });

  test('because it is too large goes out in halves, and one message too large is refused alone', async () => {
    await using server = await playAnswers(({ body }) => {
      const items = JSON.parse(body) as { clientMessageId: string }[];
      const tooLarge = items.length > 1 || items[0]?.clientMessageId === '1';
      return tooLarge ? { status: 413, body: '' } : result('{"code":"OK","messageId":1}');
    });
    expect(await sendTo(server, ...messages(3))).toMatchObject([
      { kind: 'sent' },
      { kind: 'refused', reason: 'content' },
      { kind: 'sent' },
    ]);
  });

  test('because one of them cannot be read is refused for that one alone', async () => {
    await using server = await playAnswers(({ body }) => {
      const items = JSON.parse(body) as { clientMessageId: string }[];
      if (items.some(({ clientMessageId }) => clientMessageId === '1'))
        return { ...result(rejected('messages.invalid')), status: 400 };
      return result(...items.map(() => '{"code":"OK","messageId":1}'));
    });
    expect(await sendTo(server, ...messages(4))).toMatchObject([
      { kind: 'sent' },
      { kind: 'refused', networkCode: 'messages.invalid' },
      { kind: 'sent' },
      { kind: 'sent' },
    ]);
  });
});

describe('calls of one moment', () => {
  const batch = (...ids: number[]): Outgoing[] => ids.map((id) => message({ dedupKey: String(id) }));
  const idsIn = ({ body }: { body: string }): string[] =>
    (JSON.parse(body) as { clientMessageId: string }[]).map(({ clientMessageId }) => clientMessageId);
  const takenByTheirIds = (request: PlayedRequest): Played =>
    result(...idsIn(request).map((id) => (id === '3' ? rejected('is.spam') : `{"code":"OK","messageId":${id}}`)));

  test('leave in one request, and each has the outcomes of its own messages', async () => {
    await using server = await playAnswers(takenByTheirIds);
    const channel = channelAt(server.url);
    const calls = [batch(1, 2), batch(3), batch(4)].map((own) => channel.send(own, never));
    expect(await Promise.all(calls)).toMatchObject([
      [{ networkId: '1' }, { networkId: '2' }],
      [{ kind: 'refused', networkCode: 'is.spam' }],
      [{ networkId: '4' }],
    ]);
    expect(server.requests.map(idsIn)).toEqual([['1', '2', '3', '4']]);
  });

  test('go in several requests where they are many, none of them torn apart', async () => {
    await using server = await playAnswers(takenByTheirIds);
    const channel = channelAt(server.url);
    const numbers = (count: number, from: number): number[] => Array.from({ length: count }, (_, index) => from + index);
    const sizes = [60, 40, 1, 300];
    const calls = sizes.map((size, index) => channel.send(batch(...numbers(size, 1_000 * (index + 1))), never));
    expect((await Promise.all(calls)).map((outcomes) => outcomes.length)).toEqual(sizes);
    expect(server.requests.map((request) => idsIn(request).length).sort((a, b) => a - b)).toEqual([1, 100, 300]);
  });

  test('that fail leave in doubt what they carried and nothing that came later', async () => {
    await using server = await playAnswers('reset', takenByTheirIds);
    const channel = channelAt(server.url);
    const failed = await Promise.all([channel.send(batch(1), never), channel.send(batch(2), never)]);
    expect(failed).toMatchObject([[{ kind: 'unanswered' }], [{ kind: 'unanswered' }]]);
    expect(await channel.send(batch(4), never)).toMatchObject([{ networkId: '4' }]);
  });

  test('given up by one are answered to the others, and end when all have given up', async () => {
    const [one, all] = [new AbortController(), new AbortController()];
    await using server = await playAnswers((request) => {
      if (idsIn(request).includes('9')) {
        all.abort();
        return 'hang';
      }
      one.abort();
      return takenByTheirIds(request);
    });
    const channel = channelAt(server.url, { timeoutMs: 60_000 });
    const givenUp = [{ kind: 'unanswered', detail: 'given_up' }];
    expect(await Promise.all([channel.send(batch(1), one.signal), channel.send(batch(2), never)])).toEqual([
      givenUp,
      [{ kind: 'sent', networkId: '2' }],
    ]);
    expect(await Promise.all([channel.send(batch(9), all.signal), channel.send(batch(10), all.signal)])).toEqual([
      givenUp,
      givenUp,
    ]);
  });

  test('given up before they left are not sent', async () => {
    await using server = await playAnswers(takenByTheirIds);
    const channel = channelAt(server.url);
    const [givenUp, sent] = await Promise.all([channel.send(batch(1), AbortSignal.abort()), channel.send(batch(2), never)]);
    expect(givenUp).toEqual([{ kind: 'failed', networkCode: 'given_up' }]);
    expect(sent).toMatchObject([{ kind: 'sent' }]);
    expect(server.requests.map(idsIn)).toEqual([['2']]);
  });
});

describe('receipts of one message', () => {
  test('are its history, without what was only our word', async () => {
    const history = [
      { status: 'QUEUED', channel: 'VK', ts: 1, errorCode: 0 },
      { status: 'SENT', channel: 'VK', ts: 2, errorCode: 0 },
      { status: 'DELIVERED', channel: 'VK', ts: 3, errorCode: 0 },
    ];
    await using server = await playAnswers({ body: JSON.stringify({ messageId: 5, status: 'DELIVERED', history }) });
    expect(await channelAt(server.url).receipts('5', never)).toEqual([
      { networkId: '5', status: 'SENT', at: new Date(2) },
      { networkId: '5', status: 'DELIVERED', at: new Date(3) },
    ]);
    expect(server.requests).toMatchObject([
      { method: 'GET', path: '/vk/messages/5', headers: { authorization: 'Key notify-key' } },
    ]);
  });

  test('of one that the upstream does not know are none', async () => {
    await using server = await playAnswers({ status: 404, body: '' });
    expect(await channelAt(server.url).receipts('5', never)).toEqual([]);
  });

  test.each([
    [{ status: 500, body: '' }, 'status 500'],
    ['reset', 'did not answer'],
    [{ body: '{}' }, 'history is missing'],
  ] satisfies [Played, string][])('throw on %j', async (answer, problem) => {
    await using server = await playAnswers(answer);
    await expect(channelAt(server.url).receipts('5', never)).rejects.toThrow(problem);
  });
});

describe('where incoming messages go', () => {
  const webhook = { url: 'http://us/hooks/notify/token' };

  test('is told to an upstream that takes it by API', async () => {
    let account = '{"id":1,"statusUrl":null,"incomingUrl":null}';
    await using server = await playAnswers(({ body }) => {
      if (body !== '') account = `{"id":1,"statusUrl":null,${body.slice(1)}`;
      return { body: account };
    });
    expect(await channelAt(server.url).subscribeWebhook(webhook, never)).toEqual({
      state: 'active',
      did: ['The upstream was told where incoming messages go.'],
    });
    const [, request] = server.requests;
    expect(request).toMatchObject({ method: 'PATCH', path: '/v1/account', headers: { authorization: 'Key notify-key' } });
    expect(JSON.parse(request?.body ?? '')).toEqual({ incomingUrl: 'http://us/hooks/notify/token/incoming' });
    // Looked at again, it stands: nothing was done.
    expect(await channelAt(server.url).subscribeWebhook(webhook, never)).toEqual({ state: 'active', did: [] });
    expect(server.requests).toHaveLength(3);
  });

  test('is arranged by people where the upstream has no such route', async () => {
    await using server = await playAnswers({ status: 404, body: 'Not Found' });
    expect(await channelAt(server.url).subscribeWebhook(webhook, never)).toEqual({
      state: 'active',
      did: [],
      left: [expect.stringMatching(/ask its support/)],
    });
  });

  test.each(['<html>', '{"status":"ok"}', '{"id":1,"incomingUrl":null}', '{"id":1,"incomingUrl":"http://us/hooks/no'])(
    'is not told where the answer is %s, whatever its status',
    async (body) => {
      await using server = await playAnswers({ body });
      await expect(channelAt(server.url).subscribeWebhook(webhook, never)).rejects.toThrow('something else than its account');
    },
  );

  test('fails loudly when the key may not set it', async () => {
    await using server = await playAnswers({ status: 403, body: '{}' });
    await expect(channelAt(server.url).subscribeWebhook(webhook, never)).rejects.toThrow('403');
  });
});

test.each([
  [{ body: '{"id":1,"statusUrl":null,"incomingUrl":null}' }, { state: 'good', found: 'The upstream knows the key.' }],
  [{ body: '<html>' }, { state: 'unknown', advice: expect.stringContaining('Check the address') }],
  [{ body: '{"id":1}' }, { state: 'unknown' }],
  [{ body: '[]' }, { state: 'unknown' }],
  [
    { status: 401, body: '' },
    { state: 'bad', advice: 'Give the connection a key that is valid.' },
  ],
  [{ status: 403, body: '' }, { state: 'good' }],
  [
    { status: 404, body: '' },
    { state: 'unknown', advice: 'Send one message and look at its status.' },
  ],
  ['reset', { state: 'unknown', found: 'The upstream did not answer.' }],
] satisfies [Played, object][])('an upstream that answers %j to a question about the key: %o', async (answer, finding) => {
  await using server = await playAnswers(answer);
  expect(await channelAt(server.url).check(null, never)).toMatchObject([{ name: 'token', ...finding }]);
});

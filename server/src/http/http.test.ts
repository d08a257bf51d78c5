import { connect } from 'node:net';
import { OPERATIONS, type Operation, rightsOfScopes } from '@soroka/api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import type { MessageView } from '../dispatch/dispatch.ts';
import { KEY, message, type Stand, startStand } from './http-stand.ts';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
  stand.views.push(...Array.from({ length: 5 }, (_, index) => view(1_000_001 + index)));
});
afterAll(() => stand[Symbol.asyncDispose]());

function view(messageId: number, changes: Partial<MessageView> = {}): MessageView {
  return {
    messageId,
    kind: 'notification',
    status: 'QUEUED',
    channel: 'VK',
    phone: '79999999999',
    service: 'Group_name',
    templateId: 4,
    class: 'service',
    text: 'Здравствуйте',
    createdAt: new Date('2026-01-31T06:00:00Z'),
    expiresAt: new Date('2026-01-31T07:00:00Z'),
    errorCode: 0,
    callbackDataJson: null,
    history: [],
    ...changes,
  };
}
const get = (url: string, headers = {}) => stand.call({ method: 'GET', url, headers });
const errorOf = ({ status, body }: { status: number; body: { error: { code: string; field: string | null } } }) => {
  expect(body).toEqual({
    error: expect.objectContaining({ code: expect.any(String), message: expect.any(String), hint: expect.any(String) }),
  });
  return [status, body.error.code, body.error.field];
};
const reasonOf = ({ status, body }: { status: number; body: { result: { reasons: { key: string; field?: string }[] }[] } }) => {
  const reason = body.result[0]?.reasons[0];
  return [status, reason?.key, reason?.field];
};

describe('GET /vk/messages', () => {
  test('one message has the fields of the contract, its callbackData digit for digit', async () => {
    const callbackDataJson = '{"order":9007199254740993, "price":1.10}';
    const history = [{ status: 'SENT' as const, channel: 'VK' as const, ts: 1672137286244, errorCode: 0 }];
    const stored = history.map((entry) => ({ ...entry, attempt: 1, launchedAt: 1672137286200 })); // what the timeline tells
    stand.views.push(view(2_000_000, { callbackDataJson, history: stored, status: 'SENT' }));
    const { status, text, body } = await get('/vk/messages/2000000');
    stand.views.pop();
    expect(status).toBe(200);
    expect(text).toContain(`"callbackData":${callbackDataJson}`);
    expect({ ...body, callbackData: 0 }).toEqual({
      messageId: 2_000_000,
      status: 'SENT',
      channel: 'VK',
      phone: '79999999999',
      service: 'Group_name',
      templateId: 4,
      class: 'service',
      text: 'Здравствуйте',
      createdAt: '2026-01-31T06:00:00.000Z',
      expiresAt: '2026-01-31T07:00:00.000Z',
      callbackData: 0,
      history,
    });
  });

  test('pages follow each other, newest first, until the cursor is null', async () => {
    const ids: number[] = [];
    let url = '/vk/messages?limit=2';
    for (let pages = 1; ; pages += 1) {
      const { body } = await get(url);
      ids.push(...body.items.map(({ messageId }: MessageView) => messageId));
      if (body.nextCursor === null) {
        expect(pages).toBe(3);
        break;
      }
      url = `/vk/messages?limit=2&cursor=${body.nextCursor}`;
    }
    expect(ids).toEqual([1_000_005, 1_000_004, 1_000_003, 1_000_002, 1_000_001]);
  });

  test('filters reach dispatch as they are meant', async () => {
    let asked: unknown;
    const list = async (_accountId: number, filter: unknown) => {
      asked = filter;
      return [];
    };
    await using other = await startStand({ dispatch: { list } as never });
    const url =
      '/vk/messages?status=SENT&phone=8(999)9999999&sender=Group_name&from=2026-01-31T09:00:00+03:00&to=2026-02-01T00:00:00Z&limit=1000';
    expect((await other.call({ method: 'GET', url })).status).toBe(200);
    expect(asked).toEqual({
      status: 'SENT',
      phone: '79999999999',
      service: 'Group_name',
      createdFrom: new Date('2026-01-31T06:00:00Z'),
      createdTo: new Date('2026-02-01T00:00:00Z'),
      limit: 1001,
    });
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['status=sent', 'status'],
    ['phone=123', 'phone'],
    ['from=yesterday', 'from'],
    ['to=2026-02-30T00:00:00Z', 'to'],
    ['cursor=abc', 'cursor'],
    ['cursor=', 'cursor'],
    [`cursor=${Buffer.from('before:99999999999999999').toString('base64url')}`, 'cursor'],
    ['limit=1&limit=2', 'limit'],
    ['sender=%00', 'sender'],
    ['state=SENT', 'state'],
  ])('400 for %s', async (query, field) => {
    expect(reasonOf(await get(`/vk/messages?${query}`))).toEqual([400, 'parameter.invalid', field]);
  });

  test.each(['1', '3721115754893245581', '0'])('404 for the id %s', async (id) => {
    expect(reasonOf(await get(`/vk/messages/${id}`))).toEqual([404, 'not.found', undefined]);
  });

  test('400 for an id that is none', async () => {
    expect(reasonOf(await get('/vk/messages/abc'))).toEqual([400, 'parameter.invalid', 'messageId']);
  });
});

test('a cancelled message is answered as cancelled, a second time with 409, an unknown one with 404', async () => {
  const cancel = (id: number | string) => stand.call({ method: 'POST', url: `/vk/messages/${id}/cancel` });
  stand.views.push(view(3_000_000));
  const first = await cancel(3_000_000);
  expect([first.status, first.body.messageId, first.body.status]).toEqual([200, 3_000_000, 'CANCELLED']);
  expect(reasonOf(await cancel(3_000_000))).toEqual([409, 'message.already.sent', undefined]);
  expect(reasonOf(await cancel(4_000_000))).toEqual([404, 'not.found', undefined]);
  stand.views.pop();
});

describe('/v1/account', () => {
  const patch = (payload: unknown, headers = {}) =>
    stand.call({
      method: 'PATCH',
      url: '/v1/account',
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      headers: { 'content-type': 'application/json', ...headers },
    });

  test('shows the account, and the URLs set on it', async () => {
    expect((await get('/v1/account')).body).toEqual({
      id: 1,
      name: 'Test account',
      statusUrl: null,
      incomingUrl: null,
      quietHours: null,
      callbackSecret: 'whsec_dGVzdA==',
    });
    expect((await patch({ statusUrl: 'https://example.com/a', incomingUrl: 'https://example.com/b' })).status).toBe(200);
    expect((await patch({ incomingUrl: null })).body).toMatchObject({ statusUrl: 'https://example.com/a', incomingUrl: null });
  });

  test('quiet hours are set with the zone for phones that tell none, and end with null', async () => {
    const night = { from: '21:00', to: '09:00' };
    expect((await patch({ quietHours: night })).body.quietHours).toEqual({ ...night, timeZone: 'Europe/Moscow' });
    expect((await patch({ quietHours: { ...night, timeZone: 'asia/omsk' } })).body.quietHours.timeZone).toBe('Asia/Omsk');
    expect((await patch({ statusUrl: null })).body.quietHours).toMatchObject(night);
    expect((await patch({ quietHours: null })).body.quietHours).toBeNull();
  });

  test.each<[unknown, string | null]>([
    [{ statusUrl: 'http://127.0.0.1/' }, 'statusUrl'],
    [{ incomingUrl: 'nonsense' }, 'incomingUrl'],
    [{ statusUrl: 5 }, 'statusUrl'],
    [{ statusUrl: 'https://example.com/\0' }, 'statusUrl'],
    [{ statusUrl: null, other: 1 }, 'other'],
    [{ quietHours: { from: '21:00', to: '21:00' } }, 'quietHours.to'],
    [{ quietHours: { from: '21:00', to: '09:00', timeZone: 'Mars' } }, 'quietHours.timeZone'],
    [{ quietHours: { from: '21', to: '09:00' } }, 'quietHours.from'],
    [{}, null],
    [[], null],
    ['"x"', null],
  ])('400 for %j', async (payload, field) => {
    expect(errorOf(await patch(payload))).toEqual([400, 'parameter.invalid', field]);
  });

  test('400 with the position, 413 and 415 as everywhere', async () => {
    const { status, body } = await patch('{"statusUrl":}');
    expect([status, body.error.code, body.error.position]).toEqual([400, 'invalid.json', 13]);
    expect(errorOf(await patch(' '.repeat(70_000)))).toEqual([413, 'request.too.large', null]);
    expect(errorOf(await patch('{}', { 'content-type': 'text/plain' }))).toEqual([415, 'content.type.invalid', null]);
  });
});

describe('/v1/dialogs', () => {
  test('lists and histories come as lists', async () => {
    expect((await get('/v1/dialogs')).body).toEqual({ items: [], nextCursor: null, asOf: 0 });
    expect((await get('/v1/dialogs/5/messages?limit=10')).body).toEqual({ items: [], nextCursor: null, asOf: 0 });
  });

  test.each<[string, unknown[]]>([
    ['/v1/dialogs/404/messages', [404, 'not.found', null]],
    ['/v1/dialogs/99999999999999999999/messages', [404, 'not.found', null]],
    ['/v1/dialogs/x/messages', [400, 'parameter.invalid', 'dialogId']],
    ['/v1/dialogs?cursor=%20', [400, 'parameter.invalid', 'cursor']],
    ['/v1/dialogs/500/messages?cursor=abc', [400, 'parameter.invalid', 'cursor']],
    ['/v1/dialogs?limit=-1', [400, 'parameter.invalid', 'limit']],
  ])('%s', async (url, expected) => {
    expect(errorOf(await get(url))).toEqual(expected);
  });
});

describe('/v1/raw-events', () => {
  const replay = (id: string, payload?: string) =>
    stand.call({
      method: 'POST',
      url: `/v1/raw-events/${id}/replay`,
      ...(payload === undefined ? {} : { payload, headers: { 'content-type': 'application/json' } }),
    });

  test('come as a list, and a failed one is replayed as it came or mended', async () => {
    expect((await get('/v1/raw-events?state=failed&limit=5')).body).toEqual({ items: [], nextCursor: null });
    expect((await replay('5')).body).toEqual({ id: 5, state: 'waiting' });
    expect((await replay('5', '{"body":"{}"}')).body).toEqual({ id: 5, state: 'waiting' });
  });

  test('what is no state, no event or no mended body is refused by name', async () => {
    expect(errorOf(await get('/v1/raw-events?state=lost'))).toEqual([400, 'parameter.invalid', 'state']);
    expect(errorOf(await replay('6'))).toEqual([404, 'not.found', null]);
    expect(errorOf(await replay('x'))).toEqual([400, 'parameter.invalid', 'eventId']);
    expect(errorOf(await replay('5', '{"text":1}'))).toEqual([400, 'parameter.invalid', 'body']);
    expect(errorOf(await replay('5', '{'))).toEqual([400, 'invalid.json', null]);
  });
});

test('a process without the role api serves health and pages, and nothing to customers', async () => {
  await using other = await startStand({ servesApi: false });
  const statusOf = async (url: string) => (await other.call({ method: 'GET', url })).status;
  expect(await statusOf('/livez')).toBe(200);
  expect(await statusOf('/')).toBe(200);
  expect(await statusOf('/v1/account')).toBe(404);
  expect(await statusOf('/vk/messages')).toBe(404);
});

describe('every route', () => {
  const guarded = Object.values<Operation>(OPERATIONS).filter(({ right }) => right !== null);
  const urlOf = ({ path }: Operation) => path.replaceAll(/\{\w+\}/g, '5');

  test.each(guarded.map((operation) => [operation.method, operation.path, operation] as const))(
    '%s %s wants a key with its scope',
    async (method, _path, operation) => {
      const answerTo = async (authorization: string) => {
        const { statusCode, body } = await stand.app.inject({ method, url: urlOf(operation), headers: { authorization } });
        const answer = JSON.parse(body);
        return [statusCode, operation.refusals === 'error' ? answer.error.code : answer.result[0].reasons[0].key];
      };
      expect(await answerTo('')).toEqual([401, 'login.must.be.not.null']);
      if (operation.right !== null && !rightsOfScopes(['read']).has(operation.right))
        expect(await answerTo('Key only-read')).toEqual([403, 'scope.missing']);
    },
  );

  test('answers with a request id and headers that keep browsers from guessing', async () => {
    const { headers } = await get('/livez', { 'x-request-id': 'from-caller.1' });
    expect(headers).toMatchObject({
      'x-request-id': 'from-caller.1',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect((await get('/livez', { 'x-request-id': 'bad id\u0001' })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('404 for unknown addresses, whatever is sent there', async () => {
    expect(errorOf(await get('/v1/nothing'))).toEqual([404, 'not.found', null]);
    const posted = await stand.call({ method: 'POST', url: '/nothing', payload: '<x>', headers: { 'content-type': 'text/xml' } });
    expect(errorOf(posted)).toEqual([404, 'not.found', null]);
    expect(errorOf(await get('/%zz'))).toEqual([400, 'request.invalid', null]);
    expect(errorOf(await get(`/vk/messages/${'1'.repeat(300)}`))).toEqual([400, 'request.invalid', null]);
  });

  test('405 names the methods that there are', async () => {
    const account = await stand.call({
      method: 'DELETE',
      url: '/v1/account',
      payload: 'x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(errorOf(account)).toEqual([405, 'method.not.allowed', null]);
    expect(account.headers['allow']).toBe('GET, HEAD, PATCH');
    expect(reasonOf(await stand.call({ method: 'PUT', url: '/vk/messages' }))).toEqual([405, 'method.not.allowed', undefined]);
  });

  test('what nobody expected is a 500 that tells nothing, with the request id', async () => {
    await using broken = await startStand({ connections: { senders: () => Promise.reject(new Error('phone 79999999999')) } });
    const { status, text, headers, body } = await broken.post([message()]);
    expect([status, body.result[0].reasons[0].key]).toEqual([500, 'internal']);
    expect(text).not.toContain('79999999999');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('no query and no path brings a 5xx', async () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom('\0', '%', '1e9', '9007199254740993', "'", '[]', '../..'));
    const urls = fc.tuple(
      fc.constantFrom('/vk/messages', '/v1/dialogs', '/vk/messages/', '/v1/dialogs/5/messages', '/'),
      fc.constantFrom('limit', 'cursor', 'from', 'phone', 'status', 'x', 'lang'),
      texts,
    );
    await fc.assert(
      fc.asyncProperty(urls, async ([path, name, value]) => {
        const url =
          path.endsWith('/') && path !== '/' ? path + encodeURIComponent(value) : `${path}?${name}=${encodeURIComponent(value)}`;
        expect((await get(url)).status).toBeLessThan(500);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('health', () => {
  test('the process is live, and ready where nothing speaks against it', async () => {
    expect((await stand.app.inject('/livez')).json()).toEqual({ status: 'live' });
    expect((await stand.app.inject('/readyz')).json()).toEqual({ status: 'ready' });
  });

  test('503 with the reason where it is not ready', async () => {
    await using waiting = await startStand({ isReady: async () => 'migrations are missing' });
    const { status, body } = await waiting.call({ method: 'GET', url: '/readyz' });
    expect([status, body.error.code, body.error.message]).toEqual([503, 'unavailable', 'migrations are missing']);
    await using failing = await startStand({ isReady: () => Promise.reject(new Error('x')) });
    expect((await failing.call({ method: 'GET', url: '/readyz' })).status).toBe(503);
    expect((await failing.call({ method: 'GET', url: '/livez' })).status).toBe(200);
  });

  test('a database that hangs is told within two seconds', async () => {
    const clock = createManualClock();
    await using hanging = await startStand({ clock, isReady: () => new Promise(() => {}) });
    const asked = hanging.call({ method: 'GET', url: '/readyz' });
    const answer = await vi.waitFor(async () => {
      await clock.advance(2_000);
      return Promise.race([asked, Promise.reject(new Error('no answer yet'))]);
    }, 30_000);
    expect([answer.status, answer.body.error.message]).toEqual([503, 'the check of readiness took more than 2 s']);
  });
});

test('a key that makes too many requests is told when to come again, other keys are not touched', async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
  await using limited = await startStand({ clock, requestsPerSecondPerKey: 3 });
  const ask = (key = KEY) => limited.call({ method: 'GET', url: '/v1/dialogs', headers: { authorization: `Key ${key}` } });
  const burst = [await ask(), await ask(), await ask(), await ask()];
  expect(burst.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(burst[3]?.headers['retry-after']).toBe('1');
  expect(burst[3]?.body.error.code).toBe('rate.limit');
  expect((await ask('only-read')).status).toBe(200);
  now += 334;
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
});

test('routes of intake stand beside ours and parse their own bodies', async () => {
  await using withHooks = await startStand({
    registerIntake(app) {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
      app.post('/hooks/vk/:token', async ({ body }) => `got ${body}`);
    },
  });
  const hook = (method: 'POST' | 'GET') =>
    withHooks.app.inject({ method, url: '/hooks/vk/demo', ...(method === 'POST' ? { payload: 'broken {' } : {}) });
  expect((await hook('POST')).body).toBe('got broken {');
  expect((await hook('GET')).statusCode).toBe(405);
});

describe('over a real socket', () => {
  /** Sends raw bytes, and gives back everything until the server closes or `until` is seen. */
  const talk = async (port: number, request: string | Buffer, until?: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.write(request);
    for await (const chunk of socket.setEncoding('utf8')) {
      received += chunk;
      if (until !== undefined && received.includes(until)) break;
    }
    socket.destroy();
    return received;
  };
  const portOf = async (started: Stand): Promise<number> =>
    Number(new URL(await started.app.listen({ port: 0, host: '127.0.0.1' })).port);

  test('a sender that is too slow is cut off with 408', async () => {
    await using slow = await startStand({ timeouts: { headersMs: 100, requestMs: 200, checkEveryMs: 50 } });
    const port = await portOf(slow);
    expect(await talk(port, 'GET /livez HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request\.timeout"/);
    const head = `POST /vk/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Key ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
    expect(await talk(port, `${head}[{`)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a request under way when the server closes is served, and does not keep it from closing', async () => {
    const started = await startStand();
    const port = await portOf(started);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    const seen = new Promise((resolve) => started.app.server.once('request', resolve));
    socket.write(
      `POST /vk/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Key ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[`,
    );
    await seen;
    const closed = started.app.close();
    socket.write(']');
    let received = '';
    for await (const chunk of socket) received += chunk;
    expect(received).toMatch(/^HTTP\/1\.1 400 [\s\S]*messages\.empty/);
    await closed;
  });

  test('a connection that falls silent while the server closes does not keep it from closing', async () => {
    const started = await startStand();
    const port = await portOf(started);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    await new Promise((resolve) => socket.once('connect', resolve));
    await started.app.close();
    socket.destroy();
  });

  test('what is no HTTP gets a 400 in our shape, headers over 16 KiB a 431', async () => {
    await using started = await startStand();
    const port = await portOf(started);
    expect(await talk(port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"request\.invalid"/);
    expect(await talk(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 [\s\S]*"code":"headers\.too\.large"/,
    );
  });

  test('a body announced as too large is refused at once and dropped, and the connection goes on', async () => {
    await using started = await startStand();
    const port = await portOf(started);
    const head = (path: string, method: string, length: number) =>
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Key ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    const received = await talk(
      port,
      head('/vk/messages', 'POST', 5_000_000) + 'x'.repeat(5_000_000) + head('/livez', 'GET', 0),
      '"live"',
    );
    expect(received).toMatch(/^HTTP\/1\.1 413 [\s\S]*"key":"request\.too\.large"[\s\S]*HTTP\/1\.1 200 OK/);
  });

  test('a chunked body is cut at the limit too', async () => {
    await using started = await startStand();
    const url = await started.app.listen({ port: 0, host: '127.0.0.1' });
    const chunks = async function* () {
      for (let sent = 0; sent < 80; sent += 1) yield Buffer.alloc(65_536, ' ');
    };
    const answer = await fetch(`${url}/vk/messages`, {
      method: 'POST',
      headers: { authorization: `Key ${KEY}`, 'content-type': 'application/json' },
      body: chunks() as never,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(413);
  });
});

import { readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../platform/errors.ts';
import type { Template } from '../templates/templates.ts';
import { KEY, message, type Stand, startStand } from './http-stand.ts';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
});
beforeEach(() => {
  stand.accepted.length = 0;
});
afterAll(() => stand[Symbol.asyncDispose]());

/** Key and field of every reason of the first item. */
const reasonsOf = async (item: unknown): Promise<[string, string | undefined][]> => {
  const { status, body } = await stand.post([item]);
  expect(status).toBe(200);
  expect(body.result).toHaveLength(1);
  expect(body.result[0].code).toBe('REJECTED');
  return body.result[0].reasons.map(({ key, field, message: text }: { key: string; field?: string; message: string }) => {
    expect(text.length).toBeGreaterThan(3);
    return [key, field];
  });
};

describe('a request that is taken', () => {
  test('the request printed in the contract is taken word for word, but for its trailing comma', async () => {
    const printed = readFixture('notify/request-as-printed').text;
    const { status, body } = await stand.post(printed.replace('"Margarita",', '"Margarita"'));
    expect(status).toBe(200);
    expect(body).toEqual({ result: [{ code: 'OK', messageId: 1000001 }] });
    expect(stand.accepted).toEqual([
      {
        phone: '79999999999',
        service: 'Group_name',
        templateId: 4,
        tmpl: 'base_template',
        templateData: { name: 'Anna', pizza: 'Margarita' },
        templateDataJson: '{\n"name": "Anna",\n"pizza": "Margarita"\n}',
        routes: ['VK', 'OK'],
        deliveryPolicy: 'any',
        ttlSeconds: 60,
        statusUrl: 'http://your.website.com/',
        contentSha256: expect.any(Buffer),
      },
    ]);
  });

  test('what is absent has its documented default', async () => {
    await stand.post([message({ tmpl_data: undefined })]);
    expect(stand.accepted[0]).toMatchObject({
      deliveryPolicy: 'any',
      ttlSeconds: 86_400,
      templateData: {},
      templateDataJson: '{}',
    });
    expect(stand.accepted[0]).not.toHaveProperty('routes');
    expect(stand.accepted[0]).not.toHaveProperty('statusUrl');
    expect(stand.accepted[0]).not.toHaveProperty('callbackDataJson');
  });

  test('every field of ours arrives', async () => {
    const sendAt = new Date(Date.now() + 600_000).toISOString();
    const { body } = await stand.post([
      message({
        phone: '8 (999) 999-99-99',
        delivery_policy: 'Mobile_Device_Required',
        class: 'transactional',
        steps: [{ route: 'VK', timeout: 120, success: 'DELIVERED' }, { route: 'OK' }],
        clientMessageId: 'order 7',
        sendAt,
        windows: [
          { from: '09:00', to: '24:00', timeZone: 'europe/moscow' },
          { weekdays: [6, 7], from: '10:00', to: '12:30' },
        ],
      }),
    ]);
    expect(body.result[0].code).toBe('OK');
    expect(stand.accepted[0]).toMatchObject({
      phone: '79999999999',
      deliveryPolicy: 'mobile_device_required',
      class: 'transactional',
      steps: [{ route: 'VK', timeoutSeconds: 120, success: 'DELIVERED' }, { route: 'OK' }],
      clientMessageId: 'order 7',
      sendAt: new Date(sendAt),
      windows: [
        { weekdays: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '24:00', timeZone: 'Europe/Moscow' },
        { weekdays: [6, 7], from: '10:00', to: '12:30' },
      ],
    });
  });

  test('numbers beyond 2^53 stay exact in callbackData and in the variables', async () => {
    const callbackData = '{"order": 9007199254740993, "price":1.10,"order2":1e400 }';
    await stand.post(
      `[{"phone":"79999999999","service":"Group_name","templateId":4,"tmpl_data":{"n":9007199254740993},"callbackData":${callbackData}}]`,
    );
    expect(stand.accepted[0]).toMatchObject({
      callbackDataJson: callbackData,
      templateData: { n: 9007199254740993n },
      templateDataJson: '{"n":9007199254740993}',
    });
  });

  test('answers stand in the order of the messages, whichever were refused', async () => {
    const { body } = await stand.post([message(), message({ phone: 'x' }), message(), 5, message()]);
    expect(body.result.map((item: { code: string; messageId?: number }) => item.messageId ?? item.code)).toEqual([
      1000001,
      'REJECTED',
      1000002,
      'REJECTED',
      1000003,
    ]);
  });

  test('whole surrogate pairs are text like any other', async () => {
    await stand.post('[{"phone":"79999999999","service":"Group_name","templateId":4,"tmpl_data":{"name":"\\ud83d\\ude00"}}]');
    expect(stand.accepted[0]?.templateData).toEqual({ name: '😀' });
  });

  test('1000 messages are taken in one request', async () => {
    const { body } = await stand.post(Array.from({ length: 1000 }, () => message()));
    expect(body.result).toHaveLength(1000);
    expect(stand.accepted).toHaveLength(1000);
  });

  test('the same item hashes the same however it is written, another one does not', async () => {
    await stand.post([message({ clientMessageId: 'a' })]);
    await stand.post([{ clientMessageId: 'a', ...message({ phone: '+7 999 999 99 99', ttl: 86400 }) }]);
    await stand.post([message({ clientMessageId: 'a', tmpl_data: { name: 'Boris', pizza: 'Margarita' } })]);
    const [first, again, other] = stand.accepted.map(({ contentSha256 }) => contentSha256.toString('hex'));
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('a repeat with the seconds that are left of its ttl, and another status_url, is the same content', async () => {
    await stand.post([message({ clientMessageId: 'a', ttl: 600 })]);
    await stand.post([message({ clientMessageId: 'a', ttl: 540, status_url: 'http://other.example/' })]);
    const [first, again] = stand.accepted.map(({ contentSha256 }) => contentSha256.toString('hex'));
    expect(again).toBe(first);
  });
});

describe('the older form', () => {
  test('its fields arrive under their new names; number, digits and pushToken are taken as its documents show them', async () => {
    const item = {
      callbackData: { clientId: 44444 },
      callbackUrl: 'https://example.com/hook',
      deliveryPolicy: 'ANY',
      routes: ['OK'],
      templateData: { attr1: '100.50', attr2: '1288899' },
      templateId: '16',
      to: 79100000000,
      validity: 15,
      pushToken: 'x',
    };
    const { body } = await stand.post({ messages: [item] });
    expect(body.result).toEqual([{ code: 'OK', messageId: 1000001 }]);
    expect(stand.accepted[0]).toMatchObject({
      phone: '79100000000',
      service: 'Group_name',
      templateId: 16,
      templateDataJson: '{"attr1":"100.50","attr2":"1288899"}',
      routes: ['OK'],
      deliveryPolicy: 'any',
      ttlSeconds: 15,
      statusUrl: 'https://example.com/hook',
      callbackDataJson: '{"clientId":44444}',
    });
  });

  test('problems are named by its own field names', async () => {
    const { body } = await stand.post({
      messages: [{ to: 'x', templateId: 4, validity: 14, callbackUrl: 'ftp://x', phone: '79999999999' }],
    });
    const reasons = body.result[0].reasons.map(({ key, field }: { key: string; field: string }) => `${key} ${field}`);
    expect(reasons.sort()).toEqual([
      'field.unknown phone',
      'phone.invalid to',
      'status_url.invalid callbackUrl',
      'ttl.invalid validity',
    ]);
  });

  test('the sender of an item that names none is the first one approved for its template', async () => {
    const sender = (id: number, name: string) => ({
      id,
      accountId: 1,
      name,
      budgetPerDay: null,
      forbiddenPatterns: [],
      routes: [],
    });
    const template: Template = {
      ...{
        accountId: 1,
        id: 4,
        version: 1,
        name: 'base',
        text: '',
        routes: [],
        upstream: {},
        intent: null,
        class: null,
        unknownOutcome: 'resend',
        variables: [],
      },
      senderIds: new Set([8, 9]),
    };
    await using other = await startStand({
      connections: { senders: async () => [sender(9, 'Third'), sender(7, 'First'), sender(8, 'Second')] },
      templates: { list: async () => [template] },
    });
    await other.post({
      messages: [
        { to: '79999999999', templateId: 4 },
        { to: '79999999999', templateId: 5 },
        { to: '79999999999', templateId: 4, service: 'Third' },
      ],
    });
    expect(other.accepted.map(({ service }) => service)).toEqual(['Second', 'First', 'Third']);
  });
});

describe('a message that is refused names key and field', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['phone.invalid', { phone: '74951234567' }, 'phone'],
    ['phone.invalid', { phone: undefined }, 'phone'],
    ['service.not.found', { service: undefined }, 'service'],
    ['service.not.found', { service: '' }, 'service'],
    ['message.contains.invalid.templateId', { templateId: undefined }, 'templateId'],
    ['message.contains.invalid.templateId', { templateId: 4.5 }, 'templateId'],
    ['message.contains.invalid.templateId', { templateId: 2 ** 31 }, 'templateId'],
    ['message.contains.invalid.templateId', { tmpl: '' }, 'tmpl'],
    ['routes.invalid', { routes: [] }, 'routes'],
    ['routes.invalid', { routes: ['VK', 'SMS'] }, 'routes[1]'],
    ['routes.invalid', { routes: ['VK', 'VK'] }, 'routes'],
    ['delivery_policy.invalid', { delivery_policy: 'some' }, 'delivery_policy'],
    ['class.invalid', { class: 'Urgent' }, 'class'],
    ['ttl.invalid', { ttl: 59 }, 'ttl'],
    ['ttl.invalid', { ttl: 86401 }, 'ttl'],
    ['ttl.invalid', { ttl: 60.5 }, 'ttl'],
    ['status_url.invalid', { status_url: 'ftp://example.com/' }, 'status_url'],
    ['status_url.invalid', { status_url: 'http://127.0.0.1/' }, 'status_url'],
    ['status_url.invalid', { status_url: 'http://[::ffff:10.0.0.1]/' }, 'status_url'],
    ['status_url.invalid', { status_url: 'nonsense' }, 'status_url'],
    ['status_url.invalid', { status_url: `http://example.com/${'a'.repeat(2048)}` }, 'status_url'],
    ['callbackData.invalid', { callbackData: { text: 'я'.repeat(2048) } }, 'callbackData'],
    ['clientMessageId.invalid', { clientMessageId: '' }, 'clientMessageId'],
    ['clientMessageId.invalid', { clientMessageId: 'a'.repeat(101) }, 'clientMessageId'],
    ['steps.invalid', { steps: [] }, 'steps'],
    ['steps.invalid', { steps: [{}] }, 'steps[0].route'],
    ['steps.invalid', { steps: [{ route: 'SMS' }] }, 'steps[0].route'],
    ['steps.invalid', { steps: [{ route: 'VK', timeout: 0 }] }, 'steps[0].timeout'],
    ['steps.invalid', { steps: [{ route: 'VK', success: 'EXPIRED' }] }, 'steps[0].success'],
    ['steps.invalid', { steps: [{ route: 'VK' }, { route: 'VK' }] }, 'steps[1].route'],
    ['steps.invalid', { steps: [{ route: 'VK' }], routes: ['VK'] }, 'steps'],
    ['sendAt.invalid', { sendAt: '2026-01-31 09:00' }, 'sendAt'],
    ['sendAt.invalid', { sendAt: '2999-01-31T09:00:00Z' }, 'sendAt'],
    ['windows.invalid', { windows: [] }, 'windows'],
    ['windows.invalid', { windows: [{ from: '9:00', to: '21:00' }] }, 'windows[0].from'],
    ['windows.invalid', { windows: [{ from: '09:00' }] }, 'windows[0].to'],
    ['windows.invalid', { windows: [{ from: '21:00', to: '09:00' }] }, 'windows[0].from'],
    ['windows.invalid', { windows: [{ from: '09:00', to: '21:00', weekdays: [0] }] }, 'windows[0].weekdays[0]'],
    ['windows.invalid', { windows: [{ from: '09:00', to: '21:00', timeZone: 'Europe/Nowhere' }] }, 'windows[0].timeZone'],
    ['tmpl_data.invalid', { tmpl_data: { name: ['a', 'b\0'] } }, 'tmpl_data.name[1]'],
    ['service.not.found', { service: 'a\0' }, 'service'],
    ['clientMessageId.invalid', { clientMessageId: 'a\0' }, 'clientMessageId'],
    ['clientMessageId.invalid', { clientMessageId: 'a\ud800' }, 'clientMessageId'],
    ['tmpl_data.invalid', { tmpl_data: { 'na\udc00me': 'x' } }, 'tmpl_data'],
    ['status_url.invalid', { status_url: 'https://example.com/\0' }, 'status_url'],
    ['field.unknown', { templatId: 4 }, 'templatId'],
    ['field.unknown', { ['__proto__x']: 4 }, '__proto__x'],
    ['field.unknown', { steps: [{ route: 'VK', when: 1 }] }, 'steps[0].when'],
    ['field.type.invalid', { phone: 79999999999 }, 'phone'],
    ['field.type.invalid', { templateId: '4' }, 'templateId'],
    ['field.type.invalid', { tmpl_data: [] }, 'tmpl_data'],
    ['field.type.invalid', { tmpl_data: 'x' }, 'tmpl_data'],
    ['field.type.invalid', { routes: 'VK' }, 'routes'],
    ['field.type.invalid', { routes: [1] }, 'routes[0]'],
    ['field.type.invalid', { delivery_policy: null }, 'delivery_policy'],
    ['field.type.invalid', { ttl: '60' }, 'ttl'],
    ['field.type.invalid', { status_url: 5 }, 'status_url'],
    ['field.type.invalid', { callbackData: 'x' }, 'callbackData'],
    ['field.type.invalid', { clientMessageId: 5 }, 'clientMessageId'],
    ['field.type.invalid', { steps: { route: 'VK' } }, 'steps'],
    ['field.type.invalid', { steps: ['VK'] }, 'steps[0]'],
    ['field.type.invalid', { sendAt: 5 }, 'sendAt'],
    ['field.type.invalid', { windows: '09:00' }, 'windows'],
  ])('%s: %j', async (key, changes, field) => {
    expect(await reasonsOf(message(changes))).toEqual([[key, field]]);
    expect(stand.accepted).toEqual([]);
  });

  test.each([5, 'text', null, true, [], [message()]])('message.invalid: %j', async (item) => {
    expect(await reasonsOf(item)).toEqual([['message.invalid', undefined]]);
  });

  test('all problems of a message are named at once', async () => {
    const item = {
      phone: 'x',
      service: 'Group_name',
      ttl: '60',
      routes: [],
      status_url: 'http://10.0.0.1/',
      foo: 1,
      bar: 2,
      steps: [{ route: 'VK' }],
    };
    const keys = (await reasonsOf(item)).map((reason) => reason.join(' '));
    expect(keys.sort()).toEqual([
      'field.type.invalid ttl',
      'field.unknown bar',
      'field.unknown foo',
      'message.contains.invalid.templateId templateId',
      'phone.invalid phone',
      'routes.invalid routes',
      'status_url.invalid status_url',
    ]);
  });

  test('an own __proto__ is an unknown field like any other', async () => {
    const { body } = await stand.post('[{"__proto__":{"phone":"79999999999"},"service":"Group_name","templateId":4}]');
    expect(body.result[0].reasons.map(({ key }: { key: string }) => key).sort()).toEqual(['field.unknown', 'phone.invalid']);
  });

  test('an item with 100 000 unknown fields gets a short answer', async () => {
    const item = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, 1]));
    const { body, text } = await stand.post([item]);
    expect(body.result[0].code).toBe('REJECTED');
    expect(text.length).toBeLessThan(10_000);
  });
});

describe('a request that is refused as a whole', () => {
  const refused = async (answer: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await answer;
    expect(body).toEqual({
      result: [
        { code: 'REJECTED', reasons: [expect.objectContaining({ key: expect.any(String), message: expect.any(String) })] },
      ],
    });
    expect(stand.accepted).toEqual([]);
    return [status, (body as { result: { reasons: { key: string }[] }[] }).result[0]?.reasons[0]?.key];
  };

  test.each([
    ['none', undefined],
    ['of an unknown key', 'Key unknown'],
    ['of an unknown scheme', `Bearer ${KEY}`],
    ['without a key', 'Key'],
    ['as Basic of a wrong account', `Basic ${btoa(`Other:${KEY}`)}`],
    ['as Basic of a wrong key', `Basic ${btoa('Test account:wrong')}`],
    ['as Basic without a colon', `Basic ${btoa(KEY)}`],
    ['as Basic with U+0000', `Basic ${btoa(`\0:${KEY}`)}`],
    ['that is far too long', `Key ${'a'.repeat(5000)}`],
  ])('401 where the Authorization is %s', async (_name, authorization) => {
    const answer = stand.app.inject({
      method: 'POST',
      url: '/vk/messages',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      payload: JSON.stringify([message()]),
    });
    expect(await refused(answer.then(({ statusCode, body }) => ({ status: statusCode, body: JSON.parse(body) })))).toEqual([
      401,
      'login.must.be.not.null',
    ]);
    expect((await answer).headers['www-authenticate']).toContain('Key');
  });

  test.each([`Key ${KEY}`, `key  ${KEY}`, `Basic ${btoa(`Test account:${KEY}`)}`])('%s is let in', async (authorization) => {
    expect((await stand.post([message()], { headers: { authorization } })).status).toBe(200);
  });

  test('403 without the scope', async () => {
    expect(await refused(stand.post([message()], { headers: { authorization: 'Key only-read' } }))).toEqual([
      403,
      'scope.missing',
    ]);
  });

  test('403 service.not.found where the account has no sender', async () => {
    await using empty = await startStand({ connections: { senders: async () => [] } });
    expect(await refused(empty.post([message()]))).toEqual([403, 'service.not.found']);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=windows-1251', 'nonsense;;', ''])(
    '415 for the type %j',
    async (type) => {
      expect(await refused(stand.post([message()], { headers: { 'content-type': type } }))).toEqual([
        415,
        'content.type.invalid',
      ]);
    },
  );

  test('415 for a compressed body', async () => {
    expect(await refused(stand.post([message()], { headers: { 'content-encoding': 'gzip' } }))).toEqual([
      415,
      'content.type.invalid',
    ]);
  });

  test.each(['application/json', 'Application/JSON; charset="UTF-8"'])('the type %s is fine', async (type) => {
    expect((await stand.post([message()], { headers: { 'content-type': type } })).status).toBe(200);
  });

  test('413 for 5 MB, and for one byte over 4 MiB', async () => {
    expect(await refused(stand.post(' '.repeat(5_000_000)))).toEqual([413, 'request.too.large']);
    const body = JSON.stringify([message()]);
    expect(await refused(stand.post(body.padEnd(4 * 1024 * 1024 + 1)))).toEqual([413, 'request.too.large']);
    expect((await stand.post(body.padEnd(4 * 1024 * 1024))).status).toBe(200);
  });

  test.each([
    ['', 0],
    ['[', 1],
    ['[{"phone": "79999999999",}]', 24],
    ['['.repeat(33), 32],
    [Buffer.of(0x5b, 0x22, 0xff, 0x22, 0x5d), 2],
  ])('400 invalid.json with the position', async (payload, position) => {
    const answer = stand.post(payload);
    expect(await refused(answer)).toEqual([400, 'invalid.json']);
    expect((await answer).body.result[0].reasons[0]).toMatchObject({ position, line: 1, column: position + 1 });
  });

  test('400 for the printed request as it stands, at its trailing comma', async () => {
    const printed = readFixture('notify/request-as-printed').text;
    const { status, body } = await stand.post(printed);
    expect(status).toBe(400);
    expect(body.result[0].reasons[0]).toMatchObject({ key: 'invalid.json', position: printed.indexOf(',\n},') });
  });

  test.each(['5', '"x"', 'null', '{}', '{"messages":5}', '{"message":[]}', '{"messages":[],"more":1}'])(
    '400 messages.invalid: %s',
    async (payload) => {
      expect(await refused(stand.post(payload))).toEqual([400, 'messages.invalid']);
    },
  );

  test.each(['[]', '{"messages":[]}'])('400 messages.empty: %s', async (payload) => {
    expect(await refused(stand.post(payload))).toEqual([400, 'messages.empty']);
  });

  test('400 for 1001 messages, none of which is taken', async () => {
    expect(await refused(stand.post(Array.from({ length: 1001 }, () => message())))).toEqual([400, 'too.many.messages']);
    expect(await refused(stand.post({ messages: Array.from({ length: 1001 }, () => 1) }))).toEqual([400, 'too.many.messages']);
  });

  test('503 where the database is away', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    await using broken = await startStand({ connections: { senders: () => Promise.reject(away) } });
    expect(await refused(broken.post([message()]))).toEqual([503, 'unavailable']);
  });

  test('503 with Retry-After where too much waits to be stored', async () => {
    const full = () => Promise.reject(new AppError('overloaded', '20000 messages wait'));
    await using busy = await startStand({ dispatch: { accept: full } });
    const answer = await busy.post([message()]);
    expect([answer.status, answer.body.result[0].reasons[0].key, answer.headers['retry-after']]).toEqual([
      503,
      'overloaded',
      '1',
    ]);
  });

  test('a size is looked at before the JSON, the JSON before the count', async () => {
    expect(await refused(stand.post(`[${'1,'.repeat(2_500_000)}`))).toEqual([413, 'request.too.large']);
    expect(await refused(stand.post(`[${'1,'.repeat(2_000)}]`))).toEqual([400, 'invalid.json']);
  });
});

describe('a dry run and a forecast', () => {
  const both = [message(), message({ phone: '123' })];

  test('answer every item in its place, and nothing is accepted', async () => {
    const { status, body } = await stand.post(both, { url: '/vk/messages?dryRun=true' });
    expect(status).toBe(200);
    expect(body.result[0]).toMatchObject({ code: 'OK', text: 'Hello', forecast: { channel: 'VK', outcome: 'SENT' } });
    expect(body.result[0]).not.toHaveProperty('messageId');
    expect(body.result[1]).toMatchObject({ code: 'REJECTED', reasons: [{ key: 'phone.invalid', field: 'phone' }] });
    const forecast = await stand.post(both, { url: '/v1/forecast' });
    expect(forecast.body).toMatchObject({
      messages: 2,
      sent: 1,
      endsAt: '1970-01-01T00:00:00.020Z',
      groups: [{ channel: 'VK', groupId: '1', messages: 1 }],
      refused: [{ index: 1, reasons: [{ key: 'phone.invalid' }] }],
    });
    expect(stand.accepted).toEqual([]);
  });

  test.each(['dryRun=yes', 'dryrun=true', 'dryRun=true&dryRun=false'])(
    'are not guessed: ?%s is refused and nothing is sent',
    async (query) => {
      const { status, body } = await stand.post(both, { url: `/vk/messages?${query}` });
      expect([status, body.result[0].reasons[0].key]).toEqual([400, 'parameter.invalid']);
      expect(stand.accepted).toEqual([]);
    },
  );

  test('dryRun=false sends', async () => {
    await stand.post([message()], { url: '/vk/messages?dryRun=false' });
    expect(stand.accepted).toHaveLength(1);
  });
});

describe('Idempotency-Key', () => {
  const withResult = (result: object) =>
    startStand({
      dispatch: { accept: async () => result as never },
    });

  test.each(['', 'a'.repeat(256)])('400 for one of %s characters', async (key) => {
    const { status, body } = await stand.post([message()], { headers: { 'idempotency-key': key } });
    expect([status, body.result[0].reasons[0].key]).toEqual([400, 'idempotency.key.invalid']);
  });

  test('the answer that dispatch stores is the one that is sent, refusals included', async () => {
    let stored = '';
    await using remembering = await startStand({
      dispatch: {
        async accept(_accountId, items, remember) {
          const answers = items.map(() => ({ ok: true as const, messageId: 5 }));
          stored = remember?.answerBody(answers) ?? '';
          return { kind: 'accepted', answers };
        },
      },
    });
    const { text } = await remembering.post([message(), 5], { headers: { 'idempotency-key': 'k' } });
    expect(stored).toBe(text);
    await remembering.post([5], { headers: { 'idempotency-key': 'only refusals' } });
    expect(stored).toContain('message.invalid');
  });

  test('a stored answer comes back word for word, and says so', async () => {
    await using repeated = await withResult({ kind: 'repeated', answerBody: '{"result":[{"code":"OK","messageId":17}]}' });
    const { status, text, headers } = await repeated.post([message()], { headers: { 'idempotency-key': 'k' } });
    expect([status, text]).toEqual([200, '{"result":[{"code":"OK","messageId":17}]}']);
    expect(headers).toMatchObject({ 'idempotency-replayed': 'true', 'content-type': 'application/json; charset=utf-8' });
  });

  test('422 with another body, 409 while the first request runs', async () => {
    await using conflict = await withResult({ kind: 'conflict' });
    expect((await conflict.post([message()], { headers: { 'idempotency-key': 'k' } })).status).toBe(422);
    await using running = await withResult({ kind: 'running' });
    expect((await running.post([message()], { headers: { 'idempotency-key': 'k' } })).status).toBe(409);
  });
});

test('whatever is posted, the answer is no 5xx and has one item per message', { timeout: 60_000 }, async () => {
  const names = fc.constantFrom(
    ...Object.keys(message()),
    'routes',
    'steps',
    'ttl',
    'status_url',
    'callbackData',
    'clientMessageId',
    'sendAt',
    'windows',
    'tmpl',
    '__proto__',
    'x',
  );
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      60,
      '79999999999',
      ['VK'],
      'ANY',
      { route: 'VK' },
      [{ route: 'VK', timeout: 5 }],
      '\0',
      '\ud800',
      2 ** 53,
      1e308,
      -0,
      [{ from: '09:00', to: '10:00' }],
    ),
  );
  const nearlyMessage = fc
    .array(fc.tuple(names, values), { maxLength: 4 })
    .map((changes) => ({ ...message(), ...Object.fromEntries(changes) }));
  const items = fc.array(fc.oneof(nearlyMessage, fc.jsonValue({ maxDepth: 2 })), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(items, async (batch) => {
      const { status, body } = await stand.post(batch);
      expect(status).toBe(200);
      expect(body.result).toHaveLength(batch.length);
    }),
    { numRuns: 1_000, seed: 1 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      async (payload) => {
        expect((await stand.post(payload)).status).toBeLessThan(500);
      },
    ),
    { numRuns: 500, seed: 2 },
  );
});

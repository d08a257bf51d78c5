import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiTown, startApiTown, type TownAnswer } from '../../test/api-town.ts';
import { until } from '../../test/until.ts';
import { createTemplates } from '../templates/templates.ts';

let town: ApiTown;
beforeAll(async () => {
  town = await startApiTown();
});
afterAll(() => town[Symbol.asyncDispose]());

const refusalOf = ({ status, body }: TownAnswer) => [status, body.error?.code, body.error?.field];
/** The module itself, for what no answer of the API shows. */
const templatesOf = async (name: string) => ({
  templates: createTemplates({ database: town.database }),
  ...(await town.newAccount(name)),
});
const lastLine = async () => (await town.call('GET', '/v1/audit?limit=1')).body.items[0];

describe('keys', () => {
  test('are made, shown once, listed masked, and refused after they are revoked', async () => {
    const made = (await town.call('POST', '/v1/keys', { name: 'till', scopes: ['send'] })).body;
    expect(made).toMatchObject({ name: 'till', scopes: ['send'], masked: `soroka_${made.id}_****`, revokedAt: null });
    expect((await town.call('GET', '/v1/senders', undefined, `Key ${made.key}`)).status).toBe(403);
    const listed = await town.call('GET', '/v1/keys');
    expect(listed.body.items.at(-1)).toMatchObject({ id: made.id, masked: made.masked });
    expect(listed.text).not.toContain(made.key);

    expect((await town.call('DELETE', `/v1/keys/${made.id}`)).body.revokedAt).not.toBeNull();
    expect((await town.call('GET', '/v1/senders', undefined, `Key ${made.key}`)).status).toBe(401);
    expect(refusalOf(await town.call('DELETE', `/v1/keys/${made.id}`))).toEqual([404, 'not.found', null]);
    expect(await lastLine()).toMatchObject({
      action: 'key.revoked',
      object: `key:${made.id}`,
      actor: { kind: 'key', id: 'demo' },
    });
  });

  test('are given no right that their maker lacks', async () => {
    const { key } = (await town.call('POST', '/v1/keys', { name: 'console', scopes: ['admin'] })).body;
    const asked = await town.call('POST', '/v1/keys', { name: 'more', scopes: ['send'] }, `Key ${key}`);
    expect(refusalOf(asked)).toEqual([400, 'parameter.invalid', 'scopes']);
    expect((await town.call('POST', '/v1/keys', { name: 'same', scopes: ['admin'] }, `Key ${key}`)).status).toBe(200);
  });
});

describe('senders', () => {
  const [vk] = [{ channel: 'VK', provider: 'community', connectionId: 1 }];

  test('are added and changed, and what is not given stays', async () => {
    const added = (await town.call('POST', '/v1/senders', { service: 'Pizzeria', routes: [vk], budgetPerDay: 10 })).body;
    expect(added).toMatchObject({
      ...{ service: 'Pizzeria', budgetPerDay: 10, forbiddenPatterns: [], pausedAt: null },
      routes: [{ ...vk, groupId: '213243638' }],
    });
    const changed = await town.call('PATCH', `/v1/senders/${added.id}`, { forbiddenPatterns: ['казино'] });
    expect(changed.body).toEqual({ ...added, forbiddenPatterns: ['казино'] });
    expect(await lastLine()).toMatchObject({
      ...{ action: 'sender.changed', object: `sender:${added.id}`, fields: ['forbiddenPatterns'] },
    });
  });

  test.each([
    [{ service: 'Group_name', routes: [{ channel: 'VK', provider: 'community', connectionId: 1 }] }, 'service'],
    [{ service: 'New', routes: [{ channel: 'OK', provider: 'community', connectionId: 1 }] }, 'routes[0]'],
    [{ service: 'New', routes: [{ channel: 'VK', provider: 'notify', connectionId: 3 }] }, 'routes[0]'],
    [{ service: 'New', routes: [{ channel: 'VK', provider: 'community', connectionId: 999 }] }, 'routes[0]'],
    [
      { service: 'New', routes: [{ channel: 'VK', provider: 'community', connectionId: 1 }], forbiddenPatterns: ['('] },
      'forbiddenPatterns',
    ],
    [
      { service: 'New', routes: [{ channel: 'VK', provider: 'community', connectionId: 1 }], forbiddenPatterns: ['a\0'] },
      'forbiddenPatterns[0]',
    ],
  ])('as %j are refused by the field', async (sender, field) => {
    expect(refusalOf(await town.call('POST', '/v1/senders', sender))).toEqual([400, 'parameter.invalid', field]);
  });
});

describe('connections', () => {
  const VK = { kind: 'vk', token: 'vk1.demo' };
  const TOKEN = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE';
  // VK allows two calls of set-up a second, which is long for a test: what both networks do alike is tried with OK.
  const OK = { kind: 'ok', token: TOKEN };
  const shop = async (name: string) => {
    const { key } = await town.newAccount(name);
    return (method: string, path: string, body?: unknown) => town.call(method, path, body, `Key ${key}`);
  };

  test('a token alone connects a group: its network says which, and is asked to send its events', async () => {
    const call = await shop('connects a group');
    const added = await call('POST', '/v1/connections', { ...OK, receive: 'webhook' });
    expect(added.body).toMatchObject({
      connection: { kind: 'ok', groupId: '70000000000001', receive: 'webhook', pausedReason: null },
      webhookUrl: expect.stringMatching(/\/hooks\/ok\/[\w-]{43}$/),
      did: expect.arrayContaining([expect.stringContaining('Our address is subscribed')]),
      left: [],
    });
    const { id } = added.body.connection;
    expect((await call('POST', `/v1/connections/${id}/check`)).body).toMatchObject({ isGood: true });
    expect((await call('GET', '/v1/audit?limit=1')).body.items).toMatchObject([
      { action: 'connection.added', object: `connection:${id}`, fields: ['kind', 'receive', 'token'] },
    ]);
    expect(refusalOf(await call('POST', '/v1/connections', OK))).toEqual([400, 'parameter.invalid', 'groupId']);
  });

  test('secrets are masked wherever a connection is shown, and its address is shown where it is new', async () => {
    const call = await shop('keeps secrets');
    const { connection, webhookUrl } = (await call('POST', '/v1/connections', OK)).body;
    expect(connection).toMatchObject({ groupId: '70000000000001', token: '****KEKE', receive: 'off' });
    const changed = (await call('PATCH', `/v1/connections/${connection.id}`, { newWebhookUrl: true })).body;
    expect(changed.webhookUrl).not.toBe(webhookUrl);
    expect((await fetch(webhookUrl, { method: 'POST', body: '{}' })).status).toBe(404);
    const shown = await call('GET', `/v1/connections/${connection.id}`);
    const listed = await call('GET', '/v1/connections');
    for (const { text } of [shown, listed]) expect(text).not.toMatch(new RegExp(`${TOKEN}|hooks`));
    expect(listed.body.items).toEqual([shown.body]);
  });

  test('is switched over, set, paused and let go on', async () => {
    const call = await shop('switches over');
    const { id } = (await call('POST', '/v1/connections', { ...OK, settings: { perDay: 3 } })).body.connection;
    const switched = (await call('PATCH', `/v1/connections/${id}`, { receive: 'long-poll', settings: { perDay: null } })).body;
    expect(switched).toMatchObject({
      connection: { receive: 'long-poll', settings: { perDay: null } },
      did: expect.arrayContaining([expect.stringContaining('Long polling is on')]),
    });
    const paused = (await call('PATCH', `/v1/connections/${id}`, { isPaused: true })).body.connection;
    expect(paused.pausedReason).toBe('it was paused by a person');
    const rotated = (await call('PATCH', `/v1/connections/${id}`, { token: TOKEN, receive: 'off' })).body.connection;
    expect(rotated).toMatchObject({ receive: 'off', pausedReason: null });
  });

  test('a token that its network refuses, or that is of another group, is not written down', async () => {
    const call = await shop('has wrong tokens');
    const refused = await call('POST', '/v1/connections', { kind: 'vk', token: 'vk1.a.nobody-knows-this-one' });
    expect(refusalOf(refused)).toEqual([400, 'token.refused', 'token']);
    expect(refused.text).not.toContain('nobody-knows');
    expect(refusalOf(await call('POST', '/v1/connections', { ...OK, groupId: '5' }))).toEqual([400, 'token.refused', 'token']);
    expect((await call('GET', '/v1/connections')).body.items).toEqual([]);
  });

  test('nothing is written down while the network is away', async () => {
    const call = await shop('meets silence');
    town.simulator.world.faults.set('vk', { error5xx: 1 });
    try {
      expect(refusalOf(await call('POST', '/v1/connections', VK))).toEqual([409, 'network.unreachable', null]);
    } finally {
      town.simulator.world.faults.set('vk', { error5xx: 0 });
    }
    expect((await call('GET', '/v1/connections')).body.items).toEqual([]);
  });

  test.each([
    [{ kind: 'notify', token: 'x' }, 'baseUrl'],
    [{ kind: 'notify', token: 'x', baseUrl: 'http://169.254.169.254/' }, 'baseUrl'],
    [{ kind: 'notify', token: 'x', baseUrl: 'http://10.0.0.1' }, 'baseUrl'],
    [{ kind: 'notify', token: 'x', baseUrl: 'file:///etc/passwd' }, 'baseUrl'],
    [{ kind: 'notify', token: 'a b', baseUrl: 'http://127.0.0.1:8091' }, 'token'],
    [{ ...VK, baseUrl: 'http://127.0.0.1:8091' }, 'baseUrl'],
    [{ ...VK, settings: { dedup: true } }, 'settings.dedup'],
    [{ ...VK, application: { id: '1', key: 'k' } }, 'application'],
  ])('as %j are refused by the field', async (connection, field) => {
    expect(refusalOf(await town.call('POST', '/v1/connections', connection))).toEqual([400, 'parameter.invalid', field]);
  });

  test('is removed once no sender has a route over it; its secrets go, and its group may be connected anew', async () => {
    const call = await shop('removes');
    const { connection, webhookUrl } = (await call('POST', '/v1/connections', { ...OK, receive: 'webhook' })).body;
    const routes = [{ channel: 'OK', provider: 'community', connectionId: connection.id }];
    const { id } = (await call('POST', '/v1/senders', { service: 'Shop', routes })).body;
    expect(refusalOf(await call('DELETE', `/v1/connections/${connection.id}`))).toEqual([409, 'connection.used', null]);

    const upstream = { kind: 'notify', token: 'notify-demo', baseUrl: `${town.simulator.url}/notify` };
    const other = (await call('POST', '/v1/connections', upstream)).body.connection;
    const byPhone = { channel: 'OK', provider: 'notify', connectionId: other.id, groupId: '70000000000001' };
    expect((await call('PATCH', `/v1/senders/${id}`, { routes: [byPhone] })).body.routes).toEqual([byPhone]);
    expect((await call('DELETE', `/v1/connections/${connection.id}`)).body).toEqual({ removed: 1 });
    expect((await call('GET', `/v1/connections/${connection.id}`)).status).toBe(404);
    expect((await fetch(webhookUrl, { method: 'POST', body: '{}' })).status).toBe(404);
    expect(refusalOf(await call('PATCH', `/v1/senders/${id}`, { routes }))).toEqual([400, 'parameter.invalid', 'routes[0]']);
    expect((await call('POST', '/v1/connections', OK)).status).toBe(200);
  });
});

describe('templates', () => {
  const TEXT = 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.';
  const send = async (templateId: number, tmplData: object) => {
    const message = { phone: '79999999999', service: 'Group_name', templateId, tmpl_data: tmplData };
    return (await town.call('POST', '/vk/messages', [message])).body.result[0];
  };
  /** Other processes, and this one, keep a template for a second at most. */
  const sendOnce = (templateId: number, tmplData: object, code: string) =>
    until(async () => {
      const item = await send(templateId, tmplData);
      return item.code === code ? item : null;
    });

  test('go from draft to approved to archived, and only what is approved is sent', async () => {
    const senderIds = [
      (await town.call('GET', '/v1/senders')).body.items.find((one: { service: string }) => one.service === 'Group_name').id,
    ];
    const made = (await town.call('POST', '/v1/templates', { name: 'life', text: TEXT, senderIds })).body;
    expect(made).toMatchObject({ version: null, text: null, versions: [{ version: 1, state: 'draft', createdBy: 'key:demo' }] });
    expect(await send(made.id, { name: 'Анна', pizza: 'Маргарита' })).toMatchObject({ code: 'REJECTED' });

    const at = `/v1/templates/${made.id}/versions`;
    const approved = (await town.call('POST', `${at}/1/approve`)).body;
    expect(approved).toMatchObject({ state: 'approved', approvedBy: 'key:demo', variables: ['name', 'pizza'] });
    await sendOnce(made.id, { name: 'Анна', pizza: 'Маргарита' }, 'OK');

    const second = (await town.call('POST', at, { text: '{{ name }}, готово.' })).body;
    expect(second).toMatchObject({ version: 2, state: 'draft' });
    await sendOnce(made.id, { name: 'Анна', pizza: 'Маргарита' }, 'OK');
    await town.call('POST', `${at}/2/approve`);
    expect((await town.call('GET', `/v1/templates/${made.id}`)).body).toMatchObject({
      ...{ version: 2, text: '{{ name }}, готово.' },
      versions: [
        { version: 2, state: 'approved' },
        { version: 1, state: 'archived', text: TEXT },
      ],
    });
    const { messageId } = await sendOnce(made.id, { name: 'Анна' }, 'OK');
    expect((await town.call('GET', `/vk/messages/${messageId}`)).body.text).toBe('Анна, готово.');

    expect(refusalOf(await town.call('POST', `${at}/1/approve`))).toEqual([409, 'template.version.settled', null]);
    expect((await town.call('POST', `${at}/2/archive`)).body.state).toBe('archived');
    await sendOnce(made.id, { name: 'Анна' }, 'REJECTED');
    expect((await lastLine()).object).toBe(`template:${made.id}:2`);
  });

  test('a message on its way is called at the upstream as in the version that it was accepted with', async () => {
    const { templates, account } = await templatesOf('versions at the upstream');
    const given = { accountId: account.id, id: 7, name: 'ready', text: '{{ name }}', upstream: { templateId: 70 } };
    await templates.add(given);
    const { version } = await templates.addVersion(account.id, 7, {
      text: 'Готово',
      upstream: { templateId: 71 },
      by: 'command',
    });
    await templates.approveVersion(account.id, 7, version, 'command');
    await templates.archiveVersion(account.id, 7, version);
    expect(await templates.byId(account.id, 7)).toBeNull();
    expect(await templates.sentAs(account.id, 7, 1)).toMatchObject({ name: 'ready', upstream: { templateId: 70 } });
    expect(await templates.sentAs(account.id, 7, 2)).toMatchObject({ upstream: { templateId: 71 } });
  });

  test('are previewed with everything that is wrong with the variables', async () => {
    const preview = async (variables: object) =>
      (await town.call('POST', '/v1/templates/preview', { text: TEXT, variables })).body;
    expect(await preview({ name: 'Анна', pizza: '<b>' })).toEqual({
      ...{ variables: ['name', 'pizza'], text: 'Здравствуйте, Анна! Ваша <b> готова.', characters: 36, problems: [] },
    });
    expect(await preview({ pizza: null, sum: 5 })).toEqual({
      ...{ variables: ['name', 'pizza'], text: null, characters: null },
      problems: [
        { variable: 'name', problem: 'missing' },
        { variable: 'pizza', problem: 'type' },
        { variable: 'sum', problem: 'extra' },
      ],
    });
    const broken = await town.call('POST', '/v1/templates/preview', { text: '{% for i in x %}' });
    expect(refusalOf(broken)).toEqual([400, 'parameter.invalid', 'text']);
  });

  test('are written by whoever may write drafts, and approved by whoever manages the account', async () => {
    const password = 'eight brown magpies';
    await town.call('POST', '/v1/operators', { login: 'drafts', name: 'Пётр', role: 'operator', password });
    const { token } = (await town.call('POST', '/v1/login', { login: 'drafts', password, session: 'token' }, null)).body;
    const asOperator = (path: string, body?: object) => town.call('POST', path, body, `Bearer ${token}`);
    const { id } = (await asOperator('/v1/templates', { name: 'by an operator', text: TEXT })).body;
    expect(refusalOf(await asOperator(`/v1/templates/${id}/versions/1/approve`))).toEqual([403, 'scope.missing', null]);
    expect((await town.call('POST', `/v1/templates/${id}/versions/1/approve`)).body.state).toBe('approved');
  });
});

describe('a URL for callbacks', () => {
  test('is tried with a signed call that carries nothing, and what it answered is told', async () => {
    const tried = (await town.call('POST', '/v1/endpoints/test', {})).body;
    expect(tried).toMatchObject({
      url: `${town.simulator.url}/control/receiver/demo`,
      ...{ outcome: 'delivered', problem: null, answer: { status: 200 }, durationMs: expect.any(Number) },
    });
    const missing = (await town.call('POST', '/v1/endpoints/test', { url: `${town.simulator.url}/nowhere` })).body;
    expect(missing).toMatchObject({ outcome: 'refused', problem: 'answered 404', answer: { status: 404 } });
    const inside = (await town.call('POST', '/v1/endpoints/test', { url: 'http://169.254.169.254/' })).body;
    expect(inside).toMatchObject({ outcome: 'forbidden', answer: null });
  });

  test('is asked for where the account has none', async () => {
    const { key } = await town.newAccount('without a statusUrl');
    expect(refusalOf(await town.call('POST', '/v1/endpoints/test', {}, `Key ${key}`))).toEqual([400, 'parameter.invalid', 'url']);
  });
});

test('who asks for a change that is refused leaves no line in the audit log', async () => {
  const before = await lastLine();
  await town.call('POST', '/v1/senders/pause', { service: 'Nobody' });
  expect(await lastLine()).toEqual(before);
  const paused = (await town.call('POST', '/v1/senders/pause', { service: 'Group_name' })).body;
  expect(await lastLine()).toMatchObject({ action: 'sender.paused', object: `sender:${paused.id}`, number: before.number + 1 });
  await town.call('POST', '/v1/senders/resume', { service: 'Group_name' });
});

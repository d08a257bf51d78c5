import { OPERATIONS, type Operation, RIGHTS, ROLES, type Role, rightsOfRole } from '@soroka/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type OperatorStand, PASSWORD, startOperatorStand } from './operator-stand.ts';

let stand: OperatorStand;
let accountId: number;
beforeAll(async () => {
  stand = await startOperatorStand();
  accountId = (await stand.newAccount()).id;
});
afterAll(() => stand[Symbol.asyncDispose]());

const codeOf = (answer: { status: number; body: { error?: { code: string } } }) => [answer.status, answer.body?.error?.code];

/** An account with one operator of each role, each logged in. */
async function newShop() {
  const { id } = await stand.newAccount();
  const entries = await Promise.all(
    ROLES.map(async (role) => {
      const operator = await stand.newOperator(id, role);
      const client = stand.client();
      await client.login(operator.login, { form: 'token' });
      return [role, { ...operator, client }] as const;
    }),
  );
  return { id, ...(Object.fromEntries(entries) as Record<Role, (typeof entries)[number][1]>) };
}

describe('roles', () => {
  test('each has the rights of the table over every route, and nothing more', async () => {
    const shop = await newShop();
    for (const role of ROLES) {
      const rights = rightsOfRole(role, { isLimited: false });
      const guarded = Object.values<Operation>(OPERATIONS).filter(({ right, method }) => right !== null && method === 'GET');
      for (const { path, right } of guarded) {
        const { status } = await shop[role].client.call('GET', path.replaceAll(/\{\w+\}/g, '5'));
        expect(status === 403, `${role} GET ${path}`).toBe(!rights.has(right as never));
      }
    }
  });

  test('who is limited to groups keeps what can be limited', async () => {
    const { id } = await stand.newAccount();
    const { login } = await stand.newOperator(id, 'operator', { groups: ['VK:213243638'] });
    const client = stand.client();
    await client.login(login);
    expect((await client.call('GET', '/v1/me')).body).toMatchObject({
      groups: ['VK:213243638'],
      rights: ['self', 'catalog', 'dialogs', 'reply'],
    });
    const refused = await client.call('GET', '/v1/raw-events');
    expect(refused.body.error).toMatchObject({ code: 'scope.missing' });
    expect((await client.call('GET', '/vk/messages')).text).toContain('limited to groups');
  });

  test('nobody appoints, changes or removes whoever stands above, nor the last owner', async () => {
    const shop = await newShop();
    const add = { login: 'another-owner', name: 'Another', role: 'owner', password: PASSWORD };
    expect(codeOf(await shop.admin.client.call('POST', '/v1/operators', add))).toEqual([403, 'role.too.high']);
    for (const change of [{ name: 'X' }, { password: 'nine white magpies' }, { isDisabled: true }]) {
      expect(codeOf(await shop.admin.client.call('PATCH', `/v1/operators/${shop.owner.id}`, change))).toEqual([
        403,
        'role.too.high',
      ]);
    }
    expect(codeOf(await shop.admin.client.call('PATCH', `/v1/operators/${shop.admin.id}`, { role: 'owner' }))).toEqual([
      403,
      'role.too.high',
    ]);
    expect(codeOf(await shop.admin.client.call('DELETE', `/v1/operators/${shop.owner.id}`))).toEqual([403, 'role.too.high']);
    for (const change of [{ role: 'admin' }, { isDisabled: true }]) {
      expect(codeOf(await shop.owner.client.call('PATCH', `/v1/operators/${shop.owner.id}`, change))).toEqual([
        409,
        'last.owner',
      ]);
    }
    expect((await shop.owner.client.call('PATCH', `/v1/operators/${shop.admin.id}`, { role: 'owner' })).body.role).toBe('owner');
    expect((await shop.owner.client.call('DELETE', `/v1/operators/${shop.owner.id}`)).body).toEqual({ removed: 1 });
    expect((await shop.owner.client.call('GET', '/v1/me')).status).toBe(401);
    expect((await stand.client().login(shop.owner.login)).status).toBe(401);
  });

  test('colleagues see names and availability; logins and second factors are for who manages operators', async () => {
    const shop = await newShop();
    const seenBy = async (client: Client) => (await client.call('GET', `/v1/operators/${shop.operator.id}`)).body;
    expect(await seenBy(shop.analyst.client)).toEqual({
      ...{ id: shop.operator.id, name: shop.operator.name, role: 'operator', groups: null, capacity: null },
      ...{ availability: 'offline', availabilityComment: null, disabledAt: null, createdAt: expect.any(String) },
    });
    expect(await seenBy(shop.owner.client)).toMatchObject({ login: shop.operator.login, hasSecondFactor: false });
  });

  test('a key with the scope admin manages operators as an owner does', async () => {
    const { id } = await stand.newAccount();
    const { key } = await stand.accounts.createKey(id, { name: 'hr', scopes: ['admin'] });
    const byKey = { authorization: `Key ${key}` };
    const client = stand.client();
    const added = await client.call(
      'POST',
      '/v1/operators',
      { login: 'by-key', name: 'По ключу', role: 'owner', password: PASSWORD },
      byKey,
    );
    expect(added.body).toMatchObject({ login: 'by-key', role: 'owner' });
    expect((await client.call('GET', '/v1/me', undefined, byKey)).status).toBe(403);
    expect((await client.call('GET', '/v1/audit', undefined, byKey)).body.items).toMatchObject([
      { action: 'operator.added', actor: { kind: 'key' }, object: `operator:${added.body.id}` },
    ]);
  });
});

test.each([
  [{ login: 'a', name: 'A', role: 'operator', password: PASSWORD }, 'login'],
  [{ login: 'spaced login', name: 'A', role: 'operator', password: PASSWORD }, 'login'],
  [{ login: 'proper', name: ' ', role: 'operator', password: PASSWORD }, 'name'],
  [{ login: 'proper', name: 'A\u0000', role: 'operator', password: PASSWORD }, 'name'],
  [{ login: 'proper', name: 'A', role: 'king', password: PASSWORD }, 'role'],
  [{ login: 'proper', name: 'A', role: 'operator', password: 'tooshort' }, 'password'],
  [{ login: 'proper', name: 'A', role: 'operator', password: 'aaaaaaaaaaaaaaa' }, 'password'],
  [{ login: 'proper', name: 'A', role: 'operator', groups: ['213243638'], password: PASSWORD }, 'groups[0]'],
  [{ login: 'proper', name: 'A', role: 'admin', groups: ['VK:1'], password: PASSWORD }, 'groups'],
  [{ login: 'proper', name: 'A', role: 'operator', capacity: 0, password: PASSWORD }, 'capacity'],
])('an operator as %j is refused by the field', async (operator, field) => {
  const { key } = await stand.accounts.createKey(accountId, { name: 'hr', scopes: ['admin'] });
  const answer = await stand.client().call('POST', '/v1/operators', operator, { authorization: `Key ${key}` });
  expect([answer.status, answer.body.error.field]).toEqual([400, field]);
});

describe('an invitation', () => {
  const secretOf = (url: string): string => url.split('#invitation=')[1] ?? '';

  test('makes an operator of the role and groups in it, once', async () => {
    const shop = await newShop();
    const given = { login: 'Vera@Shop.Example', role: 'operator', groups: ['OK:70000000000001'] };
    const invitation = (await shop.admin.client.call('POST', '/v1/invitations', given)).body;
    expect((await shop.admin.client.call('GET', '/v1/invitations')).body.items).toMatchObject([{ login: 'vera@shop.example' }]);
    const acceptance = { code: secretOf(invitation.url), name: 'Вера', password: PASSWORD };
    const vera = stand.client();
    expect((await vera.call('POST', '/v1/invitations/accept', { ...acceptance, password: 'short' })).status).toBe(400);
    expect((await vera.call('POST', '/v1/invitations/accept', acceptance)).status).toBe(200);
    expect((await vera.call('GET', '/v1/me')).body).toMatchObject({ name: 'Вера', role: 'operator', groups: given.groups });
    expect(codeOf(await stand.client().call('POST', '/v1/invitations/accept', acceptance))).toEqual([410, 'link.dead']);
    expect((await shop.admin.client.call('GET', '/v1/invitations')).body.items).toEqual([]);
    expect(codeOf(await shop.admin.client.call('POST', '/v1/invitations', given))).toEqual([409, 'login.taken']);
  });

  test('is worth nothing after seven days, or once it was withdrawn', async () => {
    const shop = await newShop();
    const invite = async (login: string) =>
      (await shop.owner.client.call('POST', '/v1/invitations', { login, role: 'analyst' })).body;
    const accept = (url: string) =>
      stand.client().call('POST', '/v1/invitations/accept', { code: secretOf(url), name: 'X', password: PASSWORD });
    const withdrawn = await invite('withdrawn');
    expect((await shop.owner.client.call('DELETE', `/v1/invitations/${withdrawn.id}`)).body).toEqual({ removed: 1 });
    expect(codeOf(await accept(withdrawn.url))).toEqual([410, 'link.dead']);
    const old = await invite('too-late');
    await stand.clock.advance(7 * 86_400_000);
    expect(codeOf(await accept(old.url))).toEqual([410, 'link.dead']);
    expect(codeOf(await shop.admin.client.call('POST', '/v1/invitations', { login: 'chief', role: 'owner' }))).toEqual([
      403,
      'role.too.high',
    ]);
  });
});

test('teams are made of operators of the account, renamed, refilled and removed', async () => {
  const shop = await newShop();
  const { client } = shop.owner;
  const team = (await client.call('POST', '/v1/teams', { name: 'Доставка', operatorIds: [shop.operator.id, shop.admin.id] }))
    .body;
  expect(team.operatorIds.sort()).toEqual([shop.admin.id, shop.operator.id].sort());
  expect((await client.call('POST', '/v1/teams', { name: 'Доставка' })).body.error).toMatchObject({ field: 'name' });
  const changed = await client.call('PATCH', `/v1/teams/${team.id}`, { name: 'Курьеры', operatorIds: [shop.operator.id] });
  expect(changed.body).toEqual({ id: team.id, name: 'Курьеры', operatorIds: [shop.operator.id] });
  const stranger = await stand.newOperator((await stand.newAccount()).id, 'operator');
  const foreign = await client.call('PATCH', `/v1/teams/${team.id}`, { operatorIds: [stranger.id] });
  expect(foreign.body.error).toMatchObject({ code: 'parameter.invalid', field: 'operatorIds' });
  expect((await client.call('DELETE', `/v1/operators/${shop.operator.id}`)).status).toBe(200);
  expect((await shop.analyst.client.call('GET', '/v1/teams')).body.items).toEqual([
    { id: team.id, name: 'Курьеры', operatorIds: [] },
  ]);
  expect((await client.call('DELETE', `/v1/teams/${team.id}`)).body).toEqual({ removed: 1 });
});

test('the audit log says who changed which fields, in a chain that is whole', async () => {
  const shop = await newShop();
  await shop.owner.client.call('PATCH', `/v1/operators/${shop.operator.id}`, {
    name: 'Пётр',
    capacity: 5,
    password: 'nine white magpies',
  });
  const first = (await shop.admin.client.call('GET', '/v1/audit?limit=2')).body;
  expect(first.items).toMatchObject([
    {
      action: 'operator.password.set',
      actor: { kind: 'operator', id: String(shop.owner.id) },
      object: `operator:${shop.operator.id}`,
    },
    { action: 'operator.changed', fields: ['capacity', 'name'] },
  ]);
  const rest = (await shop.admin.client.call('GET', `/v1/audit?cursor=${first.nextCursor}`)).body;
  expect(rest.items.at(-1)).toMatchObject({ number: 1, action: 'operator.added', actor: { kind: 'command' } });
  expect(JSON.stringify([first, rest])).not.toMatch(/Пётр|magpies/);
  expect(await stand.audit.firstBroken(shop.id)).toBeNull();
});

test('every right has somebody, and is named by a route', () => {
  const used = new Set(Object.values<Operation>(OPERATIONS).map(({ right }) => right));
  for (const [right, { scopes, roles }] of Object.entries(RIGHTS)) {
    expect(used, right).toContain(right);
    expect(scopes.length + roles.length, right).toBeGreaterThan(0);
  }
});

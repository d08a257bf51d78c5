import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiTown, startApiTown, type TownAnswer } from '../../test/api-town.ts';

let town: ApiTown;
beforeAll(async () => {
  town = await startApiTown();
});
afterAll(() => town[Symbol.asyncDispose]());

const refusalOf = ({ status, body }: TownAnswer) => [status, body.error?.code, body.error?.field];
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

test('who asks for a change that is refused leaves no line in the audit log', async () => {
  const before = await lastLine();
  await town.call('POST', '/v1/senders/pause', { service: 'Nobody' });
  expect(await lastLine()).toEqual(before);
  const paused = (await town.call('POST', '/v1/senders/pause', { service: 'Group_name' })).body;
  expect(await lastLine()).toMatchObject({ action: 'sender.paused', object: `sender:${paused.id}`, number: before.number + 1 });
  await town.call('POST', '/v1/senders/resume', { service: 'Group_name' });
});

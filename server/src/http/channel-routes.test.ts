import { randomBytes } from 'node:crypto';
import { Channels } from '@soroka/api';
import { CAPABILITIES } from '@soroka/channels';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { createConnections, type NewConnection } from '../connections/connections.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { startStand } from './http-stand.ts';

const TOKEN = { token: 'vk1.a.token' };
const BASE = { baseUrl: 'http://127.0.0.1:1', receive: 'off', credentials: TOKEN } as const;

test('GET /v1/channels tells what each kind can do, and what the connections of the account can by their settings', async () => {
  await using storage = await testDatabase();
  const database = openDatabase(storage.url, { connectionsMax: 2 });
  const secrets = createSecrets(randomBytes(32));
  const accounts = createAccounts({ database, secrets, clock });
  const connections = createConnections({ database, secrets, publicUrl: () => 'http://127.0.0.1:1', sendTimeoutMs: 1_000 });
  const { id: accountId } = await accounts.create('Test account');
  const { id: otherId } = await accounts.create('Other account');
  const add = (more: Pick<NewConnection, 'accountId' | 'kind' | 'groupId' | 'settings'>) => connections.add({ ...BASE, ...more });
  const vk = await add({ accountId, kind: 'vk', groupId: '5', settings: { textCharactersMax: 1_000, callsPerSecond: 3 } });
  const notify = await add({ accountId, kind: 'notify', groupId: null, settings: { dedup: true } });
  await add({ accountId: otherId, kind: 'ok', groupId: '6', settings: {} });
  {
    const caller = { accountId, accountName: 'Test account', keyId: 'read', scopes: ['read' as const] };
    await using stand = await startStand({ connections, accounts: { ...accounts, authenticate: async () => caller } });
    const { status, body } = await stand.call({ method: 'GET', url: '/v1/channels' });
    expect(status).toBe(200);
    expect(Compile(Channels).Errors(body)).toEqual([]);
    expect(body.channels).toEqual(Object.entries(CAPABILITIES).map(([kind, capabilities]) => ({ kind, capabilities })));
    expect(body.connections).toMatchObject([
      { id: vk.id, kind: 'vk', groupId: '5', capabilities: { textCharactersMax: 1_000, callsPerSecond: 3, reportsRead: true } },
      { id: notify.id, kind: 'notify', groupId: null, capabilities: { dropsRepeats: true, buttons: [] } },
    ]);
  }
  await connections.close();
  await database.close();
});

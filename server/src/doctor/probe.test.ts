import { randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { createConnections } from '../connections/connections.ts';
import { createRawEvents } from '../inbox/inbox.ts';
import { createHealth, createIntake } from '../intake/intake.ts';
import { openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { isProbe, probeHeaders } from './probe.ts';

test('a hook that refuses the doctor logs nothing of it, and logs what others are refused', async () => {
  await using testing = await testDatabase();
  const database = openDatabase(testing.url, { connectionsMax: 1 });
  const clock = createManualClock();
  const secrets = createSecrets(randomBytes(32));
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const connections = createConnections({ database, secrets, clock, publicUrl: () => '', sendTimeoutMs: 1_000 });
  const app = fastify();
  createIntake({
    ...{ connections, clock, log, okSourceCidrs: [], trustedProxies: [] },
    rawEvents: createRawEvents({ database, clock }),
    health: createHealth({ database, clock, log }),
    isProbe: (headers) => isProbe(headers, { secrets, clock }),
  }).registerIntake(app);
  const ask = async (headers: Record<string, string>) =>
    (await app.inject({ method: 'POST', url: '/hooks/vk/unknown', headers, payload: '{}' })).statusCode;

  const ours = probeHeaders(secrets, clock.now());
  expect(await ask(ours)).toBe(404);
  expect(lines).toEqual([]);
  expect(await ask(probeHeaders(createSecrets(randomBytes(32)), clock.now()))).toBe(404);
  await clock.advance(61_000);
  expect(await ask(ours)).toBe(404);
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['webhook_refused', 'webhook_refused']);
  await app.close();
  await connections.close();
  await database.close();
});

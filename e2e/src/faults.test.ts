import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ANNA, eventually, someone, startTown, type Town } from './town.ts';

const NO_FAULTS = {
  timeoutBefore: 0,
  timeoutAfter: 0,
  error5xx: 0,
  duplicateEvents: 0,
  dropEvents: 0,
  errors: {},
  delayMs: [0, 0],
};

let town: Town;
beforeAll(async () => {
  // The same faults are drawn in every run; a call that hangs is given up after a second.
  const env = { SOROKA_SEND_TIMEOUT_MS: '1000', SOROKA_STATUS_POLL_AFTER_MS: '1000' };
  town = await startTown({ env, simulatorArgs: ['--seed', '7'] });
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const network of ['vk', 'ok', 'notify']) await town.control('/faults', { network, ...NO_FAULTS });
  expect(await town.violations()).toEqual([]);
});

const statusIs =
  (id: number, ...statuses: string[]) =>
  async (): Promise<boolean> =>
    statuses.includes((await town.message(id)).status);

test('an upstream whose callbacks stay out is asked, and the customer hears of the delivery', async () => {
  await town.control('/faults', { network: 'notify', dropEvents: 1 });
  const id = await town.send(someone(9_100_001), { routes: ['VK'] });
  await eventually(statusIs(id, 'DELIVERED'));
  await eventually(async () => (await town.callbacksOf(id)).some(({ status }) => status === 'DELIVERED'));
});

test('an upstream that takes and does not answer, or answers 500, is sent to again, and nobody gets anything twice', async () => {
  await town.control('/faults', { network: 'notify', timeoutAfter: 0.2, timeoutBefore: 0.1, error5xx: 0.1 });
  const phones = Array.from({ length: 40 }, (_, index) => someone(9_200_000 + index));
  const ids: number[] = [];
  for (const phone of phones) ids.push(await town.send(phone, { routes: ['VK'] }));
  for (const id of ids) await eventually(statusIs(id, 'DELIVERED'), 60_000);
  const counts = await Promise.all(phones.map(async (phone) => (await town.inbox(phone)).length));
  expect(counts).toEqual(phones.map(() => 1));
});

test('VK’s lost answers are repeated under one random_id: Anna sees each message once, and her reading before any answer came is not lost', async () => {
  const before = (await town.inbox(ANNA)).length;
  await town.control('/faults', { network: 'vk', timeoutAfter: 1 });
  const ids: number[] = [];
  for (let count = 0; count < 3; count += 1) ids.push(await town.send(ANNA, { service: 'Community', routes: ['VK'] }));
  await eventually(async () => {
    const entries = await town.inbox(ANNA);
    return entries.length >= before + 3 && entries.every(({ status }) => status === 'read');
  });
  // VK tells at once that she has read them; the server does not know yet under which ids VK took them.
  for (const id of ids) expect((await town.message(id)).status).toBe('QUEUED');
  await town.control('/faults', { network: 'vk', ...NO_FAULTS });
  for (const id of ids) await eventually(statusIs(id, 'READ'), 60_000);
  for (const id of ids) {
    const heard = await eventually(async () => {
      const callbacks = await town.callbacksOf(id);
      return callbacks.length >= 2 && callbacks;
    });
    expect(heard.map(({ status }) => status)).toEqual(['SENT', 'READ']);
  }
  expect((await town.inbox(ANNA)).length - before).toBe(3);
});

test('errors of VK that pass are waited out; the one that says "blocked" ends the message', async () => {
  await town.control('/faults', { network: 'vk', errors: { 10: 0.3 } });
  const passing = await town.send(ANNA, { service: 'Community', routes: ['VK'] });
  await eventually(statusIs(passing, 'SENT', 'READ'), 60_000);
  await town.control('/faults', { network: 'vk', ...NO_FAULTS, errors: { 900: 1 } });
  const blocked = await town.send(ANNA, { service: 'Community', routes: ['VK'] });
  await eventually(statusIs(blocked, 'UNDELIVERABLE'));
  expect((await town.message(blocked)).history).toMatchObject([{ status: 'UNDELIVERABLE', channel: 'VK', errorCode: 2 }]);
});

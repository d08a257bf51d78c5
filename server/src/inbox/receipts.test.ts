import { pino } from 'pino';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import type { ProviderReceipt } from '../dispatch/dispatch.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createRawEvents } from './raw-events.ts';
import { createReceipts } from './receipts.ts';

/** Receipts before a dispatch that knows only what it is told; `taken` is what it took, in its order. */
async function startReceipts() {
  const stored = await testDatabase();
  const database = openDatabase(stored.url);
  const clock = createManualClock();
  const rawEvents = createRawEvents({ database, clock });
  const known = new Set<string>();
  const taken: string[] = [];
  const takeReceipts = async (receipts: readonly ProviderReceipt[]): Promise<readonly ProviderReceipt[]> => {
    const unknown = receipts.filter(({ networkId }) => !known.has(networkId));
    taken.push(...receipts.flatMap((one) => (unknown.includes(one) ? [] : [`${one.networkId} ${one.status}`])));
    return unknown;
  };
  return {
    ...{ database, clock, known, taken },
    receipts: createReceipts({ database, dispatch: { takeReceipts }, clock, log: pino({ level: 'silent' }) }),
    come: (networkId: string, status: string) =>
      rawEvents.store([
        {
          ...{ accountId: 1, connectionId: 2, form: 'notify-statuses', source: 'webhook', network: null, groupId: null },
          ...{ eventId: null, dialogKey: null },
          body: Buffer.from(JSON.stringify([{ channel: 'VK', messageId: networkId, ts: clock.now(), status, errorCode: 0 }])),
        },
      ]),
    async [Symbol.asyncDispose]() {
      await database.close();
      await stored.drop();
    },
  };
}

const countOf = async (database: Database, table: 'raw_event' | 'unmatched_receipt'): Promise<number> => {
  const [row] = await database.rows<{ n: number }>({ name: `count_${table}`, text: `select count(*)::int as n from ${table}` });
  return row?.n ?? 0;
};

test('a receipt that overtook the answer to its send is taken with the next look, before what came after it, and never written anew', async () => {
  await using town = await startReceipts();
  await town.come('n1', 'DELIVERED');
  expect(await town.receipts.workOff()).toBe(true);
  expect([town.taken, await countOf(town.database, 'raw_event')]).toEqual([[], 1]);
  town.known.add('n1');
  await town.come('n1', 'READ');
  await town.receipts.workOff();
  expect(town.taken).toEqual(['n1 DELIVERED', 'n1 READ']);
  expect([await countOf(town.database, 'raw_event'), await countOf(town.database, 'unmatched_receipt')]).toEqual([0, 0]);
  expect(await town.receipts.workOff()).toBe(false);
});

test('what nobody knows for a second is kept apart, and taken when its message is known', async () => {
  await using town = await startReceipts();
  await town.come('late', 'DELIVERED');
  await town.receipts.workOff();
  await town.clock.advance(1_000);
  expect(await town.receipts.workOff()).toBe(false);
  expect([await countOf(town.database, 'raw_event'), await countOf(town.database, 'unmatched_receipt')]).toEqual([0, 1]);
  town.known.add('late');
  await town.clock.advance(200);
  await town.receipts.retryUnmatched();
  expect([town.taken, await countOf(town.database, 'unmatched_receipt')]).toEqual([['late DELIVERED'], 0]);
});

test('a process that stops leaves nothing in hand', async () => {
  await using town = await startReceipts();
  await town.come('n1', 'DELIVERED');
  await town.receipts.workOff();
  await town.receipts.stop();
  expect([await countOf(town.database, 'raw_event'), await countOf(town.database, 'unmatched_receipt')]).toEqual([0, 1]);
});

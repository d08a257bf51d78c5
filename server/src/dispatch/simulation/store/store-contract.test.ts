import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import type { SendOutcome } from '@soroka/channels';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../../../test/database.ts';
import { createDayCaps, LIMITS } from '../../../limits/limits.ts';
import { systemClock } from '../../../platform/clock.ts';
import { type Database, isDatabaseAway, type Queryable, type Statement } from '../../../platform/database.ts';
import { cancelForGood } from '../../cancel.ts';
import { createChangeWriter } from '../../changes.ts';
import { type Claim, type ClaimRequest, claimTogether } from '../../claim.ts';
import { createLaneLeases } from '../../lane-leases.ts';
import { createLaneNotices } from '../../lane-notices.ts';
import type { QueueShare } from '../../lane-queues.ts';
import { applyFacts, takeReceipts } from '../../receipts.ts';
import { createRecovery } from '../../recover.ts';
import { createSettler, type Settlement } from '../../settle.ts';
import { createSweep } from '../../sweep.ts';
import type { Work } from '../../work.ts';
import { CONNECTION_ID, type ContractStore, openMemoryContractStore, openPostgresContractStore, stepOn } from './both-stores.ts';
import { TWINS } from './memory-store.ts';

const ANNA = 'phone:79999999999';
const SENT: SendOutcome = { kind: 'sent', networkId: 'n1' };

let postgres: { url: string; drop(): Promise<void> };
const stores: ContractStore[] = [];
beforeAll(async () => {
  postgres = await testDatabase();
  stores.push(openMemoryContractStore(), openPostgresContractStore(postgres.url));
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await postgres.drop();
});

/** One queue of a lane; what is not given is the default class of the contract's account. */
type ClaimAsked = Pick<ClaimRequest, 'laneId' | 'epoch'> & Partial<Pick<ClaimRequest, 'connection'> & QueueShare>;

/** The core's own functions on a store: the contract is what they need of it. */
function coreOn(database: Database) {
  const decideSettings = { pollAfterMs: 60_000, random: () => 0.5 };
  const dayCaps = createDayCaps({ windowMs: LIMITS.notificationsPerPerson.windowMs });
  const changes = createChangeWriter({ callbacks: { enqueue: async () => {} }, dayCaps });
  const work: Work[] = [];
  const onChanged = (items: readonly Work[]): void => void work.push(...items);
  const connections = { channel: async () => ({ capabilities: { dropsRepeats: true } }) as never };
  const parts = { database, clock: systemClock, changes, decideSettings, connections, onChanged, onSettled: onChanged };
  return {
    changes,
    dayCaps,
    settler: createSettler(parts),
    recover: createRecovery(parts),
    sweep: createSweep({ ...parts, askTimeoutMs: 1_000 }),
    work,
    async claim(...requests: ClaimAsked[]): Promise<Claim> {
      const contacts = { ofPhones: async (_: Queryable, asked: readonly unknown[]) => asked.map(() => null) };
      const answers = await claimTogether(
        { ...parts, contacts, dayCaps },
        requests.map(({ laneId, epoch, connection, ...share }) => ({
          ...{ laneId, epoch, network: 'vk', connection: connection ?? { id: CONNECTION_ID, kind: 'notify', settings: {} } },
          queues: [{ connectionId: CONNECTION_ID, priority: 1, accountId: 1, limit: 10, after: null, ...share }],
        })),
      );
      const claims = await Promise.all(
        answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : Promise.reject(answer.reason))),
      );
      return { messages: claims.flatMap(({ messages }) => messages), looked: claims.flatMap(({ looked }) => looked) };
    },
    receipts: (networkId: string) =>
      takeReceipts(
        { database, changes, decideSettings },
        [{ connectionId: CONNECTION_ID, networkId, status: 'DELIVERED', at: new Date() }],
        new Date(),
      ),
    cancel: (tx: Queryable, id: number) =>
      applyFacts({ changes, decideSettings }, tx, new Map([[id, { kind: 'cancelled' }]]), new Date()),
    cancelForGood: (tx: Queryable, ids: readonly number[]) => cancelForGood(tx, { changes, decideSettings }, 1, ids, new Date()),
  };
}

/** A lane that this process has just taken; what waits in it is claimed under its epoch. */
async function ownedLane(store: ContractStore, leaseMs = 60_000) {
  const laneId = await store.addLane();
  await store.addMessage(laneId, { delivery: { dueAt: Date.now() + 600_000 } }); // a lane without work is nobody's
  const leases = createLaneLeases(store.database, randomUUID(), leaseMs);
  const [taken] = await leases.acquire(1, [laneId]);
  if (taken === undefined) throw new Error('the lane could not be taken');
  return { laneId, epoch: taken.epoch, leases };
}

const quietFor = (quietMs: number) => ({ quietMs, handOver: null });

const outcomeOf = (messageId: number, laneId: number, epoch: number, more: Partial<Settlement> = {}): Settlement => ({
  ...{
    messageId,
    laneId,
    epoch,
    step: 0,
    attempt: 1,
    outcome: SENT,
    launchedAt: 1_000,
    dropsRepeats: true,
    awaitsReceipts: false,
  },
  ...more,
});

// Ids are in both stores their own, so statements that name no lane are kept to lanes of one test each.
describe.each(['in memory', 'PostgreSQL'])('the store %s', (name) => {
  const open = (): ContractStore => stores.find((store) => store.name === name) as ContractStore;

  test('a lane has one owner: it is taken when nobody has it or its lease is over, and each taking begins an epoch', async () => {
    const store = open();
    const laneId = await store.addLane();
    const [first, second] = [randomUUID(), randomUUID()].map((id) => ({
      id,
      leases: createLaneLeases(store.database, id, 60_000),
    }));
    if (first === undefined || second === undefined) throw new Error('two');
    expect(await first.leases.acquire(5, [laneId])).toEqual([]); // no work
    await store.addMessage(laneId);
    expect(await first.leases.acquire(5, [laneId])).toMatchObject([{ laneId, epoch: 1, network: 'vk', quietMs: 0 }]);
    expect(await second.leases.acquire(5, [laneId])).toEqual([]);
    expect(await first.leases.renew([{ laneId, epoch: 1 }])).toEqual(new Set([laneId]));
    expect(await first.leases.renew([{ laneId, epoch: 0 }])).toEqual(new Set());
    expect(await second.leases.renew([{ laneId, epoch: 1 }])).toEqual(new Set());
    await first.leases.release(laneId, 7, quietFor(0));
    expect(await store.lane(laneId)).toEqual({ owner: first.id, epoch: 1 });
    await first.leases.release(laneId, 1, quietFor(400));
    const [again] = await second.leases.acquire(5, [laneId]);
    expect(again).toMatchObject({ epoch: 2 });
    expect(again?.quietMs).toBeGreaterThan(100);
    expect(again?.quietMs).toBeLessThanOrEqual(400);
  });

  test('lanes that were given back are shared out, with work or without, and nobody takes more than its share', async () => {
    const store = open();
    const [first, second] = [
      createLaneLeases(store.database, randomUUID(), 60_000),
      createLaneLeases(store.database, randomUUID(), 60_000),
    ];
    await Promise.all([first.heartbeat(), second.heartbeat()]);
    const laneIds = await Promise.all(Array.from({ length: 100 }, () => store.addLane()));
    const byFirst = await first.acquireFreed(laneIds);
    const bySecond = await second.acquireFreed(laneIds);
    expect(byFirst.length).toBeGreaterThanOrEqual(50); // what other tests own is shared out, too
    expect(byFirst.length).toBeLessThan(100);
    expect(byFirst[0]).toMatchObject({ epoch: 1, network: 'vk', quietMs: 0, handOver: null });
    expect([...byFirst, ...bySecond].map(({ laneId }) => laneId).sort((a, b) => a - b)).toEqual(laneIds.sort((a, b) => a - b));
    expect(await first.acquireFreed(laneIds)).toEqual([]);
    await Promise.all([first.leave(), second.leave()]);
  });

  test('slots that an owner leaves are the next one’s, who may begin at once; they are nothing to whoever comes after a death', async () => {
    const store = open();
    const { leases, laneId, epoch } = await ownedLane(store, 60_000);
    const handOver = {
      notifications: [
        { freeInMs: 1, count: 20 },
        { freeInMs: 60_000, count: 30 },
      ],
      calls: { 7: [{ freeInMs: 50_000, count: 18 }] },
    };
    await leases.release(laneId, epoch, { quietMs: 60_000, handOver });
    await passed(5);
    const next = createLaneLeases(store.database, randomUUID(), 1);
    const [taken] = await next.acquire(1, [laneId]);
    expect(taken).toMatchObject({ epoch: epoch + 1, quietMs: 0 });
    expect(taken?.handOver).toMatchObject({ notifications: [{ count: 30 }], calls: { 7: [{ count: 18 }] } });
    expect(taken?.handOver?.notifications[0]?.freeInMs).toBeLessThan(60_000);
    await passed(5); // its lease is over
    const [later] = await createLaneLeases(store.database, randomUUID(), 60_000).acquire(1, [laneId]);
    expect(later?.handOver).toBeNull();
    expect(later?.quietMs).toBeGreaterThan(1_000);
  });

  test('whoever takes a lane from a dead owner stays quiet until every window has forgotten it', async () => {
    const store = open();
    const { laneId } = await ownedLane(store, -50);
    const next = createLaneLeases(store.database, randomUUID(), 60_000);
    const [taken] = await next.acquire(1, [laneId]);
    expect(taken?.epoch).toBe(2);
    expect(taken?.quietMs).toBeGreaterThan(700);
    expect(taken?.quietMs).toBeLessThanOrEqual(1_050);
  });

  test('lanes are shared by the processes that were seen within a lease', async () => {
    const store = open();
    const leases = createLaneLeases(store.database, randomUUID(), 60_000);
    const before = await leases.fairShare();
    await leases.heartbeat();
    await store.addMessage(await store.addLane());
    const after = await leases.fairShare();
    expect([after.workers - before.workers, after.waiting - before.waiting]).toEqual([1, 1]);
    const free = await leases.acquire(1_000);
    expect(free.length).toBe(after.waiting);
    expect((await leases.fairShare()).waiting).toBe(0);
    for (const { laneId, epoch } of free) await leases.release(laneId, epoch, quietFor(0));
    await leases.leave();
    expect((await leases.fairShare()).workers).toBe(before.workers);
  });

  test('a notice is heard when its transaction has committed, and never when it was rolled back', async () => {
    const store = open();
    const heard: Work[] = [];
    const free: number[] = [];
    const notices = createLaneNotices({
      ...{ database: store.database, clock: systemClock, onError: () => {} },
      onWork: (work) => void heard.push(...work),
      onFree: (laneIds) => void free.push(...laneIds),
    });
    notices.listen();
    const told = { laneId: 3, connectionId: 4, priority: 2, accountId: 5, dueAt: 1_700_000_000_123, messageId: 0 };
    await until(async () => {
      notices.tell([told]);
      return heard.some(({ laneId }) => laneId === 3);
    });
    const notify: Statement = {
      name: 'dispatch.lanes.notify',
      text: `select pg_notify('soroka_lanes', payload) from unnest($1::text[]) as payload`,
    };
    const undone = store.database.transaction(async (tx) => {
      await tx.run(notify, [['5:6:1:7:8']]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await store.database.run(notify, [['9:10,7:8:1:9:10']]);
    await until(() => heard.some(({ laneId }) => laneId === 7));
    expect(heard).toContainEqual(told);
    expect(heard.some(({ laneId }) => laneId === 9)).toBe(false); // of another release
    expect(heard.some(({ laneId }) => laneId === 5)).toBe(false);
    const { leases, laneId, epoch } = await ownedLane(store);
    await leases.release(laneId, epoch, quietFor(0));
    await until(() => free.includes(laneId));
    await notices.close();
  });

  test('a claim takes what is due in its order, marks it with epoch and attempt, and finds nothing under another epoch', async () => {
    const store = open();
    const { laneId, epoch, leases } = await ownedLane(store);
    const { claim } = coreOn(store.database);
    const now = Date.now();
    const late = await store.addMessage(laneId, { delivery: { dueAt: now - 1_000 }, message: { phone: '79990000001' } });
    const early = await store.addMessage(laneId, { delivery: { dueAt: now - 2_000 }, message: { phone: '79990000002' } });
    const expired = await store.addMessage(laneId, { delivery: { dueAt: now - 3_000, expiresAt: now - 1 } });
    const reply = await store.addMessage(laneId, {
      message: { kind: 'reply', phone: null, peerId: '5' },
      delivery: { priority: 0 },
    });
    const queue = { laneId, connectionId: CONNECTION_ID, accountId: 1 };
    const work = async () => (await leases.dueWork([laneId], new Date())).map(({ messageId, priority }) => [priority, messageId]);
    expect((await work()).sort()).toEqual([
      [0, reply],
      [1, expired],
    ]);
    expect((await claim({ laneId, epoch: epoch + 1 })).messages).toEqual([]);
    const first = await claim({ laneId, epoch, limit: 1 });
    expect(first.messages.map(({ messageId }) => messageId)).toEqual([early]);
    expect(first.looked).toEqual([{ found: 1, last: { dueAt: now - 2_000, messageId: early } }]);
    const asCommunity = { id: CONNECTION_ID, kind: 'ok', settings: {} } as const;
    const replies = await claim({ laneId, epoch, connection: asCommunity, priority: 0 });
    expect(replies.messages).toMatchObject([{ messageId: reply, kind: 'reply', recipientId: '5', attempt: 1 }]);
    expect((await claim({ laneId, epoch, accountId: 2 })).messages).toEqual([]);
    const after = { dueAt: now - 1_000, messageId: late };
    expect((await claim({ laneId, epoch, after })).messages).toEqual([]);
    expect(await leases.newlyDue([{ ...queue, priority: 1, after }], new Date(now))).toEqual([]);
    const before = { dueAt: now - 1_000, messageId: late - 1 };
    const due = [{ ...queue, priority: 1, dueAt: now - 1_000, messageId: late }];
    expect(await leases.newlyDue([{ ...queue, priority: 1, after: before }], new Date(now))).toEqual(due);
    expect((await claim({ laneId, epoch, after: before })).messages.map(({ messageId }) => messageId)).toEqual([late]);
    expect(await work()).toEqual([[1, expired]]);
    expect(await store.delivery(early)).toMatchObject({ state: 'sending', attempt: 1, epoch, dayPersons: ['phone:79990000002'] });
  });

  test('one claim serves several lanes, each under its own epoch and as far as its own limit goes', async () => {
    const store = open();
    const [one, other, lost] = [await ownedLane(store), await ownedLane(store), await ownedLane(store)];
    const { claim } = coreOn(store.database);
    const ids: number[] = [];
    for (const { laneId } of [one, one, other, lost]) ids.push(await store.addMessage(laneId));
    const claimed = await claim({ ...one, limit: 1 }, other, { ...lost, epoch: lost.epoch + 1 });
    expect(claimed.messages.map(({ messageId }) => messageId)).toEqual([ids[0], ids[2]]);
    expect((await store.delivery(ids[2] as number))?.epoch).toBe(other.epoch);
    expect(await store.delivery(ids[3] as number)).toMatchObject({ state: 'queued', epoch: 0 });
  });

  test('a row that cannot be claimed keeps its own lane waiting and no other', async () => {
    const store = open();
    const lanes = [await ownedLane(store), await ownedLane(store), await ownedLane(store)];
    const { claim } = coreOn(store.database);
    const windows = [{ weekdays: [1], from: '10:00', to: '11:00', timeZone: 'Nowhere/None' }];
    const ids: number[] = [];
    for (const [index, { laneId }] of lanes.entries())
      ids.push(await store.addMessage(laneId, index === 1 ? { message: { windows } } : {}));
    await expect(claim(...lanes)).rejects.toThrow('Nowhere/None');
    const states = await Promise.all(ids.map(async (id) => (await store.delivery(id))?.state));
    expect(states).toEqual(['sending', 'queued', 'sending']);
  });

  test('what may not go now is put off until its window opens, in the same claim', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const weekday = ((new Date().getUTCDay() + 1) % 7) + 1; // the day after today, Monday being 1
    const windows = [{ weekdays: [weekday], from: '10:00', to: '11:00', timeZone: 'UTC' }];
    const id = await store.addMessage(laneId, { message: { windows } });
    const { claim } = coreOn(store.database);
    expect((await claim({ laneId, epoch })).messages).toEqual([]);
    expect((await store.delivery(id))?.dueAt).toBeGreaterThan(Date.now());
    expect(await store.delivery(id)).toMatchObject({ state: 'queued', attempt: 0 });
    expect((await store.message(id)).notes).toMatchObject([{ what: 'held', reason: 'window', until: expect.any(Number) }]);
  });

  test('a row that a transaction holds is not claimed, and is again when it was rolled back', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const id = await store.addMessage(laneId);
    const { claim, changes } = coreOn(store.database);
    const held = promise();
    const letGo = promise();
    const holder = store.database.transaction(async (tx) => {
      await changes.lock(tx, [id]);
      held.resolve();
      await letGo.done;
      throw new Error('rolled back');
    });
    await held.done;
    expect((await claim({ laneId, epoch })).messages).toEqual([]);
    letGo.resolve();
    await expect(holder).rejects.toThrow('rolled back');
    expect((await claim({ laneId, epoch })).messages).toHaveLength(1);
  });

  test('what is in hand when it is cancelled for good is not claimed again, whatever its call came to', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const [waiting, inHand] = [
      await store.addMessage(laneId, { delivery: { dueAt: Date.now() + 60_000 } }),
      await store.addMessage(laneId),
    ];
    const parts = coreOn(store.database);
    expect((await parts.claim({ laneId, epoch })).messages.map(({ messageId }) => messageId)).toEqual([inHand]);
    expect(await store.database.transaction((tx) => parts.cancelForGood(tx, [waiting, inHand]))).toEqual([waiting]);
    expect((await store.delivery(inHand))?.expiresAt).toBeLessThanOrEqual(Date.now());
    const again = { queue: { step: 0, dueAt: 0, attempt: 0, keepDaySlot: false, maybeSent: false } };
    await store.database.transaction(async (tx) => {
      const decided = await parts.changes.lock(tx, [inHand]);
      const change = { report: false, giveBackDaySlot: false, delivery: again };
      await parts.changes.apply(
        tx,
        decided.map((message) => ({ message, change })),
        new Date(),
      );
    });
    expect((await parts.claim({ laneId, epoch })).messages).toEqual([]);
  });

  test('what a transaction wrote is seen by nobody before its commit, and whoever waited for the row then sees it', async () => {
    const store = open();
    const { laneId } = await ownedLane(store);
    const id = await store.addMessage(laneId);
    const { changes, cancel } = coreOn(store.database);
    const written = promise();
    const letGo = promise();
    const first = store.database.transaction(async (tx) => {
      await cancel(tx, id);
      written.resolve();
      await letGo.done;
    });
    await written.done;
    expect((await store.message(id)).status).toBe('QUEUED');
    const second = store.database.transaction(async (tx) => changes.lock(tx, [id]));
    letGo.resolve();
    await first;
    expect(await second).toMatchObject([{ id, status: 'CANCELLED', delivery: null }]);
    expect((await store.message(id)).history).toHaveLength(1);
  });

  test('an outcome is written under the epoch and the attempt of its call, and under no other', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const { claim, settler } = coreOn(store.database);
    const id = await store.addMessage(laneId);
    await claim({ laneId, epoch });
    await settler.settle([outcomeOf(id, laneId, epoch + 1), outcomeOf(id, laneId, epoch, { attempt: 2 })]);
    expect(await store.delivery(id)).toMatchObject({ state: 'sending' });
    await settler.settle([outcomeOf(id, laneId, epoch)]);
    expect(await store.delivery(id)).toBeNull();
    expect(await store.message(id)).toMatchObject({ status: 'SENT', history: [{ status: 'SENT', channel: 'VK' }] });
  });

  test('an outcome that was written without our hearing of it is not written onto the next step, even of the same epoch and attempt', async () => {
    const store = open();
    const [first, second] = [await ownedLane(store), await ownedLane(store)];
    const { claim, settler } = coreOn(store.database);
    const steps = [first, second, second].map(({ laneId }) => stepOn(laneId, { route: laneId === first.laneId ? 'VK' : 'OK' }));
    const id = await store.addMessage(first.laneId, { message: { steps } });
    const refused: SendOutcome = { kind: 'refused', reason: 'no_such_user', networkCode: '1' };
    expect(first.epoch).toBe(second.epoch);
    for (const [step, { laneId, epoch }] of [first, second, second].entries()) {
      await claim({ laneId, epoch });
      expect(await store.delivery(id)).toMatchObject({ state: 'sending', step, attempt: 1 });
      const earlier = steps
        .slice(0, step)
        .map((plan, index) => outcomeOf(id, plan.laneId, epoch, { step: index, outcome: refused }));
      await settler.settle(earlier);
      expect(await store.delivery(id)).toMatchObject({ state: 'sending', step });
      await settler.settle([outcomeOf(id, laneId, epoch, { step, outcome: refused })]);
    }
    expect((await store.message(id)).status).toBe('UNDELIVERABLE');
  });

  test('an outcome of an owner whose lane was taken meanwhile is not written', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store, -50);
    const { claim, settler, recover } = coreOn(store.database);
    const id = await store.addMessage(laneId);
    await claim({ laneId, epoch });
    const next = createLaneLeases(store.database, randomUUID(), 60_000);
    await next.acquire(1, [laneId]);
    await settler.settle([outcomeOf(id, laneId, epoch)]);
    expect(await store.delivery(id)).toMatchObject({ state: 'sending', epoch });
    expect(await next.withOrphans([laneId])).toEqual([laneId]);
    await recover({ laneId, epoch: epoch + 1, network: 'vk', groupId: 'g' }, []);
    expect(await store.delivery(id)).toMatchObject({ state: 'queued', attempt: 1, maybeSent: true });
    expect(await next.withOrphans([laneId])).toEqual([]);
  });

  test('what an owner claimed without hearing of it goes back into the queue, and what it has in hand does not', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const { claim, recover } = coreOn(store.database);
    const inHand = await store.addMessage(laneId);
    const stray = await store.addMessage(laneId, { message: { phone: '79990000003' } });
    await claim({ laneId, epoch });
    await recover({ laneId, epoch, network: 'vk', groupId: 'g' }, [inHand]);
    expect(await store.delivery(inHand)).toMatchObject({ state: 'sending' });
    expect(await store.delivery(stray)).toMatchObject({ state: 'queued', attempt: 0, maybeSent: false, dayPersons: null });
  });

  test('a refused step gives way to the next one, on its own lane, with its own time-out', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const other = await store.addLane();
    const steps = [stepOn(laneId), stepOn(other, { route: 'OK', timeoutSeconds: 60, connectionId: 78 }), stepOn(laneId)];
    const id = await store.addMessage(laneId, { message: { steps } });
    const { claim, settler, work } = coreOn(store.database);
    await claim({ laneId, epoch });
    const refused: SendOutcome = { kind: 'refused', reason: 'no_such_user', networkCode: '1' };
    await settler.settle([outcomeOf(id, laneId, epoch, { outcome: refused })]);
    const delivery = await store.delivery(id);
    expect(delivery).toMatchObject({ state: 'queued', step: 1, attempt: 0, laneId: other, connectionId: 78, daySlotAt: null });
    expect((delivery?.stepEndsAt ?? 0) - (delivery?.dueAt ?? 0)).toBe(60_000);
    expect(work).toEqual([{ laneId: other, connectionId: 78 }].map((item) => expect.objectContaining(item)));
    expect(await store.message(id)).toMatchObject({ status: 'QUEUED', channel: 'OK', history: [{ status: 'UNDELIVERABLE' }] });
  });

  test('the network’s id finds the message again, and the first to bear it keeps it', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const { claim, settler, receipts } = coreOn(store.database);
    const networkId = randomUUID();
    const ids = [await store.addMessage(laneId), await store.addMessage(laneId, { message: { phone: '79990000004' } })];
    await claim({ laneId, epoch });
    for (const id of ids)
      await settler.settle([outcomeOf(id, laneId, epoch, { outcome: { kind: 'sent', networkId }, awaitsReceipts: true })]);
    expect(await store.delivery(ids[0] as number)).toMatchObject({ state: 'sent' });
    expect(await receipts('nobody’s')).toMatchObject({ unknown: [{ networkId: 'nobody’s' }] });
    expect(await receipts(networkId)).toMatchObject({ unknown: [] });
    expect([(await store.message(ids[0] as number)).status, (await store.message(ids[1] as number)).status]).toEqual([
      'DELIVERED',
      'SENT',
    ]);
  });

  test('time ends what has expired and what a step has waited for, and puts off asking those that stay silent', async () => {
    const store = open();
    const laneId = await store.addLane();
    const past = Date.now() - 1_000;
    const steps = [stepOn(laneId), stepOn(laneId, { route: 'OK' })];
    const expired = await store.addMessage(laneId, { message: { expiresAt: past } });
    const inFlight = await store.addMessage(laneId, { message: { expiresAt: past }, delivery: { state: 'sending' } });
    const ended = await store.addMessage(laneId, { message: { steps }, delivery: { stepEndsAt: past } });
    const last = await store.addMessage(laneId, { delivery: { stepEndsAt: past } });
    const silent = await store.addMessage(laneId, { delivery: { state: 'sent', dueAt: past } });
    const { sweep } = coreOn(store.database);
    sweep.run();
    await until(async () => ((await store.delivery(silent))?.dueAt ?? 0) > Date.now() + 50_000);
    await until(async () => (await store.delivery(ended))?.step === 1);
    await until(async () => (await store.delivery(last))?.stepEndsAt === null);
    await sweep.stop();
    expect([await store.delivery(expired), (await store.message(expired)).status]).toEqual([null, 'EXPIRED']);
    expect(await store.delivery(inFlight)).toMatchObject({ state: 'sending' });
  });

  test('a person’s day is counted in its transaction, given back when that is undone, and waited for by whoever counts beside it', async () => {
    const store = open();
    const laneId = await store.addLane();
    const { dayCaps } = coreOn(store.database);
    const wants = (count: number) => Array.from({ length: count }, () => ({ laneId, persons: [ANNA, 'user:1'], max: 5 }));
    const takeOf = async (tx: Queryable, count: number): Promise<number> =>
      (await dayCaps.take(tx, wants(count), new Date())).filter(({ taken }) => taken).length;
    expect(await store.database.transaction((tx) => takeOf(tx, 2))).toBe(2);
    const undone = store.database.transaction(async (tx) => {
      expect(await takeOf(tx, 2)).toBe(2);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const counts = await Promise.all([1, 2].map(() => store.database.transaction((tx) => takeOf(tx, 3))));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  test('a repeat counts in the place of its earlier call, and in one more when the network may have forgotten that call', async () => {
    const store = open();
    const { laneId, epoch } = await ownedLane(store);
    const { claim, dayCaps } = coreOn(store.database);
    const placesAfter = async (phone: string, triedMsAgo: number): Promise<number> => {
      const [person, takenAt] = [`phone:${phone}`, new Date(Date.now() - triedMsAgo)];
      await store.database.transaction((tx) => dayCaps.take(tx, [{ laneId, persons: [person], max: 5 }], takenAt));
      const delivery = { attempt: 1, maybeSent: true, daySlotAt: takenAt.getTime(), dayPersons: [person] };
      await store.addMessage(laneId, { message: { phone }, delivery });
      expect((await claim({ laneId, epoch })).messages).toHaveLength(1);
      const more = Array.from({ length: 5 }, () => ({ laneId, persons: [person], max: 5 }));
      const answers = await store.database.transaction((tx) => dayCaps.take(tx, more, new Date()));
      return answers.filter(({ taken }) => !taken).length;
    };
    expect(await placesAfter('79990000011', 60_000)).toBe(1);
    expect(await placesAfter('79990000012', 3_600_000)).toBe(2);
  });

  test('two transactions that wait for each other: one fails, and the other goes on', async () => {
    const store = open();
    const laneId = await store.addLane();
    const [a, b] = [await store.addMessage(laneId), await store.addMessage(laneId)];
    const { changes } = coreOn(store.database);
    const both = [promise(), promise()];
    const crossing = [
      [a, b],
      [b, a],
    ].map(([first = 0, second = 0], index) =>
      store.database.transaction(async (tx) => {
        await changes.lock(tx, [first]);
        both[index]?.resolve();
        await Promise.all(both.map(({ done }) => done));
        return changes.lock(tx, [second]);
      }),
    );
    const ends = await Promise.allSettled(crossing);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const failure = ends.find((end) => end.status === 'rejected')?.reason as { code?: string };
    expect(failure.code).toBe('40P01');
    expect(isDatabaseAway(failure)).toBe(false);
  });
});

test('both stores were asked everything that has a twin', () => {
  for (const store of stores) expect([...store.ran].filter((name) => name in TWINS).sort()).toEqual(Object.keys(TWINS).sort());
});

function promise(): { done: Promise<void>; resolve(): void } {
  let resolve: () => void = () => {};
  const done = new Promise<void>((given) => {
    resolve = given;
  });
  return { done, resolve };
}

async function until(look: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`not within a minute: ${look.toString()}`);
    await passed(10);
  }
}

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../../../test/database.ts';
import { createBudgets, createDayCaps, LIMITS } from '../../../limits/limits.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createBacklog } from '../../backlog.ts';
import { acceptBroadcast } from '../../broadcast.ts';
import { cancelForGood, cancelMessages, messagesOfKey, waitingForPhone } from '../../cancel.ts';
import { createChangeWriter } from '../../changes.ts';
import { lockDue } from '../../claim-rows.ts';
import type { AcceptAnswer, Remember } from '../../contract.ts';
import { createLaneDirectory } from '../../lane-directory.ts';
import { createPauses } from '../../pauses.ts';
import { acceptReplies, nextMessageId, replyContent } from '../../reply.ts';
import { type AcceptRequest, type Candidate, storeTogether } from '../../store-accepted.ts';
import { CONNECTION_ID, type ContractStore, openMemoryContractStore, openPostgresContractStore, stepOn } from './both-stores.ts';
import { REQUEST_TWINS } from './memory-store.ts';

const ACCOUNT_ID = 1; // of what ContractStore.addMessage adds

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

function candidateFor(
  laneId: number,
  more: { phone?: string; text?: string; clientMessageId?: string; senderId?: number; budgetPerDay?: number | null } = {},
): Candidate {
  const { phone = '79990000001', text = 't', clientMessageId, senderId = 7, budgetPerDay = null } = more;
  const now = Date.now();
  return {
    ...{
      accountId: ACCOUNT_ID,
      text,
      templateId: 4,
      templateVersion: 2,
      priority: 3,
      steps: [stepOn(laneId)],
      windows: null,
      statusUrl: null,
    },
    sender: { id: senderId, accountId: ACCOUNT_ID, name: `s${senderId}`, budgetPerDay, forbiddenPatterns: [], routes: [] },
    item: {
      ...{ phone, service: `s${senderId}`, templateData: {}, templateDataJson: '{}', deliveryPolicy: 'any', ttlSeconds: 60 },
      contentSha256: Buffer.from(text),
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    },
    ...{ dueAt: new Date(now), expiresAt: new Date(now + 60_000) },
  };
}

const requestOf = (checked: AcceptRequest['checked'], remember?: Remember): AcceptRequest => ({
  ...{ accountId: ACCOUNT_ID, checked, remember },
});

const under = (key: string, body = 'body'): Remember => ({
  ...{ key, bodySha256: Buffer.from(body) },
  answerBody: (answers) =>
    JSON.stringify({ result: answers.map((answer) => (answer.ok ? { messageId: answer.messageId } : {})) }),
});

/** Stores one request as acceptance does. */
async function give(store: ContractStore, request: AcceptRequest) {
  const [outcome] = await storeTogether({ database: store.database, budgets: createBudgets() }, [request], new Date());
  if (outcome?.status !== 'fulfilled') throw outcome?.reason;
  return outcome.value;
}
async function accept(store: ContractStore, ...checked: Candidate[]): Promise<readonly AcceptAnswer[]> {
  const result = await give(store, requestOf(checked));
  if (result.kind !== 'accepted') throw new Error(result.kind);
  return result.answers;
}
async function idsOf(store: ContractStore, ...checked: Candidate[]): Promise<number[]> {
  return (await accept(store, ...checked)).map((answer) => (answer.ok ? answer.messageId : 0));
}

describe.each(['in memory', 'PostgreSQL'])('what customers ask for, in the store %s', (name) => {
  const open = (): ContractStore => stores.find((store) => store.name === name) as ContractStore;

  test('a group has one lane, whoever asks first, and what waits in it is counted by minutes', async () => {
    const store = open();
    const group = { network: 'vk', groupId: randomUUID() } as const;
    const [one, other] = [createLaneDirectory(store.database), createLaneDirectory(store.database)];
    await Promise.all([one.ensure([group]), other.ensure([group])]);
    const laneId = one.idOf('vk', group.groupId);
    expect(other.idOf('vk', group.groupId)).toBe(laneId);
    const now = Date.now();
    for (const dueInMs of [0, 0, 130_000]) await store.addMessage(laneId, { delivery: { dueAt: now + dueInMs } });
    await store.addMessage(laneId, { delivery: { state: 'sending' } });
    const backlog = createBacklog({
      ...{ database: store.database, clock: systemClock, lanes: one, onError: () => {} },
      connection: async () => null,
    });
    await backlog.refresh([{ ...group, route: 'VK', provider: 'notify', connectionId: CONNECTION_ID }]);
    const step = { laneId, connectionId: CONNECTION_ID };
    expect([backlog.look(step, 0).waiting, backlog.look(step, 300_000).waiting]).toEqual([2, 3]);
  });

  test('messages are stored in the order of their answers, due on the lane of their first step', async () => {
    const store = open();
    const laneId = await store.addLane();
    const [first = 0, second = 0] = await idsOf(store, candidateFor(laneId), candidateFor(laneId, { phone: '79990000002' }));
    expect(second).toBeGreaterThan(first);
    expect(await store.message(first)).toMatchObject({ status: 'QUEUED', channel: 'VK', history: [] });
    expect(await store.delivery(second)).toMatchObject({
      ...{ accountId: ACCOUNT_ID, laneId, connectionId: CONNECTION_ID, step: 0, state: 'queued', attempt: 0, epoch: 0 },
      ...{ priority: 3, stepEndsAt: null, daySlotAt: null, maybeSent: false },
    });
  });

  test('a key is answered once: its repeat hears the same, another body is a conflict, and whoever holds it is not waited for', async () => {
    const store = open();
    const laneId = await store.addLane();
    const key = randomUUID();
    const first = await give(store, requestOf([candidateFor(laneId)], under(key)));
    if (first.kind !== 'accepted') throw new Error(first.kind);
    const [answer] = first.answers;
    expect(await give(store, requestOf([candidateFor(laneId)], under(key)))).toEqual({
      ...{ kind: 'repeated', answerBody: under(key).answerBody(answer === undefined ? [] : [answer]) },
    });
    expect(await give(store, requestOf([candidateFor(laneId)], under(key, 'other')))).toEqual({ kind: 'conflict' });
    const fresh = randomUUID();
    const both = await Promise.all([1, 2].map(() => give(store, requestOf([candidateFor(laneId)], under(fresh)))));
    const kinds = both.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(1);
    expect(['running', 'repeated']).toContain(kinds.find((kind) => kind !== 'accepted'));
    expect(await messagesOfKey(store.database, ACCOUNT_ID, key)).toEqual([answer?.ok === true ? answer.messageId : 0]);
    expect(await messagesOfKey(store.database, ACCOUNT_ID, 'never used')).toBeNull();
  });

  test('a client’s id names one message: the same content gets its answer, another is refused, and one over the budget is free again', async () => {
    const store = open();
    const laneId = await store.addLane();
    const clientMessageId = randomUUID();
    const [first] = await accept(store, candidateFor(laneId, { clientMessageId }));
    expect(await accept(store, candidateFor(laneId, { clientMessageId }))).toEqual([first]);
    expect(await accept(store, candidateFor(laneId, { clientMessageId, text: 'other' }))).toMatchObject([{ ok: false }]);
    const poor = { senderId: await store.addSender(), budgetPerDay: 1 };
    const wanted = [randomUUID(), randomUUID()].map((id) => candidateFor(laneId, { ...poor, clientMessageId: id }));
    expect(await accept(store, ...wanted)).toMatchObject([{ ok: true }, { ok: false, reasons: [{ key: 'billing.error' }] }]);
    const [, second] = wanted;
    const rich = candidateFor(laneId, { clientMessageId: second?.item.clientMessageId ?? '' });
    expect(await accept(store, rich)).toMatchObject([{ ok: true }]);
  });

  test('a reply goes before notifications, for a day', async () => {
    const store = open();
    const lanes = createLaneDirectory(store.database);
    const [groupId, network] = [randomUUID(), 'vk'] as const;
    const given = { accountId: ACCOUNT_ID, connectionId: CONNECTION_ID, groupId, network, peerId: '5', dialogId: 3, text: 'r' };
    const now = new Date();
    const other = { ...given, peerId: '6', text: 'another' };
    const [id = 0, second = 0] = await store.database.transaction((tx) => acceptReplies(tx, lanes, [given, other], now));
    expect(await store.delivery(id)).toMatchObject({
      ...{ laneId: lanes.idOf(network, groupId), priority: 0, state: 'queued', expiresAt: now.getTime() + 86_400_000 },
    });
    expect(await store.message(id)).toMatchObject({ status: 'QUEUED', channel: 'VK' });
    expect(await store.delivery(second)).toMatchObject({ laneId: lanes.idOf(network, groupId), state: 'queued' });
  });

  test('a reply keeps the id that was taken for it, and what it carries', async () => {
    const store = open();
    const lanes = createLaneDirectory(store.database);
    const content = { attachments: [{ kind: 'image', reference: 'photo-1_2' }], replyToNetworkId: '7' } as const;
    const where = {
      accountId: ACCOUNT_ID,
      connectionId: CONNECTION_ID,
      groupId: randomUUID(),
      network: 'vk',
      peerId: '5',
    } as const;
    const messageId = await nextMessageId(store.database);
    const given = { ...where, ...content, dialogId: 3, text: 'r', messageId };
    expect(await store.database.transaction((tx) => acceptReplies(tx, lanes, [given], new Date()))).toEqual([messageId]);
    expect(await replyContent(store.database, ACCOUNT_ID, messageId)).toEqual(content);
    expect(await replyContent(store.database, ACCOUNT_ID + 1, messageId)).toBeNull();
    const [bare = 0] = await store.database.transaction((tx) =>
      acceptReplies(tx, lanes, [{ ...where, dialogId: 3, text: 'r' }], new Date()),
    );
    expect(await replyContent(store.database, ACCOUNT_ID, bare)).toBeNull();
  });

  test('messages of a broadcast stand with the broadcasts, count in the day, and end each at its time', async () => {
    const store = open();
    const lanes = createLaneDirectory(store.database);
    const backlog = createBacklog({
      ...{ database: store.database, clock: systemClock, lanes, connection: async () => null },
      onError: (error) => {
        throw error;
      },
    });
    const woken: unknown[] = [];
    const parts = { clock: systemClock, lanes, backlog, onAccepted: (work: unknown) => void woken.push(work) };
    const route = { connectionId: CONNECTION_ID, groupId: randomUUID(), network: 'vk', provider: 'community' } as const;
    const expiresAt = new Date(Date.now() + 5_000);
    const one = { userId: '5', clientMessageId: 'b', text: 'Здравствуйте', windows: null, expiresAt };
    const attachments = [{ kind: 'image', reference: 'photo-1_2' }] as const;
    const other = { ...one, userId: '6', intent: 'promo_newsletter', attachments };
    const ids = await store.database.transaction((tx) => acceptBroadcast(parts, tx, ACCOUNT_ID, route, [one, other]));
    expect(woken).toHaveLength(1);
    const laneId = lanes.idOf('vk', route.groupId);
    expect(await store.delivery(ids[0] ?? 0)).toMatchObject({
      laneId,
      priority: 3,
      state: 'queued',
      expiresAt: expiresAt.getTime(),
    });
    const queue = { laneId, epoch: 0, connectionId: CONNECTION_ID, priority: 3, accountId: ACCOUNT_ID, after: null, limit: 5 };
    const [due] = await store.database.transaction((tx) => lockDue(tx, [queue], new Date()));
    expect(due).toMatchObject([
      { messageId: ids[0], kind: 'reply', peerId: '5', intent: null, countsInDay: true, windows: null, replyContent: null },
      { messageId: ids[1], kind: 'reply', peerId: '6', intent: 'promo_newsletter', replyContent: { attachments } },
    ]);
  });

  test('what a paused sender has and gets is put aside, and goes back to its place when the pause ends', async () => {
    const store = open();
    const laneId = await store.addLane();
    const pauses = createPauses({ database: store.database, clock: systemClock });
    const senderId = await store.addSender();
    const [before = 0] = await idsOf(store, candidateFor(laneId, { senderId }));
    const [others = 0] = await idsOf(store, candidateFor(laneId, { senderId: await store.addSender() }));
    const priority = (await store.delivery(others))?.priority;
    await pauses.pause(ACCOUNT_ID, senderId);
    await pauses.pause(ACCOUNT_ID, senderId);
    expect((await pauses.paused(ACCOUNT_ID)).has(senderId)).toBe(true);
    const [meanwhile = 0] = await idsOf(store, candidateFor(laneId, { senderId }));
    const prioritiesOf = async () =>
      Promise.all([before, meanwhile, others].map(async (id) => (await store.delivery(id))?.priority));
    const [parkedBefore, parkedMeanwhile, untouched] = await prioritiesOf();
    expect(parkedBefore).toBeGreaterThanOrEqual(100);
    expect([parkedMeanwhile, untouched]).toEqual([parkedBefore, priority]);
    expect(await pauses.resume(ACCOUNT_ID, senderId)).toMatchObject([
      { laneId, connectionId: CONNECTION_ID, accountId: ACCOUNT_ID, messageId: before },
    ]);
    expect(await prioritiesOf()).toEqual([priority, priority, priority]);
    expect((await pauses.paused(ACCOUNT_ID)).has(senderId)).toBe(false);
  });

  test('what waits for a phone is found, and cancelled where nobody has it in hand', async () => {
    const store = open();
    const laneId = await store.addLane();
    const phone = `7999${String(Math.floor(performance.now() * 1_000))
      .slice(-7)
      .padStart(7, '0')}`;
    const waiting = await store.addMessage(laneId, { message: { phone } });
    await store.addMessage(laneId, { message: { phone, status: 'SENT' } });
    const found = await waitingForPhone(store.database, ACCOUNT_ID, phone);
    expect(found).toEqual([waiting]);
    const dayCaps = createDayCaps({ windowMs: LIMITS.notificationsPerPerson.windowMs });
    const changes = createChangeWriter({ callbacks: { enqueue: async () => {} }, dayCaps });
    const parts = { database: store.database, changes, decideSettings: { pollAfterMs: 1_000, random: () => 0.5 } };
    const inHand = await store.addMessage(laneId, { delivery: { state: 'sending' } });
    expect(await cancelMessages(parts, ACCOUNT_ID, [waiting, inHand, 1], new Date())).toEqual({
      ...{ cancelled: [waiting], alreadySent: [inHand], notFound: [1] },
    });
    expect([(await store.message(waiting)).status, await store.delivery(waiting)]).toEqual(['CANCELLED', null]);
    const forGood = new Date(Date.now() - 1);
    const cancelling = store.database.transaction((tx) => cancelForGood(tx, parts, ACCOUNT_ID, [inHand], forGood));
    expect([await cancelling, (await store.delivery(inHand))?.expiresAt]).toEqual([[], forGood.getTime()]);
  });
});

test('both stores were asked everything that customers may ask', () => {
  for (const { ran } of stores)
    expect([...ran].filter((name) => name in REQUEST_TWINS).sort()).toEqual(Object.keys(REQUEST_TWINS).sort());
});

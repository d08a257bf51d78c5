import type { Keyboard } from '@soroka/channels';
import { PARKED, PRIORITY_OF_CLASS } from '../../classes.ts';
import type { ReplyContent } from '../../contract.ts';
import type { StepPlan } from '../../plan.ts';
import type { ZonedWindow } from '../../windows.ts';
import { type DeliveryRow, ownedKey, type Tables } from './tables.ts';
import { holdAll, rowsOf, seen, type Transaction, write } from './transactions.ts';

// Twins of the statements of acceptance: store-accepted.ts, insert-accepted.ts, remembered.ts, client-ids.ts, reply.ts, broadcast.ts, backlog.ts,
// lane-directory.ts, limits/budgets.ts.

type Values = readonly unknown[];
const time = (at: Date | null | undefined): number | null => at?.getTime() ?? null;
const parsed = <Value>(json: string | null | undefined): Value | null => (typeof json === 'string' ? JSON.parse(json) : null);

/** What a new row of `message` is before anything happens to it. */
const UNTOUCHED = {
  ...{
    dialogId: null,
    service: null,
    senderId: null,
    templateId: null,
    templateVersion: null,
    phone: null,
    peerId: null,
    keyboard: null,
  },
  replyContent: null,
  ...{ templateDataJson: null, deliveryPolicy: 'any', windows: null, callbackDataJson: null, statusUrl: null },
  ...{ status: 'QUEUED', errorCode: 0, history: [], notes: null },
};
const WAITING = {
  ...{ step: 0, state: 'queued', attempt: 0, epoch: 0, stepEndsAt: null, daySlotAt: null, dayPersons: null, maybeSent: false },
} satisfies Partial<DeliveryRow>;

const placesOf = (values: readonly unknown[]): number[] => values.map((_, index) => index);
/** In the order in which everybody takes them. */
const inOrder = (accountIds: readonly number[], names: readonly string[]): number[] =>
  placesOf(names).sort(
    (a, b) => (accountIds[a] as number) - (accountIds[b] as number) || ((names[a] as string) < (names[b] as string) ? -1 : 1),
  );

async function insertNotifications(tx: Transaction, tables: Tables, values: Values): Promise<object[]> {
  const [now, givenIds, commons, phones, texts, templateData, callbackData] = values as [
    ...[Date, (number | null)[], number[], string[], string[], string[], (string | null)[]],
  ];
  const [accountIds, senderIds, services, templateIds, policies, steps, windows, statusUrls, channels] = values.slice(8) as [
    ...[number[], number[], string[], number[], string[], string[], (string | null)[], (string | null)[], string[]],
  ];
  const [expiresAts, laneIds, connectionIds, dueAts, stepEnds, priorities, templateVersions] = values.slice(17) as [
    ...[Date[], number[], number[], Date[], (Date | null)[], number[], number[]],
  ];
  const keys = placesOf(senderIds).map((index) => ownedKey(accountIds[index] as number, String(senderIds[index])));
  // `for key share`: whoever resumes waits for us, and puts back what we put aside.
  const pauses = [...new Set(keys)].sort().flatMap((key) => tables.pause.cells.get(key) ?? []);
  const paused = await holdAll(
    tx,
    pauses.filter((cell) => seen(tx, cell) !== null),
    () => true,
  );
  const isPaused = new Set(paused.map(({ accountId, senderId }) => ownedKey(accountId, String(senderId))));
  const ids: object[] = [];
  for (const [index, common] of commons.entries()) {
    const of = common - 1;
    const id = givenIds[index] ?? tables.nextId();
    const shared = { accountId: accountIds[of] as number, expiresAt: (expiresAts[of] as Date).getTime() };
    await write(tx, tables.message, id, {
      ...{
        ...UNTOUCHED,
        ...shared,
        id,
        kind: 'notification',
        createdAt: now.getTime(),
        callbackDataJson: callbackData[index] ?? null,
      },
      ...{ senderId: senderIds[of] as number, service: services[of] as string, templateId: templateIds[of] as number },
      templateVersion: templateVersions[of] as number,
      ...{ phone: phones[index] as string, text: texts[index] as string, templateDataJson: templateData[index] ?? null },
      ...{ deliveryPolicy: policies[of] as string, steps: parsed<StepPlan[]>(steps[of]) ?? [] },
      ...{ windows: parsed<ZonedWindow[]>(windows[of]), statusUrl: statusUrls[of] ?? null, channel: channels[of] as string },
    });
    await write(tx, tables.delivery, id, {
      ...{ ...WAITING, ...shared, messageId: id, laneId: laneIds[of] as number, connectionId: connectionIds[of] as number },
      priority: (priorities[of] as number) + (isPaused.has(keys[of] as string) ? PARKED : 0),
      dueAt: (dueAts[of] as Date).getTime(),
      stepEndsAt: time(stepEnds[of]),
    });
    ids.push({ id });
  }
  return ids;
}

export const ACCEPT_TWINS = {
  async 'dispatch.lane.ensure'(tx: Transaction, tables: Tables, values: Values) {
    const [networks, groupIds] = values as [('vk' | 'ok')[], string[]];
    const found: object[] = [];
    for (const [index, groupId] of groupIds.entries()) {
      const network = networks[index] as 'vk' | 'ok';
      await write(tx, tables.keyLock, `lane ${network} ${groupId}`, null); // unique: waits for whoever makes the same
      const lane = rowsOf(tx, tables.lane).find((row) => row.network === network && row.groupId === groupId);
      const id = lane?.id ?? tables.nextId();
      if (lane === undefined)
        await write(tx, tables.lane, id, { id, network, groupId, owner: null, epoch: 0, leaseUntil: null, quietUntil: null });
      found.push({ id, network, groupId });
    }
    return found;
  },
  'dispatch.backlog.count'(tx: Transaction, tables: Tables, values: Values) {
    const [laneIds, at] = values as [number[], Date];
    const now = at.getTime();
    const counts = new Map<string, { laneId: number; minute: number; waiting: number }>();
    for (const { laneId, state, priority, dueAt, expiresAt } of rowsOf(tx, tables.delivery)) {
      if (!laneIds.includes(laneId) || state !== 'queued' || priority >= PARKED || expiresAt <= now) continue;
      const minute = Math.max(0, Math.floor((dueAt - now) / 60_000));
      const known = counts.get(`${laneId}:${minute}`) ?? { laneId, minute, waiting: 0 };
      counts.set(`${laneId}:${minute}`, { ...known, waiting: known.waiting + 1 });
    }
    return [...counts.values()];
  },
  'dispatch.accept.ids'(_tx: Transaction, tables: Tables, [count]: Values) {
    return Array.from({ length: count as number }, () => ({ id: tables.nextId() }));
  },
  'dispatch.accept.insert': insertNotifications,
  async 'dispatch.accept.lock_keys'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names] = values as [number[], string[]];
    const answers: object[] = [];
    for (const [index, name] of names.entries()) {
      const key = ownedKey(accountIds[index] as number, name);
      const holder = tables.keyLock.cells.get(key)?.holder ?? null;
      const held = holder === null || holder === tx;
      if (held) await write(tx, tables.keyLock, key, null);
      answers.push({ held });
    }
    return answers;
  },
  'dispatch.accept.find_keys'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names, since] = values as [number[], string[], Date];
    return names.flatMap((name, index) => {
      const row = seen(tx, tables.rememberedKey.cells.get(ownedKey(accountIds[index] as number, name)));
      return row === null || row.createdAt <= since.getTime() ? [] : [{ ...row }];
    });
  },
  async 'dispatch.accept.store_keys'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names, bodies, answers, at] = values as [number[], string[], Buffer[], string[], Date];
    for (const [index, key] of names.entries()) {
      const accountId = accountIds[index] as number;
      const row = { accountId, key, bodySha256: bodies[index] as Buffer, answerBody: answers[index] as string };
      await write(tx, tables.rememberedKey, ownedKey(accountId, key), { ...row, createdAt: at.getTime() });
    }
    return names.map(() => ({}));
  },
  async 'dispatch.accept.claim_client_ids'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names, hashes, messageIds, at, oldest] = values as [number[], string[], Buffer[], number[], Date, Date];
    const taken: object[] = [];
    for (const index of inOrder(accountIds, names)) {
      const [accountId, clientMessageId] = [accountIds[index] as number, names[index] as string];
      const key = ownedKey(accountId, clientMessageId);
      const cell = tables.clientMessage.cells.get(key);
      const [known] = cell === undefined ? [] : await holdAll(tx, [cell], () => true);
      if (known !== undefined && known.createdAt > oldest.getTime()) continue;
      const row = { accountId, clientMessageId, contentSha256: hashes[index] as Buffer, messageId: messageIds[index] as number };
      await write(tx, tables.clientMessage, key, { ...row, createdAt: at.getTime() });
      taken.push({ accountId, clientMessageId });
    }
    return taken;
  },
  'dispatch.accept.find_client_ids'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names] = values as [number[], string[]];
    return names.flatMap((name, index) => {
      const row = seen(tx, tables.clientMessage.cells.get(ownedKey(accountIds[index] as number, name)));
      return row === null ? [] : [{ ...row }];
    });
  },
  async 'dispatch.accept.free_client_ids'(tx: Transaction, tables: Tables, values: Values) {
    const [accountIds, names] = values as [number[], string[]];
    for (const index of inOrder(accountIds, names))
      await write(tx, tables.clientMessage, ownedKey(accountIds[index] as number, names[index] as string), null);
    return names.map(() => ({}));
  },
  'dispatch.reply.next_id': async (_: Transaction, tables: Tables) => [{ id: tables.nextId() }],
  async 'dispatch.reply.content'(tx: Transaction, tables: Tables, values: Values) {
    const [accountId, id] = values as [number, number];
    const message = seen(tx, tables.message.cells.get(id));
    return message?.accountId === accountId && message.kind === 'reply' ? [{ content: message.replyContent }] : [];
  },
  async 'dispatch.reply.insert'(tx: Transaction, tables: Tables, values: Values) {
    const [at, expiresAt, accountIds, dialogIds, peerIds, texts] = values as [Date, Date, number[], number[], string[], string[]];
    const [keyboards, steps, channels, laneIds, connectionIds, givenIds, contents] = values.slice(6) as [
      ...[(string | null)[], string[], string[], number[], number[], (number | null)[], (string | null)[]],
    ];
    const dueAt = at.getTime();
    const ids: object[] = [];
    for (const [index, accountId] of accountIds.entries()) {
      const id = givenIds[index] ?? tables.nextId();
      const shared = { accountId, expiresAt: expiresAt.getTime() };
      const [laneId, connectionId] = [laneIds[index] as number, connectionIds[index] as number];
      await write(tx, tables.message, id, {
        ...{ ...UNTOUCHED, ...shared, id, kind: 'reply', dialogId: dialogIds[index] as number, peerId: peerIds[index] as string },
        ...{ text: texts[index] as string, keyboard: parsed<Keyboard>(keyboards[index]), channel: channels[index] as string },
        ...{
          replyContent: parsed<ReplyContent>(contents[index]),
          steps: parsed<StepPlan[]>(steps[index]) ?? [],
          createdAt: dueAt,
        },
      });
      await write(tx, tables.delivery, id, { ...WAITING, ...shared, messageId: id, laneId, connectionId, priority: 0, dueAt });
      tx.notices.push(`soroka_lanes ${laneId}:${connectionId}:0:${accountId}:${dueAt}`);
      ids.push({ id });
    }
    return ids;
  },
  async 'dispatch.broadcast.insert'(tx: Transaction, tables: Tables, values: Values) {
    const [accountId, at, laneId, connectionId, steps, channel] = values as [number, Date, number, number, string, string];
    const [peerIds, , texts, keyboards, intents, windows, expiresAts, contents] = values.slice(6) as [
      ...[string[], string[], string[], (string | null)[], (string | null)[], (string | null)[], Date[], (string | null)[]],
    ];
    const ids: object[] = [];
    for (const [index, peerId] of peerIds.entries()) {
      const id = tables.nextId();
      const shared = { accountId, expiresAt: (expiresAts[index] as Date).getTime() };
      await write(tx, tables.message, id, {
        ...{ ...UNTOUCHED, ...shared, id, kind: 'reply', peerId, text: texts[index] as string, channel, isBroadcast: true },
        ...{ keyboard: parsed<Keyboard>(keyboards[index]), intent: intents[index] ?? null, createdAt: at.getTime() },
        ...{ windows: parsed<ZonedWindow[]>(windows[index]), steps: parsed<StepPlan[]>(steps) ?? [] },
        replyContent: parsed<ReplyContent>(contents[index]),
      });
      const due = { messageId: id, laneId, connectionId, priority: PRIORITY_OF_CLASS.broadcast, dueAt: at.getTime() };
      await write(tx, tables.delivery, id, { ...WAITING, ...shared, ...due });
      ids.push({ id });
    }
    return ids;
  },
  async 'limits.budget.open'(tx: Transaction, tables: Tables, values: Values) {
    const [senderIds, at] = values as [number[], Date];
    for (const senderId of [...senderIds].sort((a, b) => a - b)) {
      const key = budgetKey(senderId, at);
      const cell = tables.budget.cells.get(key);
      if (cell !== undefined && (await holdAll(tx, [cell], () => true)).length > 0) continue;
      await write(tx, tables.budget, key, { senderId, used: 0 });
    }
    return [];
  },
  async 'limits.budget.take'(tx: Transaction, tables: Tables, values: Values) {
    const [senderIds, at, budgets, wanted] = values as [number[], Date, number[], number[]];
    const granted: object[] = [];
    for (const index of placesOf(senderIds).sort((a, b) => (senderIds[a] as number) - (senderIds[b] as number))) {
      const senderId = senderIds[index] as number;
      const key = budgetKey(senderId, at);
      const cell = tables.budget.cells.get(key);
      const [row] = cell === undefined ? [] : await holdAll(tx, [cell], () => true);
      if (row === undefined) continue;
      const many = Math.max(0, Math.min((budgets[index] as number) - row.used, wanted[index] as number));
      await write(tx, tables.budget, key, { ...row, used: row.used + many });
      granted.push({ senderId, granted: many });
    }
    return granted;
  },
};

/** By the calendar of Moscow, which is three hours ahead all the year. */
const budgetKey = (senderId: number, at: Date): string =>
  `${senderId}:${new Date(at.getTime() + 10_800_000).toISOString().slice(0, 10)}`;

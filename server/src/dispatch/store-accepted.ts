import type { Sender } from '../connections/connections.ts';
import type { Budgets } from '../limits/limits.ts';
import { type Database, isDatabaseAway, type Queryable, type Statement } from '../platform/database.ts';
import { CLIENT_ID_CONFLICT, claimClientIds, freeClientIds, repeatedClientIds } from './client-ids.ts';
import type { AcceptAnswer, AcceptResult, NewNotification, Refusal, Remember } from './contract.ts';
import type { Outcome } from './group-commit.ts';
import { insertAccepted } from './insert-accepted.ts';
import type { StepPlan } from './plan.ts';
import { findRemembered, storeRemembered } from './remembered.ts';
import type { ZonedWindow } from './windows.ts';

/** A notification that passed every check which needs no lock. */
export interface Candidate {
  accountId: number;
  item: NewNotification;
  sender: Sender;
  templateId: number;
  templateVersion: number;
  /** Of its class, see classes.ts. */
  priority: number;
  text: string;
  steps: readonly StepPlan[];
  windows: readonly ZonedWindow[] | null;
  dueAt: Date;
  expiresAt: Date;
  statusUrl: string | null;
}

export interface AcceptRequest {
  accountId: number;
  checked: readonly (Candidate | { refused: readonly Refusal[] })[];
  remember: Remember | undefined;
}

export interface StoreParts {
  database: Database;
  budgets: Budgets;
}

const IDS: Statement = { name: 'dispatch.accept.ids', text: `select nextval('message_id') as id from generate_series(1, $1)` };

/**
 * Stores the candidates of each request or none of them, with their client ids, budgets and the remembered answer; all requests in
 * one transaction, and where that fails in smaller ones, down to the request that cannot be stored.
 */
export async function storeTogether(
  parts: StoreParts,
  requests: readonly AcceptRequest[],
  now: Date,
): Promise<readonly Outcome<AcceptResult>[]> {
  if (requests.length === 0) return [];
  try {
    const results = await store(parts, requests, now);
    return results.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    // Whether a lost connection took a commit along is not known: what may be stored is not stored again.
    if (requests.length === 1 || isDatabaseAway(reason)) return requests.map(() => ({ status: 'rejected', reason }));
    const half = Math.ceil(requests.length / 2);
    const first = await storeTogether(parts, requests.slice(0, half), now);
    return [...first, ...(await storeTogether(parts, requests.slice(half), now))];
  }
}

async function store(parts: StoreParts, requests: readonly AcceptRequest[], now: Date): Promise<readonly AcceptResult[]> {
  const candidates = requests.flatMap(candidatesOf);
  const needsTransaction =
    requests.some(({ remember }) => remember !== undefined) ||
    candidates.some(({ item, sender }) => item.clientMessageId !== undefined || sender.budgetPerDay !== null);
  if (!needsTransaction) {
    const ids = await insertAccepted(parts.database, now, candidates);
    const outcomes = new Map(candidates.map((candidate, index) => [candidate, taken(ids[index])]));
    return requests.map((request) => ({ kind: 'accepted', answers: answersOf(request, outcomes) }));
  }
  const ids = candidates.some(({ item }) => item.clientMessageId !== undefined) ? await drawIds(parts, candidates.length) : [];
  const idOf = new Map(candidates.map((candidate, index) => [candidate, ids[index]]));
  return parts.database.transaction(async (tx) => {
    const earlier = await findRemembered(tx, requests, now);
    const open = requests.filter((request) => !earlier.has(request));
    const outcomes = await storeCandidates(parts.budgets, tx, open.flatMap(candidatesOf), idOf, now);
    const answers = new Map(open.map((request) => [request, answersOf(request, outcomes)]));
    await storeRemembered(tx, answers, now);
    return requests.map((request) => earlier.get(request) ?? { kind: 'accepted', answers: answers.get(request) ?? [] });
  });
}

async function drawIds({ database }: StoreParts, count: number): Promise<readonly number[]> {
  return (await database.rows<{ id: number }>(IDS, [count])).map(({ id }) => id);
}

/** The answer of each candidate. Locks are taken in one order by everybody: client ids by account and text, then budgets by sender. */
async function storeCandidates(
  budgets: Budgets,
  tx: Queryable,
  candidates: readonly Candidate[],
  idOf: ReadonlyMap<Candidate, number | undefined>,
  now: Date,
): Promise<ReadonlyMap<Candidate, AcceptAnswer>> {
  const repeats = repeatedClientIds(candidates);
  const firsts = candidates.filter((candidate) => !repeats.has(candidate));
  const outcomes = new Map(await claimClientIds(tx, firsts, idOf, now));
  const fresh = firsts.filter((candidate) => !outcomes.has(candidate));
  await takeBudgets(tx, budgets, fresh, outcomes, now);
  const stored = fresh.filter((candidate) => !outcomes.has(candidate));
  const ids = await insertAccepted(tx, now, stored, (candidate) => idOf.get(candidate) ?? null);
  for (const [index, candidate] of stored.entries()) outcomes.set(candidate, taken(ids[index]));
  for (const [repeat, first] of repeats) {
    const same = first.item.contentSha256.equals(repeat.item.contentSha256);
    outcomes.set(repeat, same ? (outcomes.get(first) as AcceptAnswer) : CLIENT_ID_CONFLICT);
  }
  return outcomes;
}

/** Refuses what is over a sender's budget: the first are taken, the rest answered with billing.error. */
async function takeBudgets(
  tx: Queryable,
  budgets: Budgets,
  fresh: readonly Candidate[],
  outcomes: Map<Candidate, AcceptAnswer>,
  now: Date,
): Promise<void> {
  const asking = fresh.filter((candidate) => candidate.sender.budgetPerDay !== null);
  if (asking.length === 0) return;
  const bySender = Map.groupBy(asking, ({ sender }) => sender.id);
  const wants = [...bySender].map(([senderId, wanting]) => ({
    senderId,
    budgetPerDay: wanting[0]?.sender.budgetPerDay ?? 0,
    wanted: wanting.length,
  }));
  const granted = await budgets.take(tx, wants, now);
  const refused = [...bySender].flatMap(([senderId, wanting]) => wanting.slice(granted.get(senderId) ?? 0));
  for (const candidate of refused) outcomes.set(candidate, { ok: false, reasons: [{ key: 'billing.error', field: 'service' }] });
  await freeClientIds(tx, refused);
}

function candidatesOf({ checked }: AcceptRequest): readonly Candidate[] {
  return checked.filter((item) => 'steps' in item);
}

function answersOf({ checked }: AcceptRequest, outcomes: ReadonlyMap<Candidate, AcceptAnswer>): readonly AcceptAnswer[] {
  return checked.map((item) => ('refused' in item ? { ok: false, reasons: item.refused } : (outcomes.get(item) as AcceptAnswer)));
}

const taken = (messageId: number | undefined): AcceptAnswer => ({ ok: true, messageId: messageId as number });

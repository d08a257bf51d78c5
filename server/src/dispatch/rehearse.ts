import type { Connection } from '../connections/connections.ts';
import { type Budgets, type DayCaps, LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Backlog, Lines } from './backlog.ts';
import { type Catalog, type CatalogParts, readCatalog } from './catalog.ts';
import { type CheckParts, check } from './check.ts';
import type { MetCap, NewNotification, Rehearsal } from './contract.ts';
import type { Pauses } from './pauses.ts';
import type { StepPlan } from './plan.ts';
import type { Candidate } from './store-accepted.ts';

export interface RehearseParts extends CatalogParts, Omit<CheckParts, 'lines'> {
  database: Database;
  clock: Clock;
  templates: CatalogParts['templates'] & CheckParts['templates'];
  backlog: Backlog;
  budgets: Pick<Budgets, 'used'>;
  dayCaps: Pick<DayCaps, 'sent'>;
  pauses: Pick<Pauses, 'paused'>;
}

/** See Dispatch.rehearse. Looks at all that acceptance and claims look at, and writes nothing. */
export async function rehearse(
  parts: RehearseParts,
  accountId: number,
  items: readonly NewNotification[],
): Promise<readonly Rehearsal[]> {
  const now = parts.clock.now();
  const catalog = await readCatalog(parts, accountId, items);
  const lines = parts.backlog.copy();
  const checks = items.map((item) => check({ ...parts, lines }, catalog, accountId, item, now));
  const candidates = checks.filter((checked) => 'steps' in checked);
  const budgets = await budgetsLeft(parts, candidates, now);
  const days = await readDays(parts, catalog, candidates, now);
  const connections = await readConnections(parts, candidates);
  const paused = await parts.pauses.paused(accountId);
  return items.map((item) => {
    // Once more, now that those before it stand in their lines.
    const checked = check({ ...parts, lines }, catalog, accountId, item, now);
    if ('refused' in checked) return { ok: false, reasons: checked.refused };
    const left = budgets.get(checked.sender.id);
    if (left !== undefined && left <= 0) return { ok: false, reasons: [{ key: 'billing.error', field: 'service' }] };
    if (left !== undefined) budgets.set(checked.sender.id, left - 1);
    return rehearseOne({ lines, days, connections, paused, now }, catalog, checked);
  });
}

interface Scene {
  lines: Lines;
  days: Days;
  connections: ReadonlyMap<number, Connection | null>;
  /** By the id of the sender. */
  paused: ReadonlyMap<number, Date>;
  now: number;
}

/** Goes through the routes as a claim would: the first that has a recipient and a free place of the day takes the message. */
function rehearseOne({ lines, days, connections, paused, now }: Scene, catalog: Catalog, candidate: Candidate): Rehearsal {
  const { steps, text, sender } = candidate;
  const caps: MetCap[] = [];
  let outcome: 'RATELIMIT' | 'UNDELIVERABLE' | 'EXPIRED' = 'UNDELIVERABLE';
  for (const [index, step] of steps.entries()) {
    const connection = connections.get(step.connectionId) ?? null;
    const persons = personsOf(candidate, step, catalog);
    if (persons === null) {
      outcome = 'UNDELIVERABLE';
      continue;
    }
    const { perDay = LIMITS.notificationsPerPerson.max, perDayMode = 'refuse' } = connection?.settings ?? {};
    const freeAt = perDay === null ? now : days.freeAt(step.laneId, persons, perDay);
    const waits = freeAt > now && perDayMode === 'wait' && freeAt < candidate.expiresAt.getTime();
    if (freeAt > now) {
      const follows = waits ? 'waits' : index === steps.length - 1 ? 'refused' : 'next_route';
      caps.push({ channel: step.route, groupId: step.groupId, max: perDay ?? 0, follows });
      outcome = 'RATELIMIT';
      if (!waits) continue;
    }
    const dueInMs = Math.max(candidate.dueAt.getTime(), freeAt) - now;
    const { sentInMs, waiting, perSecond } = lines.look(step, dueInMs);
    if (now + sentInMs > candidate.expiresAt.getTime()) {
      outcome = 'EXPIRED';
      break;
    }
    lines.join(step, dueInMs);
    days.add(step.laneId, persons, now + sentInMs);
    return {
      ...{ ok: true, text, channel: step.route, groupId: step.groupId, outcome: 'SENT', caps, waiting, perSecond },
      isPaused: paused.has(sender.id) || connection?.pausedReason != null,
      dueAt: new Date(now + dueInMs),
      sentBy: new Date(now + sentInMs),
    };
  }
  const last = steps.at(-1) as StepPlan;
  const { waiting, perSecond } = lines.look(last, 0);
  return {
    ...{ ok: true, text, channel: last.route, groupId: last.groupId, outcome, caps, waiting, perSecond },
    isPaused: paused.has(sender.id) || connections.get(last.connectionId)?.pausedReason != null,
    dueAt: candidate.dueAt,
    sentBy: null,
  };
}

/** The names under which the limit of the day knows the person; null where the provider could not address anybody. */
function personsOf({ item }: Candidate, step: StepPlan, { contacts }: Catalog): readonly string[] | null {
  const userId = contacts.get(item.phone)?.userIds[step.route === 'VK' ? 'vk' : 'ok'];
  const persons = [`phone:${item.phone}`, ...(userId === undefined ? [] : [`user:${userId}`])];
  const isReached = step.provider === 'notify' || (userId !== undefined && item.deliveryPolicy === 'any');
  return isReached ? persons : null;
}

/** The places of the last 24 hours, with those that the rehearsed messages would take. */
interface Days {
  /** When the person has a free place, ms since 1970; now where there is one already. */
  freeAt(laneId: number, persons: readonly string[], max: number): number;
  add(laneId: number, persons: readonly string[], at: number): void;
}

async function readDays(
  { database, dayCaps }: RehearseParts,
  catalog: Catalog,
  candidates: readonly Candidate[],
  now: number,
): Promise<Days> {
  const keyOf = (laneId: number, person: string): string => `${laneId}:${person}`;
  const asked = new Map<string, { laneId: number; person: string }>();
  for (const candidate of candidates)
    for (const step of candidate.steps)
      for (const person of personsOf(candidate, step, catalog) ?? [])
        asked.set(keyOf(step.laneId, person), { laneId: step.laneId, person });
  const sent = asked.size === 0 ? [] : await dayCaps.sent(database, [...asked.values()], new Date(now));
  const times = new Map([...asked.keys()].map((key, index) => [key, (sent[index] ?? []).map((at) => at.getTime())]));
  return {
    freeAt(laneId, persons, max) {
      const full = persons.map((person) => times.get(keyOf(laneId, person)) ?? []).filter((taken) => taken.length >= max);
      return Math.max(now, ...full.map((taken) => (taken[taken.length - max] ?? now) + LIMITS.notificationsPerPerson.windowMs));
    },
    add(laneId, persons, at) {
      for (const person of persons) times.get(keyOf(laneId, person))?.push(at);
    },
  };
}

async function budgetsLeft(
  { database, budgets }: RehearseParts,
  candidates: readonly Candidate[],
  now: number,
): Promise<Map<number, number>> {
  const limited = new Map(
    candidates.flatMap(({ sender }) => (sender.budgetPerDay === null ? [] : [[sender.id, sender.budgetPerDay]])),
  );
  const used = limited.size === 0 ? new Map<number, number>() : await budgets.used(database, [...limited.keys()], new Date(now));
  return new Map([...limited].map(([senderId, budget]) => [senderId, budget - (used.get(senderId) ?? 0)]));
}

async function readConnections(
  { connection }: RehearseParts,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<number, Connection | null>> {
  const ids = [...new Set(candidates.flatMap(({ steps }) => steps.map(({ connectionId }) => connectionId)))];
  return new Map(await Promise.all(ids.map(async (id) => [id, await connection(id)] as const)));
}

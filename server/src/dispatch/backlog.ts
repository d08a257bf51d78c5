import { CAPABILITIES } from '@soroka/channels';
import type { Connection, SenderRoute } from '../connections/connections.ts';
import { LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { PARKED } from './classes.ts';
import type { LaneDirectory } from './lane-directory.ts';
import { join, placeIn, type WaitingLine } from './waiting-line.ts';

/** Where a message of a first step would stand. */
export interface Place {
  /** Milliseconds from now until it will have been sent. */
  sentInMs: number;
  /** Messages before it. */
  waiting: number;
  perSecond: number;
}

/** The lines of all lanes; what joins one stands before what is looked for later. */
export interface Lines {
  /** `dueInMs`: from now. */
  look(step: { laneId: number; connectionId: number }, dueInMs: number): Place;
  join(step: { laneId: number }, dueInMs: number): void;
}

/** How many messages wait for a group, well enough to refuse at acceptance what cannot be sent in its ttl. */
export interface Backlog extends Lines {
  /** Knows the lanes of these routes when it resolves; counts again, meanwhile, those whose last count is too old. */
  refresh(routes: readonly SenderRoute[]): Promise<void>;
  /** The lines as they are now, for who only wants to know. */
  copy(): Lines;
}

const COUNT: Statement = {
  name: 'dispatch.backlog.count',
  text: `
    select lane_id as "laneId", greatest(0, floor(extract(epoch from due_at - $2::timestamptz) / 60))::int as minute, count(*)::int as waiting
    from delivery
    where lane_id = any($1::int[]) and state = 'queued' and priority < ${PARKED} and expires_at > $2
    group by 1, 2`,
};
const AGE_MIN_MS = 1_000;
// A count over millions of rows takes long: it is repeated the less often, so that it never costs more than a fiftieth of the time.
const AGE_PER_COST = 50;

interface Seen extends WaitingLine {
  freshForMs: number;
}

export function createBacklog(parts: {
  database: Database;
  clock: Clock;
  /** A few seconds old at most. */
  connection(connectionId: number): Promise<Connection | null>;
  lanes: LaneDirectory;
  onError(error: Error): void;
}): Backlog {
  const { database, clock, lanes, onError } = parts;
  const seen = new Map<number, Seen>();
  const rates = new Map<number, number>();
  /** Of lanes that are being counted. */
  const joining = new Map<number, WaitingLine>();
  let isCounting = false;

  const count = async (laneIds: readonly number[]): Promise<void> => {
    const startedAt = clock.monotonic();
    // What joins while it is counted may not be in the count: it stays, and is at worst counted twice until the next one.
    const joined = new Map(laneIds.map((id): [number, WaitingLine] => [id, { at: startedAt, byMinute: [] }]));
    for (const [id, line] of joined) joining.set(id, line);
    try {
      const now = new Date(clock.now());
      const rows = await database.rows<{ laneId: number; minute: number; waiting: number }>(COUNT, [laneIds, now]);
      for (const { laneId, minute, waiting } of rows) {
        const byMinute = joined.get(laneId)?.byMinute;
        if (byMinute !== undefined) byMinute[minute] = (byMinute[minute] ?? 0) + waiting;
      }
      const freshForMs = Math.max(AGE_MIN_MS, (clock.monotonic() - startedAt) * AGE_PER_COST);
      for (const [id, line] of joined) seen.set(id, { ...line, freshForMs });
    } finally {
      for (const id of laneIds) joining.delete(id);
    }
  };

  /** The first of a lane's lines is the one to go by. */
  const linesOver = (linesOf: (laneId: number) => readonly WaitingLine[]): Lines => ({
    look({ laneId, connectionId }, dueInMs) {
      const now = clock.monotonic();
      const perSecond = rates.get(connectionId) ?? LIMITS.notificationsPerGroup.max;
      const line = linesOf(laneId)[0] ?? { at: now, byMinute: [] };
      const { sentAt, before } = placeIn(line, perSecond, now + dueInMs, now);
      return { sentInMs: sentAt - now, waiting: before, perSecond };
    },
    join({ laneId }, dueInMs) {
      const dueAt = clock.monotonic() + dueInMs;
      for (const line of linesOf(laneId)) join(line, dueAt);
    },
  });

  return {
    ...linesOver((laneId) => [seen.get(laneId), joining.get(laneId)].filter((line) => line !== undefined)),
    async refresh(routes) {
      const now = clock.monotonic();
      const laneIds = new Set<number>();
      for (const route of routes) {
        laneIds.add(lanes.idOf(route.network, route.groupId));
        const connection = await parts.connection(route.connectionId);
        rates.set(route.connectionId, ratePerSecond(route, connection?.settings ?? {}));
      }
      const unknown = [...laneIds].filter((id) => !seen.has(id));
      if (unknown.length > 0) await count(unknown);
      const old = [...laneIds].filter((id) => now - (seen.get(id)?.at ?? now) > (seen.get(id)?.freshForMs ?? 0));
      // Nobody waits for it: acceptance goes by the last count, and by what it has taken since.
      if (old.length === 0 || isCounting) return;
      isCounting = true;
      void count(old)
        .catch(onError)
        .finally(() => {
          isCounting = false;
        });
    },
    copy() {
      const copies = new Map<number, WaitingLine>();
      return linesOver((laneId) => {
        const line = copies.get(laneId) ?? seen.get(laneId);
        if (line === undefined) return [];
        const own = copies.get(laneId) ?? { at: line.at, byMinute: [...line.byMinute] };
        copies.set(laneId, own);
        return [own];
      });
    },
  };
}
function ratePerSecond(
  { provider, network }: SenderRoute,
  settings: { callsPerSecond?: number; messagesPerSecond?: number },
): number {
  const group = settings.messagesPerSecond ?? LIMITS.notificationsPerGroup.max;
  if (provider === 'notify') return group;
  const calls = settings.callsPerSecond ?? (network === 'vk' ? LIMITS.vkCalls.max : LIMITS.okCalls.max);
  return Math.min(group, calls * CAPABILITIES[network].batchMax);
}

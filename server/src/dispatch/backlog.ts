import { CAPABILITIES } from '@soroka/channels';
import type { Connections, SenderRoute } from '../connections/connections.ts';
import { LIMITS } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import type { LaneDirectory } from './lane-directory.ts';

/** How many messages wait for a group, well enough to refuse at acceptance what cannot be sent in its ttl. */
export interface Backlog {
  /** Looks again at the lanes of these routes where the last look is too old. */
  refresh(routes: readonly SenderRoute[]): Promise<void>;
  /** Whether one more message has its turn within `ttlSeconds`; counts it when it has. */
  admit(
    step: { laneId: number; connectionId: number },
    ttlSeconds: number,
  ): { admitted: boolean; waiting: number; perSecond: number };
  /** These many of the admitted were stored. */
  added(laneId: number, count: number): void;
}

const COUNT: Statement = {
  name: 'dispatch.backlog.count',
  text: `select count(*)::int as waiting from delivery where lane_id = $1 and state = 'queued'`,
};
const AGE_MIN_MS = 1_000;
// A count over millions of rows takes long: it is repeated the less often, so that it never costs more than a fiftieth of the time.
const AGE_PER_COST = 50;

interface Seen {
  waiting: number;
  at: number;
  freshForMs: number;
  /** Stored by this process since, and admitted in requests under way. */
  since: number;
  admitted: number;
}

export function createBacklog(parts: {
  database: Database;
  clock: Clock;
  connections: Pick<Connections, 'get'>;
  lanes: LaneDirectory;
}): Backlog {
  const { database, clock, connections, lanes } = parts;
  const seen = new Map<number, Seen>();
  const rates = new Map<number, number>();

  const count = async (laneId: number): Promise<void> => {
    const startedAt = clock.monotonic();
    const [row] = await database.rows<{ waiting: number }>(COUNT, [laneId]);
    const costMs = clock.monotonic() - startedAt;
    seen.set(laneId, {
      waiting: row?.waiting ?? 0,
      at: startedAt,
      freshForMs: Math.max(AGE_MIN_MS, costMs * AGE_PER_COST),
      since: 0,
      admitted: 0,
    });
  };

  return {
    async refresh(routes) {
      const now = clock.monotonic();
      const due = routes.filter((route) => {
        const last = seen.get(lanes.idOf(route.network, route.groupId));
        return last === undefined || now - last.at > last.freshForMs;
      });
      await Promise.all(
        due.map(async (route) => {
          const connection = await connections.get(route.connectionId);
          rates.set(route.connectionId, ratePerSecond(route, connection?.settings ?? {}));
          await count(lanes.idOf(route.network, route.groupId));
        }),
      );
    },
    admit({ laneId, connectionId }, ttlSeconds) {
      const last = seen.get(laneId);
      const perSecond = rates.get(connectionId) ?? LIMITS.notificationsPerGroup.max;
      if (last === undefined) return { admitted: true, waiting: 0, perSecond };
      const sentSince = (perSecond * (clock.monotonic() - last.at)) / 1_000;
      const waiting = Math.max(0, Math.round(last.waiting + last.since + last.admitted - sentSince));
      if (waiting / perSecond >= ttlSeconds) return { admitted: false, waiting, perSecond };
      last.admitted += 1;
      return { admitted: true, waiting, perSecond };
    },
    added(laneId, stored) {
      const last = seen.get(laneId);
      if (last === undefined) return;
      last.since += stored;
      last.admitted = Math.max(0, last.admitted - stored);
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

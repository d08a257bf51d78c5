import type { Connection } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { alarmRaised, alarmsCounted, lastEventsNotWritten, problemBegan, problemOver } from './health-events.ts';

/** `token`: the network refuses it. The others: this way of receiving does not work. */
export type ConnectionProblem = 'token' | 'webhook' | 'long-poll';

/** What is known of a connection's reception, for operators. */
export interface ConnectionHealth {
  /** Within a second or two. */
  lastEventAt: Date | null;
  /** When the network was last seen to have our webhook. */
  subscribedAt: Date | null;
  /** When the network last took the token in a call made for that. */
  keptAliveAt: Date | null;
  problem: ConnectionProblem | null;
  /** What the network, or the call, said. */
  detail: string | null;
  since: Date | null;
  /** How old the problem was, in hours, when it was last told as an alarm: 1, 4, 7; 0 where it was not yet. */
  alarmHours: number;
}

type Whose = Pick<Connection, 'id' | 'accountId' | 'kind'>;

/** Writes down how connections do, and raises alarms. */
export interface Health {
  /** Before anything else is said of a connection. */
  begin(connection: Whose): Promise<void>;
  /** Cheap: those of a second are written together. */
  eventCame(connectionId: number): void;
  works(connection: Whose, problem: 'webhook' | 'long-poll'): Promise<void>;
  /** The token is asked about next: where it is what the network refuses, that is told at once and not after an hour. */
  fails(connection: Whose, problem: 'webhook' | 'long-poll', detail: string): Promise<void>;
  /** The webhook was taken back: that it is not there is no loss. */
  unsubscribed(connection: Whose): Promise<void>;
  /** Takes note of paused connections and raises the alarms that are due. */
  look(connections: readonly Connection[]): Promise<void>;
  of(connectionId: number): Promise<ConnectionHealth | null>;
}

// OK drops a webhook that had no positive answer for 8 hours (contracts: ok.md 4.1): the last alarm leaves an hour.
const ALARM_HOURS = [1, 4, 7] as const;
const SEEN_AGAIN_AFTER_MS = 60_000;
// Somebody writes to the group, and asks the doctor at once whether it came.
const EVENTS_WRITTEN_AFTER_MS = 1_000;

const SQL = {
  of: {
    name: 'connection_health_of',
    text: `
      select
        last_event_at as "lastEventAt", subscribed_at as "subscribedAt", kept_alive_at as "keptAliveAt", problem, detail, since,
        alarm_hours as "alarmHours"
      from connection_health
      where connection_id = $1`,
  },
  add: {
    name: 'connection_health_add',
    text: `
      insert into connection_health (connection_id, account_id, keep_alive_due_at)
      select *, $3 from unnest($1::bigint[], $2::bigint[])
      on conflict do nothing`,
  },
  events: {
    name: 'connection_health_events',
    text: `
      update connection_health as h set last_event_at = e.at
      from unnest($1::bigint[], $2::timestamptz[]) as e(connection_id, at)
      where h.connection_id = e.connection_id and (h.last_event_at is null or h.last_event_at < e.at)`,
  },
  works: {
    name: 'connection_health_works',
    text: `
      update connection_health as h
      set
        subscribed_at = case when $2 = 'webhook' then $3 else h.subscribed_at end,
        problem = case when is_over then null else h.problem end, detail = case when is_over then null else h.detail end,
        since = case when is_over then null else h.since end, alarm_hours = case when is_over then 0 else h.alarm_hours end
      from (
        select coalesce(problem in ('webhook', 'long-poll'), false) as is_over, problem, since
        from connection_health
        where connection_id = $1
        for update
      ) as before
      where h.connection_id = $1 and (is_over or ($2 = 'webhook' and (h.subscribed_at is null or h.subscribed_at < $4)))
      returning is_over as "isOver", before.problem, before.since`,
  },
  fails: {
    name: 'connection_health_fails',
    text: `
      update connection_health as h
      set
        problem = $2, detail = $3, since = coalesce(h.since, $4),
        keep_alive_due_at = case when before.problem is null then least(h.keep_alive_due_at, $4) else h.keep_alive_due_at end
      from (select problem from connection_health where connection_id = $1 for update) as before
      where h.connection_id = $1 and h.problem is distinct from 'token'
      returning before.problem is null as "isNew"`,
  },
  unsubscribed: {
    name: 'connection_health_unsubscribed',
    text: 'update connection_health set subscribed_at = null where connection_id = $1',
  },
  tokens: {
    name: 'connection_health_tokens',
    text: `
      update connection_health as h set problem = 'token', detail = p.reason, since = $3, alarm_hours = 0
      from unnest($1::bigint[], $2::text[]) as p(connection_id, reason)
      where h.connection_id = p.connection_id and h.problem is distinct from 'token'
      returning h.connection_id as id`,
  },
  // A connection that goes on has no token problem, and one that receives nothing no other.
  over: {
    name: 'connection_health_over',
    text: `
      update connection_health as h set problem = null, detail = null, since = null, alarm_hours = 0
      from (select connection_id, problem, since from connection_health where problem is not null for update) as before
      where h.connection_id = before.connection_id
        and case before.problem when 'token' then h.connection_id = any($1::bigint[]) else h.connection_id = any($2::bigint[]) end
      returning h.connection_id as id, before.problem, before.since`,
  },
  alarms: {
    name: 'connection_health_alarms',
    text: `
      update connection_health as h set alarm_hours = due.hours
      from (
        select connection_id, max(hours) as hours
        from connection_health
        join unnest($2::smallint[]) as hours on since + make_interval(hours => hours) <= $1
        where problem is not null
        group by connection_id
      ) as due
      where h.connection_id = due.connection_id and h.alarm_hours < due.hours
      returning h.connection_id as id, h.problem, h.alarm_hours as hours`,
  },
  alarming: {
    name: 'connection_health_alarming',
    text: `
      select connection_id as id, problem from connection_health
      where problem = 'token' or (problem is not null and alarm_hours > 0)`,
  },
} as const;

interface ProblemOver {
  id: number;
  problem: ConnectionProblem;
  since: Date;
}

/** How a connection does; null where no server with the role `intake` has looked at it yet. */
export async function readHealth(database: Queryable, connectionId: number): Promise<ConnectionHealth | null> {
  return (await database.rows<ConnectionHealth>(SQL.of, [connectionId]))[0] ?? null;
}

export function createHealth({ database, clock, log }: { database: Database; clock: Clock; log: Logger }): Health {
  const now = () => new Date(clock.now());
  let eventsSince = new Map<number, Date>();

  const writeEvents = async (): Promise<void> => {
    const events = eventsSince;
    eventsSince = new Map();
    if (events.size > 0) await database.run(SQL.events, [[...events.keys()], [...events.values()]]);
  };

  let isWriteDue = false;
  const writeSoon = async (): Promise<void> => {
    await clock.sleep(EVENTS_WRITTEN_AFTER_MS);
    isWriteDue = false;
    // The events themselves are stored; when the last one came is told by the next.
    await writeEvents().catch((error: unknown) => lastEventsNotWritten(log, error));
  };

  const notePauses = async (connections: readonly Connection[]): Promise<void> => {
    const paused = connections.filter(({ pausedReason }) => pausedReason !== null);
    const reasons = paused.map(({ pausedReason }) => pausedReason);
    for (const { id } of await database.rows<{ id: number }>(SQL.tokens, [idsOf(paused), reasons, now()])) {
      const kind = connections.find((connection) => connection.id === id)?.kind as string;
      problemBegan(log, { connectionId: id, kind, problem: 'token' });
    }
    const going = connections.filter(({ pausedReason }) => pausedReason === null);
    const off = connections.filter(({ receive }) => receive === 'off');
    const over = await database.rows<ProblemOver>(SQL.over, [idsOf(going), idsOf(off)]);
    for (const { id, problem, since } of over) {
      problemOver(log, { connectionId: id, problem, lastedMs: clock.now() - since.getTime() });
    }
  };

  const raiseAlarms = async (connections: readonly Connection[]): Promise<void> => {
    const due = await database.rows<{ id: number; problem: ConnectionProblem; hours: number }>(SQL.alarms, [now(), ALARM_HOURS]);
    for (const { id, problem, hours } of due) alarmRaised(log, { connectionId: id, problem, hours });
    const alarming = await database.rows<{ id: number; problem: ConnectionProblem }>(SQL.alarming);
    const kindOf = new Map(connections.map(({ id, kind }) => [id, kind]));
    alarmsCounted(
      alarming.flatMap(({ id, problem }) => {
        const kind = kindOf.get(id);
        return kind === undefined ? [] : [{ kind, problem }];
      }),
    );
  };

  return {
    begin: async ({ id, accountId }) => void (await database.run(SQL.add, [[id], [accountId], now()])),
    eventCame(connectionId) {
      eventsSince.set(connectionId, now());
      if (isWriteDue) return;
      isWriteDue = true;
      void writeSoon();
    },
    async works({ id }, problem) {
      const at = clock.now();
      const [over] = await database.rows<{ isOver: boolean; problem: ConnectionProblem; since: Date }>(SQL.works, [
        id,
        problem,
        new Date(at),
        new Date(at - SEEN_AGAIN_AFTER_MS),
      ]);
      if (over?.isOver === true) {
        problemOver(log, { connectionId: id, problem: over.problem, lastedMs: at - over.since.getTime() });
      }
    },
    async fails({ id, kind }, problem, detail) {
      const [noted] = await database.rows<{ isNew: boolean }>(SQL.fails, [id, problem, detail.replaceAll('\0', ''), now()]);
      if (noted?.isNew === true) problemBegan(log, { connectionId: id, kind, problem });
    },
    unsubscribed: async ({ id }) => void (await database.run(SQL.unsubscribed, [id])),
    async look(connections) {
      await database.run(SQL.add, [idsOf(connections), connections.map(({ accountId }) => accountId), now()]);
      await notePauses(connections);
      await raiseAlarms(connections);
    },
    of: (connectionId) => readHealth(database, connectionId),
  };
}

function idsOf(connections: readonly Connection[]): number[] {
  return connections.map(({ id }) => id);
}

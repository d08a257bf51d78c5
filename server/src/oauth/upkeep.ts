import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { Access } from './access.ts';

/** Uses idle access now and then, so that it stays alive and its end is noticed. */
export interface Upkeep {
  run(): void;
  /** Resolves when the call under way has ended. */
  stop(): Promise<void>;
}

// A long token lives 30 days from the last call, and a call prolongs it at most once a day (contracts: ok.md 2.2).
const EVERY_MS = 86_400_000;
const AGAIN_MS = 600_000;
const LOOK_MS = 60_000;
const CALL_TIMEOUT_MS = 15_000;
const LONG_TOKEN = 'LONG_ACCESS_TOKEN';

const SQL = {
  begin: {
    name: 'oauth_upkeep_begin',
    text: `
      insert into oauth_upkeep (connection_id, account_id, due_at, kept_alive_at) values ($1, $2, $3, $4)
      on conflict (connection_id) do update set due_at = excluded.due_at, kept_alive_at = excluded.kept_alive_at`,
  },
  // Put off before the call: another process leaves it alone, and a crash only makes it late.
  claim: {
    name: 'oauth_upkeep_claim',
    text: `
      update oauth_upkeep as u set due_at = $2
      from connection as c
      where u.due_at <= $1 and c.id = u.connection_id and c.account_id = u.account_id
      returning u.connection_id as id, c.settings -> 'scopes' as scopes`,
  },
  kept: {
    name: 'oauth_upkeep_kept',
    text: 'update oauth_upkeep set due_at = $2, kept_alive_at = coalesce($3, kept_alive_at) where connection_id = $1',
  },
} as const;

/** The person has allowed it just now. */
export async function beginUpkeep(
  on: Queryable,
  { id, accountId }: { id: number; accountId: number },
  now: number,
): Promise<void> {
  await on.run(SQL.begin, [id, accountId, new Date(now + EVERY_MS), new Date(now)]);
}

export function createUpkeep(parts: { database: Database; access: Access; clock: Clock; log: Logger }): Upkeep {
  const { database, access, clock, log } = parts;
  const stopped = new AbortController();
  let running: Promise<void> | undefined;

  const keepAll = async (): Promise<void> => {
    const now = clock.now();
    const claimed = [new Date(now), new Date(now + AGAIN_MS)];
    const due = await database.rows<{ id: number; scopes: readonly string[] | null }>(SQL.claim, claimed);
    for (const { id, scopes } of due) {
      if (stopped.signal.aborted) return;
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
      const isLong = scopes?.includes(LONG_TOKEN) === true;
      const outcome = isLong
        ? await access.touch(id, signal)
        : await access.use(id, (rest, session, one) => rest.getCurrentUser(session, one), signal);
      const isPassing = outcome.kind === 'failed';
      const keptAt = outcome.kind === 'done' ? new Date(clock.now()) : null;
      await database.run(SQL.kept, [id, new Date(clock.now() + (isPassing ? AGAIN_MS : EVERY_MS)), keptAt]);
    }
  };

  const work = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await keepAll().catch((error: unknown) => {
        log.warn({ event: 'loop_failed', loop: 'oauth', error: error instanceof Error ? error.message : String(error) });
      });
      await clock.sleep(LOOK_MS, stopped.signal);
    }
  };

  return {
    run() {
      running ??= work();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

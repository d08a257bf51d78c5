import type { ActionOutcome, Channel } from '@soroka/channels';
import type { Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { tokenKeptAlive } from './health-events.ts';

export interface KeepAliveParts {
  database: Database;
  connections: Pick<Connections, 'list' | 'channel' | 'pause'>;
  clock: Clock;
  log: Logger;
}

// A token of OK dies after 30 idle days, and every call gives it 30 more, once a day at most (contracts: ok.md 2.2, 2.4).
const EVERY_MS = 86_400_000;
const AGAIN_MS = 600_000;
// The network will not change its mind by itself; whoever looks wants to see that we asked lately.
const STOPPED_AGAIN_MS = 3_600_000;
const CALL_TIMEOUT_MS = 15_000;
const DETAIL_CHARACTERS_MAX = 300;

const SQL = {
  // Put off before the call: another process leaves it alone, and a crash only makes it late.
  claim: {
    name: 'connection_health_claim_keep_alive',
    text: `
      update connection_health set keep_alive_due_at = $2
      where connection_id = any($3::bigint[]) and keep_alive_due_at <= $1
      returning connection_id as id`,
  },
  settle: {
    name: 'connection_health_kept_alive',
    text: `
      update connection_health set keep_alive_due_at = $2, kept_alive_at = coalesce($3, kept_alive_at)
      where connection_id = $1`,
  },
} as const;

/**
 * Makes the cheap call that keeps an idle token alive for every connection that is due, whatever its way of receiving. A
 * token that the network refuses pauses the connection with the reason.
 */
export async function keepTokensAlive(parts: KeepAliveParts, signal: AbortSignal): Promise<void> {
  const { database, connections, clock, log } = parts;
  const all = await connections.list();
  const kindOf = new Map(all.map(({ id, kind }) => [id, kind]));
  const again = new Date(clock.now() + AGAIN_MS);
  const due = await database.rows<{ id: number }>(SQL.claim, [new Date(clock.now()), again, [...kindOf.keys()]]);
  for (const { id } of due) {
    if (signal.aborted) return;
    const outcome = await call(await connections.channel(id), signal);
    const kind = kindOf.get(id) as string;
    const isDone = outcome === null || outcome.kind === 'done';
    if (outcome !== null) {
      const result = outcome.kind === 'refused' ? 'failed' : outcome.kind;
      tokenKeptAlive(log, { connectionId: id, kind, result, ...(!isDone && { networkCode: outcome.networkCode }) });
    }
    if (outcome?.kind === 'stopped') await connections.pause(id, outcome.detail.slice(0, DETAIL_CHARACTERS_MAX));
    const waitMs = isDone ? EVERY_MS : outcome.kind === 'stopped' ? STOPPED_AGAIN_MS : AGAIN_MS;
    const keptAt = outcome?.kind === 'done' ? new Date(clock.now()) : null;
    await database.run(SQL.settle, [id, new Date(clock.now() + waitMs), keptAt]);
  }
}

/** Null where the channel has no such call. */
async function call(channel: Channel, signal: AbortSignal): Promise<ActionOutcome | null> {
  const outcome = await channel.keepAlive?.(AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]));
  return outcome ?? null;
}

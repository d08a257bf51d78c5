import type { Database } from '../platform/database.ts';
import { bad, type Finding, good, unknown } from './finding.ts';
import type { Reached } from './reach.ts';

const DRIFT_MS_MAX = 5_000;
const MEANING =
  'Let the clock be set by itself (timedatectl set-ntp true). Until then lifetimes of messages, hours of sending and the times of signed callbacks are wrong by as much.';
const NOW = { name: 'doctor_now', text: 'select clock_timestamp() as now' };

/** Ours against the database's: both decide when a message is due. */
export async function checkDatabaseClock(database: Database): Promise<Finding> {
  const about = { group: 'clock', name: 'database' } as const;
  const before = Date.now();
  const [row] = await database.rows<{ now: Date }>(NOW);
  const aheadMs = (before + Date.now()) / 2 - (row?.now.getTime() ?? 0);
  if (Math.abs(aheadMs) <= DRIFT_MS_MAX) return good(about, "This machine's clock and the database's agree.");
  return bad(about, `This machine's clock is ${lead(aheadMs)} the database's.`, MEANING);
}

/** Ours against the networks', by the header Date of their answers. */
export function checkNetworkClock(answers: readonly { host: string; reached: Reached }[]): Finding {
  const about = { group: 'clock', name: 'networks' } as const;
  const told = answers.flatMap(({ host, reached }) =>
    reached.kind === 'answered' && reached.aheadMs !== null ? [{ host, aheadMs: reached.aheadMs }] : [],
  );
  if (told.length === 0) return unknown(about, 'No network told the time: none could be reached.');
  const wrong = told.find(({ aheadMs }) => Math.abs(aheadMs) > DRIFT_MS_MAX);
  if (wrong === undefined) return good(about, "This machine's clock and the networks' agree.");
  return bad(about, `This machine's clock is ${lead(wrong.aheadMs)} that of ${wrong.host}.`, MEANING);
}

function lead(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
}

import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Town } from './town.ts';

/** One claim that took messages, for one lane or many together, as PostgreSQL timed it, ms. */
export interface ClaimTime {
  /** The statement that finds the due messages: what could grow with the queue. */
  findMs: number;
  /** All statements of its transaction with the commit, and so with the disk. */
  wholeMs: number;
}

/** Reads the claims of running servers off PostgreSQL's log: their own statements, in their own transactions. */
export interface ClaimWatch {
  /** All claims that end from now until the returned function is called. */
  begin(): Promise<() => Promise<ClaimTime[]>>;
}

// The names of server/src/dispatch/claim-rows.ts. `bind` plans a statement, `execute` runs it: both are its time.
const TIMED =
  /\[(\d+)\] LOG: {2}duration: ([\d.]+) ms {2}(?:statement: (begin|commit|rollback)\b|(?:parse|bind|execute) ([\w.]+|<unnamed>))/i;
const FIND = 'dispatch.claim.due';
const TAKE = 'dispatch.claim.mark';

/** For servers that start after it and before `stop`; the log costs them some speed. */
export async function watchClaims({ database }: Town): Promise<ClaimWatch & AsyncDisposable> {
  const { rows } = await database.query<{ folder: string; name: string }>(
    `select current_setting('data_directory') as folder, current_database() as name`,
  );
  const { folder = '', name = '' } = rows[0] ?? {};
  const file = join(dirname(folder), 'postgres.log');
  await database.query(`alter database "${name}" set log_min_duration_statement = 0`);
  await database.query(`alter database "${name}" set log_parameter_max_length = 0`);
  return {
    async begin() {
      const from = (await stat(file)).size;
      return async () => readClaims(await readFrom(file, from));
    },
    async [Symbol.asyncDispose]() {
      await database.query(`alter database "${name}" reset log_min_duration_statement`);
      await database.query(`alter database "${name}" reset log_parameter_max_length`);
    },
  };
}

async function readFrom(file: string, from: number): Promise<string> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const bytes = Buffer.alloc(size - from);
  await handle.read(bytes, 0, bytes.length, from);
  return bytes.toString('utf8');
}

/** The claims that begin and end in this part of a log and took at least one message. */
export function readClaims(log: string): ClaimTime[] {
  const claims: ClaimTime[] = [];
  const open = new Map<string, ClaimTime & { found: boolean; took: boolean }>();
  for (const line of log.split('\n')) {
    const [, pid = '', duration = '', border, statement] = TIMED.exec(line) ?? [];
    if (pid === '') continue;
    const ms = Number(duration);
    if (border?.toLowerCase() === 'begin') open.set(pid, { findMs: 0, wholeMs: 0, found: false, took: false });
    const current = open.get(pid);
    if (current === undefined) continue;
    current.wholeMs += ms;
    if (statement === FIND) Object.assign(current, { findMs: current.findMs + ms, found: true });
    if (statement === TAKE) current.took = true;
    if (border === undefined || border.toLowerCase() === 'begin') continue;
    if (current.found && current.took) claims.push({ findMs: current.findMs, wholeMs: current.wholeMs });
    open.delete(pid);
  }
  return claims;
}

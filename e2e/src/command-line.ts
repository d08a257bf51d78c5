import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The program as a user runs it. */
export const SOROKA = fileURLToPath(new URL('../../server/bin/soroka.mjs', import.meta.url));
/** The server of a clone: `npm start` and `npm run server`. */
export const SERVER = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url));

export interface Run {
  code: number | null;
  /** Standard output. */
  out: string;
  /** Standard error: what people read. */
  note: string;
}

/** Runs a program of the repository on this Node to its end. */
export async function runProgram(args: readonly string[], env: Record<string, string>, input = ''): Promise<Run> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'pipe' });
  child.stdin.end(input);
  const [out, note, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, out, note };
}

/** Runs `soroka <words>`. */
export const runSoroka = (words: readonly string[], env: Record<string, string>, input?: string): Promise<Run> =>
  runProgram([SOROKA, ...words], env, input);

/** The same, with `--json` and its answer. Throws what went wrong. */
export async function sorokaJson<Answer>(words: readonly string[], env: Record<string, string>): Promise<Answer> {
  const { code, out, note } = await runSoroka([...words, '--json'], env);
  if (code !== 0) throw new Error(`soroka ${words.join(' ')} ended with ${code}: ${note}`);
  return JSON.parse(out) as Answer;
}

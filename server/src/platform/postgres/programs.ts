import { spawn } from 'node:child_process';
import type { Account } from './account.ts';

export interface ProgramResult {
  /** Exit code; -1 where it could not be started or was ended by a signal. */
  code: number;
  /** What it wrote to stdout and stderr. */
  output: string;
}

// Nothing else of our environment: PG* variables would redirect the programs, and secrets are not PostgreSQL's business.
const PASSED_ON = ['PATH', 'TZ', 'SystemRoot', 'TEMP', 'TMP'];
const PIPES_CLOSE_WITHIN_MS = 1_000;

/**
 * Runs a program to its end, as `account` where given, and never throws. It gets its own process group, so that Ctrl-C in
 * the terminal reaches only us: a database goes down after those who use it.
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { account: Account | null; cwd: string },
): Promise<ProgramResult> {
  const passed = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...(options.account ?? {}),
      cwd: options.cwd,
      env: { ...Object.fromEntries(passed), LC_ALL: 'C' },
      detached: process.platform !== 'win32', // there it would open a console window
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    const finish = (code: number | null) => resolve({ code: code ?? -1, output: output.trim() });
    child.on('close', finish);
    // A server that pg_ctl started may hold the pipes open for as long as it lives: then 'close' never comes.
    child.on('exit', (code) => setTimeout(finish, PIPES_CLOSE_WITHIN_MS, code).unref());
  });
}

// Runs on Node 20 and without packages: everything else may be missing when this starts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST = [22, 18]; // the first that runs TypeScript as it is
// Killed hard, nothing can be passed on: SIGKILL is not here. Windows knows only the first two.
const SIGNALS = process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
const SIGNAL_EXIT_BASE = 128;

/** Whether a Node of this version ("v22.18.0") runs our sources. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  // 23 got it with 23.6.
  if (major === 23) return minor >= 6;
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The Node that came with the packages, looked for in node_modules from `folder` upwards; null where there is none. */
export function bundledNode(folder) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = join(
    'node_modules',
    `node-${platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  for (let place = folder; ; place = dirname(place)) {
    if (existsSync(join(place, file))) return join(place, file);
    if (dirname(place) === place) return null;
  }
}

/**
 * Where compiled sources are kept, so that the next start need not strip and compile them again: it takes half the time, and a server
 * 14 MiB less. Beside the packages, not in the common folder for temporary files: what lies here is run. Undefined without packages.
 */
function compileCache(folder) {
  for (let place = folder; ; place = dirname(place)) {
    const packages = join(place, 'node_modules');
    if (existsSync(packages)) return join(packages, '.cache', 'soroka');
    if (dirname(place) === place) return undefined;
  }
}

/**
 * Runs a Node script to its end on a Node that can: the bundled one, else the running one. Terminal and signals are passed
 * through. Resolves with the exit code (128 + number after a signal); 1, with a sentence on stderr, where no Node fits.
 */
export async function runOnNode24(script, args, folder) {
  const bundled = bundledNode(folder);
  const candidates = [...(bundled === null ? [] : [bundled]), ...(isNewEnough(process.version) ? [process.execPath] : [])];
  for (const node of candidates) {
    const code = await runToEnd(node, [script, ...args], compileCache(folder));
    if (code !== null) return code;
  }
  process.stderr.write(
    `Soroka needs Node ${OLDEST.join('.')} or newer; this is ${process.version}, and the one in node_modules is missing or does not run on this system. Install Node 24 from https://nodejs.org.\n`,
  );
  return 1;
}

/**
 * Call it first in a command-line entry, with `import.meta.url`. On a Node that runs our sources it returns, and what is imported from
 * now on is kept compiled; on an older one it runs the same command again on the bundled Node and ends this process with its exit code.
 */
export async function ensureNode24(importMetaUrl) {
  const script = fileURLToPath(importMetaUrl);
  if (isNewEnough(process.version)) {
    const cache = process.env.NODE_COMPILE_CACHE ?? compileCache(dirname(script));
    // A folder that cannot be written is passed over by Node.
    if (cache !== undefined) module.enableCompileCache?.(cache);
    return;
  }
  process.exit(await runOnNode24(script, process.argv.slice(2), dirname(script)));
}

/** Null where the program cannot be started at all (another C library, no right to execute). */
function runToEnd(node, args, cache) {
  return new Promise((resolve) => {
    const env = { ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }), ...process.env };
    const child = spawn(node, args, { stdio: 'inherit', env });
    // In a terminal Ctrl-C reaches the whole group, the child included: passed on, it would come twice.
    const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const passOn = (signal) => {
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    const finish = (code) => {
      for (const signal of SIGNALS) process.removeListener(signal, passOn);
      resolve(code);
    };
    child.on('error', () => finish(null));
    child.on('exit', (code, signal) => finish(code ?? SIGNAL_EXIT_BASE + (constants.signals[signal] ?? 0)));
  });
}

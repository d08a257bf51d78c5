// Runs on Node 20 and without packages: it is what installs them.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const ERROR_LINES_SHOWN = 12;
const LOCK_RETRY_MS = 500;

/**
 * Makes node_modules what package-lock.json says: `npm ci` without install scripts, when something differs; some milliseconds
 * when nothing does. Resolves with true, or with false after saying on stderr what went wrong.
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return true;
  const release = await onlyInstaller(root);
  try {
    return isInstalled(root) || (await install(root));
  } finally {
    release();
  }
}

/** Compares the two lists that npm keeps: what should be there, and what it has put there. */
export function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const found = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || found === null) return false;
  const missing = Object.entries(wanted).some(([path, entry]) => path !== '' && !isThere(entry, found[path]));
  return !missing && Object.keys(found).every((path) => path in wanted);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

function isThere(wanted, found) {
  if (found !== undefined)
    return wanted.version === found.version && wanted.integrity === found.integrity && wanted.link === found.link;
  // npm leaves out what is for other systems, and what only those need.
  return wanted.optional === true && !isForThisSystem(wanted);
}

function isForThisSystem({ os, cpu, libc }) {
  if (os === undefined || cpu === undefined || libc !== undefined) return false;
  return fits(os, process.platform) && fits(cpu, process.arch);
}

function fits(list, value) {
  const entries = [list].flat();
  if (entries.includes(`!${value}`)) return false;
  return entries.includes(value) || entries.every((entry) => entry.startsWith('!'));
}

async function install(root) {
  const total = Object.values(readPackages(join(root, 'package-lock.json')) ?? {}).filter(
    (entry) => entry.integrity !== undefined && (entry.optional !== true || isForThisSystem(entry)),
  ).length;
  const progress = showProgress(total);
  const { code, output } = await runNpm(root, progress.line);
  if (code === 0) {
    progress.end('Packages are installed');
    return true;
  }
  progress.end('The packages could not be installed');
  const errors = output.filter((line) => /^npm (error|ERR!) \S/.test(line) && !line.includes('A complete log of this run'));
  process.stderr.write(`${(errors.length > 0 ? errors : output).slice(0, ERROR_LINES_SHOWN).join('\n')}\n`);
  process.stderr.write('Check the network and the npm registry (npm config get registry), then run the same command again.\n');
  return false;
}

/** One line that is drawn anew each second in a terminal; elsewhere a line at the start and one at the end. */
function showProgress(total) {
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const { stderr } = process;
  const inPlace = stderr.isTTY === true;
  let fetched = 0;
  const doing = () =>
    fetched === 0 ? 'looking them up' : fetched < total ? `${fetched} of about ${total} fetched` : 'unpacking';
  const draw = () => stderr.write(`\r\x1b[KInstalling packages: ${doing()}, ${elapsed()}`);
  if (!inPlace) stderr.write('Installing packages (npm ci), some minutes on a slow line\n');
  const timer = inPlace ? setInterval(draw, 1_000) : undefined;
  return {
    line(text) {
      if (/^npm http fetch GET 200 \S+\.tgz\b/.test(text)) fetched += 1;
    },
    end(result) {
      clearInterval(timer);
      stderr.write(`${inPlace ? '\r\x1b[K' : ''}${result} (${elapsed()})\n`);
    },
  };
}

/** npm's output is for us: its warnings about engines and funding would flood the person who waits. */
function runNpm(root, onLine) {
  const args = ['ci', '--ignore-scripts', '--loglevel=http', '--no-audit', '--no-fund', '--no-progress'];
  // Under `npm start` npm says where it is; on Windows its plain name is a script that needs a shell.
  const cli = process.env.npm_execpath;
  const known = cli?.endsWith('npm-cli.js') === true;
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: !known && process.platform === 'win32' };
  const child = known ? spawn(process.execPath, [cli, ...args], options) : spawn('npm', args, options);
  const output = [];
  let rest = '';
  const read = (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      output.push(line);
      onLine(line);
    }
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: [`npm cannot be started: ${error.message}`] }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Two commands started at once on a fresh clone must not install over each other: the second waits. */
async function onlyInstaller(root) {
  const id = `soroka-install-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`;
  // Names that vanish with their owner: nothing stale stays behind. Other systems have no such names and go without.
  const path = { linux: `\0${id}`, win32: `\\\\.\\pipe\\${id}` }[process.platform];
  if (path === undefined) return () => {};
  for (let first = true; ; first = false) {
    const server = await listen(path);
    if (server !== null) return () => server.close();
    if (first) process.stderr.write('Another command is installing the packages: waiting for it\n');
    await wait(LOCK_RETRY_MS);
  }
}

function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(path, () => resolve(server));
  });
}

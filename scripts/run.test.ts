import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

// What `npm run typecheck` starts: says who runs it and with what, and ends as told.
const PROGRAM = `
  process.on('SIGTERM', () => process.exit(7));
  console.log('runs', process.env.BUNDLED ?? 'on the caller', process.argv.slice(2).join(' '));
  if (process.argv.includes('wait')) setInterval(() => {}, 1000);
  else process.exit(process.argv.includes('fail') ? 3 : 0);`;

/** A clone without packages, and an npm that installs them from nowhere; `npmFails` makes it end as npm does on an error. */
async function freshClone(options: { npmFails?: boolean; bundledNode?: string } = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'soroka-clone-'));
  folders.push(root);
  await mkdir(join(root, 'scripts'));
  for (const name of ['run.mjs', 'install.mjs', 'node24.mjs']) {
    await copyFile(new URL(name, import.meta.url), join(root, 'scripts', name));
  }
  const lock = { packages: { '': { name: 'clone' }, 'node_modules/typescript': { version: '7.0.0', integrity: 'sha512-x' } } };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock));
  const bundled = `node_modules/node-${process.platform}-${process.arch}/bin`;
  const npm = options.npmFails
    ? "console.error('npm error code ENOTFOUND\\nnpm error network request failed'); process.exit(1);"
    : `const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
       mkdirSync('node_modules/typescript/bin', { recursive: true });
       writeFileSync('node_modules/typescript/bin/tsc', ${JSON.stringify(PROGRAM)});
       writeFileSync('node_modules/.package-lock.json', readFileSync('package-lock.json'));
       const bundled = ${JSON.stringify(options.bundledNode ?? null)};
       if (bundled !== null) {
         mkdirSync('${bundled}', { recursive: true });
         writeFileSync('${bundled}/node', bundled, { mode: 0o755 });
       }`;
  await writeFile(join(root, 'npm-cli.js'), npm);
  return root;
}

const { NODE_COMPILE_CACHE: _, ...withoutCache } = process.env;

function run(
  root: string,
  ...args: string[]
): { child: ChildProcess; ended: Promise<{ code: number | null; stdout: string; stderr: string }> } {
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...args], {
    env: { ...withoutCache, npm_execpath: join(root, 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { child, ended: once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, stdout, stderr })) };
}

test('the first command on a fresh clone installs, says so, and then runs with its arguments', async () => {
  const root = await freshClone();
  const { code, stdout, stderr } = await run(root, 'typecheck', '--pretty').ended;
  expect(stderr).toMatch(/^Installing packages .*\nPackages are installed \(\d+ s\)\n$/);
  expect(stdout).toBe('runs on the caller -p tsconfig.json --noEmit --pretty\n');
  expect(code).toBe(0);
});

test('the second command finds everything there and installs nothing', async () => {
  const root = await freshClone();
  await run(root, 'typecheck').ended;
  expect(await run(root, 'typecheck').ended).toMatchObject({ code: 0, stderr: '' });
});

test('what was compiled is kept beside the packages, where nobody else writes', async () => {
  const root = await freshClone();
  await run(root, 'typecheck').ended;
  expect(await readdir(join(root, 'node_modules/.cache/soroka'))).not.toEqual([]);
});

test('a changed lockfile is installed again', async () => {
  const root = await freshClone();
  await run(root, 'typecheck').ended;
  const lock = { packages: { '': {}, 'node_modules/typescript': { version: '7.0.1', integrity: 'sha512-y' } } };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock));
  expect((await run(root, 'typecheck').ended).stderr).toContain('Installing packages');
});

test('two first commands at once install once', async () => {
  const root = await freshClone();
  const both = await Promise.all([run(root, 'typecheck').ended, run(root, 'typecheck').ended]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.filter(({ stderr }) => stderr.includes('Packages are installed'))).toHaveLength(1);
});

test('a failed installation ends with what npm said and exit code 1', async () => {
  const { code, stdout, stderr } = await run(await freshClone({ npmFails: true }), 'typecheck').ended;
  expect(stderr).toContain('The packages could not be installed');
  expect(stderr).toContain('npm error network request failed');
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('the exit code of the program is the exit code of the command', async () => {
  expect(await run(await freshClone(), 'typecheck', 'fail').ended).toMatchObject({ code: 3 });
});

test('a signal to the command reaches the program', async () => {
  const { child, ended } = run(await freshClone(), 'typecheck', 'wait');
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 7 });
});

test.runIf(process.platform === 'linux')('the Node that came with the packages is used before the running one', async () => {
  const root = await freshClone({ bundledNode: `#!/bin/sh\nBUNDLED='on the bundled Node' exec '${process.execPath}' "$@"\n` });
  expect((await run(root, 'typecheck').ended).stdout).toMatch(/^runs on the bundled Node /);
});

test.runIf(process.platform === 'linux')('a bundled Node that this system cannot run is passed over', async () => {
  const root = await freshClone({ bundledNode: '#!/lib/another-c-library.so\n' });
  expect(await run(root, 'typecheck').ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^runs on the caller /) });
});

test.runIf(process.platform === 'linux')('a command-line entry under an old Node goes on under the bundled one', async () => {
  const root = await freshClone({ bundledNode: `#!/bin/sh\nBUNDLED='on the bundled Node' exec '${process.execPath}' "$@"\n` });
  await run(root, 'typecheck').ended;
  // The version is all that the switch looks at.
  const entry = `import { ensureNode24 } from './scripts/node24.mjs';
    if (process.env.BUNDLED === undefined) Object.defineProperty(process, 'version', { value: 'v20.11.0' });
    await ensureNode24(import.meta.url);
    console.log('goes on', process.env.BUNDLED, process.argv.slice(2).join(' '));`;
  await writeFile(join(root, 'entry.mjs'), entry);
  const child = spawn(process.execPath, [join(root, 'entry.mjs'), 'serve', '--help'], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  expect(String(text)).toBe('goes on on the bundled Node serve --help\n');
});

test('an unknown command is named together with the known ones', async () => {
  const { code, stderr } = await run(await freshClone(), 'strat').ended;
  expect(stderr).toBe(
    'There is no command "strat": use one of start, server, simulator, test, lint, typecheck, bench, sim, chaos, soak, day, fuzz.\n',
  );
  expect(code).toBe(1);
});

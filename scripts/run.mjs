// The way in for every npm script: `node scripts/run.mjs <command> [arguments]`. Runs on Node 20 and without packages.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { runOnNode24 } from './node24.mjs';

const COMMANDS = {
  start: ['server/src/main.ts', 'start'],
  server: ['server/src/main.ts', 'demo-server'],
  simulator: ['simulator/bin/soroka-simulator.mjs'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  lint: ['node_modules/@biomejs/biome/bin/biome', 'ci'],
  typecheck: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'],
  bench: ['bench/src/bench.ts'],
  sim: ['server/src/dispatch/simulation/sim.ts'],
  chaos: ['e2e/src/chaos/chaos.ts'],
  soak: ['e2e/src/chaos/soak.ts'],
  day: ['e2e/src/day/program.ts'],
  fuzz: ['node_modules/vitest/vitest.mjs', 'run', 'server/src/drawn-requests.test.ts'],
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = '', ...args] = process.argv.slice(2);

if (!Object.hasOwn(COMMANDS, command)) {
  process.stderr.write(`There is no command "${command}": use one of ${Object.keys(COMMANDS).join(', ')}.\n`);
  process.exit(1);
}
if (command === 'fuzz') process.env.SOROKA_FUZZ_REQUESTS ??= '50000'; // npm test draws a thousand
process.chdir(root);
if (!(await ensureInstalled(root))) process.exit(1);
const [script, ...fixed] = COMMANDS[command];
process.exit(await runOnNode24(script, [...fixed, ...args], root));

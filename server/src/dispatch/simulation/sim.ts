// Dispatch against crashes and faults on virtual time: `npm run sim -- --seeds 1000000`, goes on with `--from`; one run line by line
// `-- --seed 7 --trace`, as little of it as breaks a promise `-- --seed 7 --shrink`; a crash at every point of a short run and at so
// many pairs of points `-- --crash-points 20000`; which branches of the core that many seeds reach `-- --coverage 300`.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { coverageOf } from './branch-coverage.ts';
import { brokenBy, everyCrash, samplePairs } from './crash-points.ts';
import type { Scenario } from './scenario.ts';
import { type Block, runSeeds } from './seed-blocks.ts';
import { ruleOf, shrink } from './shrink.ts';
import { simulate } from './simulation.ts';

const USAGE =
  'Use --seeds COUNT [--from SEED] [--minutes MAX] [--threads COUNT], --seed SEED [--trace | --shrink], --crash-points PAIRS, or --coverage SEEDS.';
const REPORT_EVERY_MS = 10_000;
const LAST_EVENTS = 200;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1440' },
    threads: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    'crash-points': { type: 'string' },
    coverage: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'of no known commit';
  }
}

/** Everything that somebody needs who is to find out why: the seed, the code, the end of the run. */
async function tellBroken(seed: number, scenario?: Scenario): Promise<void> {
  const lines: string[] = [];
  const trace = (line: string): void => {
    lines.push(line);
    if (lines.length > LAST_EVENTS) lines.shift();
  };
  const { violations } = await simulate({ seed, trace, ...(scenario === undefined ? {} : { scenario }) });
  console.log(`seed ${seed} at ${commit()}: ${violations.join('; ')}\n  npm run sim -- --seed ${seed} --trace`);
  for (const line of lines) console.log(line);
}

async function runOne(seed: number): Promise<number> {
  const outcome = await simulate({ seed, ...(values.trace ? { trace: (line) => console.log(line) } : {}) });
  const again = await simulate({ seed });
  console.log(JSON.stringify(outcome, null, 2));
  if (again.hash === outcome.hash) return outcome.violations.length === 0 ? 0 : 1;
  console.error(
    `A second run of seed ${seed} went another way (${again.hash}): something in the core is not asked for by a port.`,
  );
  return 1;
}

async function shrinkOne(seed: number): Promise<number> {
  const { violations } = await simulate({ seed });
  const [first] = violations;
  if (first === undefined) {
    console.log(`seed ${seed} breaks no promise`);
    return 0;
  }
  const scenario = await shrink(seed, ruleOf(first));
  await tellBroken(seed, scenario);
  const { faults, ...rest } = scenario;
  const armed = Object.entries(faults).filter(([, rate]) => rate > 0);
  console.log(JSON.stringify({ ...rest, faults: Object.fromEntries(armed) }, null, 1));
  return 1;
}

async function runMany(count: number, from: number, minutes: number): Promise<number> {
  const startedAt = performance.now();
  const [done, broken] = [new Map<number, Block>(), [] as number[]];
  let toldAt = startedAt;
  const sum = (of: (block: Block) => number): number => [...done.values()].reduce((total, block) => total + of(block), 0);
  const tell = (): void => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const seeds = sum((block) => block.seeds);
    let next = from;
    for (let block = done.get(next); block !== undefined; block = done.get(next)) next += block.seeds;
    console.log(
      `${seeds} seeds, ${broken.length} failed, ${Math.round(seeds / seconds)} seeds/s; ${sum((block) => block.sends)} sends, ` +
        `${sum((block) => block.deaths)} deaths, ${sum((block) => block.events)} events, ` +
        `${Math.round(sum((block) => block.virtualMs) / 3_600_000)} virtual hours; goes on with --from ${next}`,
    );
  };
  await runSeeds({
    ...{ from, count, threads: number(values.threads) },
    onBlock(block) {
      done.set(block.from, block);
      for (const { seed, violations } of block.broken) {
        broken.push(seed);
        console.log(`seed ${seed}: ${violations.join('; ')}`);
      }
      if (performance.now() - toldAt > REPORT_EVERY_MS) {
        toldAt = performance.now();
        tell();
      }
      return performance.now() - startedAt < minutes * 60_000;
    },
  });
  tell();
  const [first] = broken.sort((a, b) => a - b);
  if (first !== undefined) await tellBroken(first);
  return broken.length === 0 ? 0 : 1;
}

async function runCrashPoints(pairs: number): Promise<number> {
  const crashes = await everyCrash();
  const broken = [...(await brokenBy(crashes.map((crash) => [crash]))), ...(await brokenBy(samplePairs(crashes, pairs)))];
  console.log(`${crashes.length} crashes alone and ${pairs} pairs of them: ${broken.length} broke a promise`);
  for (const one of broken) console.log(one);
  return broken.length === 0 ? 0 : 1;
}

async function runCoverage(seeds: number): Promise<number> {
  const files = await coverageOf(async () => {
    const { runBlock } = await import('./seed-blocks.ts');
    await runBlock(1, seeds);
  });
  const percent = (covered: number, branches: number): string => `${((100 * covered) / Math.max(1, branches)).toFixed(1)} %`;
  for (const { file, branches, covered, missed } of files)
    console.log(
      `${file}: ${covered} of ${branches}, ${percent(covered, branches)}${missed.length === 0 ? '' : `; not ${missed.join(', ')}`}`,
    );
  const [covered, branches] = [
    files.reduce((sum, file) => sum + file.covered, 0),
    files.reduce((sum, file) => sum + file.branches, 0),
  ];
  console.log(`${covered} of ${branches} branches, ${percent(covered, branches)}, by ${seeds} seeds`);
  return 0;
}

function number(text: string): number {
  const parsed = Number(text);
  if (!Number.isSafeInteger(parsed) || parsed < 0) throw new Error(`"${text}" is no whole number. ${USAGE}`);
  return parsed;
}

if (values.seed !== undefined) process.exitCode = await (values.shrink ? shrinkOne : runOne)(number(values.seed));
else if (values['crash-points'] !== undefined) process.exitCode = await runCrashPoints(number(values['crash-points']));
else if (values.coverage !== undefined) process.exitCode = await runCoverage(number(values.coverage));
else if (values.seeds !== undefined)
  process.exitCode = await runMany(number(values.seeds), number(values.from), number(values.minutes));
else {
  console.error(USAGE);
  process.exitCode = 2;
}

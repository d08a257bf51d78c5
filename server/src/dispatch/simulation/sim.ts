// Dispatch against crashes and faults on virtual time: `npm run sim -- --seeds 1000000`, one run line by line `-- --seed 7 --trace`,
// a crash at every point of a short run and at so many pairs of points `-- --crash-points 20000`.
import { parseArgs } from 'node:util';
import { brokenBy, everyCrash, samplePairs } from './crash-points.ts';
import { simulate } from './simulation.ts';

const USAGE = 'Use --seeds COUNT [--from SEED] [--minutes MAX], --seed SEED [--trace], or --crash-points PAIRS.';
const REPORT_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1440' },
    seed: { type: 'string' },
    'crash-points': { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

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

async function runMany(count: number, from: number, minutes: number): Promise<number> {
  const startedAt = performance.now();
  let [events, sends, deaths, virtualMs, done, failed, toldAt] = [0, 0, 0, 0, 0, 0, startedAt];
  const tell = (): void => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const hours = Math.round(virtualMs / 3_600_000);
    console.log(
      `${done} seeds, ${failed} failed, ${Math.round(done / seconds)} seeds/s; ${sends} sends, ${deaths} deaths, ${events} events, ${hours} virtual hours`,
    );
  };
  for (let seed = from; seed < from + count && performance.now() - startedAt < minutes * 60_000; seed += 1) {
    const outcome = await simulate({ seed });
    done += 1;
    events += outcome.events;
    sends += outcome.sends;
    deaths += outcome.deaths;
    virtualMs += outcome.virtualMs;
    if (outcome.violations.length > 0) {
      failed += 1;
      console.log(`seed ${seed}: ${outcome.violations.join('; ')}\n  npm run sim -- --seed ${seed} --trace`);
    }
    if (performance.now() - toldAt < REPORT_EVERY_MS) continue;
    toldAt = performance.now();
    tell();
  }
  tell();
  return failed === 0 ? 0 : 1;
}

async function runCrashPoints(pairs: number): Promise<number> {
  const crashes = await everyCrash();
  const broken = [...(await brokenBy(crashes.map((crash) => [crash]))), ...(await brokenBy(samplePairs(crashes, pairs)))];
  console.log(`${crashes.length} crashes alone and ${pairs} pairs of them: ${broken.length} broke a promise`);
  for (const one of broken) console.log(one);
  return broken.length === 0 ? 0 : 1;
}

const number = (text: string): number => {
  const parsed = Number(text);
  if (!Number.isSafeInteger(parsed) || parsed < 0) throw new Error(`"${text}" is no whole number. ${USAGE}`);
  return parsed;
};

if (values.seed !== undefined) process.exitCode = await runOne(number(values.seed));
else if (values['crash-points'] !== undefined) process.exitCode = await runCrashPoints(number(values['crash-points']));
else if (values.seeds !== undefined)
  process.exitCode = await runMany(number(values.seeds), number(values.from), number(values.minutes));
else {
  console.error(USAGE);
  process.exitCode = 2;
}

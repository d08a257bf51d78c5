import type { CrashPhase } from './process.ts';
import { createSeededRandom } from './seeded-random.ts';
import { shortScenario } from './short-scenario.ts';
import { type Outcome, type Run, simulate } from './simulation.ts';

const SEED = 1;
const PHASES: readonly CrashPhase[] = ['before', 'unanswered', 'answered'];

type Crash = NonNullable<Run['crashes']>[number];

const runWith = (crashes: readonly Crash[]): Promise<Outcome> => simulate({ seed: SEED, scenario: shortScenario(), crashes });

/** Each call of a port in the short scenario, three times: a process dies before it, in it, and after it. */
export async function everyCrash(): Promise<readonly Crash[]> {
  const { points, violations } = await runWith([]);
  if (violations.length > 0) throw new Error(`without any crash: ${violations.join('; ')}`);
  return Array.from({ length: points }, (_, point) => PHASES.map((phase) => ({ point, phase }))).flat();
}

/** What each of these crashes breaks; empty where all invariants hold. The second of a pair hits whoever lives then. */
export async function brokenBy(runs: readonly (readonly Crash[])[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const crashes of runs) {
    const { violations } = await runWith(crashes);
    const places = crashes.map(({ point, phase }) => `${phase} ${point}`).join(' and ');
    broken.push(...violations.map((violation) => `killed at ${places}: ${violation}`));
  }
  return broken;
}

/** So many pairs of crashes, the same ones each time. */
export function samplePairs(crashes: readonly Crash[], count: number): readonly (readonly Crash[])[] {
  const random = createSeededRandom(SEED);
  return Array.from({ length: count }, () => [random.pick(crashes), random.pick(crashes)]);
}

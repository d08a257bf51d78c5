import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUICK_NAMES } from './chaos/choice.ts';
import { type Base, prepareBase } from './chaos/prepare.ts';
import { runScenario, type Scenario } from './chaos/scenario.ts';
import { SCENARIOS } from './chaos/scenarios.ts';

// `npm run chaos -- --quick` within the tests: real processes, a real PostgreSQL. How fast lanes come back is told by the whole run,
// on a machine that has nothing else to do; here it is bounded loosely.
const SECONDS = 4;
const BUSY_FACTOR = 4;
const RUN_WITHIN_MS = 240_000;

// On another system nothing tells which PostgreSQL the product found, nor which processes are its own.
describe.runIf(process.platform === 'linux')('under load', () => {
  let base: Base;
  beforeAll(async () => {
    base = await prepareBase();
  }, RUN_WITHIN_MS);
  afterAll(async () => {
    await base?.[Symbol.asyncDispose]();
  });

  test.each(QUICK_NAMES)(
    '%s: nothing accepted is lost or doubled, no limit is broken, the queues come back, and no server ends by itself',
    async (name) => {
      const { recoverWithinMs, ...scenario } = SCENARIOS[name] as Scenario;
      const patient = { ...scenario, recoverWithinMs: recoverWithinMs * BUSY_FACTOR };
      const { accepted, broken } = await runScenario(base, patient, { seconds: SECONDS, say: () => {} });
      expect(broken).toEqual([]);
      expect(accepted).toBeGreaterThan(0);
    },
    RUN_WITHIN_MS,
  );
});

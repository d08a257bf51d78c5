import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
// Each is asked for by a port: clock.now, clock.monotonic, clock.sleep, random, workerId.
const MACHINE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\brandomUUID\b|\bprocess\.(?:nextTick|hrtime)\b|\bAbortSignal\.timeout\b/;
/** Where the ports of the machine are handed in, and the simulation that stands in for them. */
const EDGE = /\.test\.ts$|^dispatch\/dispatch\.ts$|^dispatch\/simulation\//;

test('the core of dispatch asks the machine for nothing: time and chance come by its ports, so that a simulation can drive it', () => {
  const sources = globSync(['dispatch/**/*.ts', 'limits/**/*.ts'], { cwd: SOURCES }).filter((path) => !EDGE.test(path));
  expect(sources.length).toBeGreaterThan(20);
  const asking = sources.filter((path) => MACHINE.test(readFileSync(SOURCES + path, 'utf8')));
  expect(asking).toEqual([]);
});

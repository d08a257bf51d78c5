import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How much of one file ran: its functions and the blocks in them, as V8 counts them. */
export interface FileCoverage {
  file: string;
  branches: number;
  covered: number;
  /** Of what never ran: first lines. */
  missed: readonly number[];
}

const DISPATCH = new URL('..', import.meta.url).href;
const isOfDispatch = (url: string): boolean => url.startsWith(DISPATCH) && !url.slice(DISPATCH.length).includes('/');

/** Runs what it is given and says which branches of dispatch/ ran. Load nothing of dispatch/ before: what ran by then is not counted. */
export async function coverageOf(work: () => Promise<void>): Promise<readonly FileCoverage[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return result.filter(({ url }) => isOfDispatch(url)).map(coverageOfScript);
}

function coverageOfScript({ url, functions }: Profiler.ScriptCoverage): FileCoverage {
  const path = fileURLToPath(url);
  const text = readFileSync(path, 'utf8');
  // The first function is the module itself.
  const ranges = functions.slice(1).flatMap((one) => one.ranges);
  const missed = ranges.filter(({ count }) => count === 0);
  return {
    ...{ file: basename(path), branches: ranges.length, covered: ranges.length - missed.length },
    missed: missed.map(({ startOffset }) => text.slice(0, startOffset).split('\n').length),
  };
}

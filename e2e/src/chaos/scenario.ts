import { setTimeout as wait } from 'node:timers/promises';
import { type ManyGroups, shapeOf, TEN_QUEUES } from './lanes.ts';
import type { Load } from './load.ts';
import type { Base } from './prepare.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';
import {
  longestSilence,
  type Sightings,
  type Span,
  slowestPace,
  type Tally,
  tally,
  timesOfLanes,
  worstSecond,
} from './verdict.ts';

/** A site to make trouble on. */
export interface Trouble extends Site {
  base: Base;
  /** About as long as trouble is to be made. */
  seconds: number;
  /** Customers begin to write, and go on until the scenario ends. Resolves when every lane is at work. */
  beginLoad(): Promise<Load>;
  /**
   * From now on every lane must work again: its longest silence counts as the time of recovery. Resolves after so many ms of
   * load, or when `until` does; what is broken next does not count.
   */
  recover(until: number | Promise<void>): Promise<void>;
  say(line: string): void;
}

export interface Scenario {
  summary: string;
  /** How soon every lane must be at work again. */
  recoverWithinMs: number;
  /** Instead of the usual one. */
  load?: ManyGroups;
  /** Messages a second of every lane, from `recoverWithinMs` after each trouble to the next. */
  leastPerSecond?: number;
  /** The proxy in front of the servers must have hidden the trouble: a request without an OK breaks the promise. */
  isHidden?: true;
  /** Not even a network without keys may get anything twice. */
  repeatsNothing?: true;
  /** What this machine lacks for it, in a sentence; null: nothing. */
  whyNot?(base: Base): Promise<string | null>;
  /** How its PostgreSQL is started, and where; taken away after the site. */
  prepare?(base: Base): Promise<SiteOptions & Partial<AsyncDisposable>>;
  run(trouble: Trouble): Promise<void>;
}

/** What came of it: a row of the table, and the promises that were broken, a sentence each. */
export interface Outcome extends Tally {
  overLimit: number;
  /** The most that a lane got to the network in any second. */
  worstSecond?: number;
  /** Of the slowest lane outside of trouble; only where the scenario holds it against something. */
  leastPerSecond?: number;
  recoverySeconds: number;
  failedRequests: number;
  broken: readonly string[];
}

const WARM_UP_MS = 3_000;
/** What waits may be much, as long as it becomes less. */
const QUIET_MS = 60_000;

/** Runs it on a site of its own and holds what came of it against the promises. */
export async function runScenario(
  base: Base,
  scenario: Scenario,
  { seconds, say }: { seconds: number; say(line: string): void },
): Promise<Outcome> {
  await using options = { [Symbol.asyncDispose]: async () => {}, ...(await scenario.prepare?.(base)) };
  await using site = await openSite(base, options);
  const spans: Span[] = [];
  let load: Load | undefined;
  try {
    await scenario.run({
      ...site,
      base,
      seconds,
      say,
      async beginLoad() {
        load = site.startLoad(scenario.load === undefined ? TEN_QUEUES : shapeOf(scenario.load));
        await wait(WARM_UP_MS);
        return load;
      },
      async recover(until) {
        const from = Date.now();
        await (typeof until === 'number' ? wait(until) : until);
        spans.push({ from, to: Date.now() });
      },
    });
  } finally {
    await load?.stop();
  }
  if (load === undefined) throw new Error('the scenario made no load');
  const seen = await site.lookAround(load, QUIET_MS);
  const counted = {
    ...tally(load.orders, seen),
    ...pacesOf(scenario, load, seen, spans),
    overLimit: ((await site.control('/violations')) as unknown[]).length,
    failedRequests: load.failed().length,
  };
  for (const [reason, times] of countOf(load.failed())) say(`${times} requests failed: ${reason}`);
  return { ...counted, broken: [...brokenPromises(scenario, counted), ...site.endedByThemselves] };
}

function pacesOf(
  { recoverWithinMs, leastPerSecond }: Scenario,
  { orders }: Load,
  seen: Sightings,
  spans: readonly Span[],
): Pick<Outcome, 'recoverySeconds' | 'worstSecond' | 'leastPerSecond'> {
  const lanes = timesOfLanes(orders, seen);
  const outsideOfTrouble = spans.map(({ from, to }) => ({ from: from + recoverWithinMs, to }));
  return {
    recoverySeconds: longestSilence(lanes, spans) / 1_000,
    worstSecond: worstSecond(lanes),
    ...(leastPerSecond !== undefined && { leastPerSecond: slowestPace(lanes, outsideOfTrouble) }),
  };
}

function brokenPromises(
  { recoverWithinMs, leastPerSecond: wanted = 0, isHidden, repeatsNothing }: Scenario,
  counted: Omit<Outcome, 'broken'>,
): string[] {
  const { accepted, lost, doubled, allowedDoubles, unheard, overLimit, recoverySeconds, failedRequests } = counted;
  const { leastPerSecond = wanted } = counted;
  const limitSeconds = recoverWithinMs / 1_000;
  return [
    accepted === 0 && 'no message was accepted: nothing was tried',
    lost > 0 && `${lost} accepted messages never came to the network`,
    doubled > 0 && `${doubled} messages came twice although the network has a key`,
    repeatsNothing === true && allowedDoubles > 0 && `${allowedDoubles} messages came twice to the network without keys`,
    unheard > 0 && `the customer was never told of ${unheard} accepted messages`,
    overLimit > 0 && `a limit was broken ${overLimit} times`,
    recoverySeconds > limitSeconds && `a lane was silent for ${recoverySeconds.toFixed(2)} s, not at most ${limitSeconds} s`,
    leastPerSecond < wanted && `a lane sent ${leastPerSecond.toFixed(1)} a second outside of trouble, not at least ${wanted}`,
    isHidden === true && failedRequests > 0 && `${failedRequests} requests failed behind a proxy that tries again`,
  ].filter((sentence) => sentence !== false);
}

/** How often each was there, the most frequent first. */
function countOf(sentences: readonly string[]): [string, number][] {
  const counts = [...Map.groupBy(sentences, (sentence) => sentence)].map(([sentence, same]): [string, number] => [
    sentence,
    same.length,
  ]);
  return counts.sort(([, a], [, b]) => b - a);
}

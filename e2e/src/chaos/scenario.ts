import { setTimeout as wait } from 'node:timers/promises';
import type { Load } from './load.ts';
import type { Base } from './prepare.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';
import { longestSilence, type Span, type Tally, tally } from './verdict.ts';

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
  recoverySeconds: number;
  failedRequests: number;
  broken: readonly string[];
}

/** Of ten messages, one of each lane. */
const REQUESTS_PER_SECOND = 12;
const WARM_UP_MS = 3_000;
const TOLD_WITHIN_MS = 60_000;

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
        load = site.startLoad(REQUESTS_PER_SECOND);
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
  const seen = await site.lookAround(load, TOLD_WITHIN_MS);
  const counted = {
    ...tally(load.orders, seen),
    overLimit: ((await site.control('/violations')) as unknown[]).length,
    recoverySeconds: longestSilence(load.orders, seen, spans) / 1_000,
    failedRequests: load.failed().length,
  };
  for (const [reason, times] of countOf(load.failed())) say(`${times} requests failed: ${reason}`);
  return { ...counted, broken: [...brokenPromises(scenario, counted), ...site.endedByThemselves] };
}

function brokenPromises(
  { recoverWithinMs, isHidden, repeatsNothing }: Scenario,
  { accepted, lost, doubled, allowedDoubles, unheard, overLimit, recoverySeconds, failedRequests }: Omit<Outcome, 'broken'>,
): string[] {
  const limitSeconds = recoverWithinMs / 1_000;
  return [
    accepted === 0 && 'no message was accepted: nothing was tried',
    lost > 0 && `${lost} accepted messages never came to the network`,
    doubled > 0 && `${doubled} messages came twice although the network has a key`,
    repeatsNothing === true && allowedDoubles > 0 && `${allowedDoubles} messages came twice to the network without keys`,
    unheard > 0 && `the customer was never told of ${unheard} accepted messages`,
    overLimit > 0 && `a limit was broken ${overLimit} times`,
    recoverySeconds > limitSeconds && `a lane was silent for ${recoverySeconds.toFixed(1)} s, not at most ${limitSeconds} s`,
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

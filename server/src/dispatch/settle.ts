import type { SendOutcome } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import { decide } from './decide.ts';
import { loopFailed } from './events.ts';
import type { DecideSettings } from './facts.ts';
import type { Work } from './work.ts';

/** The outcome of one attempt, with the fence it was made under. */
export interface Settlement {
  messageId: number;
  laneId: number;
  epoch: number;
  step: number;
  attempt: number;
  outcome: SendOutcome;
  /** Milliseconds since 1970; null where no call was made. */
  launchedAt: number | null;
  dropsRepeats: boolean;
  awaitsReceipts: boolean;
}

export interface Settler {
  /** Resolves when the outcomes are written, or are not ours to write any more. */
  settle(outcomes: readonly Settlement[]): Promise<void>;
}

// An outcome of an older epoch or attempt is not written: whoever owns the lane now has taken the message over. Nor is that of an
// earlier step, which was written without our hearing of it: epochs are of one lane, and the attempts of a step begin anew.
// `limit 1` has each row found by its id: the index of a lane's calls in flight looks as good while nothing is known of the table, and
// would be walked through for each outcome.
const OURS: Statement = {
  name: 'dispatch.settle.ours',
  text: `
    select d.message_id as id
    from (
      select o.*
      from unnest($1::bigint[], $2::int[], $3::bigint[], $4::smallint[], $5::smallint[]) as o(id, lane_id, epoch, step, attempt)
      join lane as l on l.id = o.lane_id and l.epoch = o.epoch
      order by o.id
    ) as o
    cross join lateral (select * from delivery where message_id = o.id limit 1 for update) as d
    where d.state = 'sending' and d.lane_id = o.lane_id and d.epoch = o.epoch and d.step = o.step and d.attempt = o.attempt`,
};
interface Waiting {
  settlement: Settlement;
  done(): void;
}
const BATCH_MAX = 1_000;
const RETRY_MS = 500;

/** Writes outcomes of all lanes of this process in common batches: while one transaction runs, the next batch gathers. */
export function createSettler(parts: {
  database: Database;
  changes: ChangeWriter;
  clock: Clock;
  decideSettings: DecideSettings;
  onSettled(work: readonly Work[]): void;
}): Settler {
  const { database, changes, clock, decideSettings, onSettled } = parts;
  const waiting: Waiting[] = [];
  let running = false;
  let databaseAway = false;

  const write = (batch: readonly Settlement[]): Promise<readonly Work[]> =>
    database.transaction(async (tx) => {
      const now = clock.now();
      const ours = await tx.rows<{ id: number }>(OURS, [
        batch.map(({ messageId }) => messageId),
        batch.map(({ laneId }) => laneId),
        batch.map(({ epoch }) => epoch),
        batch.map(({ step }) => step),
        batch.map(({ attempt }) => attempt),
      ]);
      const outcomes = new Map(batch.map((settlement) => [settlement.messageId, settlement]));
      const locked = await changes.lock(
        tx,
        ours.map(({ id }) => id),
      );
      const decided = locked.flatMap((message) => {
        const settlement = outcomes.get(message.id);
        if (settlement === undefined) return [];
        const { outcome, launchedAt, dropsRepeats, awaitsReceipts } = settlement;
        const fact = { kind: 'outcome', outcome, launchedAt, dropsRepeats, awaitsReceipts } as const;
        const change = decide(message, fact, now, decideSettings);
        return change === null ? [] : [{ message, change }];
      });
      return changes.apply(tx, decided, new Date(now));
    });

  /** Whether it was written. */
  const tryToWrite = async (batch: readonly Waiting[]): Promise<boolean> => {
    try {
      onSettled(await write(batch.map(({ settlement }) => settlement)));
    } catch (error) {
      loopFailed({ loop: 'settle', error });
      databaseAway = isDatabaseAway(error);
      return false;
    }
    for (const { done } of batch) done();
    return true;
  };

  const run = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_MAX);
      if (await tryToWrite(batch)) continue;
      // The calls were made: their outcomes are kept until they can be written, or the lease has passed on. One that cannot
      // be written must not keep the others back: each is tried alone, and what fails waits behind what came meanwhile.
      const failed: Waiting[] = [];
      for (const item of batch) if (databaseAway || batch.length === 1 || !(await tryToWrite([item]))) failed.push(item);
      waiting.push(...failed);
      await clock.sleep(RETRY_MS);
    }
    running = false;
  };

  return {
    settle(outcomes) {
      const written = outcomes.map((settlement) => new Promise<void>((done) => waiting.push({ settlement, done })));
      if (!running) void run();
      return Promise.all(written).then(() => undefined);
    },
  };
}

import type { Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Queryable, type Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import type { ProviderReceipt } from './contract.ts';
import { loopFailed } from './events.ts';
import type { DecideSettings, Fact } from './facts.ts';
import { applyFacts, takeReceipts } from './receipts.ts';
import type { Work } from './work.ts';

/** What time alone brings about: messages expire, steps end, providers that stay silent are asked. */
export interface Sweep {
  run(): void;
  stop(): Promise<void>;
}

const EVERY_MS = 250;
const BATCH = 500;
const POLL_BATCH = 50;
const POLLS_AT_ONCE = 8;
const POLL_AGAIN_MAX_MS = 3_600_000;

const DUE: Statement = {
  name: 'dispatch.sweep.due',
  // Most looks find nothing, and this one needs no transaction. In the order of the indexes: a plan for any time would read the whole table.
  text: `
    select (select true from delivery where expires_at <= $1 and state in ('queued', 'sent') order by expires_at limit 1)
        as "hasExpired",
      (select true from delivery where step_ends_at <= $1 and state in ('queued', 'sent') order by step_ends_at limit 1)
        as "hasEndedStep",
      (select true from delivery where due_at <= $1 and state = 'sent' order by due_at limit 1) as "hasSilent"`,
};
type Due = Record<'hasExpired' | 'hasEndedStep' | 'hasSilent', true | null>;
const EXPIRED: Statement = {
  name: 'dispatch.sweep.expired',
  // A call in flight is waited for: its answer comes within the send time-out, then the next sweep finds the row.
  text: `
    select message_id as id from delivery where expires_at <= $1 and state in ('queued', 'sent')
    order by expires_at limit $2 for update skip locked`,
};
const STEP_ENDED: Statement = {
  name: 'dispatch.sweep.step_ended',
  text: `
    select message_id as id from delivery where step_ends_at <= $1 and state in ('queued', 'sent')
    order by step_ends_at limit $2 for update skip locked`,
};
const SILENT: Statement = {
  name: 'dispatch.sweep.silent',
  // Asked again after twice the time, up to an hour: a phone that is off stays off for hours. One whose id nobody remembers is put
  // off as well, or it would stand before all others for ever.
  text: `
    with silent as (
      select message_id, step from delivery where state = 'sent' and due_at <= $1 order by due_at limit $2 for update skip locked
    )
    update delivery as d
    set due_at = $1::timestamptz + least(make_interval(secs => $4::float8 / 1000),
      greatest(make_interval(secs => $3::float8 / 1000), $1::timestamptz - coalesce(s.sent_at, $1::timestamptz)))
    from silent
    left join sent_message as s on s.message_id = silent.message_id and s.step = silent.step
    where d.message_id = silent.message_id
    returning s.connection_id as "connectionId", s.network_id as "networkId"`,
};

export function createSweep(parts: {
  database: Database;
  clock: Clock;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
  connections: Pick<Connections, 'channel'>;
  askTimeoutMs: number;
  onChanged(work: readonly Work[]): void;
}): Sweep {
  const { database, clock, decideSettings, connections, onChanged } = parts;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let asking: Promise<void> | null = null;

  /** Whether there may be more. */
  const sweepOnce = async (find: Statement, fact: Fact): Promise<boolean> => {
    const now = new Date(clock.now());
    const apply = (tx: Queryable, ids: readonly number[]) => applyFacts(parts, tx, new Map(ids.map((id) => [id, fact])), now);
    const look = async (tx: Queryable) => (await tx.rows<{ id: number }>(find, [now, BATCH])).map(({ id }) => id);
    try {
      const { found, work } = await database.transaction(async (tx) => {
        const ids = await look(tx);
        return { found: ids.length, work: await apply(tx, ids) };
      });
      if (found > 0) onChanged(work);
      return found === BATCH;
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      loopFailed({ loop: 'sweep', error });
    }
    // One message that cannot be changed must not keep the others waiting.
    for (const id of await look(database)) {
      await database.transaction((tx) => apply(tx, [id])).then(onChanged, (error) => loopFailed({ loop: 'sweep', error }));
    }
    return false;
  };

  const sweepDue = async (): Promise<boolean> => {
    const [due] = await database.rows<Due>(DUE, [new Date(clock.now())]);
    if (due?.hasSilent) asking ??= askAllSilent();
    if (due?.hasExpired && (await sweepOnce(EXPIRED, { kind: 'expired' }))) return true;
    return due?.hasEndedStep === true && (await sweepOnce(STEP_ENDED, { kind: 'step_ended' }));
  };

  /** Beside everything else: a provider may take its time to answer. */
  const askAllSilent = async (): Promise<void> => {
    try {
      while (!stopping.signal.aborted && (await askSilent()));
    } catch (error) {
      if (!stopping.signal.aborted) loopFailed({ loop: 'ask', error });
    }
    asking = null;
  };

  const askSilent = async (): Promise<boolean> => {
    const now = new Date(clock.now());
    const rows = await database.rows<{ connectionId: number | null; networkId: string | null }>(SILENT, [
      now,
      POLL_BATCH,
      decideSettings.pollAfterMs,
      POLL_AGAIN_MAX_MS,
    ]);
    const queue = [...rows];
    const ask = async (): Promise<void> => {
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        if (row.connectionId === null || row.networkId === null) continue;
        await askOne(row.connectionId, row.networkId).catch((error) => loopFailed({ loop: 'ask', error }));
      }
    };
    await Promise.all(Array.from({ length: POLLS_AT_ONCE }, ask));
    return rows.length === POLL_BATCH;
  };

  const askOne = async (connectionId: number, networkId: string): Promise<void> => {
    const channel = await connections.channel(connectionId);
    if (channel.receipts === undefined) return;
    const giveUp = new AbortController();
    const done = new AbortController();
    void clock.sleep(parts.askTimeoutMs, done.signal).then(() => {
      if (!done.signal.aborted) giveUp.abort(new DOMException('no answer in time', 'TimeoutError'));
    });
    const answered = await channel
      .receipts(networkId, AbortSignal.any([stopping.signal, giveUp.signal]))
      .finally(() => done.abort('answered'));
    const receipts = answered.map((receipt): ProviderReceipt => ({ connectionId, ...receipt }));
    const { work } = await takeReceipts(parts, receipts, new Date(clock.now()));
    onChanged(work);
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = await sweepDue();
      } catch (error) {
        if (!stopping.signal.aborted) loopFailed({ loop: 'expire', error });
      }
      if (!more) await clock.sleep(EVERY_MS, stopping.signal);
    }
    await asking;
  };

  return {
    run() {
      running = loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

import { BrokenBodyError, parseJson, parseNotifyStatuses } from '@soroka/channels';
import type { Dispatch, ProviderReceipt } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Found } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { eventDone, eventFailed, receiptsGivenUp } from './events.ts';
import { RECEIPTS_SHARD } from './raw-events.ts';

export interface Receipts {
  /** Takes stored status callbacks; false where there was none. */
  workOff(): Promise<Found>;
  /** Asks again about receipts whose message was not known; false where none was due. */
  retryUnmatched(): Promise<Found>;
  /** Keeps what is in hand for later looks. */
  stop(): Promise<void>;
}

const BODIES_MAX = 200;
const UNMATCHED_MAX = 500;
// How long a process that took callbacks may be at them before another one takes them too; taking twice does no harm.
const LEASE_MS = 10_000;
const TRIES_MAX = 5;

// An upstream that delivers at once tells of it while we write down its answer. Such a receipt stays in hand, its body under our lease, and
// is looked at again with those that come next, before them: a DELIVERED after its READ would not be reported.
const IN_HAND_MS = 1_000;
const IN_HAND_MAX = 1_000;

/**
 * The answer to a send may come much later than its first status, and a killed process learns its ids from the next try: about
 * ten minutes cover both. Seconds to wait after each try.
 */
const UNMATCHED_PAUSES_S = [0.2, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 180, 180];

const SQL = {
  claim: {
    name: 'inbox_receipts_claim',
    text: `
      update raw_event as e set due_at = $2, tries = e.tries + 1
      from (
        select id from raw_event
        where shard = ${RECEIPTS_SHARD} and state = 'waiting' and due_at <= $1
        order by id
        limit ${BODIES_MAX}
        for update skip locked
      ) as due
      where e.id = due.id
      returning e.id, e.connection_id as "connectionId", e.body, e.received_at as "receivedAt", e.tries`,
  },
  // Not kept: every receipt has become part of a message's history.
  forget: { name: 'inbox_receipts_forget', text: 'delete from raw_event where id = any($1::bigint[])' },
  fail: { name: 'inbox_receipts_fail', text: "update raw_event set state = 'failed', error = $2 where id = $1" },
  keepUnmatched: {
    name: 'unmatched_receipt_keep',
    text: `
      insert into unmatched_receipt (connection_id, network_id, status, at, received_at, due_at)
      select *, $5, $6 from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[])
      on conflict do nothing`,
  },
  // Counted before it is tried: a try cut short is only followed by the next one.
  dueUnmatched: {
    name: 'unmatched_receipt_due',
    text: `
      update unmatched_receipt as u
      set tries = u.tries + 1, due_at = $1 + make_interval(secs => ($2::float8[])[u.tries + 2])
      from (
        select connection_id, network_id, status from unmatched_receipt
        where due_at <= $1
        order by due_at
        limit ${UNMATCHED_MAX}
        for update skip locked
      ) as due
      where u.connection_id = due.connection_id and u.network_id = due.network_id and u.status = due.status
      returning u.connection_id as "connectionId", u.network_id as "networkId", u.status, u.at, u.due_at is null as "isLast"`,
  },
  forgetUnmatched: {
    name: 'unmatched_receipt_forget',
    text: `
      delete from unmatched_receipt as u
      using unnest($1::bigint[], $2::text[], $3::text[]) as m(connection_id, network_id, status)
      where u.connection_id = m.connection_id and u.network_id = m.network_id and u.status = m.status`,
  },
} as const;

/** A body, and what of it was not taken yet. */
interface Read {
  body: Claimed;
  receipts: readonly ProviderReceipt[];
  /** Why the body is to be kept. */
  problem?: string;
  /** By the monotonic clock: until then what is not known may stay in hand. */
  inHandUntil: number;
}

interface Claimed {
  id: number;
  connectionId: number;
  body: Buffer;
  receivedAt: Date;
  tries: number;
}

export function createReceipts(parts: {
  database: Database;
  dispatch: Pick<Dispatch, 'takeReceipts'>;
  clock: Clock;
  log: Logger;
}): Receipts {
  const { database, dispatch, clock, log } = parts;

  let inHand: readonly Read[] = [];

  /** Takes what is known, and returns those that may wait for the rest of theirs. The others are done with. */
  const take = async (read: readonly Read[]): Promise<readonly Read[]> => {
    const unknown = new Set(await dispatch.takeReceipts(read.flatMap(({ receipts }) => receipts)));
    const left = read.map((one) => ({ ...one, receipts: one.receipts.filter((receipt) => unknown.has(receipt)) }));
    const now = clock.monotonic();
    const waiting = left.filter(({ receipts, inHandUntil }) => receipts.length > 0 && inHandUntil > now).slice(0, IN_HAND_MAX);
    await finish(left.filter((one) => !waiting.includes(one)));
    return waiting;
  };

  /** Keeps what nobody knew for later looks, and forgets the bodies that could be read. */
  const finish = async (read: readonly Read[]): Promise<void> => {
    const unmatched = read.flatMap(({ receipts }) => receipts);
    if (unmatched.length > 0) {
      const now = clock.now();
      const dueAt = new Date(now + (UNMATCHED_PAUSES_S[0] as number) * 1_000);
      await database.run(SQL.keepUnmatched, [...columnsOf(unmatched), unmatched.map(({ at }) => at), new Date(now), dueAt]);
    }
    for (const { body, problem } of read) {
      if (problem === undefined) continue;
      await database.run(SQL.fail, [body.id, problem]);
      eventFailed(log, { rawEventId: body.id, form: 'notify-statuses', isFinal: true, problem: 'BrokenBodyError' });
    }
    const done = read.filter(({ problem }) => problem === undefined).map(({ body }) => body);
    if (done.length === 0) return;
    await database.run(SQL.forget, [done.map(({ id }) => id)]);
    for (const { receivedAt } of done) eventDone({ form: 'notify-statuses', waitedMs: clock.now() - receivedAt.getTime() });
  };

  /** Whatever makes a batch fail must not keep back the others in it. */
  const takeAlone = async (body: Claimed): Promise<void> => {
    try {
      await take([{ body, ...receiptsOf(body), inHandUntil: clock.monotonic() }]);
    } catch (error) {
      if (body.tries < TRIES_MAX) throw error;
      await database.run(SQL.fail, [body.id, (error as Error).message]);
      eventFailed(log, { rawEventId: body.id, form: 'notify-statuses', isFinal: true, problem: (error as Error).name });
    }
  };

  return {
    async workOff() {
      const now = clock.now();
      const bodies = await database.rows<Claimed>(SQL.claim, [new Date(now), new Date(now + LEASE_MS)]);
      const again = bodies.filter(({ tries }) => tries > 1);
      const fresh = bodies.filter(({ tries }) => tries === 1);
      const inHandUntil = clock.monotonic() + IN_HAND_MS;
      const read = [...inHand, ...fresh.map((body): Read => ({ body, ...receiptsOf(body), inHandUntil }))];
      inHand = []; // where this fails, all of it comes back after its lease
      if (read.length > 0) inHand = await take(read);
      for (const body of again) await takeAlone(body);
      return bodies.length === BODIES_MAX ? 'more' : bodies.length > 0 || inHand.length > 0;
    },
    async retryUnmatched() {
      const now = new Date(clock.now());
      const due = await database.rows<ProviderReceipt & { isLast: boolean }>(SQL.dueUnmatched, [now, UNMATCHED_PAUSES_S]);
      if (due.length === 0) return false;
      const still = new Set(await dispatch.takeReceipts(due));
      const matched = due.filter((receipt) => !still.has(receipt));
      if (matched.length > 0) await database.run(SQL.forgetUnmatched, columnsOf(matched));
      const givenUp = due.filter((receipt) => receipt.isLast && still.has(receipt)).length;
      if (givenUp > 0) receiptsGivenUp(log, { count: givenUp });
      return due.length === UNMATCHED_MAX ? 'more' : true;
    },
    async stop() {
      const left = inHand;
      inHand = [];
      await finish(left);
    },
  };
}

function columnsOf(receipts: readonly ProviderReceipt[]): unknown[] {
  return [
    receipts.map(({ connectionId }) => connectionId),
    receipts.map(({ networkId }) => networkId),
    receipts.map(({ status }) => status),
  ];
}

/** What can be read is taken, also beside an item that cannot; `problem` says why the body is to be kept. */
function receiptsOf({ connectionId, body }: Claimed): { receipts: ProviderReceipt[]; problem?: string } {
  const receipts: ProviderReceipt[] = [];
  let problem: string | undefined;
  const read = (item: unknown, index: number) => {
    try {
      receipts.push(...parseNotifyStatuses([item]).map((receipt) => ({ connectionId, ...receipt })));
    } catch (error) {
      if (!(error instanceof BrokenBodyError)) throw error;
      problem ??= `item ${index}: ${error.message}`;
    }
  };
  try {
    const json = parseJson(body.toString('utf8'));
    (Array.isArray(json) ? json : [json]).forEach((item: unknown, index) => void read(item, index));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problem = error.message;
  }
  return { receipts, ...(problem !== undefined && { problem }) };
}

import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { PARKED } from './classes.ts';
import { distinctWork, type Work, type WorkRow, workOf } from './work.ts';

/** Senders whose notifications wait until somebody lets them go on; their ttl runs meanwhile. */
export interface Pauses {
  /** Nothing of it is claimed any more when this resolves, but for what was being accepted in that very moment. */
  pause(accountId: number, senderId: number): Promise<void>;
  /** Everything of it goes on where it stood. Returns what may be due now. */
  resume(accountId: number, senderId: number): Promise<readonly Work[]>;
  /** Since when, by the sender's id. */
  paused(accountId: number): Promise<ReadonlyMap<number, Date>>;
}

const PAGE = 20_000;

const PAUSE: Statement = {
  name: 'dispatch.pause.add',
  text: 'insert into sender_pause (sender_id, account_id, paused_at) values ($1, $2, $3) on conflict do nothing',
};
// Waits for acceptances that hold the row: they have put their messages aside.
const RESUME: Statement = {
  name: 'dispatch.pause.remove',
  text: 'delete from sender_pause where sender_id = $1 and account_id = $2',
};
const LIST: Statement = {
  name: 'dispatch.pause.list',
  text: 'select sender_id as "senderId", paused_at as "pausedAt" from sender_pause where account_id = $1',
};
// In the order of ids, as everybody locks several rows of this table.
const PARK_PAGE: Statement = {
  name: 'dispatch.pause.park',
  text: `
    with page as (select message_id, account_id, priority from delivery where message_id > $1 order by message_id limit ${PAGE}),
    own as (
      select d.message_id from delivery as d
      where d.message_id in (
        select p.message_id from page as p join message as m on m.id = p.message_id
        where p.account_id = $2 and p.priority < ${PARKED} and m.sender_id = $3
      )
      order by d.message_id
      for update
    ),
    parked as (
      update delivery as d set priority = d.priority + ${PARKED} from own where d.message_id = own.message_id and d.priority < ${PARKED}
    )
    select max(message_id) as "lastId", count(*)::int as seen from page`,
};
const RELEASE_PAGE: Statement = {
  name: 'dispatch.pause.release',
  text: `
    with own as (
      select d.message_id from delivery as d join message as m on m.id = d.message_id
      where d.account_id = $1 and d.priority >= ${PARKED} and m.sender_id = $2
      order by d.message_id
      limit ${PAGE}
      for update of d
    )
    update delivery as d set priority = d.priority - ${PARKED} from own where d.message_id = own.message_id
    returning d.lane_id as "laneId", d.connection_id as "connectionId", d.priority, d.account_id as "accountId", d.due_at as "dueAt",
      d.message_id as "messageId"`,
};

export function createPauses({ database, clock }: { database: Database; clock: Clock }): Pauses {
  const park = async (accountId: number, senderId: number): Promise<void> => {
    for (let after: number | null = 0; after !== null; ) {
      const [page]: { lastId: number | null; seen: number }[] = await database.rows(PARK_PAGE, [after, accountId, senderId]);
      after = page?.seen === PAGE ? page.lastId : null;
    }
  };

  return {
    async pause(accountId, senderId) {
      await database.run(PAUSE, [senderId, accountId, new Date(clock.now())]);
      await park(accountId, senderId);
      await park(accountId, senderId); // what was accepted while the first look went by
    },
    async resume(accountId, senderId) {
      await database.run(RESUME, [senderId, accountId]);
      const work: Work[] = [];
      for (let released = PAGE; released === PAGE; ) {
        const rows: WorkRow[] = await database.rows<WorkRow>(RELEASE_PAGE, [accountId, senderId]);
        work.push(...workOf(rows, new Date(clock.now())));
        released = rows.length;
      }
      return distinctWork(work);
    },
    async paused(accountId) {
      const rows = await database.rows<{ senderId: number; pausedAt: Date }>(LIST, [accountId]);
      return new Map(rows.map(({ senderId, pausedAt }) => [senderId, pausedAt]));
    },
  };
}

import type { Connections } from '../connections/connections.ts';
import type { Database, Statement } from '../platform/database.ts';

/** What `prepareRestored` did. */
export interface Prepared {
  /** Messages whose calls may have been made since the dump, to networks that know no repeat: they end as UNKNOWN. */
  leftOpen: number;
  /** Due messages that are sent again under their old keys, and that their networks drop where they had them. */
  sentAgain: number;
}

// Further than any ids that were given out since the dump: networks know repeats by them, customers their callbacks and events.
const IDS_AHEAD = 1_000_000_000;
// More than owners can change in the life of a database: a server that was not stopped finds none of its lanes.
const EPOCHS_AHEAD = 1_000_000;
// The receiver's window and a margin, as after every take-over (lane-leases.ts).
const QUIET_MS = 1_100;

const SERVERS: Statement = {
  name: 'dispatch.restored.servers',
  text: `
    select count(*)::int as running from pg_stat_activity where datname = current_database() and application_name = 'soroka listen'`,
};
const MOVE_IDS: Statement = {
  name: 'dispatch.restored.ids',
  text: `
    select setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, start_value) + $1::bigint)
    from pg_sequences where schemaname = current_schema() and data_type = 'bigint'::regtype`,
};
const FREE_LANES: Statement = {
  name: 'dispatch.restored.lanes',
  text: `
    update lane
    set owner = null, lease_until = null, epoch = epoch + $1::bigint, quiet_until = now() + make_interval(secs => $2::float8 / 1000)`,
};
const CONNECTIONS: Statement = {
  name: 'dispatch.restored.connections',
  text: `
    select connection_id as id, count(*)::int as waiting from delivery
    where state = 'sending' or (state = 'queued' and due_at <= now()) group by connection_id`,
};
// As calls of an owner that is gone, on a step that says "stop": whoever takes the lane over settles them, with callback and course.
const LEAVE_OPEN: Statement = {
  name: 'dispatch.restored.leave_open',
  text: `
    with waiting as (
      select message_id, step from delivery
      where connection_id = any ($1::bigint[]) and (state = 'sending' or (state = 'queued' and due_at <= now()))
      order by message_id for update
    ), stopping as (
      update message as m set steps = jsonb_set(m.steps, array[w.step::text, 'onUnknown'], '"stop"')
      from waiting as w where m.id = w.message_id
    )
    update delivery as d set state = 'sending', epoch = 0 from waiting as w where d.message_id = w.message_id`,
};

/**
 * Makes a database that was restored from a dump safe to serve: what it takes for due may have gone out since. Ids go on far
 * ahead of those that were given out meanwhile, no process of before owns a lane, and what is due goes again only where the
 * network drops repeats. The day's places stay as they were in the dump. Throws where a server is connected.
 */
export async function prepareRestored(database: Database, connections: Pick<Connections, 'channel'>): Promise<Prepared> {
  const [servers] = await database.rows<{ running: number }>(SERVERS);
  if (servers !== undefined && servers.running > 0)
    throw new Error(`${servers.running} servers are connected to this database: stop them first.`);
  const due = await database.rows<{ id: number; waiting: number }>(CONNECTIONS);
  const keyless: number[] = [];
  for (const { id } of due) if (!(await connections.channel(id)).capabilities.dropsRepeats) keyless.push(id);
  return database.transaction(async (tx) => {
    await tx.rows(MOVE_IDS, [IDS_AHEAD]);
    await tx.run(FREE_LANES, [EPOCHS_AHEAD, QUIET_MS]);
    const leftOpen = await tx.run(LEAVE_OPEN, [keyless]);
    return { leftOpen, sentAgain: due.reduce((sum, { waiting }) => sum + waiting, 0) - leftOpen };
  });
}

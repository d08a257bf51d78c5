import type { Queryable } from '../platform/database.ts';
import { createFrameSource, cursorFrame, type Frame, type FrameSource, type LogRow, resetFrame } from './frames.ts';
import { audienceOf, type Viewer } from './viewer.ts';

/** Somewhere in the log of an account: everything up to `after` is known. */
export interface Position {
  accountId: number;
  after: number;
}

/** What comes next for those who stand at a position. */
export type Following = { kind: 'nothing' } | { kind: 'events'; source: FrameSource } | { kind: 'reset'; frame: Frame };

const ROWS_PER_POSITION_MAX = 50;
// A frame is parsed by a phone in one go; a single row may be longer.
const FRAME_CHARACTERS_MAX = 256 * 1024;

const SQL = {
  head: { name: 'events.head', text: 'select sequence from event_head where account_id = $1' },
  following: {
    name: 'events.following',
    text: `
      select w.n::int as n, coalesce(h.sequence, 0) as head, e.sequence, e.entries
      from unnest($1::bigint[], $2::bigint[]) with ordinality as w(account_id, after, n)
      left join event_head as h on h.account_id = w.account_id
      left join lateral (
        select sequence, entries from event_log
        where account_id = w.account_id and sequence > w.after
        order by sequence
        limit ${ROWS_PER_POSITION_MAX}
      ) as e on true
      order by w.n, e.sequence`,
  },
} as const;

/** The number of the account's last event; 0 before the first. */
export async function readHead(on: Queryable, accountId: number): Promise<number> {
  const [row] = await on.rows<{ sequence: number }>(SQL.head, [accountId]);
  return row?.sequence ?? 0;
}

type FollowingRow = { n: number; head: number } & (LogRow | { sequence: null; entries: null });

/** One answer for each position, in one statement. */
export async function readFollowing(on: Queryable, positions: readonly Position[]): Promise<readonly Following[]> {
  const rows = await on.rows<FollowingRow>(SQL.following, [
    positions.map(({ accountId }) => accountId),
    positions.map(({ after }) => after),
  ]);
  const perPosition = Map.groupBy(rows, ({ n }) => n);
  return positions.map(({ after }, index) => followingOf(after, perPosition.get(index + 1) ?? []));
}

/** What `viewer` hears next; an empty frame where there is nothing new. */
export async function readFrame(on: Queryable, position: Position, viewer: Viewer): Promise<Frame> {
  const [following] = await readFollowing(on, [position]);
  switch (following?.kind) {
    case 'events':
      return following.source.frameFor(viewer, audienceOf(viewer), position.after);
    case 'reset':
      return following.frame;
    default:
      return cursorFrame(position.after, position.after);
  }
}

function followingOf(after: number, rows: readonly FollowingRow[]): Following {
  const head = rows[0]?.head ?? 0;
  if (after === head) return { kind: 'nothing' };
  if (after > head) return { kind: 'reset', frame: resetFrame(head, 'ahead') };
  const found = rows.flatMap(({ sequence, entries }) => (sequence === null ? [] : [{ sequence, entries }]));
  // Numbers leave none out: where the next one is missing, it was removed for its age.
  if (found[0]?.sequence !== after + 1) return { kind: 'reset', frame: resetFrame(head, 'expired') };
  return { kind: 'events', source: createFrameSource(oneFrame(found)) };
}

function oneFrame(rows: readonly LogRow[]): readonly LogRow[] {
  let characters = 0;
  const end = rows.findIndex(({ entries }, index) => {
    characters += entries.length;
    return index > 0 && characters > FRAME_CHARACTERS_MAX;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

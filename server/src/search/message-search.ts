import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { cutMarks, MARK_OFF, MARK_ON, type Marked } from './marks.ts';

/** Where words were found. */
export interface FoundMessage {
  /** Id of the line. */
  id: number;
  dialogId: number;
  sequence: number;
  direction: 'in' | 'out';
  source: 'person' | 'bot' | 'operator';
  kind: 'message' | 'note';
  createdAt: Date;
  /** The part of its text where the words stand, and where in it. */
  excerpt: Marked;
}

export interface MessageQuestion {
  accountId: number;
  /** Whose dialogs there are at all, as `VK:213243638`; null: all of the account. */
  groups: readonly string[] | null;
  dialogId?: number;
  /** As people type it: words, "words in a row", -without. */
  text: string;
  /** Lines below this id; newest first. */
  beforeId?: number;
  limit: number;
}

export interface FoundMessages {
  items: readonly FoundMessage[];
  /** The search goes on below it; null where all was looked through. */
  nextBeforeId: number | null;
  /** The time was up before the page was full: there may be more. */
  isCut: boolean;
}

/** Ids in a stretch of the index: 2^14, about sixteen thousand lines of all accounts. */
const STRETCH_BITS = 14;
const STRETCH = 2 ** STRETCH_BITS;
// A word that fills no page in a few stretches is rare: more of them are looked through at a time, up to a million ids.
const WIDER = 4;
const STRETCHES_MAX = 64;

// The last word may not be typed to its end. What the parser makes of the text is no more than words and signs: it cannot fail.
const QUERY = `
  (case when $2 = '' then websearch_to_tsquery('russian', $1)
    else websearch_to_tsquery('russian', $1) || (websearch_to_tsquery('russian', $3) && to_tsquery('russian', $2)) end)`;
const SQL = {
  range: {
    name: 'search_range',
    text: `
      select min(id) as "first", max(id) as "last" from (
        (select id from dialog_message order by id limit 1) union all (select id from dialog_message order by id desc limit 1)
      ) as ends`,
  },
  // Some stretches. The words of the index condition stand in no sub-query: the planner must see the index behind them.
  stretch: {
    name: 'search_messages',
    text: `
      with asked as materialized (select ${QUERY} as words)
      select m.id, m.dialog_id as "dialogId", m.sequence, m.direction, m.source, m.kind, m.created_at as "createdAt", m.text
      from dialog_message as m
      join dialog as d on d.id = m.dialog_id
      where m.account_id = $4 and (m.id >> ${STRETCH_BITS}) = any($5::bigint[]) and to_tsvector('russian', m.text) @@ (select words from asked)
        and m.kind in ('message', 'note') and m.source <> 'notification' and m.deleted_at is null
        and m.id < $6 and ($7::bigint is null or m.dialog_id = $7)
        and ($8::text[] is null or upper(d.network) || ':' || d.group_id = any($8))
      order by m.id desc
      limit $9`,
  },
  excerpts: {
    name: 'search_excerpts',
    text: `
      select f.id, ts_headline('russian', left(f.text, 20000), ${QUERY}, $4) as marked
      from unnest($5::bigint[], $6::text[]) as f(id, text)`,
  },
} as const;
const HEADLINE = `StartSel=${MARK_ON}, StopSel=${MARK_OFF}, MaxWords=30, MinWords=12, ShortWord=0`;

type FoundRow = Omit<FoundMessage, 'excerpt'> & { text: string };

/**
 * Lines with these words, newest first. Stretch by stretch of the ids, from the newest on, until the page is full or the time is up:
 * a word that stands in every line is found as fast as one that stands in few.
 */
export async function searchMessages(
  { database, clock }: { database: Database; clock: Clock },
  { accountId, groups, dialogId, text, beforeId, limit }: MessageQuestion,
  budgetMs: number,
): Promise<FoundMessages> {
  const asked = wordsOf(text);
  const [range] = await database.rows<{ first: number | null; last: number | null }>(SQL.range);
  if (range === undefined || range.first === null || range.last === null) return { items: [], nextBeforeId: null, isCut: false };
  const endsAt = clock.monotonic() + budgetMs;
  const found: FoundRow[] = [];
  const top = Math.min(beforeId ?? Number.MAX_SAFE_INTEGER, range.last + 1);
  const lowest = Math.floor(range.first / STRETCH);
  let width = 1;
  for (let highest = Math.floor((top - 1) / STRETCH); highest >= lowest; width = Math.min(STRETCHES_MAX, width * WIDER)) {
    const stretches = Array.from({ length: Math.min(width, highest - lowest + 1) }, (_, index) => highest - index);
    const end = (stretches.at(-1) as number) * STRETCH;
    highest -= stretches.length;
    const left = limit + 1 - found.length;
    const values = [...asked, accountId, stretches, top, dialogId ?? null, groups, left];
    found.push(...(await database.rows<FoundRow>(SQL.stretch, values)));
    if (found.length > limit) {
      const items = found.slice(0, limit);
      return { items: await withExcerpts(database, asked, items), nextBeforeId: items.at(-1)?.id ?? null, isCut: false };
    }
    if (clock.monotonic() > endsAt && highest >= lowest) {
      return { items: await withExcerpts(database, asked, found), nextBeforeId: end, isCut: true };
    }
  }
  return { items: await withExcerpts(database, asked, found), nextBeforeId: null, isCut: false };
}

/** The whole text, its last word as the beginning of one, and what stands before it. */
function wordsOf(text: string): readonly [string, string, string] {
  const [, before = '', last = ''] = /^(.*?)([\p{L}\p{N}]{2,})$/su.exec(text) ?? [];
  const isInQuotes = (text.split('"').length - 1) % 2 === 1;
  const isWithout = /-$/.test(before);
  return last === '' || isInQuotes || isWithout ? [text, '', ''] : [text, `${last}:*`, before];
}

async function withExcerpts(
  database: Database,
  asked: readonly [string, string, string],
  rows: readonly FoundRow[],
): Promise<readonly FoundMessage[]> {
  if (rows.length === 0) return [];
  const values = [
    ...asked,
    HEADLINE,
    rows.map(({ id }) => id),
    rows.map(({ text }) => text.replaceAll(MARK_ON, '').replaceAll(MARK_OFF, '')),
  ];
  const excerpts = await database.rows<{ id: number; marked: string }>(SQL.excerpts, values);
  const byId = new Map(excerpts.map(({ id, marked }) => [id, cutMarks(marked)]));
  return rows.map(({ text: _, ...row }) => ({ ...row, excerpt: byId.get(row.id) as Marked }));
}

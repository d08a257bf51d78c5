import type { StepResult, TraceLine } from '@soroka/bot';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';

/** What a bot did with one event, and why. */
export interface TraceItem {
  id: number;
  dialogId: number;
  botId: number | null;
  version: string;
  event: string;
  lines: readonly TraceLine[];
  effects: readonly string[];
  at: Date;
}

/** What nobody's rule knew. */
export interface PhraseItem {
  phrase: string;
  count: number;
  lastAt: Date;
}

const LINES_MAX = 200;
const KEEP_MS = 7 * 86_400_000;
const KEEP_PHRASES_DAYS = 90;
// A flood of nonsense must not become a table of it.
const PHRASES_A_DAY_MAX = 1_000;
const PHRASE_CHARACTERS_MAX = 200;

const SQL = {
  add: {
    name: 'bot_trace_add',
    text: `
      insert into bot_trace (account_id, dialog_id, bot_id, version, event, lines, effects, at)
      select account_id, dialog_id, bot_id, version, event, lines, array(select jsonb_array_elements_text(effects)), at
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[], $8::timestamptz[])
        as t(account_id, dialog_id, bot_id, version, event, lines, effects, at)`,
  },
  list: {
    name: 'bot_trace_list',
    text: `
      select id, dialog_id as "dialogId", bot_id as "botId", version, event, lines, effects, at
      from bot_trace
      where account_id = $1 and dialog_id = $2 and id < $3
      order by id desc
      limit $4`,
  },
  addPhrase: {
    name: 'bot_phrase_add',
    text: `
      insert into bot_phrase (account_id, bot_id, day, phrase, count, last_at)
      select account_id, bot_id, last_at::date, phrase, count, last_at
      from unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::timestamptz[]) as p(account_id, bot_id, phrase, count, last_at)
      where (
        select count(*) from (
          select from bot_phrase as k
          where k.account_id = p.account_id and k.bot_id = p.bot_id and k.day = p.last_at::date and k.phrase <> p.phrase
          limit ${PHRASES_A_DAY_MAX}
        ) as known
      ) < ${PHRASES_A_DAY_MAX}
      order by account_id, bot_id, phrase
      on conflict (account_id, bot_id, day, phrase) do update set count = bot_phrase.count + excluded.count, last_at = excluded.last_at`,
  },
  phrases: {
    name: 'bot_phrase_list',
    text: `
      select phrase, sum(count)::int as count, max(last_at) as "lastAt"
      from bot_phrase
      where account_id = $1 and bot_id = $2 and day >= $3::timestamptz::date
      group by phrase
      order by sum(count) desc, phrase
      limit $4`,
  },
  forget: {
    name: 'bot_trace_forget',
    text: 'delete from bot_trace where id in (select id from bot_trace where at < $1 limit 5000)',
  },
  forgetPhrases: { name: 'bot_phrase_forget', text: 'delete from bot_phrase where day < $1::timestamptz::date' },
} as const;

/** One step of a bot. */
export interface NewTrace {
  accountId: number;
  dialogId: number;
  botId: number | null;
  version: string;
  /** Its kind. */
  event: string;
  at: Date;
  result: Pick<StepResult, 'trace' | 'effects'>;
}

/** Keeps why bots did what they did. */
export const addTraces = gathered(async (tx: Queryable, traces: readonly NewTrace[]) => {
  await tx.run(SQL.add, [
    traces.map(({ accountId }) => accountId),
    traces.map(({ dialogId }) => dialogId),
    traces.map(({ botId }) => botId),
    traces.map(({ version }) => version),
    traces.map(({ event }) => event),
    traces.map(({ result }) => JSON.stringify(result.trace.slice(0, LINES_MAX))),
    traces.map(({ result }) => JSON.stringify(result.effects.map(({ kind }) => kind))),
    traces.map(({ at }) => at),
  ]);
  return [];
});

/** Newest first, below `before`. */
export function listTraces(
  database: Queryable,
  accountId: number,
  dialogId: number,
  { limit, before = Number.MAX_SAFE_INTEGER }: { limit: number; before?: number },
): Promise<TraceItem[]> {
  return database.rows<TraceItem>(SQL.list, [accountId, dialogId, before, limit]);
}

interface HeardPhrase {
  accountId: number;
  botId: number;
  phrase: string;
  at: Date;
}

/** Many say the same: its row is held for no longer than a commit takes, and rows in one order by everybody. */
const phrasesHeard = new WeakMap<Transaction, HeardPhrase[]>();

/** Counts a message that no rule knew, by its words alone; long numbers, which may be somebody's, are left out. */
export function addPhrase(tx: Transaction, accountId: number, botId: number | null, text: string, at: Date): void {
  const phrase = phraseOf(text);
  if (phrase === '') return;
  const heard = phrasesHeard.get(tx);
  const one = { accountId, botId: botId ?? 0, phrase, at };
  if (heard !== undefined) return void heard.push(one);
  const all = [one];
  phrasesHeard.set(tx, all);
  tx.beforeCommit(() => countPhrases(tx, all));
}

async function countPhrases(tx: Transaction, heard: readonly HeardPhrase[]): Promise<void> {
  phrasesHeard.delete(tx);
  const same = [...Map.groupBy(heard, ({ accountId, botId, phrase }) => `${accountId} ${botId} ${phrase}`).values()];
  const last = same.map((all) => all.at(-1) as HeardPhrase);
  await tx.run(SQL.addPhrase, [
    last.map(({ accountId }) => accountId),
    last.map(({ botId }) => botId),
    last.map(({ phrase }) => phrase),
    same.map(({ length }) => length),
    last.map(({ at }) => at),
  ]);
}

/** The same words in the same order are the same phrase. */
export function phraseOf(text: string): string {
  const words =
    text
      .slice(0, 1_000)
      .normalize('NFC')
      .toLowerCase()
      .replaceAll('ё', 'е')
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const phrase = words.map((word) => (/^\d{5,}$/.test(word) ? '#' : word)).join(' ');
  return [...phrase].slice(0, PHRASE_CHARACTERS_MAX).join('');
}

/** The most frequent first. */
export function listPhrases(
  database: Queryable,
  accountId: number,
  botId: number,
  since: Date,
  limit: number,
): Promise<PhraseItem[]> {
  return database.rows<PhraseItem>(SQL.phrases, [accountId, botId, since, limit]);
}

/** Removes what is older than it is kept. True where there may be more. */
export async function forgetTraces(database: Database, now: number): Promise<boolean> {
  await database.run(SQL.forgetPhrases, [new Date(now - KEEP_PHRASES_DAYS * 86_400_000)]);
  return (await database.run(SQL.forget, [new Date(now - KEEP_MS)])) > 0;
}

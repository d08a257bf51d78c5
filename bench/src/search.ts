import { distributionOf } from './distribution.ts';
import { KEY } from './load-world.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const LINES = 1_000_000;
const QUICK_LINES = 20_000;
const LARGE_LINES = 5_000_000;
const DIALOGS = 10_000;
const ROWS_PER_STATEMENT = 100_000;
const SEARCHES = 200;
const WARM_UP = 10;

/** Words as people write them; each line takes some, the rarer the further behind. */
const WORDS =
  'заказ доставка когда можно спасибо адрес курьер оплата пицца завтра сегодня вечером номер ошибка возврат размер цвет магазин скидка чек подскажите пожалуйста привезли холодная соус сдача звонок подъезд домофон перенести отменить';
/** What is searched, by how many lines hold it. */
const QUESTIONS = {
  'in every second line': 'заказы',
  'in few lines': 'домофона',
  'two words': 'холодная пицца',
  'unfinished word': 'достав',
  'one line': 'редкость777',
  nowhere: 'самовар',
} as const;

/** How long a search takes among very many lines, for words that stand in nearly all of them and for those that stand nowhere. */
export async function measureSearch(
  town: Town,
  { isQuick, isLarge, say }: { isQuick: boolean; isLarge: boolean; say(line: string): void },
): Promise<Section> {
  const lines = isLarge ? LARGE_LINES : isQuick ? QUICK_LINES : LINES;
  await town.clear();
  say(`search: writing ${lines} lines`);
  await writeLines(town, lines);
  const rows: Section['rows'][number][] = [];
  for (const [asked, words] of Object.entries(QUESTIONS)) {
    say(`search: ${asked}`);
    const times: number[] = [];
    let found = 0;
    for (let count = -WARM_UP; count < SEARCHES; count += 1) {
      const { tookMs, items } = await search(town, `/v1/search/messages?q=${encodeURIComponent(words)}`);
      found = items;
      if (count >= 0) times.push(tookMs);
    }
    rows.push(rowOf(`words ${asked}`, lines, found, times));
  }
  const times: number[] = [];
  for (let count = 0; count < SEARCHES; count += 1)
    times.push((await search(town, `/v1/search/people?q=${encodeURIComponent(`человек ${count}`)}`)).tookMs);
  rows.push(rowOf('people', lines, 20, times));
  await town.clear();
  return {
    name: 'search',
    rows,
    notes: [
      `${SEARCHES} searches each, one after the other, through the whole API, for the first page of 20; ${lines.toLocaleString('en')} lines in ${DIALOGS.toLocaleString('en')} dialogs of one account.`,
    ],
  };
}

function rowOf(asked: string, lines: number, found: number, times: readonly number[]): Section['rows'][number] {
  const sorted = [...times].sort((a, b) => a - b);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
  const { p50, p99 } = distributionOf(times);
  return { asked, lines, 'on the page': found, 'p50 ms': p50, 'p95 ms': p95, 'p99 ms': p99 };
}

async function search({ api }: Town, path: string): Promise<{ tookMs: number; items: number }> {
  const since = performance.now();
  const response = await fetch(api.url + path, { headers: { authorization: `Key ${KEY}` } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  const { items } = (await response.json()) as { items: unknown[] };
  return { tookMs: performance.now() - since, items: items.length };
}

/** Lines of six to ten words drawn by a fixed seed, the first of the list most often. */
async function writeLines({ database }: Town, lines: number): Promise<void> {
  await database.query(
    `
    with c as (
      insert into contact (account_id, name)
      select (select min(id) from account), 'человек ' || n from generate_series(1, $1) as n
      returning id, account_id
    )
    insert into dialog (account_id, network, group_id, contact_id, last_sequence, last_message_at, created_at)
    select account_id, 'vk', '213243638', id, $2, now(), now() from c`,
    [DIALOGS, Math.ceil(lines / DIALOGS)],
  );
  for (let first = 1; first <= lines; first += ROWS_PER_STATEMENT) {
    await database.query(
      `
      with numbered as (select id, account_id, row_number() over (order by id) as number from dialog),
        words as (select regexp_split_to_array($1, ' ') as list)
      insert into dialog_message (account_id, dialog_id, sequence, direction, source, text, network, created_at)
      select d.account_id, d.id, n / $4 + 1, 'in', 'person',
        (
          select string_agg(list[1 + floor(power((hashint4(n * 16 + k) & 65535) / 65536.0, 2) * array_length(list, 1))::int], ' ')
          from words, generate_series(1, 6 + n % 5) as k
        ) || case when n = 1 then ' редкость777' else '' end,
        'vk', now()
      from generate_series($2::int, $3::int) as n
      join numbered as d on d.number = n % $4 + 1`,
      [WORDS, first, Math.min(lines, first + ROWS_PER_STATEMENT - 1), DIALOGS],
    );
  }
  await database.query('vacuum analyze dialog_message');
  await database.query('analyze contact, dialog');
}

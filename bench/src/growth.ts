import { createHash } from 'node:crypto';
import { type LatencyLoad, timeToNetwork } from './latency.ts';
import { addLoadSenders, GROUPS, KEY, messageJson, setLimits } from './load-world.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const PER_SECOND = 500;
const COUNTS = [1, 10, 100, 1_000] as const;
const LARGE_COUNT = 10_000;
const QUICK_COUNTS = [1, 50] as const;
const NOTE = `An open loop of ${PER_SECOND} single requests a second in all, spread evenly, limits lifted; times count from the moment a request was due. Processor time is the server's, by message.`;

interface Options {
  seconds: number;
  isQuick: boolean;
  isLarge: boolean;
  say(line: string): void;
}

/** The same load to ever more groups. */
export async function measureGroups(town: Town, options: Options): Promise<Section> {
  const rows = [];
  for (const groups of [...countsOf(options), ...(options.isLarge ? [LARGE_COUNT] : [])]) {
    options.say(`groups: ${groups}`);
    await addLoadSenders(town, groups);
    const requestOf = (index: number) => ({ key: KEY, body: `[${messageJson(index, groups)}]` });
    rows.push({ groups, ...(await run(town, options.seconds, requestOf)) });
  }
  return { name: 'groups', rows, notes: [NOTE, 'One account and one upstream; each group is a sender of its own.'] };
}

/** The same load by ever more accounts, each with a key, a sender and a group of its own. */
export async function measureAccounts(town: Town, options: Options): Promise<Section> {
  const rows = [];
  for (const accounts of countsOf(options)) {
    options.say(`accounts: ${accounts}`);
    await addLoadAccounts(town, accounts);
    const requestOf = (index: number) => ({ key: keyOf(index % accounts), body: `[${messageJson(index, accounts)}]` });
    rows.push({ accounts, ...(await run(town, options.seconds, requestOf)) });
  }
  const notes = [
    NOTE,
    'Each account has a key, a template, a sender and a group of its own; all send by one upstream and have no status URL.',
  ];
  return { name: 'accounts', rows, notes };
}

function countsOf({ isQuick }: Options): readonly number[] {
  return isQuick ? QUICK_COUNTS : COUNTS;
}

async function run(town: Town, seconds: number, requestOf: LatencyLoad['requestOf']) {
  await town.clear();
  await setLimits(town, 'lifted'); // after it: clearing puts the simulator's limits back
  const { answer, toNetwork, usage } = await timeToNetwork(town, { perSecond: PER_SECOND, seconds, requestOf });
  await setLimits(town, 'normal');
  return {
    'answer p50 ms': answer.p50,
    'answer p99 ms': answer.p99,
    'to network p50 ms': toNetwork.p50,
    'to network p99 ms': toNetwork.p99,
    'processor µs/message': usage === null ? '-' : (usage.processorMs * 1_000) / answer.count,
    'memory MiB': usage === null ? '-' : usage.memoryMiB,
  };
}

const secretOf = (account: number): string => String(account).padStart(64, '0');
const keyIdOf = (account: number): string => String(account).padStart(16, '0');
/** In the form of server/src/accounts/api-key.ts. */
export const keyOf = (account: number): string => `soroka_${keyIdOf(account)}_${secretOf(account)}`;

/** Those that are there stay. The secret of their callbacks is nobody's: they have no URL to be called at. */
export async function addLoadAccounts({ database }: Town, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, account) => account);
  await database.query(
    `
    with made as (
      insert into account (name, callback_secret)
      select 'Load_' || n, ''::bytea from unnest($1::int[]) as n
      on conflict do nothing
      returning id, substr(name, 6)::int as n
    ), keyed as (
      insert into api_key (id, account_id, name, secret_sha256, scopes)
      select k.id, made.id, 'load', k.secret_sha256, '{send}'
      from made join unnest($1::int[], $2::text[], $3::bytea[]) as k(n, id, secret_sha256) using (n)
    ), written as (
      insert into template (account_id, id, name, text, routes)
      select made.id, t.id, t.name, t.text, t.routes
      from made cross join template as t join account as a on a.id = t.account_id
      where a.name = 'demo' and t.id = 4
      returning account_id
    ), sending as (
      insert into sender (account_id, name) select id, 'Load_' || n from made
      returning id, account_id, name
    ), routed as (
      insert into sender_route (sender_id, account_id, route, provider, connection_id, group_id)
      select s.id, s.account_id, r.route, r.provider, r.connection_id, r.group_id
      from sending as s
      join sender as demo on demo.name = 'Load_' || (substr(s.name, 6)::int % $4)
      join account as a on a.id = demo.account_id and a.name = 'demo'
      join sender_route as r on r.sender_id = demo.id
    )
    insert into template_sender (account_id, template_id, sender_id)
    select sending.account_id, 4, sending.id from sending join written using (account_id)`,
    [numbers, numbers.map(keyIdOf), numbers.map((account) => createHash('sha256').update(secretOf(account)).digest()), GROUPS],
  );
}

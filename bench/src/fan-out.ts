import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { distributionOf } from './distribution.ts';
import { openLoop } from './open-loop.ts';
import type { Section } from './report.ts';
import { createScreens, saidIn } from './screens.ts';
import type { Town } from './town.ts';
import { usageOf, usageSince } from './usage.ts';
import { createVkHook, FIRST_CHAT } from './vk-hook.ts';

const OPERATORS = 1_000;
const OPERATORS_QUICK = 100;
const EVENTS_PER_SECOND = 20;
const CHATS = 100;

/** How soon the last of very many operators of one account hears of what a person said: each of them is an audience of its own. */
export async function measureFanOut(
  town: Town,
  { seconds, isQuick, say }: { seconds: number; isQuick: boolean; say(line: string): void },
): Promise<Section> {
  const count = isQuick ? OPERATORS_QUICK : OPERATORS;
  await town.clear();
  const tokens = await addOperators(town, count);
  const server = await town.startServer('all');
  const hook = createVkHook(server.url, { connections: 4 });
  const saidAt: number[] = [];
  const lastHeardAt: number[] = [];
  const heardAfterMs: number[] = [];
  const authorizations = tokens.map((token) => `Bearer ${token}`);
  const screens = createScreens(server.url, authorizations, (said, at) => {
    heardAfterMs.push(at - (saidAt[said] ?? at));
    lastHeardAt[said] = at; // they come in the order of time
  });
  const run = randomUUID();
  try {
    say(`fanout: opening ${count} sockets`);
    await screens.open();
    const before = await usageOf(server.pid);
    const beganAt = new Date();
    const told = EVENTS_PER_SECOND * seconds;
    say(`fanout: ${EVENTS_PER_SECOND} events a second to each of ${count}`);
    await openLoop({ perSecond: EVENTS_PER_SECOND, seconds }, (index, dueAt) => {
      saidAt[index] = dueAt;
      // Said in group chats, where no bot answers.
      const place = { peerId: FIRST_CHAT + (index % CHATS), fromId: 1 + (index % CHATS) };
      return hook.tell({ eventId: `${run}.${index}`, number: index + 1, text: `said ${index}`, ...place });
    });
    await screens.untilHeard(told);
    const usage = usageSince(before, await usageOf(server.pid));
    const { lost, doubled } = screens.faults(told);
    const toScreen = distributionOf(heardAfterMs);
    const notedAt = await readNoted(town, beganAt);
    const toLast = distributionOf(
      [...notedAt].map(([said, at]) => performance.timeOrigin + (lastHeardAt[said] ?? Infinity) - at),
    );
    return {
      name: 'fanout',
      rows: [
        {
          operators: count,
          'events/s': EVENTS_PER_SECOND,
          'frames heard': toScreen.count,
          'to a screen p50 ms': toScreen.p50,
          'to a screen p99 ms': toScreen.p99,
          'noted to last screen p50 ms': toLast.p50,
          'noted to last screen p99 ms': toLast.p99,
          'server CPU s': usage === null ? '-' : usage.processorMs / 1_000,
          'server MiB': usage?.memoryMiB ?? '-',
          lost,
          doubled,
        },
      ],
      notes: [
        "Operators with sessions of their own: a frame is written for each, where the sockets of one key share one. `to a screen` is from the moment a person's words were due at the webhook until a screen has parsed them.",
        '`noted to last screen` begins with the transaction that writes the line and notes its event, so that its commit is in it, and ends when the last of all operators has it. One process beside the server holds all sockets and parses what comes.',
      ],
      ...(lost + doubled === 0 ? {} : { broken: [`${lost} events were lost and ${doubled} came twice or out of order`] }),
    };
  } finally {
    screens.close();
    hook.close();
    await server.stop();
  }
}

/** Gives the demo's account so many operators who see all of it, each logged in on a phone; the tokens of their sessions. */
async function addOperators({ database }: Town, count: number): Promise<string[]> {
  const run = randomUUID();
  const logins = Array.from({ length: count }, (_, index) => `${run}-${index}`);
  const tokens = logins.map(() => `soroka_session_${randomBytes(32).toString('base64url')}`);
  await database.query(
    `
    with made as (
      insert into operator (account_id, login, name, role, created_at)
      select a.id, login, 'Operator of the load', 'operator', now()
      from account as a, unnest($1::text[]) as l(login) where a.name = 'demo'
      returning id, account_id, login
    )
    insert into operator_session
      (account_id, operator_id, kind, token_sha256, awaits_code, address, created_at, seen_at, expires_at)
    select made.account_id, made.id, 'device', given.sha256, false, '127.0.0.1', now(), now(), now() + interval '1 day'
    from made join unnest($1::text[], $2::bytea[]) as given(login, sha256) using (login)`,
    [logins, tokens.map((token) => createHash('sha256').update(token).digest())],
  );
  return tokens;
}

/** When the transaction of each line began, ms since 1970, by the number in its text. */
async function readNoted({ database }: Town, since: Date): Promise<Map<number, number>> {
  type Row = { createdAt: Date; entries: { kind: string; body: { text?: string } }[] };
  const { rows } = await database.query<Row>(
    'select created_at as "createdAt", entries from event_log where created_at >= $1 order by id',
    [since],
  );
  return new Map(
    rows.flatMap(({ createdAt, entries }) =>
      entries.flatMap((entry) => {
        const said = saidIn(entry);
        return said === null ? [] : [[said, createdAt.getTime()] as const];
      }),
    ),
  );
}

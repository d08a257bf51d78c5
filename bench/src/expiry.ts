import { untilNone } from './dispatch.ts';
import { distributionOf } from './distribution.ts';
import { setLimits } from './load-world.ts';
import { fillQueue, QUEUE_GROUPS } from './queue.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const WAITING = 1_000_000;
const QUICK_WAITING = 20_000;
const PER_SECOND = 20;
/** The server must be at work before the first expires. */
const BEGINS_AFTER_SECONDS = 8;
const TOLD_WITHIN_MS = 1_000;
/** The simulator keeps the newest 20,000 calls to the customer, and those of what is sent come there, too. */
const SECONDS_MAX = 20;

/** How soon customers hear of what expires in the queue while very much waits there. */
export async function measureExpiry(
  town: Town,
  { seconds, isQuick, say }: { seconds: number; isQuick: boolean; say(line: string): void },
): Promise<Section> {
  const waiting = isQuick ? QUICK_WAITING : WAITING;
  const messages = PER_SECOND * Math.min(seconds, SECONDS_MAX);
  await town.clear();
  await setLimits(town, 'normal');
  say(`expiry: putting ${waiting} messages into the queue`);
  await fillQueue(town, waiting + messages, { say });
  const expiresAt = await letLastExpire(town, messages);
  say(`expiry: ${messages} of them expire, ${PER_SECOND} a second`);
  const server = await town.startServer('all');
  const toldAt = new Map<number, number>();
  try {
    const lastAt = Math.max(...expiresAt.values());
    await untilNone(
      town,
      () => {},
      'that have expired and are still there',
      `select count(*)::int as left from delivery where expires_at <= to_timestamp(${lastAt / 1_000})`,
    );
    await untilNone(
      town,
      () => {},
      'callbacks of them to deliver',
      `select count(*)::int as left from callback where body like '%"status":"EXPIRED"%'`,
    );
    type Call = { time: number; body: { messageId: string; status: string }[] };
    for (const { time, body } of (await town.control('/receiver/demo')) as Call[])
      for (const { messageId, status } of body) if (status === 'EXPIRED') toldAt.set(Number(messageId), time);
  } finally {
    await server.stop();
    await town.clear();
  }
  const delays = [...expiresAt].map(([id, at]) => (toldAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
  const { count, p50, p99, max } = distributionOf(delays);
  return {
    name: 'expiry',
    rows: [{ waiting, expired: count, 'told p50 ms': p50, 'told p99 ms': p99, 'told max ms': max }],
    broken:
      max <= TOLD_WITHIN_MS ? [] : [`a customer heard of an end ${Math.round(max)} ms after it, not within ${TOLD_WITHIN_MS}`],
    notes: [
      `The last ones of a queue of ${waiting.toLocaleString('en')} to ${QUEUE_GROUPS} groups end ${PER_SECOND} a second, while a server with every role sends 50 a second to each group. Times are from the end of a message until its EXPIRED came to the customer's endpoint, by one clock.`,
    ],
  };
}

/** The newest of the queue end in turn, from some seconds on: nothing that would have to end so soon is accepted into such a queue. */
async function letLastExpire({ database }: Town, messages: number): Promise<Map<number, number>> {
  const { rows } = await database.query<{ id: string; at: Date }>(
    `
    with last as (
      select id, now() + make_interval(secs => $2 + row_number() over (order by id)::float8 / $3) as at
      from (select id from message order by id desc limit $1) as newest
    ), ended as (
      update message as m set expires_at = last.at from last where m.id = last.id
    )
    update delivery as d set expires_at = last.at from last where d.message_id = last.id
    returning d.message_id as id, d.expires_at as at`,
    [messages, BEGINS_AFTER_SECONDS, PER_SECOND],
  );
  return new Map(rows.map(({ id, at }) => [Number(id), at.getTime()]));
}

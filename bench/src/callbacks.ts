import { untilNone } from './dispatch.ts';
import { type ReceivedPost, startReceivers } from './receivers.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const ENDPOINTS = 1_000;
const CALLBACKS_PER_ENDPOINT = 30;
/** Of one callback, as the contract prints it. */
const STATUS = {
  channel: 'VK',
  messageId: '1000001',
  ts: 1_563_187_862_000,
  status: 'SENT',
  errorCode: 0,
  callbackData: { order: 42 },
};

/** Signed callbacks delivered per second from a full queue to many endpoints. */
export async function measureCallbacks(town: Town, { say }: { say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const form of ['incoming', 'status'] as const) rows.push(await run(town, form, say));
  return {
    name: 'callbacks',
    rows,
    notes: [
      'The callbacks wait in the queue; then a server starts that delivers them and does nothing else. Times are those of the endpoints: from the first POST that came to the last.',
      'Every POST is signed and answered 200 at once; one process plays all endpoints. An incoming message goes alone; statuses of one endpoint that wait together go in one POST.',
    ],
  };
}

async function run(town: Town, form: 'incoming' | 'status', say: (line: string) => void) {
  await town.clear();
  await using receivers = await startReceivers(ENDPOINTS);
  await enqueue(town, form, receivers.origins);
  say(`callbacks: ${ENDPOINTS * CALLBACKS_PER_ENDPOINT} of the form ${form}`);
  const server = await town.startServer('callbacks');
  await untilNone(town, say, 'callbacks to deliver', 'select count(*)::int as left from callback');
  await server.stop();

  const { posts } = receivers;
  const delivered = posts.reduce((sum, { callbacks }) => sum + callbacks, 0);
  if (posts.some(({ isSigned }) => !isSigned)) throw new Error('a callback came without its signature');
  if (delivered < ENDPOINTS * CALLBACKS_PER_ENDPOINT) throw new Error(`only ${delivered} callbacks came to the endpoints`);
  const tookSeconds = ((posts.at(-1) as ReceivedPost).at - (posts[0] as ReceivedPost).at) / 1_000;
  return {
    form,
    endpoints: ENDPOINTS,
    callbacks: delivered,
    POSTs: posts.length,
    'POSTs/s': Math.round(posts.length / tookSeconds),
    'callbacks/s': Math.round(delivered / tookSeconds),
  };
}

/** As server/src/callbacks/enqueue.ts stores them, due now, each with an order key of its own. */
async function enqueue({ database }: Town, form: 'incoming' | 'status', origins: readonly string[]): Promise<void> {
  await database.query(
    `
    with endpoint as (
      insert into callback_endpoint (account_id, origin, created_at)
      select a.id, origin, now() from account as a, unnest($1::text[]) as origin where a.name = 'demo'
      returning id, account_id, origin
    )
    insert into callback (account_id, endpoint_id, form, url, order_key, body, due_at, created_at)
    select account_id, id, $2, origin || '/hook', 'message:' || (id * $3::bigint + n), $4, now(), now()
    from endpoint, generate_series(0, $3::int - 1) as n
    order by n, id`,
    [origins, form, CALLBACKS_PER_ENDPOINT, JSON.stringify(STATUS)],
  );
}

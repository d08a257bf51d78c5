import { distributionOf } from './distribution.ts';
import { type Answer, type ReceivedPost, startReceivers } from './receivers.ts';
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

/** reliability.md 7, promise 10: 1 % of the endpoints never answer, 10 % answer 500. */
const HANGING = 10;
const FAILING = 100;
const STORM: Answers = (endpoint) => (endpoint < HANGING ? null : endpoint < HANGING + FAILING ? 500 : 200);
const CALM: Answers = () => 200;
type Answers = (endpoint: number) => Answer;
const isHealthy = ({ endpoint }: ReceivedPost): boolean => STORM(endpoint) === 200;
const LOOK_EVERY_MS = 250;
const SAY_EVERY_MS = 5_000;

/** Signed callbacks delivered per second from a full queue to many endpoints, also when some hang and some fail. */
export async function measureCallbacks(town: Town, { say }: { say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const [form, endpoints, answers] of [
    ['incoming', 'all answer', CALM],
    ['incoming', '1 % hang, 10 % fail', STORM],
    ['status', 'all answer', CALM],
  ] as const) {
    rows.push({ form, endpoints, ...(await run(town, form, answers, say)) });
  }
  return {
    name: 'callbacks',
    rows,
    notes: [
      'The callbacks wait in the queue; then a server starts that delivers them and does nothing else. Times are those of the endpoints: from the first POST that came.',
      'Every POST is signed; one process plays all 1,000 endpoints. An incoming message goes alone; statuses of one endpoint share POSTs when more than 100 wait there.',
      'The figures are those of the same 890 endpoints in each row, which always answer 200 at once; the others are called beside them. `p99` and `last`: when they had got so many of their callbacks.',
    ],
  };
}

async function run(town: Town, form: 'incoming' | 'status', answers: Answers, say: (line: string) => void) {
  await town.clear();
  await using receivers = await startReceivers(ENDPOINTS, answers);
  await enqueue(town, form, receivers.origins);
  say(`callbacks: ${ENDPOINTS * CALLBACKS_PER_ENDPOINT} of the form ${form}`);
  const server = await town.startServer('callbacks');
  const wanted = (ENDPOINTS - HANGING - FAILING) * CALLBACKS_PER_ENDPOINT;
  const delivered = () => receivers.posts.filter(isHealthy).reduce((sum, { callbacks }) => sum + callbacks, 0);
  let saidMs = performance.now();
  while (delivered() < wanted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (performance.now() - saidMs < SAY_EVERY_MS) continue;
    saidMs = performance.now();
    say(`  ${wanted - delivered()} callbacks to deliver`);
  }
  await server.stop();

  const { posts } = receivers;
  if (posts.some(({ isSigned }) => !isSigned)) throw new Error('a callback came without its signature');
  const startedMs = (posts[0] as ReceivedPost).at;
  const healthy = posts.filter(isHealthy);
  const arrivals = distributionOf(healthy.map(({ at }) => at - startedMs));
  return {
    callbacks: delivered(),
    POSTs: healthy.length,
    'POSTs/s': Math.round((healthy.length * 1_000) / arrivals.max),
    'all POSTs/s': Math.round((posts.filter(({ at }) => at <= startedMs + arrivals.max).length * 1_000) / arrivals.max),
    'p99 s': (arrivals.p99 / 1_000).toFixed(2),
    'last s': (arrivals.max / 1_000).toFixed(2),
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

import { Webhook } from 'standardwebhooks';
import { type Answer, type ReceivedCall, startReceivers } from './receivers.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';

const ENDPOINTS = 1_000;
/** Of each message, in the order in which they have to arrive. */
const STATUSES = ['SENT', 'DELIVERED', 'READ'] as const;
/** reliability.md 7, promise 9: of the receivers 20 % fail. Such a one refuses the first try of every third POST. */
const FAILING_EACH = 5;
const REFUSED_EACH = 3;
const ROWS_PER_INSERT = 30_000;
const LOOK_EVERY_MS = 500;
const SAY_EVERY_MS = 5_000;

/** What the receivers saw. */
interface Witness {
  answer(endpoint: number, call: ReceivedCall): Answer;
  /** Status changes that were taken with 200 at least once. */
  arrived(): number;
  /** Taken more than once: allowed, but seldom. */
  repeated: number;
  refusedPosts: number;
  /** Came while an earlier one of their message had not been taken. */
  outOfOrder: number;
  unverified: number;
}

/** Status changes of many messages to receivers of which some fail: whether each arrives, in the order of its message, with a signature that verifies. */
export async function measureArrival(town: Town, options: { messages: number; say(line: string): void }): Promise<Section> {
  const { messages, say } = options;
  await town.clear();
  const witness = createWitness(messages, new Webhook(await newSecret(town)));
  await using receivers = await startReceivers(ENDPOINTS, witness.answer);
  const changes = messages * STATUSES.length;
  say(`arrival: ${changes} status changes of ${messages} messages`);
  await enqueue(town, messages, receivers.origins);
  const startedMs = performance.now();
  const server = await town.startServer('callbacks');
  let saidMs = startedMs;
  while (witness.arrived() < changes && (await isAnyLeft(town))) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (performance.now() - saidMs < SAY_EVERY_MS) continue;
    saidMs = performance.now();
    say(`  ${changes - witness.arrived()} status changes to arrive`);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await server.stop();
  const row = {
    'status changes': changes,
    arrived: witness.arrived(),
    repeated: witness.repeated,
    POSTs: receivers.posts.length,
    'refused POSTs': witness.refusedPosts,
    'out of order': witness.outOfOrder,
    'not verified': witness.unverified,
    seconds: Math.round(seconds),
  };
  return {
    name: 'arrival',
    rows: [row],
    broken: [
      ...(row.arrived < changes ? [`${changes - row.arrived} status changes did not arrive`] : []),
      ...(row['out of order'] > 0 ? [`${row['out of order']} status changes came before the one ahead of them was taken`] : []),
      ...(row['not verified'] > 0 ? [`${row['not verified']} POSTs could not be verified`] : []),
    ],
    notes: [
      `SENT, DELIVERED and READ of each message wait in the queue, for ${ENDPOINTS} endpoints; a server starts that delivers them and does nothing else. Of the endpoints 20 % fail: they answer 500 to the first try of every third POST.`,
      'Every POST is verified with the package `standardwebhooks`, whether it is taken or refused. Out of order: came before the status ahead of it had been taken.',
    ],
  };
}

function createWitness(messages: number, webhook: Webhook): Witness {
  const taken = new Uint8Array(messages * STATUSES.length);
  const knownPosts = new Set<string>();
  let arrived = 0;
  let posts = 0;
  const verifies = ({ headers, body }: ReceivedCall): boolean => {
    try {
      webhook.verify(body, headers);
      return true;
    } catch {
      return false;
    }
  };
  /** Whether this is a first try that the endpoint refuses. */
  const isRefused = (endpoint: number, webhookId: string): boolean => {
    if (endpoint % FAILING_EACH !== 0 || knownPosts.has(webhookId)) return false;
    knownPosts.add(webhookId);
    posts += 1;
    return posts % REFUSED_EACH === 0;
  };
  const take = ({ messageId, status }: { messageId: string; status: (typeof STATUSES)[number] }): void => {
    const first = Number(messageId) * STATUSES.length;
    const place = first + STATUSES.indexOf(status);
    if (place > first && taken[place - 1] === 0) witness.outOfOrder += 1;
    if (taken[place] === 0) arrived += 1;
    else witness.repeated += 1;
    taken[place] = 1;
  };
  const witness: Witness = {
    ...{ repeated: 0, refusedPosts: 0, outOfOrder: 0, unverified: 0 },
    arrived: () => arrived,
    answer(endpoint, call) {
      if (!verifies(call)) witness.unverified += 1;
      if (isRefused(endpoint, call.headers['webhook-id'] ?? '')) {
        witness.refusedPosts += 1;
        return 500;
      }
      for (const item of JSON.parse(call.body)) take(item);
      return 200;
    },
  };
  return witness;
}

/** The demo account's next signing secret; the one before it signs no more. */
async function newSecret(town: Town): Promise<string> {
  const response = await fetch(`${town.api.url}/v1/account/callback-secret/rotate`, {
    method: 'POST',
    body: JSON.stringify({ keepOldForHours: 0 }),
    headers: { Authorization: 'Key demo', 'Content-Type': 'application/json' },
  });
  if (!response.ok) throw new Error(`no signing secret: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { callbackSecret: string }).callbackSecret;
}

async function isAnyLeft({ database }: Town): Promise<boolean> {
  const { rows } = await database.query(`select from callback where state <> 'parked' limit 1`);
  return rows.length > 0;
}

/** As server/src/callbacks/enqueue.ts stores them, due now; messages are numbered from 0. */
async function enqueue({ database }: Town, messages: number, origins: readonly string[]): Promise<void> {
  await database.query(
    `insert into callback_endpoint (account_id, origin, created_at)
    select a.id, origin, now() from account as a, unnest($1::text[]) as origin where a.name = 'demo'`,
    [origins],
  );
  for (let from = 0; from < messages; from += ROWS_PER_INSERT) {
    await database.query(
      `
      insert into callback (account_id, endpoint_id, form, url, order_key, body, due_at, created_at)
      select account_id, endpoint.id, 'status', origin || '/hook', 'message:' || n,
        json_build_object('channel', 'VK', 'messageId', n::text, 'ts', 1563187862000, 'status', status, 'errorCode', 0), now(), now()
      from generate_series($1::int, $2::int - 1) as n
      join (select *, row_number() over (order by id) - 1 as place from callback_endpoint) as endpoint on place = n % $3
      cross join unnest($4::text[]) with ordinality as s(status, position)
      order by n, position`,
      [from, Math.min(from + ROWS_PER_INSERT, messages), origins.length, STATUSES],
    );
  }
}

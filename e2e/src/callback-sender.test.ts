import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runSoroka } from './command-line.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { type DatabaseLine, openDatabaseLine } from './database-line.ts';
import { eventually, type Json, someone, startTown, type Town } from './town.ts';
import { type Exchange, openWebhookLine, type WebhookLine } from './webhook-line.ts';

// What VK's sender of callbacks hears from our receiver, seen on the line between them.

const GROUP = '213243638';
const SECRET = 'vk-demo-secret';
const MAX_POSTPONED_MS = 3 * 3_600_000;
/** The demo looks at its webhooks every 20 seconds. */
const MADE_AGAIN_WITHIN_MS = 60_000;
const SAID_AGAIN_AFTER_MS = 500;

let database: FreshDatabase;
let databaseLine: DatabaseLine;
let line: WebhookLine;
let town: Town;
beforeAll(async () => {
  database = await freshDatabase();
  databaseLine = await openDatabaseLine(database.url);
  line = await openWebhookLine();
  const env = { DATABASE_URL: databaseLine.url, SOROKA_SECRET_KEY: randomBytes(32).toString('base64') };
  expect(await runSoroka(['migrate'], env)).toMatchObject({ code: 0 });
  town = await startTown({ env: { ...env, SOROKA_PUBLIC_URL: line.url, PORT: String(line.serverPort) } });
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
  await line?.[Symbol.asyncDispose]();
  await databaseLine?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  expect(await town.violations()).toEqual([]);
});

const say = (phone: string, text: string) => town.control(`/people/${phone}/say`, { network: 'vk', text });
const repliesTo = async (phone: string): Promise<string[]> =>
  (await town.inbox(phone)).filter(({ kind }) => kind === 'message').map(({ text }) => text);

/** What passed the line about a message with this text, in its order. */
const triesOf = (text: string): Exchange[] => line.exchanges.filter(({ body }) => JSON.stringify(body).includes(`"${text}"`));
const confirmations = (): Exchange[] => line.exchanges.filter(({ body }) => body['type'] === 'confirmation');
const counters = (text: string) => triesOf(text).map(({ headers }) => headers['x-retry-counter'] ?? null);

/** A dialog is worked off in order: once thanks are answered, all said before has the replies it will ever have. */
async function allReplies(phone: string): Promise<string[]> {
  await say(phone, 'спасибо');
  return eventually(async () => {
    const texts = await repliesTo(phone);
    return texts.at(-1)?.startsWith('Пожалуйста') === true && texts.slice(0, -1);
  }, MADE_AGAIN_WITHIN_MS);
}

async function callVk(method: string, params: Record<string, string> = {}): Promise<unknown> {
  const query = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', group_id: GROUP, ...params });
  const answer = (await (await fetch(`${town.simulator.url}/vk/method/${method}?${query}`)).json()) as Json;
  if (answer['response'] === undefined) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  return answer['response'];
}
const callbackServers = async () =>
  ((await callVk('groups.getCallbackServers')) as { items: { id: number; url: string; title: string }[] }).items;

test('the confirmation carries the secret and is answered with the code of the group, nothing around it', async () => {
  const { code } = (await callVk('groups.getCallbackConfirmationCode')) as { code: string };
  expect(confirmations().at(-1)).toMatchObject({ body: { group_id: Number(GROUP), secret: SECRET }, status: 200, answer: code });
});

test('an event carries the secret and is answered with ok, and only then a reply goes out', async () => {
  const phone = someone(9_700_001);
  await say(phone, 'привет');
  expect(await allReplies(phone)).toEqual([expect.stringMatching(/^Здравствуйте/)]);
  expect(triesOf('привет')).toMatchObject([{ body: { secret: SECRET }, status: 200, answer: 'ok' }]);
  expect(counters('привет')).toEqual([null]);
});

test('an event whose answer was lost comes again with its counter, is answered with ok, and gets one reply', async () => {
  const phone = someone(9_700_002);
  line.befall('answer lost');
  await say(phone, 'Привет!');
  await eventually(() => triesOf('Привет!').length === 2);
  expect(triesOf('Привет!').map(({ status }) => status)).toEqual([0, 200]);
  expect(counters('Привет!')).toEqual([null, '1']);
  expect(await allReplies(phone)).toHaveLength(1);
});

test('while the database is away VK is told when to come again, comes then, and the person gets one reply', async () => {
  const phone = someone(9_700_003);
  await databaseLine.cut();
  await say(phone, 'привет всем');
  const refused = await eventually(() => triesOf('привет всем')[0]);
  await databaseLine.mend();
  expect(refused.status).toBe(503);
  const waitMs = Date.parse(refused.retryAfter ?? '') - Date.now();
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThan(MAX_POSTPONED_MS);
  await eventually(() => triesOf('привет всем').at(-1)?.answer === 'ok');
  expect(counters('привет всем')).toEqual([null, '1']);
  expect(await allReplies(phone)).toHaveLength(1);
});

test('an event that another one overtook is answered as well', async () => {
  const phone = someone(9_700_004);
  line.befall('overtaken');
  await say(phone, 'привет');
  await say(phone, 'меню');
  await eventually(async () => (await repliesTo(phone)).length === 2);
  expect(await allReplies(phone)).toHaveLength(2);
});

test(
  'an event with another secret is refused, and taken once when the secret has been set right',
  async () => {
    const phone = someone(9_700_005);
    const [server] = await callbackServers();
    if (server === undefined) throw new Error('the demo has no callback server');
    const { id, url, title } = server;
    await callVk('groups.editCallbackServer', { server_id: String(id), url, title, secret_key: 'somebody-elses' });
    await say(phone, 'привет ещё раз');
    await eventually(() => triesOf('привет ещё раз').length > 0);
    expect(triesOf('привет ещё раз')[0]).toMatchObject({ status: 403, body: { secret: 'somebody-elses' } });
    expect(await repliesTo(phone)).toEqual([]);
    // The server finds at its next look that the secret is not its own.
    await eventually(() => triesOf('привет ещё раз').at(-1)?.answer === 'ok', MADE_AGAIN_WITHIN_MS);
    expect(await allReplies(phone)).toHaveLength(1);
  },
  2 * MADE_AGAIN_WITHIN_MS,
);

test(
  'a callback server that VK was told to remove is made again, and people are answered again',
  async () => {
    const phone = someone(9_700_006);
    const [removed] = await callbackServers();
    const asked = confirmations().length;
    line.befall('remove');
    await say(phone, 'привет');
    await eventually(() => confirmations().length > asked, MADE_AGAIN_WITHIN_MS);
    const [made, ...others] = await callbackServers();
    expect(others).toEqual([]);
    expect(made).toMatchObject({ url: removed?.url });
    expect(made?.id).not.toBe(removed?.id);
    // What is said before its events are switched on is not told.
    await eventually(async () => {
      await say(phone, 'привет');
      await setTimeout(SAID_AGAIN_AFTER_MS);
      return (await repliesTo(phone)).length > 0;
    });
  },
  2 * MADE_AGAIN_WITHIN_MS,
);

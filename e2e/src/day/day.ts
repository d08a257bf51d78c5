import { eventually, type Program, type Town } from '../town.ts';
import { compareHistories, compareMailing, inParallel } from './agreement.ts';
import { answerQueue } from './desk.ts';
import { gatherAudience, startMailing, untilFinished } from './mailing.ts';
import { visit, visitors } from './people.ts';
import { GROUPS, openShop, type Shop } from './shop.ts';

export interface DaySize {
  visitors: number;
  subscribers: number;
}

/** What came of a day. It was a good one where `differences` is empty. */
export interface DayOutcome {
  differences: readonly string[];
  /** Lines of dialogs that stand the same here and on the phones. */
  lines: number;
  handedOver: number;
  /** Messages to OK that stand twice on a phone, and how many might: those whose call a server died in. */
  doubled: number;
  possibleDoubles: number;
  kills: number;
  seconds: { dialogs: number; mailing: number };
}

const WRITERS_AMONG_SUBSCRIBERS = 40;
const PER_SECOND = 50;
const SLACK_MS = 120_000;

/**
 * People write, press and answer, some are handed over and answered by an operator; then a broadcast goes out. A server is killed in the middle of
 * each. At the end everything that the server tells is compared with what stands on the phones.
 */
export async function playDay(town: Town, size: DaySize, say: (line: string) => void): Promise<DayOutcome> {
  const shop = await openShop(town);
  await untilHeard(town);
  const everybody = visitors(size.visitors);
  await importVisitors(
    shop,
    everybody.map(({ phone }) => phone),
  );
  let [kills, possibleDoubles] = [0, 0];
  const killServer = async (): Promise<void> => {
    const server = town.servers.at(-1) ?? town.server;
    possibleDoubles += await possibleDoublesOf(server);
    await server.end('SIGKILL');
    await town.startServer({ PORT: new URL(server.url).port });
    kills += 1;
  };

  say(`${size.visitors} people write`);
  const dialogsBegan = performance.now();
  let gone = 0;
  let killing: Promise<void> | undefined;
  const answering = answerQueue(shop, () => gone === everybody.length);
  answering.catch(() => {}); // told below
  await inParallel(everybody, async (visitor) => {
    await visit(town, visitor, SLACK_MS);
    gone += 1;
    if (gone > size.visitors / 3) killing ??= killServer();
  });
  await killing;
  const handedOver = await answering;
  const dialogsMs = performance.now() - dialogsBegan;

  say(`${size.subscribers} people are subscribed`);
  const writers = everybody.slice(0, WRITERS_AMONG_SUBSCRIBERS).map(({ phone }) => phone);
  const audience = await gatherAudience(town, shop, size.subscribers, writers);
  const mailingBegan = performance.now();
  const { broadcastId, gets } = await startMailing(shop.program());
  say(`the broadcast goes to ${gets} of them`);
  await eventually(
    async () => (await shop.program().getBroadcastReport({ path: { broadcastId } })).funnel.sent > gets / 4,
    SLACK_MS,
  );
  await killServer();
  await untilFinished(shop, broadcastId, (gets / PER_SECOND) * 2_000 + SLACK_MS);
  const mailingMs = performance.now() - mailingBegan;
  await untilTold(shop, broadcastId);
  possibleDoubles += await possibleDoublesOf(town.servers.at(-1) ?? town.server);

  say('what the server tells is compared with the phones');
  const histories = await compareHistories(town, shop.program(), everybody);
  const differences = [
    ...histories.differences,
    ...(await compareMailing(town, shop.program(), broadcastId, audience)),
    ...(await compareDesk(shop, {
      closed: handedOver,
      bot: everybody.length - handedOver + audience.dialogs,
      queue: 0,
      mine: 0,
    })),
    ...(await town.violations()).map((violation) => `a limit was passed: ${JSON.stringify(violation)}`),
  ];
  if (histories.doubled > possibleDoubles) differences.push(`${histories.doubled} stand twice, ${possibleDoubles} might`);
  const seconds = { dialogs: dialogsMs / 1_000, mailing: mailingMs / 1_000 };
  return { differences, lines: histories.lines, handedOver, doubled: histories.doubled, possibleDoubles, kills, seconds };
}

interface Call {
  network: string;
  method: string;
  status: number;
}

/** Until the networks know where to send events: what is said before that reaches nobody. */
async function untilHeard(town: Town): Promise<void> {
  await eventually(async () => {
    const calls = (await town.control('/calls')) as Call[];
    const isCalled = (network: string, method: string) =>
      calls.some((call) => call.network === network && call.method === method && call.status === 200);
    if (!isCalled('vk', 'groups.setCallbackSettings') || !isCalled('ok', 'me/subscribe')) return false;
    const query = new URLSearchParams({ access_token: 'vk1.demo', v: '5.199', group_id: GROUPS.vk });
    const answer = await fetch(`${town.simulator.url}/vk/method/groups.getCallbackServers?${query}`);
    const { response } = (await answer.json()) as { response: { items: { status: string }[] } };
    return response.items[0]?.status === 'ok';
  });
}

async function importVisitors(shop: Shop, phones: readonly string[]): Promise<void> {
  const rows = phones.map((phone) => {
    const n = Number(phone.slice(4));
    return `${phone},${500_000_000 + n},${580_000_000_000 + n},анкета`;
  });
  const { refused } = await shop.program().importContacts({ body: `phone,vk,ok,consent\n${rows.join('\n')}\n` });
  if (refused > 0) throw new Error(`${refused} visitors could not be imported`);
}

/** Until every status has come: the report counts no more than the networks have told. */
async function untilTold(shop: Shop, broadcastId: number): Promise<void> {
  let last = '';
  await eventually(async () => {
    const report = await shop.program().getBroadcastReport({ path: { broadcastId } });
    const now = JSON.stringify(report.funnel);
    const isStill = now === last && report.funnel.sent === report.given - report.failed;
    last = now;
    return isStill;
  });
}

async function compareDesk(
  shop: Shop,
  expected: { closed: number; bot: number; queue: number; mine: number },
): Promise<string[]> {
  const { closed, bot, queue, mine } = await shop.operator().countDesk();
  const counted = { closed: closed.count, bot: bot.count, queue: queue.count, mine: mine.count };
  return JSON.stringify(counted) === JSON.stringify(expected)
    ? []
    : [`the desk counts ${JSON.stringify(counted)}, and it was ${JSON.stringify(expected)}`];
}

async function possibleDoublesOf(server: Program): Promise<number> {
  const address = /http:\/\/\S+\/metrics/.exec(server.output())?.[0];
  if (address === undefined) throw new Error('the server did not say where its metrics are');
  const lines = (await (await fetch(address)).text()).split('\n');
  const samples = lines.filter((line) => line.startsWith('soroka_orphaned_sends_total{') && line.includes('double="possible"'));
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

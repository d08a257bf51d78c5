import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settleDatabase } from './bare-insert.ts';
import { closedLoop } from './closed-loop.ts';
import { distributionOf } from './distribution.ts';
import { openLoop } from './open-loop.ts';
import { ROOT, startProgram } from './program.ts';
import type { Section } from './report.ts';
import type { Town } from './town.ts';
import { createVkHook, FIRST_CHAT, HOOK_SECRET, type VkHook } from './vk-hook.ts';

const CONNECTIONS = 64;
const OPEN_PER_SECOND = 500;
const CHATS = 1_000;
const VK_IO_BOT = join(ROOT, 'bench/peers/webhook-bot.mjs');

/** A bot at its webhook. */
interface Bot extends AsyncDisposable {
  url: string;
  /** Events that it has on disk; null: it keeps none. */
  kept: (() => Promise<number>) | null;
}

interface Contender {
  bot: string;
  beforeAnswer: string;
  open(town: Town): Promise<Bot>;
}

const CONTENDERS: readonly Contender[] = [
  { bot: 'soroka', beforeAnswer: 'stored', open: openOurs },
  { bot: 'vk-io', beforeAnswer: 'nothing', open: openVkIo },
  { bot: 'vk-io', beforeAnswer: 'one insert', open: openStoringVkIo },
];

interface Times {
  seconds: number;
  warmUpSeconds: number;
}

/** VK events taken per second and how soon each is answered, beside a bot of vk-io that keeps nothing and one that keeps the event. */
export async function measureInbound(town: Town, options: Times & { say(line: string): void }): Promise<Section> {
  const rows = [];
  for (const { bot, beforeAnswer, open } of CONTENDERS) {
    options.say(`inbound: ${bot}, before the answer ${beforeAnswer}`);
    const full = await runClosed(town, open, options);
    const answers = distributionOf(full.durations);
    const paced = distributionOf(await runOpen(town, open, options));
    rows.push({
      bot,
      'before the answer': beforeAnswer,
      'events/s': Math.round(full.perSecond),
      'p50 ms': answers.p50,
      'p99 ms': answers.p99,
      [`p50 ms at ${OPEN_PER_SECOND}/s`]: paced.p50,
      [`p99 ms at ${OPEN_PER_SECOND}/s`]: paced.p99,
    });
  }
  await town.clear();
  return {
    name: 'inbound',
    rows,
    notes: [
      `\`events/s\` with its times is a closed loop of ${CONNECTIONS} connections: each sends again when it was answered. At ${OPEN_PER_SECOND} a second it is an open loop, and times count from the moment an event was due. Every answer was 200 with \`ok\`, and what was answered as stored was counted in the database.`,
      'Soroka has every role and works the events off meanwhile, on the same cores: dialogs of chats, the log for screens, a signed call to the customer for each. Neither vk-io bot does anything with an event.',
      `vk-io ${versionOfVkIo()} as its documents say, one process, a secret, a handler for message_new. Its insert is one row with the event's id as its key; an event that comes twice is one, as with ours.`,
    ],
  };
}

async function runClosed(town: Town, open: Contender['open'], times: Times) {
  await using bot = await open(town);
  const hook = createVkHook(bot.url, { connections: CONNECTIONS });
  const tell = teller(hook);
  try {
    const result = await closedLoop({ workers: CONNECTIONS, ...times }, tell);
    const kept = await bot.kept?.();
    if (kept !== undefined && kept !== result.done)
      throw new Error(`${result.done} events were answered, but ${kept} are stored`);
    return result;
  } finally {
    hook.close();
  }
}

/** How long each answer took from the moment its event was due, ms. */
async function runOpen(town: Town, open: Contender['open'], { seconds, warmUpSeconds }: Times): Promise<number[]> {
  await using bot = await open(town);
  const hook = createVkHook(bot.url, { connections: CONNECTIONS });
  const tell = teller(hook);
  const waits: number[] = [];
  try {
    await openLoop({ perSecond: OPEN_PER_SECOND, seconds: warmUpSeconds }, tell);
    await openLoop({ perSecond: OPEN_PER_SECOND, seconds }, async (_, dueAt) => {
      await tell();
      waits.push(performance.now() - dueAt);
    });
    return waits;
  } finally {
    hook.close();
  }
}

/** Each call tells another event. Said in group chats, where no bot answers: what is measured is the way in. */
function teller(hook: VkHook): () => Promise<void> {
  const run = randomUUID();
  let told = 0;
  return () => {
    const index = told++;
    const place = { peerId: FIRST_CHAT + (index % CHATS), fromId: 1 + (index % CHATS) };
    return hook.tell({ eventId: `${run}.${index}`, number: index + 1, text: 'bench', ...place });
  };
}

async function openOurs(town: Town): Promise<Bot> {
  await town.clear();
  await settleDatabase(town.database);
  const server = await town.startServer('all');
  return { url: server.url, kept: () => countOf(town, 'raw_event'), [Symbol.asyncDispose]: server.stop };
}

async function openVkIo(): Promise<Bot> {
  const { url, stop } = await startProgram([VK_IO_BOT], { WEBHOOK_SECRET: HOOK_SECRET });
  return { url, kept: null, [Symbol.asyncDispose]: stop };
}

async function openStoringVkIo(town: Town): Promise<Bot> {
  await town.clear();
  await town.database.query(`
    drop schema if exists bare cascade;
    create schema bare;
    create table bare.event (event_id text primary key, body jsonb not null, received_at timestamptz not null default now())`);
  await settleDatabase(town.database);
  const { url, stop } = await startProgram([VK_IO_BOT], { WEBHOOK_SECRET: HOOK_SECRET, DATABASE_URL: town.databaseUrl });
  return {
    url,
    kept: () => countOf(town, 'bare.event'),
    async [Symbol.asyncDispose]() {
      await stop();
      await town.database.query('drop schema bare cascade');
    },
  };
}

async function countOf({ database }: Town, table: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? 0;
}

function versionOfVkIo(): string {
  const file = join(ROOT, 'node_modules/vk-io/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

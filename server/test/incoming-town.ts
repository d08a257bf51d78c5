import { randomBytes } from 'node:crypto';
import type { Channel } from '@soroka/channels';
import Fastify from 'fastify';
import { pino } from 'pino';
import { createAudit } from '../src/audit/audit.ts';
import { type Bots, type BotsParts, createBots, parseBot } from '../src/bots/bots.ts';
import { createBroadcasts } from '../src/broadcasts/broadcasts.ts';
import type { NewCallback } from '../src/callbacks/callbacks.ts';
import { createDesk } from '../src/desk/desk.ts';
import { createDialogs, type MessageItem } from '../src/dialogs/dialogs.ts';
import { createEvents } from '../src/events/events.ts';
import { createFiles } from '../src/files/files.ts';
import { createInbox, createRawEvents, type Inbox } from '../src/inbox/inbox.ts';
import { createHealth, createIntake } from '../src/intake/intake.ts';
import { createOperators } from '../src/operators/operators.ts';
import type { Clock } from '../src/platform/clock.ts';
import { systemClock } from '../src/platform/clock.ts';
import type { Database, Queryable, Transaction } from '../src/platform/database.ts';
import { createHttpClient } from '../src/platform/http-client.ts';
import { createSecrets } from '../src/platform/secrets.ts';
import { eventually, startDispatchTown } from './dispatch-town.ts';

const RULES = `rules:
  - {name: greeting, when: [{keywords: [привет]}, {start: true}], reply: {text: Здравствуйте!, buttons: [[{label: Доставка, payload: {command: delivery}}]]}}
  - {name: delivery, when: {payload: {command: delivery}}, reply: За час., notice: Уже едем}`;

export type Hook = 'vk' | 'ok' | 'notify/incoming' | 'notify/statuses';

/**
 * The way in, whole: Fastify on a port of its own, intake, inbox, bots, dialogs and dispatch on a real database, with the
 * networks of `startDispatchTown` on the other side. The inbox runs from the start.
 */
export async function startIncomingTown(
  options: {
    rules?: string;
    okSourceCidrs?: readonly string[];
    trustedProxies?: readonly string[];
    clock?: Clock;
    /** Wraps the database that intake stores into. */
    storeInto?: (database: Database) => Database;
    isInboxStopped?: boolean;
    /** Of the bots; their tasks wait for `startBots`. */
    bots?: Partial<BotsParts>;
  } = {},
) {
  const { clock = systemClock } = options;
  const town = await startDispatchTown({ clock });
  const { database, account, accounts, connections, contacts, connectionIds } = town;
  await accounts.setUrls(account.id, { incomingUrl: 'http://example.org/incoming' });
  const dispatch = town.startDispatch();
  const log = pino({ level: 'silent' });
  // As the file of a server: where nothing is understood it goes on, and people's words stay the only lines.
  const read = parseBot(options.rules ?? RULES, { misunderstoodMax: Number.POSITIVE_INFINITY });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const httpClient = createHttpClient({ allowCidrs: ['127.0.0.0/8'] });
  const files = createFiles({ database, clock, log, bytesMax: 1_000_000 });
  const forwards: NewCallback[] = [];
  const callbacks = {
    enqueue: async (tx: Queryable, items: readonly NewCallback[]) =>
      (tx as Transaction).afterCommit(() => forwards.push(...items)),
    wake: () => {},
  };

  const eventLog = createEvents({ database, clock, log, keepDays: 7 });
  const dialogs = createDialogs({ database, events: eventLog });
  const rawEvents = createRawEvents({ database: options.storeInto?.(database) ?? database, clock });
  const operators = createOperators({
    ...{ database, clock, log, secrets: createSecrets(randomBytes(32)), audit: createAudit({ database, clock }) },
    ...{ publicUrl: () => 'http://127.0.0.1:1', loginApplications: {}, timeoutMs: 2_000 },
    ...{ webSessionLife: { idleMs: 3_600_000, absoluteMs: 3_600_000 }, passwordCost: { logN: 4, r: 8, p: 1 } },
  });
  const desk = createDesk({ database, dialogs, dispatch, events: eventLog, operators, clock, log });
  const makeBots = (more: Partial<BotsParts> = {}): Bots =>
    createBots({
      ...{ database, dispatch, dialogs, connections, contacts, accounts, httpClient, clock, log },
      ...{ turns: desk.hearing, fileBot: read.bot, codeBots: new Map(), ...options.bots, ...more },
    });
  const bots = makeBots();
  const running: Bots[] = [];
  /** One more process that does what bots wait for. */
  const startBots = (more: Partial<BotsParts> = {}): Bots => {
    const started = makeBots(more);
    started.run();
    running.push(started);
    return started;
  };
  /** What the networks can do for the inbox, by the test's own making. */
  const played: Record<'vk' | 'ok' | 'notify', Partial<Channel>> = {
    vk: {},
    ok: {
      chat: async (peerId) => ({
        kind: 'done',
        result: { peerId, isGroupChat: false, title: null, pictureUrl: null, memberIds: [] },
      }),
    },
    notify: {},
  };
  const playedChannel = async (id: number): Promise<Channel> => {
    const [kind] = (Object.keys(played) as (keyof typeof played)[]).filter((name) => connectionIds[name] === id);
    return played[kind as keyof typeof played] as Channel;
  };
  const broadcasts = createBroadcasts({
    ...{ database, clock, log, dispatch, accounts, contacts, files, templates: town.templates },
    connections: { ...connections, channel: playedChannel },
    publicUrl: () => 'https://soroka.example',
  });
  const inboxes: Inbox[] = [];
  /** One more process, as it were, at the same work. */
  const startInbox = (): void => {
    const inbox = createInbox({
      push: { heard: async () => {} },
      ...{ files, httpClient },
      ...{
        database,
        dispatch,
        dialogs,
        bots,
        desk: desk.hearing,
        callbacks,
        contacts,
        broadcasts,
        accounts,
        clock,
        log,
        rawEvents,
      },
      connections: { ...connections, channel: playedChannel },
    });
    inbox.run();
    inboxes.push(inbox);
  };
  if (options.isInboxStopped !== true) startInbox();

  const confirmation = { code: 'c0nf1rm' as string | Error, asked: 0 };
  const channel = {
    async confirmation() {
      confirmation.asked += 1;
      if (confirmation.code instanceof Error) throw confirmation.code;
      return confirmation.code;
    },
  } as Partial<Channel> as Channel;
  const health = createHealth({ database, clock, log });
  const intake = createIntake({
    rawEvents,
    health,
    connections: { ...connections, channel: async () => channel },
    clock,
    log,
    okSourceCidrs: options.okSourceCidrs ?? ['127.0.0.0/8'],
    trustedProxies: options.trustedProxies ?? [],
  });
  const app = Fastify();
  intake.registerIntake(app);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });

  const secretOf = async (kind: 'vk' | 'ok' | 'notify') => connections.credentials(connectionIds[kind]);
  const groupIds = {
    vk: (await connections.get(connectionIds.vk))?.groupId as string,
    ok: (await connections.get(connectionIds.ok))?.groupId as string,
  };
  const { webhookSecret } = await secretOf('vk');
  if (webhookSecret === undefined) throw new Error('the VK connection must have a webhook secret');

  const post = async (hook: Hook, body: string, more: { token?: string; headers?: Record<string, string> } = {}) => {
    const [kind, rest] = hook.split('/') as ['vk' | 'ok' | 'notify', string | undefined];
    const token = more.token ?? (await secretOf(kind)).intakeToken;
    const response = await fetch(`${url}/hooks/${kind}/${token}${rest === undefined ? '' : `/${rest}`}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more.headers },
      body,
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  let events = 0;
  /** A VK message as VK's Callback API sends it. */
  const vkMessage = (text: string, more: Record<string, unknown> = {}, event: Record<string, unknown> = {}): string => {
    events += 1;
    const from = (more['from_id'] as number | undefined) ?? 37_119_444;
    const message = { id: events, date: Math.floor(Date.now() / 1_000), peer_id: from, from_id: from, text, out: 0, ...more };
    return JSON.stringify({
      ...{ type: 'message_new', event_id: `event${events}`, v: '5.199', group_id: Number(groupIds.vk), secret: webhookSecret },
      object: { message, client_info: { keyboard: true } },
      ...event,
    });
  };
  /** Any other event of VK. */
  const vkEvent = (type: string, object: object): string => {
    events += 1;
    const envelope = { type, event_id: `event${events}`, v: '5.199', group_id: Number(groupIds.vk), secret: webhookSecret };
    return JSON.stringify({ ...envelope, object });
  };
  /** An OK message as OK's Graph webhook sends it. */
  const okMessage = (text: string, more: Record<string, unknown> = {}): string => {
    events += 1;
    return JSON.stringify({
      webhookType: 'MESSAGE_CREATED',
      sender: { user_id: 'user:123456789012', name: 'Анна' },
      recipient: { chat_id: 'chat:C3ecb9d02a600' },
      message: { text, mid: `mid:C3ecb9d02a600.${events.toString(16)}` },
      timestamp: Date.now(),
      ...more,
    });
  };

  const counts = {
    name: 'test.unsettled',
    text: "select (select count(*) from raw_event where state = 'waiting') + (select count(*) from dispatch_event) as n",
  };
  const waiting = { name: 'test.follow_up.list', text: 'select kind from follow_up where account_id = $1 order by id' };
  return {
    ...town,
    dispatch,
    dialogs,
    files,
    broadcasts,
    startInbox,
    startBots,
    bots,
    desk,
    operators,
    rawEvents,
    health,
    played,
    forwards,
    confirmation,
    groupIds,
    webhookSecret,
    url,
    post,
    vkMessage,
    vkEvent,
    okMessage,
    /** Stored bodies, newest first. */
    bodies: async (...request: Parameters<typeof rawEvents.list>) => (await rawEvents.list(...request)).items,
    /** What is still to be asked of the networks, by kind. */
    async followUps(): Promise<string[]> {
      const rows = await database.rows<{ kind: string }>(waiting, [account.id]);
      return rows.map(({ kind }) => kind);
    },
    /** Waits until everything that came in has been worked off. */
    settled: () => eventually(async () => (await database.rows<{ n: number }>(counts))[0]?.n === 0),
    /** Of the account's only dialog, or of the one with this group, oldest first. */
    async history(groupId?: string): Promise<MessageItem[]> {
      const { items } = await dialogs.list(account.id, { limit: 100 });
      const found = items.filter((dialog) => groupId === undefined || dialog.groupId === groupId);
      if (found.length !== 1) throw new Error(`${found.length} dialogs`);
      const page = await dialogs.messages(account.id, found[0]?.id as number, { limit: 100 });
      return [...(page?.items ?? [])].reverse();
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await Promise.all(inboxes.map((inbox) => inbox.stop()));
      await Promise.all(running.map((one) => one.stop()));
      await httpClient.close();
      await town[Symbol.asyncDispose]();
      // What a test left waiting must not be found by the next one's inbox, which cannot open this town's secrets.
      await database.run({ name: 'test.raw_event.empty', text: "delete from raw_event where state = 'waiting'" });
      await database.run({ name: 'test.follow_up.empty', text: 'delete from follow_up' });
      await database.run({ name: 'test.dispatch_event.empty', text: 'delete from dispatch_event' });
    },
  };
}

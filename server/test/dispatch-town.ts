import { randomBytes } from 'node:crypto';
import { CAPABILITIES, type Capabilities, type Channel, type Outgoing, type SendOutcome } from '@soroka/channels';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { createAccounts } from '../src/accounts/accounts.ts';
import { type ConnectionSettings, createConnections } from '../src/connections/connections.ts';
import { createContacts } from '../src/contacts/contacts.ts';
import { createDispatch, type Dispatch, type MessageView, type NewNotification } from '../src/dispatch/dispatch.ts';
import { type Clock, systemClock } from '../src/platform/clock.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { createSecrets } from '../src/platform/secrets.ts';
import { createTemplates } from '../src/templates/templates.ts';
import { testDatabase } from './database.ts';
import { createFreezableDatabase, type FreezableDatabase } from './freezable-database.ts';

/** A network in the test's hands: it records what it was given and answers as told. */
export interface ScriptedNetwork {
  readonly calls: { at: number; messages: readonly Outgoing[] }[];
  /** Every message of every call. */
  readonly taken: Outgoing[];
  answer: (message: Outgoing, count: number) => SendOutcome | Promise<SendOutcome>;
  /** What a channel that breaks its contract makes of the outcomes of one call. */
  breakAnswer: (outcomes: SendOutcome[]) => SendOutcome[];
}
type Kind = 'vk' | 'ok' | 'notify';

export interface StatusReport {
  channel: string;
  messageId: string;
  status: string;
  errorCode: number;
}

// Where the scripted networks differ from the table: this upstream drops repeats.
const CAPABILITIES_HERE: Readonly<Partial<Record<Kind, Partial<Capabilities>>>> = { notify: { dropsRepeats: true } };

// One database for the whole test file: a clone takes most of a second. Each town has an account and groups of its own.
let shared: Promise<{ database: Database; drop(): Promise<void> }> | undefined;
let towns = 0;
const openShared = async () => {
  const { url, drop } = await testDatabase();
  const database = openDatabase(url, { connectionsMax: 12 });
  await database.run({ name: 'test.report.table', text: 'create table test_report (id serial, account_id bigint, body text)' });
  return { database, drop };
};
afterAll(async () => {
  const opened = await shared;
  await opened?.database.close();
  await opened?.drop();
});

/**
 * Dispatch on a real database with one account, the senders Group_name (notify) and Community, template 4 and scripted
 * networks: for what dispatch decides. What the networks do is tested in e2e/ on the simulator.
 */
export async function startDispatchTown(
  options: { clock?: Clock; notifySettings?: ConnectionSettings; unknownOutcome?: 'resend' | 'stop'; intent?: string } = {},
) {
  const clock = options.clock ?? systemClock;
  shared ??= openShared();
  const { database } = await shared;
  towns += 1;
  const groupIds = { vk: String(213_243_638 + towns), ok: String(70_000_000_000_001 + towns) };
  const secrets = createSecrets(randomBytes(32));
  const accounts = createAccounts({ database, secrets, clock });
  const connections = createConnections({ database, secrets, publicUrl: () => 'http://127.0.0.1:1', sendTimeoutMs: 2_000 });
  const templates = createTemplates({ database });
  const contacts = createContacts({ database });

  const account = await accounts.create(`shop ${towns}`);
  const add = (kind: Kind, groupId: string | null, settings: ConnectionSettings = {}) =>
    connections.add({
      accountId: account.id,
      kind,
      groupId,
      baseUrl: 'http://127.0.0.1:1',
      credentials: { token: 't', intakeToken: randomBytes(16).toString('hex') },
      receive: 'off',
      settings,
    });
  const vk = await add('vk', groupIds.vk);
  const ok = await add('ok', groupIds.ok);
  const notify = await add('notify', null, options.notifySettings);
  const route = (name: 'VK' | 'OK', provider: 'notify' | 'community', connectionId: number) =>
    ({
      route: name,
      network: name === 'VK' ? 'vk' : 'ok',
      provider,
      connectionId,
      groupId: name === 'VK' ? groupIds.vk : groupIds.ok,
    }) as const;
  const sender = await connections.addSender({
    accountId: account.id,
    name: 'Group_name',
    routes: [route('VK', 'notify', notify.id), route('OK', 'notify', notify.id)],
  });
  const community = await connections.addSender({
    accountId: account.id,
    name: 'Community',
    routes: [route('VK', 'community', vk.id), route('OK', 'community', ok.id)],
  });
  await templates.add({
    accountId: account.id,
    id: 4,
    name: 'base_template',
    text: 'Здравствуйте, {{ name }}!',
    unknownOutcome: options.unknownOutcome ?? 'resend',
    ...(options.intent !== undefined && { intent: options.intent }),
    senderIds: [sender.id, community.id],
  });

  const scripted = (): ScriptedNetwork => ({
    calls: [],
    taken: [],
    answer: (_, count) => ({ kind: 'sent', networkId: `n${count}` }),
    breakAnswer: (outcomes) => outcomes,
  });
  const networks = { vk: scripted(), ok: scripted(), notify: scripted() };
  const channelOf = (kind: Kind, answer?: ScriptedNetwork['answer']): Channel => ({
    kind,
    capabilities: { ...CAPABILITIES[kind], ...CAPABILITIES_HERE[kind] },
    async send(batch) {
      const network = networks[kind];
      network.calls.push({ at: performance.now(), messages: batch });
      const outcomes = batch.map(async (message) => {
        network.taken.push(message);
        return (answer ?? network.answer)(message, network.taken.length);
      });
      return network.breakAnswer(await Promise.all(outcomes));
    },
  });
  const kindOf = new Map<number, Kind>([
    [vk.id, 'vk'],
    [ok.id, 'ok'],
    [notify.id, 'notify'],
  ]);

  const addReport = { name: 'test.report.add', text: 'insert into test_report (account_id, body) values ($1, $2)' };
  const listReports = { name: 'test.report.list', text: 'select body from test_report where account_id = $1 order by id' };
  const countSent = {
    name: 'test.sent.count',
    text: `select count(*)::int as sent from message where account_id = $1 and status = 'SENT'`,
  };
  const running: Dispatch[] = [];
  const frozen: FreezableDatabase[] = [];
  /** One process; `database` is how it sees the database, `answer` how it sees the networks where not as the others do. */
  const startDispatch = (
    more: { laneLeaseMs?: number; database?: Database; answer?: ScriptedNetwork['answer'] } = {},
  ): Dispatch => {
    const dispatch = createDispatch({
      database: more.database ?? database,
      clock,
      log: pino({ level: 'silent' }),
      accounts,
      connections: { ...connections, channel: async (id) => channelOf(kindOf.get(id) as Kind, more.answer) },
      templates,
      contacts,
      callbacks: {
        // In the caller's transaction, as the real one: a report is seen when its change is.
        enqueue: async (tx, callbacks) => {
          for (const { accountId, body } of callbacks) await tx.run(addReport, [accountId, body]);
        },
        wake: () => {},
      },
      sendTimeoutMs: 2_000,
      laneLeaseMs: more.laneLeaseMs ?? 2_000,
      statusPollAfterMs: 60_000,
      random: () => 0.5,
    });
    running.push(dispatch);
    return dispatch;
  };

  const notification = (more: Partial<NewNotification> = {}): NewNotification => ({
    phone: '79999999999',
    service: 'Group_name',
    templateId: 4,
    templateData: { name: 'Анна' },
    templateDataJson: '{"name":"Анна"}',
    deliveryPolicy: 'any',
    ttlSeconds: 3_600,
    statusUrl: 'http://example.org/statuses',
    contentSha256: Buffer.alloc(32),
    ...more,
  });

  return {
    database,
    account,
    accounts,
    connections,
    contacts,
    templates,
    connectionIds: { vk: vk.id, ok: ok.id, notify: notify.id },
    networks,
    /** The callbacks of this town so far. */
    async reports(): Promise<StatusReport[]> {
      const rows = await database.rows<{ body: string }>(listReports, [account.id]);
      return rows.map(({ body }) => JSON.parse(body) as StatusReport);
    },
    /** How many messages of this town were taken by a network. */
    async sentCount(): Promise<number> {
      const [row] = await database.rows<{ sent: number }>(countSent, [account.id]);
      return row?.sent ?? 0;
    },
    notification,
    startDispatch,
    /** A process whose database the test can freeze: killed when it is never let go on, a zombie when it is later. */
    startFreezable(more: { laneLeaseMs?: number; answer?: ScriptedNetwork['answer'] } = {}) {
      const view = createFreezableDatabase(database);
      frozen.push(view);
      return { dispatch: startDispatch({ ...more, database: view }), view };
    },
    /** Accepts one and returns its id; throws what it was refused for. */
    async send(dispatch: Dispatch, more: Partial<NewNotification> = {}): Promise<number> {
      const result = await dispatch.accept(account.id, [notification(more)]);
      const answer = result.kind === 'accepted' ? result.answers[0] : undefined;
      if (answer?.ok !== true) throw new Error(`refused: ${JSON.stringify(answer)}`);
      return answer.messageId;
    },
    async message(dispatch: Dispatch, id: number): Promise<MessageView> {
      const view = await dispatch.get(account.id, id);
      if (view === null) throw new Error(`no message ${id}`);
      return view;
    },
    async [Symbol.asyncDispose]() {
      for (const view of frozen) view.thaw();
      await Promise.all(running.map((dispatch) => dispatch.stop()));
      await connections.close();
      // What a test left waiting must not be found by the next one's dispatch.
      await database.run({ name: 'test.delivery.empty', text: 'delete from delivery' });
    },
  };
}

/** Waits until `look` gives something other than undefined, false or null; fails after `withinMs`. */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  withinMs = 60_000,
): Promise<Exclude<Value, false | null | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value as Exclude<Value, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

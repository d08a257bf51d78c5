import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createAccounts } from './accounts/accounts.ts';
import { createAudit } from './audit/audit.ts';
import { createBots, loadCodeBots, readBotFile } from './bots/bots.ts';
import { createBroadcasts } from './broadcasts/broadcasts.ts';
import { createCallbacks } from './callbacks/callbacks.ts';
import { createConnections } from './connections/connections.ts';
import { createContacts } from './contacts/contacts.ts';
import { DEMO_LOOPBACK_CIDRS, demoKeyAliases, demoLoginApplications, makeDemoWorld } from './demo/demo.ts';
import { createDesk } from './desk/desk.ts';
import { createDialogs } from './dialogs/dialogs.ts';
import { createDispatch, createPurge } from './dispatch/dispatch.ts';
import { examineConnection, isProbe, registerProbe } from './doctor/doctor.ts';
import { createEvents } from './events/events.ts';
import { createFiles } from './files/files.ts';
import { createHttp, createMetricsServer } from './http/http.ts';
import { createInbox, createRawEvents } from './inbox/inbox.ts';
import { createHealth, createIntake, createReception } from './intake/intake.ts';
import { createOAuth } from './oauth/oauth.ts';
import { createOperators, type LoginApplications } from './operators/operators.ts';
import { systemClock as clock } from './platform/clock.ts';
import { type Config, type Role, readSecretKey } from './platform/config.ts';
import { openDatabase } from './platform/database.ts';
import { createHttpClient } from './platform/http-client.ts';
import { migrate, pendingMigrations } from './platform/migrations.ts';
import { startPostgres } from './platform/postgres/postgres.ts';
import { createSecrets } from './platform/secrets.ts';
import { createLogger, type Logger } from './platform/telemetry.ts';
import { createPush, type MobileCredentials } from './push/push.ts';
import { createReplies } from './replies/replies.ts';
import { createSearch } from './search/search.ts';
import { createTemplates } from './templates/templates.ts';

export interface StartOptions {
  /** Only the demo: its world, its key `demo`, and loopback as a network and a customer. */
  demo?: { simulatorUrl: string };
  /** A sentence for the person who waits. */
  onProgress?(sentence: string): void;
}

export interface RunningServer {
  url: string;
  /** Where /metrics is; null when it is off. */
  metricsUrl: string | null;
  /** Stops the newest part first; what was claimed is finished. */
  stop(): Promise<void>;
}

const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
/** How long the demo waits for networks that are away before it goes on without them. */
const HEARD_WITHIN_MS = 5_000;
/** A simulator that was started again has forgotten our webhooks, and whoever tries the demo waits for an answer. */
const DEMO_WEBHOOK_CHECK_MS = 20_000;
const HOUR_MS = 3_600_000;
/** How the parts end, oldest first. */
type Stops = (() => Promise<unknown>)[];

const DEMO_RULES = fileURLToPath(new URL('bots/demo-rules.yaml', import.meta.url));

/** Builds the parts from the configuration and starts those of its roles. Throws with a sentence that says what to do. */
export async function start(config: Config, options: StartOptions = {}): Promise<RunningServer> {
  const stops: Stops = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let part = stops.pop(); part !== undefined; part = stops.pop()) {
      // One that fails must not leave the others running.
      await part().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    return { ...(await build(config, options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(config: Config, options: StartOptions, stops: Stops): Promise<Omit<RunningServer, 'stop'>> {
  const { demo } = options;
  const log = createLogger(config.LOG_LEVEL);
  const has = (role: Role): boolean => config.SOROKA_ROLES.includes(role);

  const secrets = createSecrets(await readSecretKey(config));
  const databaseUrl = await reachDatabase(config, options, log, stops);
  const database = openDatabase(databaseUrl, {
    timeoutMs: config.SOROKA_DATABASE_TIMEOUT_MS,
    onError: (error) => log.warn({ event: 'database_connection_lost', error: error.message }),
  });
  stops.push(() => database.close());

  let publicUrl = config.SOROKA_PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`;
  const connections = createConnections({
    database,
    secrets,
    clock,
    publicUrl: () => publicUrl,
    sendTimeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
    allowShortIntakeTokens: demo !== undefined,
  });
  stops.push(() => connections.close());
  const templates = createTemplates({ database, clock });
  const contacts = createContacts({ database, clock });
  const withoutKeys = createAccounts({ database, secrets, clock });
  const world =
    demo === undefined ? null : await makeDemoWorld({ accounts: withoutKeys, connections, templates, contacts }, demo);
  const accounts =
    world === null ? withoutKeys : createAccounts({ database, secrets, clock, keyAliases: demoKeyAliases(world.accountId) });

  const httpClient = createHttpClient({
    allowCidrs: [...config.SOROKA_CALLBACK_ALLOW_CIDRS, ...(demo === undefined ? [] : DEMO_LOOPBACK_CIDRS)],
  });
  stops.push(() => httpClient.close());
  const callbacks = createCallbacks({
    ...{ database, accounts, httpClient, clock, log },
    timeoutMs: config.SOROKA_CALLBACK_TIMEOUT_MS,
    inFlightPerEndpointMax: config.SOROKA_CALLBACK_CALLS_PER_ENDPOINT,
    inFlightPerAccountMax: config.SOROKA_CALLBACK_CALLS_PER_ACCOUNT,
    inFlightMax: config.SOROKA_CALLBACK_CALLS,
    batchAbove: config.SOROKA_CALLBACK_BATCH_ABOVE === 'off' ? null : config.SOROKA_CALLBACK_BATCH_ABOVE,
    keepDeliveredDays: config.SOROKA_CALLBACK_LOG_DAYS,
  });
  const dispatch = createDispatch({
    database,
    clock,
    log,
    accounts,
    connections,
    templates,
    contacts,
    callbacks,
    sendTimeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
    laneLeaseMs: config.SOROKA_LANE_LEASE_MS,
    statusPollAfterMs: config.SOROKA_STATUS_POLL_AFTER_MS,
    onEvents: () => inbox.wake(),
  });
  const events = createEvents({ database, clock, log, keepDays: config.SOROKA_EVENT_LOG_DAYS });
  const dialogs = createDialogs({ database, events });
  const files = createFiles({ database, clock, log, bytesMax: config.SOROKA_FILE_BYTES_MAX });
  const audit = createAudit({ database, clock });
  const operators = createOperators({
    ...{ database, secrets, clock, log, audit },
    publicUrl: () => publicUrl,
    webSessionLife: { idleMs: config.SOROKA_SESSION_IDLE_HOURS * HOUR_MS, absoluteMs: config.SOROKA_SESSION_DAYS * 24 * HOUR_MS },
    loginApplications: demo === undefined ? loginApplicationsOf(config) : demoLoginApplications(demo.simulatorUrl),
    timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
  });
  const desk = createDesk({ database, dialogs, dispatch, events, operators, clock, log });
  const search = createSearch({ database, clock });
  const push = createPush({
    ...{ database, secrets, clock, log, httpClient },
    publicUrl: () => publicUrl,
    mobile: mobileCredentialsOf(config),
  });
  stops.push(() => push.stop());
  const replies = createReplies({ database, clock, log, dialogs, dispatch, files, connections, events, desk: desk.hearing });
  const rulesFile = config.SOROKA_BOT_RULES ?? (demo === undefined ? undefined : DEMO_RULES);
  const bots = createBots({
    ...{ database, dispatch, dialogs, connections, contacts, accounts, httpClient, clock, log },
    turns: desk.hearing,
    fileBot: rulesFile === undefined ? undefined : readBotFile(rulesFile, log),
    codeBots: await loadCodeBots(config.SOROKA_BOT_MODULES),
  });
  const broadcasts = createBroadcasts({
    ...{ database, clock, log, dispatch, connections, accounts, templates, contacts, files },
    publicUrl: () => publicUrl,
  });
  const rawEvents = createRawEvents({ database, clock });
  const inbox = createInbox({
    database,
    dispatch,
    dialogs,
    bots,
    desk: desk.hearing,
    callbacks,
    connections,
    contacts,
    broadcasts,
    push,
    files,
    httpClient,
    accounts,
    rawEvents,
    clock,
    log,
  });
  const health = createHealth({ database, clock, log });
  const intake = createIntake({
    rawEvents,
    connections,
    health,
    clock,
    log,
    okSourceCidrs: [...config.SOROKA_OK_SOURCE_CIDRS, ...(demo === undefined ? [] : DEMO_LOOPBACK_CIDRS)],
    trustedProxies: config.SOROKA_TRUSTED_PROXIES,
    isProbe: (headers) => isProbe(headers, { secrets, clock }),
  });

  const oauth = createOAuth({
    ...{ database, connections, secrets, clock, log },
    publicUrl: () => publicUrl,
    timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
  });

  let draining = false;
  const http = await createHttp({
    dispatch,
    accounts,
    callbacks,
    connections,
    templates,
    dialogs,
    bots,
    desk,
    replies,
    search,
    push,
    files,
    contacts,
    broadcasts,
    rawEvents,
    events,
    operators,
    audit,
    health,
    connecting: {
      networkUrls:
        demo === undefined
          ? { vk: config.SOROKA_VK_API_URL, ok: config.SOROKA_OK_API_URL }
          : { vk: `${demo.simulatorUrl}/vk`, ok: `${demo.simulatorUrl}/ok` },
      timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
      examine: (connection) => examineConnection({ connections, database, secrets }, connection),
    },
    publicUrl: () => publicUrl,
    httpClient,
    log,
    clock,
    version: VERSION,
    servesApi: has('api'),
    trustedProxies: config.SOROKA_TRUSTED_PROXIES,
    ...(config.SOROKA_KEY_REQUESTS_PER_SECOND === undefined
      ? {}
      : { requestsPerSecondPerKey: config.SOROKA_KEY_REQUESTS_PER_SECOND }),
    registerProbe: (app) => registerProbe(app, { secrets, clock }),
    ...(has('api') ? { oauth: { oauth, publicUrl: () => publicUrl } } : {}),
    ...(has('intake') ? { registerIntake: intake.registerIntake } : {}),
    ...(demo === undefined ? {} : { simulatorUrl: demo.simulatorUrl }),
    isReady: async () => (draining ? 'shutting down' : whyDatabaseIsNotReady(databaseUrl)),
  });
  const host = config.SOROKA_HOST ?? (demo === undefined ? '0.0.0.0' : '127.0.0.1');
  const metrics =
    config.SOROKA_METRICS_PORT === 'off' ? null : await createMetricsServer({ port: config.SOROKA_METRICS_PORT, host });
  if (metrics !== null) stops.push(() => metrics.close());
  stops.push(() => http.close());
  const address = await http.listen({ host, port: config.PORT });
  const port = new URL(address).port;
  publicUrl = config.SOROKA_PUBLIC_URL ?? `http://127.0.0.1:${port}`;

  await events.run({ cleansUp: has('jobs') });
  stops.push(() => events.stop());
  if (has('api')) {
    await desk.presence.run();
    stops.push(() => desk.presence.stop());
  }
  if (has('callbacks')) {
    callbacks.run();
    stops.push(() => callbacks.stop());
  }
  const webhookCheckMs = demo === undefined ? config.SOROKA_WEBHOOK_CHECK_MS : DEMO_WEBHOOK_CHECK_MS;
  const reception = has('intake')
    ? createReception({ database, connections, rawEvents, health, webhookCheckMs, clock, log })
    : null;
  if (reception !== null) {
    reception.run();
    inbox.run();
    bots.run();
    stops.push(
      () => bots.stop(),
      () => inbox.stop(),
      () => reception.stop(),
    );
  }
  if (has('dispatch')) {
    dispatch.run();
    replies.run();
    stops.push(
      () => dispatch.stop(),
      () => replies.stop(),
    );
  }
  if (has('jobs')) {
    const purge = createPurge({ database, clock });
    purge.run();
    files.run();
    push.run();
    broadcasts.run();
    oauth.run();
    desk.run();
    stops.push(
      () => desk.stop(),
      () => oauth.stop(),
      () => purge.stop(),
      () => broadcasts.stopRunning(),
      () => files.stop(),
    );
  }
  stops.push(async () => {
    draining = true; // /readyz fails first, so that a balancer sends no more
  });
  // Whoever tries the demo writes at once, and a network does not send later what came before it knew our address.
  if (demo !== undefined && reception !== null && !(await isDoneWithin(HEARD_WITHIN_MS, reception.heard()))) {
    options.onProgress?.(
      'The networks have not taken our addresses yet: what is written to the bot may stay unanswered for now.',
    );
  }
  log.info({ event: 'server_started', port, metricsPort: metrics?.port ?? 'off', roles: config.SOROKA_ROLES });
  return { url: `http://127.0.0.1:${port}`, metricsUrl: metrics === null ? null : `http://127.0.0.1:${metrics.port}/metrics` };
}

function loginApplicationsOf(config: Config): LoginApplications {
  const { SOROKA_VK_ID_APPLICATION: applicationId, SOROKA_OK_LOGIN_APPLICATION: ok } = config;
  return {
    ...(applicationId === undefined ? {} : { vk: { applicationId, url: config.SOROKA_VK_ID_URL } }),
    ...(ok === undefined ? {} : { ok: { ...ok, url: config.SOROKA_OK_LOGIN_URL, apiUrl: config.SOROKA_OK_API_URL } }),
  };
}

function mobileCredentialsOf(config: Config): MobileCredentials {
  const { SOROKA_PUSH_RUSTORE: rustore, SOROKA_PUSH_FCM: fcm, SOROKA_PUSH_APNS: apns, SOROKA_PUSH_HMS: hms } = config;
  return {
    ...(rustore !== undefined && { rustore: { ...rustore, url: config.SOROKA_PUSH_RUSTORE_URL } }),
    ...(fcm !== undefined && { fcm: { ...fcm, url: config.SOROKA_PUSH_FCM_URL, tokenUrl: config.SOROKA_PUSH_FCM_TOKEN_URL } }),
    ...(apns !== undefined && { apns: { ...apns, url: config.SOROKA_PUSH_APNS_URL } }),
    ...(hms !== undefined && { hms: { ...hms, url: config.SOROKA_PUSH_HMS_URL, tokenUrl: config.SOROKA_PUSH_HMS_TOKEN_URL } }),
  };
}

async function reachDatabase(config: Config, options: StartOptions, log: Logger, stops: Stops): Promise<string> {
  if (config.DATABASE_URL !== undefined) {
    const pending = await pendingMigrations(config.DATABASE_URL);
    if (pending.length > 0) throw new Error(`The database lacks ${pending.length} migrations: run "soroka migrate" first.`);
    return config.DATABASE_URL;
  }
  const postgres = await startPostgres({
    dataFolder: config.SOROKA_DATA,
    log: (event) => log.info(event),
    onProgress: options.onProgress ?? (() => {}),
  });
  stops.push(() => postgres.stop());
  await migrate(postgres.url);
  return postgres.url;
}

async function isDoneWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const isDone = await Promise.race([work.then(() => true), clock.sleep(ms, over.signal).then(() => false)]);
  over.abort();
  return isDone;
}

/** Null when it answers and is current. */
async function whyDatabaseIsNotReady(databaseUrl: string): Promise<string | null> {
  return pendingMigrations(databaseUrl).then(
    (pending) => (pending.length === 0 ? null : `migrations are missing: ${pending.join(', ')}`),
    () => 'the database does not answer',
  );
}

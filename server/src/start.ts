import { readFileSync } from 'node:fs';
import { assemble } from './assemble.ts';
import { examineConnection, registerProbe } from './doctor/doctor.ts';
import { createHttp, createMetricsServer } from './http/http.ts';
import { systemClock as clock } from './platform/clock.ts';
import { type Config, type Role, readSecretKey } from './platform/config.ts';
import { openDatabase } from './platform/database.ts';
import { migrate, pendingMigrations } from './platform/migrations.ts';
import { startPostgres } from './platform/postgres/postgres.ts';
import { createSecrets } from './platform/secrets.ts';
import { createLogger, type Logger } from './platform/telemetry.ts';
import { runRoles } from './run-roles.ts';

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
/** How the parts end, oldest first. */
type Stops = (() => Promise<unknown>)[];

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
  const ground = { database, secrets, log, publicUrl: () => publicUrl, simulatorUrl: demo?.simulatorUrl, stops };
  const parts = await assemble(config, ground);
  const { intake, oauth, ...served } = parts;

  let draining = false;
  const http = await createHttp({
    ...served,
    connecting: {
      networkUrls:
        demo === undefined
          ? { vk: config.SOROKA_VK_API_URL, ok: config.SOROKA_OK_API_URL }
          : { vk: `${demo.simulatorUrl}/vk`, ok: `${demo.simulatorUrl}/ok` },
      timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
      examine: (connection) => examineConnection({ connections: parts.connections, database, secrets }, connection),
    },
    publicUrl: () => publicUrl,
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

  const reception = await runRoles(config, parts, ground);
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

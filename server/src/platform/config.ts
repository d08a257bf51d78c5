import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  secretKey as base64Key,
  cidrList,
  databaseUrl,
  digits,
  integer,
  moduleList,
  okApplication,
  oneOf,
  path,
  type Reader,
  roleList,
  text,
  url,
} from './config-readers.ts';
import { AppError } from './errors.ts';
import { appleKey, googleServiceAccount, hmsApplication, rustoreProject } from './push-readers.ts';

export { ROLES, type Role } from './config-readers.ts';

interface Variable<Value, Default extends string | null> {
  /** How its text becomes a value. */
  read: Reader<Value>;
  /** As it would stand in the environment; null: without one, the value is undefined. */
  default: Default;
  meaning: string;
  /** Never shown, not even where it is wrong. */
  secret?: true;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const PORT_MAX = 65_535;
const HOUR_MS = 3_600_000;
// apiok.ru/dev/graph_api: the addresses that OK sends webhooks from; quoted in seed 000 and unchanged since 2017.
const OK_SOURCES = '217.20.145.192/28,217.20.151.160/28,217.20.153.48/28';

/** Every variable of the environment that we read, in the order of docs/configuration.md, which is made from this. */
export const VARIABLES = {
  DATABASE_URL: variable({
    read: databaseUrl,
    default: null,
    secret: true,
    meaning:
      'Connection string of PostgreSQL 15 or newer. Without it a private PostgreSQL is started in `SOROKA_DATA`, on loopback.',
  }),
  SOROKA_DATABASE_TIMEOUT_MS: variable({
    read: integer({ min: 1_000, max: 600_000 }),
    default: '15000',
    meaning:
      'Milliseconds without an answer of PostgreSQL after which a statement is given up and its connection closed; PostgreSQL ends a statement of ours after as long, and a transaction that stands idle after 4 s.',
  }),
  SOROKA_SECRET_KEY: variable({
    read: base64Key,
    default: null,
    secret: true,
    meaning:
      'Base64 of 32 random bytes (`openssl rand -base64 32`) that seal tokens in the database; whoever loses it enters all tokens anew. Required with `DATABASE_URL`; without, one is made in `SOROKA_DATA/secret.key`.',
  }),
  SOROKA_DATA: variable({
    read: path,
    default: '.soroka',
    meaning: 'Folder of the private PostgreSQL and of the secret key that was made; from the current folder.',
  }),
  SOROKA_HOST: variable({
    read: text(253),
    default: null,
    meaning: 'Address to listen on. Without it every interface (`0.0.0.0`); the demo world listens on `127.0.0.1` alone.',
  }),
  PORT: variable({
    read: integer({ min: 0, max: PORT_MAX }),
    default: '8080',
    meaning: 'Port of the HTTP server; 0 takes a free one.',
  }),
  SOROKA_PUBLIC_URL: variable({
    read: url,
    default: null,
    meaning: 'How the networks and the upstream reach this server, with https in production. Without it `http://127.0.0.1:PORT`.',
  }),
  SOROKA_TRUSTED_PROXIES: variable({
    read: cidrList,
    default: '',
    meaning:
      'Addresses or CIDR ranges of our own reverse proxies, by comma: only they may say in `X-Forwarded-For` where a request comes from.',
  }),
  SOROKA_METRICS_PORT: variable({
    read: oneOf(['off'] as const, integer({ min: 0, max: PORT_MAX })),
    default: '9090',
    meaning: 'Port of `/metrics` for Prometheus; 0 takes a free one, `off` serves none.',
  }),
  LOG_LEVEL: variable({
    read: oneOf(LOG_LEVELS),
    default: 'info',
    meaning: `What is written to standard output, as JSON lines: ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}.`,
  }),
  SOROKA_ROLES: variable({
    read: roleList,
    default: 'api,intake,dispatch,callbacks,jobs',
    meaning:
      'What this process does, by comma: `api` (HTTP of customers), `intake` (webhooks and long polls of the networks), `dispatch` (sending), `callbacks` (calls to customers), `jobs` (clean-up).',
  }),
  SOROKA_KEY_REQUESTS_PER_SECOND: variable({
    read: integer({ min: 1, max: 1_000_000 }),
    default: null,
    meaning:
      'Requests a second that one API key may make to this process; more are answered with `rate.limit`. Without it there is no such limit.',
  }),
  SOROKA_SESSION_IDLE_HOURS: variable({
    read: integer({ min: 1, max: 720 }),
    default: '12',
    meaning: "Hours without a request after which an operator's session in a browser is over.",
  }),
  SOROKA_SESSION_DAYS: variable({
    read: integer({ min: 1, max: 365 }),
    default: '30',
    meaning: "Days after which an operator's session in a browser is over, however much it is used.",
  }),
  SOROKA_VK_ID_APPLICATION: variable({
    read: digits,
    default: null,
    meaning:
      'Id of an application of VK ID, by which operators may log in (docs/operators.md). Its trusted address must be `SOROKA_PUBLIC_URL/v1/login/vk/callback`.',
  }),
  SOROKA_VK_ID_URL: variable({ read: url, default: 'https://id.vk.ru', meaning: 'Root of VK ID.' }),
  SOROKA_OK_LOGIN_APPLICATION: variable({
    read: okApplication,
    default: null,
    secret: true,
    meaning:
      'An application of OK, `id:public key:secret key`, by which operators may log in. It must know the address `SOROKA_PUBLIC_URL/v1/login/ok/callback`.',
  }),
  SOROKA_OK_LOGIN_URL: variable({
    read: url,
    default: 'https://connect.ok.ru',
    meaning: "Root of OK's page of consent, for logging in.",
  }),
  SOROKA_OK_API_URL: variable({
    read: url,
    default: 'https://api.ok.ru',
    meaning: "Root of OK's API, for logging in, and for groups that are connected by the API.",
  }),
  SOROKA_VK_API_URL: variable({
    read: url,
    default: 'https://api.vk.ru',
    meaning: "Root of VK's API, for groups that are connected by the API.",
  }),
  SOROKA_PUSH_RUSTORE: variable({
    read: rustoreProject,
    default: null,
    secret: true,
    meaning: "A project of RuStore's push service, `project id:service token`, by which phones are told (docs/push.md).",
  }),
  SOROKA_PUSH_RUSTORE_URL: variable({
    read: url,
    default: 'https://vkpns.rustore.ru',
    meaning: "Root of RuStore's push service.",
  }),
  SOROKA_PUSH_FCM: variable({
    read: googleServiceAccount,
    default: null,
    secret: true,
    meaning: 'The JSON of the key file of a Google service account that may send by Firebase Cloud Messaging.',
  }),
  SOROKA_PUSH_FCM_URL: variable({
    read: url,
    default: 'https://fcm.googleapis.com',
    meaning: 'Root of Firebase Cloud Messaging.',
  }),
  SOROKA_PUSH_FCM_TOKEN_URL: variable({
    read: url,
    default: 'https://oauth2.googleapis.com/token',
    meaning: 'Where Google gives access tokens to service accounts.',
  }),
  SOROKA_PUSH_APNS: variable({
    read: appleKey,
    default: null,
    secret: true,
    meaning: "A key for Apple's push service, `team id:key id:bundle id:base64 of the .p8 file` (`base64 -w0 AuthKey_….p8`).",
  }),
  SOROKA_PUSH_APNS_URL: variable({
    read: url,
    default: 'https://api.push.apple.com',
    meaning: "Root of Apple's push service; for apps under development `https://api.sandbox.push.apple.com`.",
  }),
  SOROKA_PUSH_HMS: variable({
    read: hmsApplication,
    default: null,
    secret: true,
    meaning: "An application of Huawei's Push Kit, `app id:app secret`.",
  }),
  SOROKA_PUSH_HMS_URL: variable({
    read: url,
    default: 'https://push-api.cloud.huawei.com',
    meaning: "Root of Huawei's Push Kit.",
  }),
  SOROKA_PUSH_HMS_TOKEN_URL: variable({
    read: url,
    default: 'https://oauth-login.cloud.huawei.com/oauth2/v3/token',
    meaning: 'Where Huawei gives access tokens to applications.',
  }),
  SOROKA_SEND_TIMEOUT_MS: variable({
    read: integer({ min: 100, max: 120_000 }),
    default: '10000',
    meaning: 'Milliseconds that a network may take to answer a call; then its outcome is unknown.',
  }),
  SOROKA_LANE_LEASE_MS: variable({
    read: integer({ min: 1_000, max: 60_000 }),
    default: '4500',
    meaning: 'Milliseconds after which the queues of a process that fell silent are taken over by another.',
  }),
  SOROKA_STATUS_POLL_AFTER_MS: variable({
    read: integer({ min: 1_000, max: 24 * HOUR_MS }),
    default: '60000',
    meaning: 'Milliseconds without a callback of the notify upstream after which it is asked for a status.',
  }),
  SOROKA_CALLBACK_TIMEOUT_MS: variable({
    read: integer({ min: 100, max: 120_000 }),
    default: '10000',
    meaning: "Milliseconds that a customer's endpoint may take to answer a callback.",
  }),
  SOROKA_CALLBACK_CALLS_PER_ENDPOINT: variable({
    read: integer({ min: 1, max: 1_000 }),
    default: '8',
    meaning: "Calls that may be under way to one endpoint (a customer's scheme, host and port) by this process.",
  }),
  SOROKA_CALLBACK_CALLS_PER_ACCOUNT: variable({
    read: integer({ min: 1, max: 100_000 }),
    default: '512',
    meaning: 'Calls that may be under way to all endpoints of one account by this process.',
  }),
  SOROKA_CALLBACK_CALLS: variable({
    read: integer({ min: 1, max: 100_000 }),
    default: '1024',
    meaning: 'Calls that may be under way to all endpoints by this process.',
  }),
  SOROKA_CALLBACK_BATCH_ABOVE: variable({
    read: oneOf(['off'] as const, integer({ min: 0, max: 100_000 })),
    default: '100',
    meaning:
      'Statuses that must be due at one endpoint before they go up to 100 in a call; fewer go one by one. `off`: always one by one.',
  }),
  SOROKA_CALLBACK_LOG_DAYS: variable({
    read: integer({ min: 1, max: 365 }),
    default: '7',
    meaning:
      'Days that delivered callbacks and the calls that delivered them are kept. What is parked, and the calls that failed, stay for 30.',
  }),
  SOROKA_EVENT_LOG_DAYS: variable({
    read: integer({ min: 1, max: 365 }),
    default: '7',
    meaning:
      'Days that events are kept for screens that were away (docs/real-time.md); one that was away for longer loads its lists anew.',
  }),
  SOROKA_FILE_BYTES_MAX: variable({
    read: integer({ min: 1_024, max: 200 * 1_024 * 1_024 }),
    default: '26214400',
    meaning: 'Bytes that a file may have, uploaded or sent by a person (docs/files.md). The networks take up to 200 MiB.',
  }),
  SOROKA_CALLBACK_ALLOW_CIDRS: variable({
    read: cidrList,
    default: '',
    meaning:
      'Internal addresses or CIDR ranges that callbacks may go to, by comma. Everything that is not public is refused otherwise (SSRF).',
  }),
  SOROKA_OK_SOURCE_CIDRS: variable({
    read: cidrList,
    default: OK_SOURCES,
    meaning: "Addresses or CIDR ranges, by comma, that OK's webhooks may come from.",
  }),
  SOROKA_WEBHOOK_CHECK_MS: variable({
    read: integer({ min: 1_000, max: HOUR_MS }),
    default: '300000',
    meaning: 'Milliseconds between two looks whether a network still has our webhook; one that it has lost is made again.',
  }),
  SOROKA_BOT_RULES: variable({
    read: path,
    default: null,
    meaning:
      'YAML file with rules and scenarios (docs/bots/bots.md) that answer in all groups which have no bot of their own. Without it none does there.',
  }),
  SOROKA_BOT_MODULES: variable({
    read: moduleList,
    default: '',
    meaning:
      'Bots in code (docs/bots/on-the-server.md): `NAME=./path/to/bot.js` or `NAME=package`, separated by commas; each exports `bot`.',
  }),
  SIMULATOR_PORT: variable({
    read: integer({ min: 0, max: PORT_MAX }),
    default: '8090',
    meaning: 'Port of the simulator of the networks; only the demo world looks for it there.',
  }),
} as const;

/** Values by the names of the environment; a variable without a default may be undefined. */
export type Config = {
  readonly [Name in keyof typeof VARIABLES]: (typeof VARIABLES)[Name] extends Variable<infer Value, infer Default>
    ? Value | (Default extends null ? undefined : never)
    : never;
};

/**
 * Reads and checks the whole configuration, frozen. An empty variable counts as absent. Throws `config.invalid` naming every
 * variable that is wrong, not only the first.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries<Variable<unknown, string | null>>(VARIABLES)) {
    const given = env[name] === '' ? undefined : env[name];
    const source = given ?? definition.default;
    if (source === null) continue;
    const result = definition.read(source);
    if ('value' in result) values[name] = result.value;
    else
      problems.push(
        definition.secret === true ? `${name} must be ${result.expected}` : `${name} must be ${result.expected}, not "${source}"`,
      );
  }
  if (isGiven(env['DATABASE_URL']) && !isGiven(env['SOROKA_SECRET_KEY'])) {
    problems.push('SOROKA_SECRET_KEY must be given with DATABASE_URL (make one with: openssl rand -base64 32)');
  }
  if (problems.length > 0) throw new AppError('config.invalid', problems.join('; '));
  return Object.freeze(values) as Config;
}

const KEY_BYTES = 32;

/**
 * The master key of platform/secrets: the one configured, else that of `SOROKA_DATA/secret.key`, made there on the first
 * local run and readable by this account alone. Two processes that start together get the same one.
 */
export async function readSecretKey(config: Pick<Config, 'SOROKA_SECRET_KEY' | 'SOROKA_DATA'>): Promise<Buffer> {
  if (config.SOROKA_SECRET_KEY !== undefined) return config.SOROKA_SECRET_KEY;
  const file = join(config.SOROKA_DATA, 'secret.key');
  const stored = (await readIfThere(file)) ?? (await makeKey(config.SOROKA_DATA, file));
  const result = base64Key(stored.trim());
  if ('value' in result) return result.value;
  throw new AppError(
    'config.invalid',
    `${file} must hold ${result.expected}; restore it, the sealed tokens cannot be read without it`,
  );
}

async function makeKey(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await handle.sync(); // what is sealed with it soon will be durable: the key must not be less so
  } finally {
    await handle.close();
  }
  // A link appears whole or not at all, and fails where another process was quicker.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
  return readFile(file, 'utf8');
}

async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function variable<Value, Default extends string | null>(definition: Variable<Value, Default>): Variable<Value, Default> {
  return definition;
}

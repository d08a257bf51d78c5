import { randomBytes } from 'node:crypto';
import type { Role } from '@soroka/api';
import type { InjectOptions } from 'fastify';
import { testDatabase } from '../../test/database.ts';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type Accounts, createAccounts } from '../accounts/accounts.ts';
import { type Audit, createAudit } from '../audit/audit.ts';
import { createDesk, type Desk } from '../desk/desk.ts';
import { createDialogs, type Dialogs } from '../dialogs/dialogs.ts';
import { createEvents, type Events } from '../events/events.ts';
import { createOperators, type LoginApplications, type Manager, type Operator, type Operators } from '../operators/operators.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { createLogger } from '../platform/telemetry.ts';
import { type StandAnswer, startStand } from './http-stand.ts';

export const PASSWORD = 'eight brown magpies';
export const COMMAND: Manager = { actor: { kind: 'command' }, role: 'owner' };
const HOUR_MS = 3_600_000;

/** A browser, or an app: keeps its cookies, or its token. */
export interface Client {
  /** `body` goes as JSON, or as the form that it is. */
  call(
    method: InjectOptions['method'],
    url: string,
    body?: object | URLSearchParams,
    headers?: Record<string, string>,
  ): Promise<StandAnswer>;
  /** By the cookie, or by the token where `form` is `token`. */
  login(login: string, options?: { password?: string; form?: 'cookie' | 'token' }): Promise<StandAnswer>;
  cookies: Map<string, string>;
}

/** For tests: operators of real accounts over HTTP, with cheap passwords and a clock that stands still. */
export interface OperatorStand extends AsyncDisposable {
  database: Database;
  clock: ManualClock;
  accounts: Accounts;
  audit: Audit;
  operators: Operators;
  events: Events;
  dialogs: Dialogs;
  /** Without a dispatch: nothing of a bot waits to be sent. */
  desk: Desk;
  newAccount(): Promise<{ id: number; name: string }>;
  /** With `PASSWORD` and a login of its own. */
  newOperator(accountId: number, role: Role, options?: { groups?: readonly string[] }): Promise<Operator & { login: string }>;
  client(options?: { address?: string; userAgent?: string }): Client;
}

/** `publicUrl` is https unless given: the cookie has its name of production. */
export async function startOperatorStand(
  options: { loginApplications?: LoginApplications; publicUrl?: string } = {},
): Promise<OperatorStand> {
  const { loginApplications = {}, publicUrl = 'https://soroka.example' } = options;
  const made = await testDatabase();
  const database = openDatabase(made.url, { connectionsMax: 6 });
  const clock = createManualClock();
  const secrets = createSecrets(randomBytes(32));
  const audit = createAudit({ database, clock });
  const accounts = createAccounts({ database, secrets, clock });
  const operators = createOperators({
    ...{ database, secrets, clock, audit, loginApplications },
    log: createLogger('silent'),
    publicUrl: () => publicUrl,
    webSessionLife: { idleMs: 12 * HOUR_MS, absoluteMs: 30 * 24 * HOUR_MS },
    timeoutMs: 5_000,
    passwordCost: { logN: 4, r: 8, p: 1 },
  });
  const log = createLogger('silent');
  const events = createEvents({ database, clock, log, keepDays: 7 });
  const dialogs = createDialogs({ database, events });
  let accepted = 0;
  const desk = createDesk({
    database,
    dialogs,
    events,
    operators,
    clock,
    log,
    dispatch: { cancelIn: async () => [], acceptReplies: async (_, replies) => replies.map(() => ++accepted) },
  });
  const stand = await startStand({ accounts, operators, audit, dialogs, desk, publicUrl: () => publicUrl });
  let count = 0;

  const client: OperatorStand['client'] = ({ address = '203.0.113.7', userAgent = 'Firefox' } = {}) => {
    const cookies = new Map<string, string>();
    let token: string | null = null;
    const call: Client['call'] = async (method, url, body, headers = {}) => {
      const isForm = body instanceof URLSearchParams;
      const {
        statusCode,
        headers: answered,
        body: text,
      } = await stand.app.inject({
        method: method ?? 'GET',
        url,
        remoteAddress: address,
        headers: {
          host: new URL(publicUrl).host,
          'user-agent': userAgent,
          ...(token === null ? { origin: publicUrl } : { authorization: `Bearer ${token}` }),
          ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(body === undefined ? {} : { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: isForm ? body.toString() : JSON.stringify(body) }),
      });
      for (const line of [answered['set-cookie'] ?? []].flat()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      const parsed = text.startsWith('{') ? JSON.parse(text) : undefined;
      if (typeof parsed?.token === 'string') token = parsed.token;
      return { status: statusCode, headers: answered, text, body: parsed };
    };
    return {
      cookies,
      call,
      login: (login, { password = PASSWORD, form = 'cookie' } = {}) =>
        call('POST', '/v1/login', { login, password, session: form }),
    };
  };

  return {
    database,
    clock,
    accounts,
    audit,
    operators,
    events,
    dialogs,
    desk,
    newAccount: () => accounts.create(`shop ${++count}`),
    async newOperator(accountId, role, { groups = null } = {} as { groups?: readonly string[] }) {
      const login = `person-${++count}`;
      const given = { login, name: `Person ${count}`, role, groups, password: PASSWORD };
      return { ...(await operators.staff.add(accountId, COMMAND, given)), login };
    },
    client,
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
      await database.close();
      await made.drop();
    },
  };
}

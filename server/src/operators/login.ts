import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { sha256 } from '../platform/one-use-secrets.ts';
import { loginEnded } from './events.ts';
import { normalLogin } from './operator.ts';
import type { Passwords } from './passwords.ts';
import type { SecondFactor } from './second-factor.ts';
import type { IssuedSession, Place, SessionCaller, Sessions } from './sessions.ts';
import { type Bound, placeOf, type Throttle } from './throttle.ts';

/** `refused` says nothing of why: a wrong password, an unknown login and a disabled operator look and last alike. */
export type LoginResult =
  | { kind: 'opened'; session: IssuedSession }
  | { kind: 'refused' }
  | { kind: 'throttled'; retryAfterSeconds: number };

export interface Login {
  /** The session awaits a code where the operator has a second factor. */
  withPassword(given: { login: string; password: string }, place: Place): Promise<LoginResult>;
  /** Changes a session that awaits a code for a whole one, with a token of its own. */
  withCode(caller: SessionCaller, code: string, place: Place): Promise<LoginResult>;
  /** Of somebody whom a network has named. Null where the operator may not log in any more. */
  asOperator(operatorId: number, place: Place): Promise<IssuedSession | null>;
  /** Whether it is the operator's password. Throws `rate.limit` where too many were wrong. */
  isPasswordOf(caller: SessionCaller, password: string, place: Place): Promise<boolean>;
}

export interface LoginParts {
  database: Database;
  clock: Clock;
  audit: Audit;
  passwords: Passwords;
  sessions: Sessions;
  secondFactor: SecondFactor;
  throttle: Throttle;
}

interface LoginRow {
  id: number;
  accountId: number;
  login: string;
  password: string;
  hasSecondFactor: boolean;
  isDisabled: boolean;
  isKnownHere: boolean;
}

const ROW = `
  select
    o.id, o.account_id as "accountId", o.login, o.password, o.totp_confirmed as "hasSecondFactor", o.disabled_at is not null as "isDisabled",
    exists (select from operator_address a where a.operator_id = o.id and a.address_sha256 = $2) as "isKnownHere"
  from operator o`;

const SQL = {
  byLogin: { name: 'login_by_login', text: `${ROW} where o.login = $1 and o.password is not null` },
  byId: { name: 'login_by_id', text: `${ROW} where o.id = $1 and o.password is not null` },
  upgrade: { name: 'login_upgrade', text: 'update operator set password = $3 where id = $1 and password = $2' },
  remember: {
    name: 'login_remember_address',
    text: `
      insert into operator_address (operator_id, address_sha256, seen_at) values ($1, $2, $3)
      on conflict (operator_id, address_sha256) do update set seen_at = excluded.seen_at`,
  },
  forgetAddresses: {
    name: 'login_forget_addresses',
    text: 'delete from operator_address where operator_id = $1 and seen_at < $2',
  },
} as const;

const ADDRESS_KEPT_MS = 180 * 86_400_000;
// What no password of ours exceeds by far is not worth hashing.
const PASSWORD_CHARACTERS_MAX = 1_000;

export function createLogin({ database, clock, audit, passwords, sessions, secondFactor, throttle }: LoginParts): Login {
  const addressHash = (address: string): Buffer => sha256(`operator_address ${placeOf(address)}`);
  const boundsOf = (login: string, address: string, isKnownHere: boolean): Bound[] => [
    ['pair', `${login} ${placeOf(address)}`],
    ['address', placeOf(address)],
    ...(isKnownHere ? [] : [['strangers', login] as const]),
  ];

  /** A whole session, or one that awaits the code. */
  const open = async (tx: Queryable, row: LoginRow, place: Place, awaitsCode: boolean): Promise<IssuedSession> => {
    const { id: operatorId, accountId } = row;
    const session = await sessions.open(tx, { accountId, operatorId }, place, { awaitsCode });
    if (awaitsCode) return session;
    const now = clock.now();
    await tx.run(SQL.forgetAddresses, [operatorId, new Date(now - ADDRESS_KEPT_MS)]);
    await tx.run(SQL.remember, [operatorId, addressHash(place.address), new Date(now)]);
    const actor = { kind: 'operator', id: String(operatorId) } as const;
    await audit.note(tx, { accountId, actor, action: 'session.opened', object: `session:${session.id}`, fields: [place.kind] });
    return session;
  };
  const throttled = (retryAfterSeconds: number): LoginResult => {
    loginEnded({ way: 'password', result: 'throttled' });
    return { kind: 'throttled', retryAfterSeconds };
  };

  return {
    async withPassword({ login: given, password }, place) {
      const login = normalLogin(given).slice(0, 200);
      const [row] = await database.rows<LoginRow>(SQL.byLogin, [login, addressHash(place.address)]);
      const bounds = boundsOf(login, place.address, row?.isKnownHere ?? false);
      const retryAfterSeconds = await throttle.take(bounds);
      if (retryAfterSeconds > 0) return throttled(retryAfterSeconds);
      const isRight = await passwords.isRight(password.slice(0, PASSWORD_CHARACTERS_MAX), row?.password ?? null);
      if (row === undefined || !isRight || row.isDisabled) {
        loginEnded({ way: 'password', result: 'refused' });
        return { kind: 'refused' };
      }
      await throttle.giveBack(bounds);
      if (passwords.isOutdated(row.password)) {
        await database.run(SQL.upgrade, [row.id, row.password, await passwords.hash(password)]);
      }
      const session = await database.transaction((tx) => open(tx, row, place, row.hasSecondFactor));
      loginEnded({ way: 'password', result: 'opened' });
      return { kind: 'opened', session };
    },
    async withCode({ accountId, operatorId, sessionId, lacks }, code, place) {
      const [row] = await database.rows<LoginRow>(SQL.byId, [operatorId, addressHash(place.address)]);
      if (row === undefined || lacks !== 'code') return { kind: 'refused' };
      const bounds: Bound[] = [['code', String(operatorId)]];
      const retryAfterSeconds = await throttle.take(bounds);
      if (retryAfterSeconds > 0) return throttled(retryAfterSeconds);
      const session = await database.transaction(async (tx) => {
        const whose = { accountId, operatorId };
        if (!(await secondFactor.use(tx, whose, code))) return null;
        // Gone already where two requests brought the same session.
        if ((await sessions.end(tx, whose, { id: sessionId })) === 0) return null;
        return open(tx, row, place, false);
      });
      loginEnded({ way: 'code', result: session === null ? 'refused' : 'opened' });
      if (session === null) return { kind: 'refused' };
      await throttle.giveBack(bounds);
      return { kind: 'opened', session };
    },
    async asOperator(operatorId, place) {
      const [row] = await database.rows<LoginRow>(SQL.byId, [operatorId, addressHash(place.address)]);
      if (row === undefined || row.isDisabled) return null;
      return database.transaction((tx) => open(tx, row, place, row.hasSecondFactor));
    },
    async isPasswordOf({ operatorId }, password, { address }) {
      const [row] = await database.rows<LoginRow>(SQL.byId, [operatorId, addressHash(address)]);
      if (row === undefined) return false;
      const bounds = boundsOf(row.login, address, true);
      const retryAfterSeconds = await throttle.take(bounds);
      if (retryAfterSeconds > 0) throw new AppError('rate.limit', `too many wrong passwords; wait ${retryAfterSeconds} s`);
      const isRight = await passwords.isRight(password.slice(0, PASSWORD_CHARACTERS_MAX), row.password);
      if (isRight) await throttle.giveBack(bounds);
      return isRight;
    },
  };
}

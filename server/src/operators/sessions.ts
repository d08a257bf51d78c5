import { type Right, type Role, rightsOfRole, seesPhones } from '@soroka/api';
import type { Actor, Audit } from '../audit/audit.ts';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { newSecret, sha256 } from '../platform/one-use-secrets.ts';

export type SessionKind = 'web' | 'device';

/** How long a session lives, in milliseconds. */
export interface SessionLife {
  /** Without a request. */
  idleMs: number;
  /** However much it is used. */
  absoluteMs: number;
}

/** From where somebody logs in. */
export interface Place {
  kind: SessionKind;
  /** As the browser or the app calls itself; null: it does not say. */
  device: string | null;
  address: string;
}

/** Given to the client once; only the hash of the token is stored. */
export interface IssuedSession {
  id: number;
  token: string;
  kind: SessionKind;
  /** Good for giving the second factor, and nothing else. */
  awaitsCode: boolean;
  expiresAt: Date;
}

/** Who makes a request, known by a session. */
export interface SessionCaller {
  sessionId: number;
  accountId: number;
  accountName: string;
  operatorId: number;
  name: string;
  role: Role;
  /** `VK:213243638`; null: all of the account. */
  groups: readonly string[] | null;
  kind: SessionKind;
  rights: ReadonlySet<Right>;
  /** What keeps the session from all rights: a code that is still to come, or a second factor that the account asks for. */
  lacks: 'code' | 'second factor' | null;
}

export interface Session {
  id: number;
  kind: SessionKind;
  device: string | null;
  address: string;
  createdAt: Date;
  seenAt: Date;
  expiresAt: Date;
}

export interface Sessions {
  open(
    tx: Queryable,
    who: { accountId: number; operatorId: number },
    place: Place,
    options?: { awaitsCode: boolean },
  ): Promise<IssuedSession>;
  /** Null where the token is unknown, ended, idle for too long or too old. At most 1 s old. */
  find(token: string, address: string): Promise<SessionCaller | null>;
  /** Newest use first. */
  list(accountId: number, operatorId: number): Promise<readonly Session[]>;
  /** How many were ended: those of `ids`, or all but `except`. Everywhere within a second. */
  end(
    tx: Queryable,
    who: { accountId: number; operatorId: number },
    which: { id: number } | { except: number | null },
  ): Promise<number>;
  /** `end`, by the operator or somebody above: stands in the audit log. */
  logOut(
    who: { accountId: number; operatorId: number },
    actor: Actor,
    which: { id: number } | { except: number | null },
  ): Promise<number>;
  /** After a change of an operator or of the account's policy by this process: seen here at once, elsewhere within a second. */
  refresh(): void;
}

const PREFIX = 'soroka_session_';
const TOKEN = new RegExp(`^${PREFIX}[\\w-]{43}$`);
const FOUND_AGE_MAX_MS = 1_000;
const SEEN_EVERY_MS = 60_000;
const AWAITS_CODE_MS = 600_000;
const DEVICE_CHARACTERS_MAX = 200;
const DAY_MS = 86_400_000;
/** A phone in a pocket keeps its session; it is protected by its own lock. */
const DEVICE_LIFE: SessionLife = { idleMs: 30 * DAY_MS, absoluteMs: 180 * DAY_MS };

interface FoundRow extends Omit<SessionCaller, 'rights' | 'lacks'> {
  awaitsCode: boolean;
  hasSecondFactor: boolean;
  needsSecondFactor: boolean;
  seenAt: Date;
  expiresAt: Date;
}

const SQL = {
  forgetOld: { name: 'operator_session_forget_old', text: 'delete from operator_session where expires_at < $1' },
  open: {
    name: 'operator_session_open',
    text: `
      insert into operator_session
        (account_id, operator_id, kind, token_sha256, awaits_code, device, address, created_at, seen_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
      returning id`,
  },
  find: {
    name: 'operator_session_find',
    text: `
      select
        s.id as "sessionId", s.account_id as "accountId", a.name as "accountName", o.id as "operatorId", o.name, o.role, o.groups, s.kind,
        s.awaits_code as "awaitsCode", o.totp_confirmed as "hasSecondFactor",
        coalesce(p.second_factor_required, false) as "needsSecondFactor", s.seen_at as "seenAt", s.expires_at as "expiresAt"
      from operator_session s
      join operator o on o.id = s.operator_id and o.disabled_at is null and o.removed_at is null
      join account a on a.id = s.account_id
      left join operator_policy p on p.account_id = s.account_id
      where s.token_sha256 = $1`,
  },
  seen: {
    name: 'operator_session_seen',
    text: 'update operator_session set seen_at = $2, address = $3 where id = $1 and seen_at < $2',
  },
  list: {
    name: 'operator_session_list',
    text: `
      select id, kind, device, address, created_at as "createdAt", seen_at as "seenAt", expires_at as "expiresAt"
      from operator_session
      where account_id = $1 and operator_id = $2 and expires_at > $3 and not awaits_code
      order by seen_at desc, id desc`,
  },
  end: {
    name: 'operator_session_end',
    text: 'delete from operator_session where account_id = $1 and operator_id = $2 and id = $3',
  },
  endOthers: {
    name: 'operator_session_end_others',
    text: 'delete from operator_session where account_id = $1 and operator_id = $2 and id is distinct from $3',
  },
} as const;

export interface SessionsParts {
  database: Database;
  clock: Clock;
  audit: Audit;
  /** Of sessions in browsers. */
  web: SessionLife;
}

export function createSessions({ database, clock, audit, web }: SessionsParts): Sessions {
  const lives: Readonly<Record<SessionKind, SessionLife>> = { web, device: DEVICE_LIFE };
  const found = createAgedCache<FoundRow>({ clock, maxAgeMs: FOUND_AGE_MAX_MS });
  const isIdle = ({ kind, seenAt }: Pick<FoundRow, 'kind' | 'seenAt'>): boolean =>
    clock.now() - seenAt.getTime() >= lives[kind].idleMs;
  const end: Sessions['end'] = async (tx, { accountId, operatorId }, which) => {
    const [statement, id] = 'id' in which ? [SQL.end, which.id] : [SQL.endOthers, which.except];
    const ended = await tx.run(statement, [accountId, operatorId, id]);
    found.clear();
    return ended;
  };
  return {
    async open(tx, { accountId, operatorId }, { kind, device, address }, { awaitsCode } = { awaitsCode: false }) {
      const now = clock.now();
      await tx.run(SQL.forgetOld, [new Date(now)]);
      const token = PREFIX + newSecret();
      const expiresAt = new Date(now + (awaitsCode ? AWAITS_CODE_MS : lives[kind].absoluteMs));
      const named = device?.slice(0, DEVICE_CHARACTERS_MAX) ?? null;
      const values = [accountId, operatorId, kind, sha256(token), awaitsCode, named, address, new Date(now), expiresAt];
      const [row] = await tx.rows<{ id: number }>(SQL.open, values);
      return { id: (row as { id: number }).id, token, kind, awaitsCode, expiresAt };
    },
    async find(token, address) {
      if (!TOKEN.test(token)) return null;
      const hash = sha256(token);
      const row = await found.get(
        hash.toString('base64'),
        async () => (await database.rows<FoundRow>(SQL.find, [hash]))[0] ?? null,
      );
      const now = clock.now();
      if (row === null || row.expiresAt.getTime() <= now || isIdle(row)) return null;
      if (now - row.seenAt.getTime() >= SEEN_EVERY_MS) {
        row.seenAt = new Date(now); // also for those who share this row: one of them tells the database
        await database.run(SQL.seen, [row.sessionId, row.seenAt, address]);
      }
      return callerOf(row);
    },
    async list(accountId, operatorId) {
      const rows = await database.rows<Session>(SQL.list, [accountId, operatorId, new Date(clock.now())]);
      return rows.filter((row) => !isIdle(row));
    },
    end,
    async logOut(who, actor, which) {
      return database.transaction(async (tx) => {
        const ended = await end(tx, who, which);
        const object = 'id' in which ? `session:${which.id}` : `operator:${who.operatorId}`;
        if (ended > 0) await audit.note(tx, { accountId: who.accountId, actor, action: 'session.ended', object });
        return ended;
      });
    },
    refresh: () => found.clear(),
  };
}

const NO_RIGHTS: ReadonlySet<Right> = new Set();
const ONLY_SELF: ReadonlySet<Right> = new Set(['self']);

function callerOf({ awaitsCode, hasSecondFactor, needsSecondFactor, seenAt: _, expiresAt: __, ...row }: FoundRow): SessionCaller {
  if (awaitsCode) return { ...row, rights: NO_RIGHTS, lacks: 'code' };
  if (needsSecondFactor && !hasSecondFactor && seesPhones(row.role)) return { ...row, rights: ONLY_SELF, lacks: 'second factor' };
  return { ...row, rights: rightsOfRole(row.role, { isLimited: row.groups !== null }), lacks: null };
}

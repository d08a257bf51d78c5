import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { newSecret, sha256 } from '../platform/one-use-secrets.ts';
import { loginEnded } from './events.ts';
import type { IssuedSession, Place, Sessions } from './sessions.ts';

/** A phone that is being let in by a QR code. */
export interface Pairing {
  id: number;
  state: 'waiting' | 'redeemed' | 'expired';
  /** Of the phone, once it has redeemed the code; null again when the phone was logged out. */
  sessionId: number | null;
  expiresAt: Date;
}

interface Whose {
  accountId: number;
  operatorId: number;
}

export interface Pairings {
  /** `url` is what the QR code holds: the address of this server and a code that works once, for two minutes. */
  add(whose: Whose): Promise<{ id: number; url: string; expiresAt: Date }>;
  /** Null where the operator has no such pairing, or it was over a day ago. */
  get(whose: Whose, id: number): Promise<Pairing | null>;
  /** The phone's own session. Throws `link.dead`. */
  redeem(code: string, place: Omit<Place, 'kind'>): Promise<IssuedSession>;
}

const LIFE_MS = 120_000;
const KEPT_MS = 86_400_000;

const SQL = {
  forgetOld: { name: 'operator_pairing_forget_old', text: 'delete from operator_pairing where expires_at < $1' },
  add: {
    name: 'operator_pairing_add',
    text: 'insert into operator_pairing (account_id, operator_id, code_sha256, expires_at) values ($1, $2, $3, $4) returning id',
  },
  get: {
    name: 'operator_pairing_get',
    text: `
      select id, redeemed_at as "redeemedAt", session_id as "sessionId", expires_at as "expiresAt"
      from operator_pairing
      where account_id = $1 and operator_id = $2 and id = $3`,
  },
  redeem: {
    name: 'operator_pairing_redeem',
    text: `
      update operator_pairing p set redeemed_at = $2
      from operator o
      where p.code_sha256 = $1 and p.redeemed_at is null and p.expires_at > $2
        and o.id = p.operator_id and o.disabled_at is null and o.removed_at is null
      returning p.id, p.account_id as "accountId", p.operator_id as "operatorId"`,
  },
  keepSession: { name: 'operator_pairing_session', text: 'update operator_pairing set session_id = $2 where id = $1' },
} as const;

export interface PairingsParts {
  database: Database;
  clock: Clock;
  audit: Audit;
  sessions: Sessions;
  /** How phones reach this server. */
  publicUrl: () => string;
}

export function createPairings({ database, clock, audit, sessions, publicUrl }: PairingsParts): Pairings {
  const now = (): Date => new Date(clock.now());
  return {
    async add({ accountId, operatorId }) {
      await database.run(SQL.forgetOld, [new Date(clock.now() - KEPT_MS)]);
      const [code, expiresAt] = [newSecret(), new Date(clock.now() + LIFE_MS)];
      const [row] = await database.rows<{ id: number }>(SQL.add, [accountId, operatorId, sha256(code), expiresAt]);
      const { id } = row as { id: number };
      return { id, url: `${publicUrl()}/m/#pairing=${code}`, expiresAt };
    },
    async get({ accountId, operatorId }, id) {
      const [row] = await database.rows<Omit<Pairing, 'state'> & { redeemedAt: Date | null }>(SQL.get, [
        accountId,
        operatorId,
        id,
      ]);
      if (row === undefined) return null;
      const { redeemedAt, sessionId, expiresAt } = row;
      const state = redeemedAt !== null ? 'redeemed' : expiresAt > now() ? 'waiting' : 'expired';
      return { id, state, sessionId, expiresAt };
    },
    async redeem(code, place) {
      const session = await database.transaction(async (tx) => {
        const [row] = await tx.rows<Whose & { id: number }>(SQL.redeem, [sha256(code), now()]);
        if (row === undefined) return null;
        const { id, ...whose } = row;
        const opened = await sessions.open(tx, whose, { ...place, kind: 'device' });
        await tx.run(SQL.keepSession, [id, opened.id]);
        const actor = { kind: 'operator', id: String(whose.operatorId) } as const;
        const object = `session:${opened.id}`;
        await audit.note(tx, { accountId: whose.accountId, actor, action: 'session.paired', object, fields: ['device'] });
        return opened;
      });
      loginEnded({ way: 'pairing', result: session === null ? 'refused' : 'opened' });
      if (session !== null) return session;
      throw new AppError('link.dead', 'this code was used, or is older than two minutes: show a new one', { field: 'code' });
    },
  };
}

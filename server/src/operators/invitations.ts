import { mayManage, type Role } from '@soroka/api';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { newSecret, sha256 } from '../platform/one-use-secrets.ts';
import { loginEnded } from './events.ts';
import { checkedGroups, checkedLogin, checkPassword, type Manager } from './operator.ts';
import type { Passwords } from './passwords.ts';
import type { IssuedSession, Place, Sessions } from './sessions.ts';
import type { Staff } from './staff.ts';

/** Somebody who was asked to join and has not yet. */
export interface Invitation {
  id: number;
  login: string;
  role: Role;
  groups: readonly string[] | null;
  createdAt: Date;
  expiresAt: Date;
}

export interface Invitations {
  /** The link works once, for seven days. Throws `login.taken`, `role.too.high`, `parameter.invalid`. */
  add(
    accountId: number,
    manager: Manager,
    given: { login: string; role: Role; groups?: readonly string[] | null },
  ): Promise<Invitation & { url: string }>;
  /** That wait, newest first. */
  list(accountId: number): Promise<readonly Invitation[]>;
  /** Throws `not.found`. */
  remove(accountId: number, manager: Manager, id: number): Promise<void>;
  /** Makes the operator and logs in. Throws `link.dead`, `login.taken`, `parameter.invalid`. */
  accept(given: { code: string; name: string; password: string }, place: Place): Promise<IssuedSession>;
}

const LIFE_MS = 7 * 86_400_000;

const COLUMNS = 'id, login, role, groups, created_at as "createdAt", expires_at as "expiresAt"';
const SQL = {
  forgetOld: { name: 'operator_invitation_forget_old', text: 'delete from operator_invitation where expires_at < $1' },
  isTaken: { name: 'operator_invitation_is_taken', text: 'select from operator where login = $1' },
  add: {
    name: 'operator_invitation_add',
    text: `
      insert into operator_invitation (account_id, login, role, groups, code_sha256, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      returning ${COLUMNS}`,
  },
  list: {
    name: 'operator_invitation_list',
    text: `select ${COLUMNS} from operator_invitation where account_id = $1 and expires_at > $2 order by id desc`,
  },
  remove: { name: 'operator_invitation_remove', text: 'delete from operator_invitation where account_id = $1 and id = $2' },
  look: {
    name: 'operator_invitation_look',
    text: `select ${COLUMNS}, account_id as "accountId" from operator_invitation where code_sha256 = $1 and expires_at > $2`,
  },
  take: { name: 'operator_invitation_take', text: 'delete from operator_invitation where id = $1' },
} as const;

export interface InvitationsParts {
  database: Database;
  clock: Clock;
  audit: Audit;
  passwords: Passwords;
  sessions: Sessions;
  staff: Staff;
  /** How browsers reach this server. */
  publicUrl: () => string;
}

export function createInvitations({
  database,
  clock,
  audit,
  passwords,
  sessions,
  staff,
  publicUrl,
}: InvitationsParts): Invitations {
  const now = (): Date => new Date(clock.now());
  return {
    async add(accountId, { actor, role: above }, { role, ...given }) {
      if (!mayManage(above, role)) throw new AppError('role.too.high', `the role ${role} stands above yours`);
      const [login, groups] = [checkedLogin(given.login), checkedGroups(given.groups ?? null)];
      const code = newSecret();
      const invitation = await database.transaction(async (tx) => {
        await tx.run(SQL.forgetOld, [now()]);
        if ((await tx.rows(SQL.isTaken, [login])).length > 0)
          throw new AppError('login.taken', 'another operator has this login', { field: 'login' });
        const expiresAt = new Date(clock.now() + LIFE_MS);
        const [row] = await tx.rows<Invitation>(SQL.add, [accountId, login, role, groups, sha256(code), now(), expiresAt]);
        const made = row as Invitation;
        await audit.note(tx, { accountId, actor, action: 'invitation.added', object: `invitation:${made.id}`, fields: ['role'] });
        return made;
      });
      // Behind the #: it is in no log of a proxy and in no Referer.
      return { ...invitation, url: `${publicUrl()}/console/#invitation=${code}` };
    },
    list: (accountId) => database.rows<Invitation>(SQL.list, [accountId, now()]),
    async remove(accountId, { actor }, id) {
      await database.transaction(async (tx) => {
        if ((await tx.run(SQL.remove, [accountId, id])) === 0)
          throw new AppError('not.found', 'this account has no such invitation');
        await audit.note(tx, { accountId, actor, action: 'invitation.removed', object: `invitation:${id}` });
      });
    },
    async accept({ code, name, password }, place) {
      const [found] = await database.rows<Invitation & { accountId: number }>(SQL.look, [sha256(code), now()]);
      if (found === undefined) {
        loginEnded({ way: 'invitation', result: 'refused' });
        throw new AppError('link.dead', 'this invitation was accepted, withdrawn, or is older than seven days', {
          field: 'code',
        });
      }
      const { id, accountId, login, role, groups } = found;
      checkPassword(password, login);
      const passwordHash = await passwords.hash(password);
      const session = await database.transaction(async (tx) => {
        if ((await tx.run(SQL.take, [id])) === 0) throw new AppError('link.dead', 'this invitation was accepted a moment ago');
        // Whoever invited had the right to; the one who accepts appoints nobody.
        const manager: Manager = { actor: { kind: 'nobody' }, role };
        const operator = await staff.insert(tx, accountId, manager, { login, name, role, groups, passwordHash });
        return sessions.open(tx, { accountId, operatorId: operator.id }, place);
      });
      loginEnded({ way: 'invitation', result: 'opened' });
      return session;
    },
  };
}

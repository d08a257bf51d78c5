import { randomBytes } from 'node:crypto';
import { mayManage, type Role } from '@soroka/api';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import {
  type Availability,
  checkedGroups,
  checkedLogin,
  checkedName,
  checkPassword,
  type Manager,
  type Operator,
  refused,
} from './operator.ts';
import type { Passwords } from './passwords.ts';
import type { Sessions } from './sessions.ts';

export interface NewOperator {
  login: string;
  name: string;
  role: Role;
  groups?: readonly string[] | null;
  capacity?: number | null;
}

/** What may be changed of an operator; absent fields stay. */
export interface OperatorChange {
  name?: string;
  role?: Role;
  groups?: readonly string[] | null;
  capacity?: number | null;
  availability?: Availability;
  availabilityComment?: string | null;
  isDisabled?: boolean;
}

/** The operators of accounts. Every change stands in the audit log. */
export interface Staff {
  /** Throws `login.taken`, `role.too.high`, `parameter.invalid`. */
  add(accountId: number, manager: Manager, operator: NewOperator & { password: string }): Promise<Operator>;
  /** As `add`, in the transaction of a bigger change, with a hashed password. */
  insert(tx: Queryable, accountId: number, manager: Manager, operator: NewOperator & { passwordHash: string }): Promise<Operator>;
  /** All that were not removed, by name. */
  list(accountId: number): Promise<readonly Operator[]>;
  /** Null where the account has none such, or it was removed. */
  get(accountId: number, id: number): Promise<Operator | null>;
  byLogin(login: string): Promise<Operator | null>;
  /** Of one operator. Who is disabled is logged out. Throws `not.found`, `role.too.high`, `last.owner`, `parameter.invalid`. */
  change(accountId: number, manager: Manager, id: number, change: OperatorChange): Promise<Operator>;
  /** Logs out and takes the login away; the name stays with what was written. Throws as `change`. */
  remove(accountId: number, manager: Manager, id: number): Promise<void>;
  /** A new password; all sessions but `keepSessionId` end. Throws `not.found`, `role.too.high`, `parameter.invalid` with the field. */
  setPassword(
    accountId: number,
    manager: Manager,
    id: number,
    given: { password: string; field?: string; keepSessionId?: number },
  ): Promise<void>;
  /** Whether roles that see phones need a second factor. */
  policy(accountId: number): Promise<{ secondFactorRequired: boolean }>;
  setPolicy(accountId: number, manager: Manager, policy: { secondFactorRequired: boolean }): Promise<void>;
}

export interface StaffParts {
  database: Database;
  clock: Clock;
  audit: Audit;
  passwords: Passwords;
  sessions: Sessions;
}

const COLUMNS = `
  id, account_id as "accountId", login, name, role, groups, availability, availability_comment as "availabilityComment", capacity,
  totp_confirmed as "hasSecondFactor", disabled_at as "disabledAt", created_at as "createdAt"`;

const SQL = {
  add: {
    name: 'operator_add',
    text: `
      insert into operator (account_id, login, name, role, groups, capacity, password, created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (login) do nothing
      returning ${COLUMNS}`,
  },
  list: {
    name: 'operator_list',
    text: `select ${COLUMNS} from operator where account_id = $1 and removed_at is null order by lower(name), id`,
  },
  get: { name: 'operator_get', text: `select ${COLUMNS} from operator where account_id = $1 and id = $2 and removed_at is null` },
  byLogin: { name: 'operator_by_login', text: `select ${COLUMNS} from operator where login = $1` },
  // All owners of the account, so that two who step down at once do not both count on the other.
  lock: {
    name: 'operator_lock',
    text: `
      select ${COLUMNS} from operator
      where account_id = $1 and removed_at is null and (id = $2 or role = 'owner')
      order by id
      for update`,
  },
  change: {
    name: 'operator_change',
    text: `
      update operator
      set name = $3, role = $4, groups = $5, capacity = $6, availability = $7, availability_comment = $8, disabled_at = $9
      where account_id = $1 and id = $2
      returning ${COLUMNS}`,
  },
  remove: {
    name: 'operator_remove',
    text: `
      update operator
      set removed_at = $3, login = null, password = null, totp_secret = null, totp_confirmed = false, availability = 'offline'
      where account_id = $1 and id = $2`,
  },
  forget: {
    name: 'operator_forget',
    text: `
      with teams as (delete from team_member where account_id = $1 and operator_id = $2),
        codes as (delete from operator_recovery_code where operator_id = $2),
        places as (delete from operator_address where operator_id = $2),
        pairings as (delete from operator_pairing where account_id = $1 and operator_id = $2)
      delete from operator_identity where account_id = $1 and operator_id = $2`,
  },
  setPassword: {
    name: 'operator_set_password',
    text: 'update operator set password = $3 where account_id = $1 and id = $2',
  },
  policy: {
    name: 'operator_policy',
    text: 'select second_factor_required as "secondFactorRequired" from operator_policy where account_id = $1',
  },
  setPolicy: {
    name: 'operator_set_policy',
    text: `
      insert into operator_policy (account_id, second_factor_required) values ($1, $2)
      on conflict (account_id) do update set second_factor_required = excluded.second_factor_required`,
  },
} as const;

export function createStaff({ database, clock, audit, passwords, sessions }: StaffParts): Staff {
  const insert: Staff['insert'] = async (tx, accountId, { actor, role: above }, given) => {
    const { role, capacity = null, passwordHash } = given;
    if (!mayManage(above, role)) throw tooHigh(role);
    const [login, name, groups] = [checkedLogin(given.login), checkedName(given.name), checkedGroups(given.groups ?? null)];
    checkGroupsOf(role, groups);
    const values = [accountId, login, name, role, groups, checkedCapacity(capacity), passwordHash, new Date(clock.now())];
    const [operator] = await tx.rows<Operator>(SQL.add, values);
    if (operator === undefined) throw new AppError('login.taken', 'another operator has this login', { field: 'login' });
    await audit.note(tx, { accountId, actor, action: 'operator.added', object: `operator:${operator.id}`, fields: ['role'] });
    return operator;
  };

  /** The operator, locked, where the manager may touch it. */
  const lock = async (
    tx: Queryable,
    accountId: number,
    manager: Manager,
    id: number,
  ): Promise<{ operator: Operator; isLastOwner: boolean }> => {
    const rows = await tx.rows<Operator>(SQL.lock, [accountId, id]);
    const operator = rows.find((row) => row.id === id);
    if (operator === undefined) throw notFound();
    const isSelf = manager.actor.kind === 'operator' && manager.actor.id === String(id);
    if (!isSelf && !mayManage(manager.role, operator.role)) throw tooHigh(operator.role);
    const owners = rows.filter((row) => row.role === 'owner' && row.disabledAt === null);
    return { operator, isLastOwner: owners.length === 1 && owners[0]?.id === id };
  };

  return {
    insert,
    async add(accountId, manager, { password, ...operator }) {
      checkPassword(password, checkedLogin(operator.login));
      const passwordHash = await passwords.hash(password);
      return database.transaction((tx) => insert(tx, accountId, manager, { ...operator, passwordHash }));
    },
    list: (accountId) => database.rows<Operator>(SQL.list, [accountId]),
    get: async (accountId, id) => (await database.rows<Operator>(SQL.get, [accountId, id]))[0] ?? null,
    byLogin: async (login) => (await database.rows<Operator>(SQL.byLogin, [checkedLogin(login)]))[0] ?? null,
    async change(accountId, manager, id, change) {
      const changed = await database.transaction(async (tx) => {
        const { operator, isLastOwner } = await lock(tx, accountId, manager, id);
        const next = changedOperator(operator, change, new Date(clock.now()));
        if (!mayManage(manager.role, next.role)) throw tooHigh(next.role);
        if (isLastOwner && (next.role !== 'owner' || next.disabledAt !== null)) throw lastOwner();
        const { name, role, groups, capacity, availability, availabilityComment, disabledAt } = next;
        const values = [accountId, id, name, role, groups, capacity, availability, availabilityComment, disabledAt];
        const [row] = await tx.rows<Operator>(SQL.change, values);
        if (disabledAt !== null) await sessions.end(tx, { accountId, operatorId: id }, { except: null });
        const fields = Object.keys(change).sort();
        if (fields.length > 0) {
          await audit.note(tx, { accountId, actor: manager.actor, action: 'operator.changed', object: `operator:${id}`, fields });
        }
        return row as Operator;
      });
      sessions.refresh();
      return changed;
    },
    async remove(accountId, manager, id) {
      await database.transaction(async (tx) => {
        const { isLastOwner } = await lock(tx, accountId, manager, id);
        if (isLastOwner) throw lastOwner();
        await sessions.end(tx, { accountId, operatorId: id }, { except: null });
        await tx.run(SQL.forget, [accountId, id]);
        await tx.run(SQL.remove, [accountId, id, new Date(clock.now())]);
        await audit.note(tx, { accountId, actor: manager.actor, action: 'operator.removed', object: `operator:${id}` });
      });
      sessions.refresh();
    },
    async setPassword(accountId, manager, id, { password, field = 'password', keepSessionId = null }) {
      const [known] = await database.rows<Operator>(SQL.get, [accountId, id]);
      if (known === undefined) throw notFound();
      checkPassword(password, known.login ?? '', field);
      const passwordHash = await passwords.hash(password);
      await database.transaction(async (tx) => {
        await lock(tx, accountId, manager, id);
        await tx.run(SQL.setPassword, [accountId, id, passwordHash]);
        await sessions.end(tx, { accountId, operatorId: id }, { except: keepSessionId });
        const object = `operator:${id}`;
        await audit.note(tx, { accountId, actor: manager.actor, action: 'operator.password.set', object });
      });
    },
    async policy(accountId) {
      const [row] = await database.rows<{ secondFactorRequired: boolean }>(SQL.policy, [accountId]);
      return row ?? { secondFactorRequired: false };
    },
    async setPolicy(accountId, { actor }, { secondFactorRequired }) {
      await database.transaction(async (tx) => {
        await tx.run(SQL.setPolicy, [accountId, secondFactorRequired]);
        const fields = ['secondFactorRequired'];
        await audit.note(tx, { accountId, actor, action: 'policy.changed', object: 'policy', fields });
      });
      sessions.refresh();
    },
  };
}

const COMMENT_CHARACTERS_MAX = 200;

function changedOperator(operator: Operator, change: OperatorChange, now: Date): Operator {
  const { name, groups, capacity, availabilityComment, isDisabled, ...plain } = change;
  const next: Operator = {
    ...operator,
    ...plain,
    ...(name !== undefined && { name: checkedName(name) }),
    ...(groups !== undefined && { groups: checkedGroups(groups) }),
    ...(capacity !== undefined && { capacity: checkedCapacity(capacity) }),
    ...(isDisabled !== undefined && { disabledAt: isDisabled ? (operator.disabledAt ?? now) : null }),
  };
  checkGroupsOf(next.role, next.groups);
  // What was said of a pause says nothing of what follows it.
  const isOther = plain.availability !== undefined && plain.availability !== operator.availability;
  if (availabilityComment !== undefined) next.availabilityComment = checkedComment(availabilityComment);
  else if (isOther) next.availabilityComment = null;
  return next;
}

function checkedComment(comment: string | null): string | null {
  const trimmed = comment?.trim() ?? '';
  if (trimmed.length > COMMENT_CHARACTERS_MAX)
    throw refused('availabilityComment', `must have at most ${COMMENT_CHARACTERS_MAX} characters`);
  return trimmed === '' ? null : trimmed;
}

const CAPACITY_MAX = 10_000;

function checkedCapacity(capacity: number | null): number | null {
  if (capacity !== null && !(Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= CAPACITY_MAX))
    throw refused('capacity', `must be a whole number from 1 to ${CAPACITY_MAX}, or null for as many as there are`);
  return capacity;
}

/** Owners and admins change what concerns the whole account: limited to groups they would be neither. */
function checkGroupsOf(role: Role, groups: readonly string[] | null): void {
  if (groups !== null && (role === 'owner' || role === 'admin')) throw refused('groups', `must be null for the role ${role}`);
}

const notFound = () => new AppError('not.found', 'this account has no such operator');
const tooHigh = (role: Role) => new AppError('role.too.high', `the role ${role} stands above yours`);
const lastOwner = () => new AppError('last.owner', 'the account would be left without an owner');

const PASSWORD_BYTES = 15;

/** A password for somebody who will change it: 120 random bits in 20 characters. */
export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

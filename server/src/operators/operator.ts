import { ROUTES, type Role } from '@soroka/api';
import type { Actor } from '../audit/audit.ts';
import { AppError } from '../platform/errors.ts';

export const AVAILABILITIES = ['online', 'pause', 'offline'] as const;
export type Availability = (typeof AVAILABILITIES)[number];

/** Somebody who works in an account. */
export interface Operator {
  id: number;
  accountId: number;
  /** In lower case, unique among all accounts; null once the operator was removed. */
  login: string | null;
  name: string;
  role: Role;
  /** `VK:213243638`; null: all groups of the account. */
  groups: readonly string[] | null;
  availability: Availability;
  availabilityComment: string | null;
  /** Dialogs at once; null: as many as there are. */
  capacity: number | null;
  hasSecondFactor: boolean;
  disabledAt: Date | null;
  createdAt: Date;
}

/** Who makes a change, and what they are: nobody touches whoever stands above. Keys and the command line stand as owners. */
export interface Manager {
  actor: Actor;
  role: Role;
}

const LOGIN = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{1,99}$/u;
const NAME_CHARACTERS_MAX = 100;
const GROUP = new RegExp(`^(${ROUTES.join('|')}):[1-9]\\d{0,19}$`);
export const GROUPS_MAX = 1_000;
// ASVS 5.0, 6.2.1 asks for 8 and recommends 15; long ones cost nothing, as they are hashed.
export const PASSWORD_CHARACTERS = { min: 10, max: 200 } as const;

/** As logins are compared and kept. */
export const normalLogin = (login: string): string => login.trim().normalize('NFKC').toLowerCase();

/** The login as it is kept. Throws `parameter.invalid`. */
export function checkedLogin(login: string): string {
  const normal = normalLogin(login);
  if (!LOGIN.test(normal))
    throw refused('login', 'must have 2 to 100 letters, digits or any of . _ @ + -, and begin with a letter or a digit');
  return normal;
}

/** Throws `parameter.invalid`. */
export function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(trimmed))
    throw refused('name', `must have 1 to ${NAME_CHARACTERS_MAX} characters in one line`);
  return trimmed;
}

/** Without doubles; null stays null. Throws `parameter.invalid`. */
export function checkedGroups(groups: readonly string[] | null): readonly string[] | null {
  if (groups === null) return null;
  const wrong = groups.findIndex((group) => !GROUP.test(group));
  if (wrong !== -1) throw refused(`groups[${wrong}]`, `must be a group as ${ROUTES[0]}:213243638`);
  if (groups.length === 0) throw refused('groups', 'must name a group; null means all of them');
  return [...new Set(groups)];
}

/** Throws `parameter.invalid`: a password is too short, too long, or the login. */
export function checkPassword(password: string, login: string, field = 'password'): void {
  const { min, max } = PASSWORD_CHARACTERS;
  const length = [...password].length;
  if (length < min || length > max) throw refused(field, `must have ${min} to ${max} characters`);
  if (normalLogin(password).includes(login)) throw refused(field, 'must not contain the login');
  if (new Set(password).size < 4) throw refused(field, 'must have at least four different characters');
}

export function refused(field: string, problem: string): AppError {
  return new AppError('parameter.invalid', problem, { field });
}

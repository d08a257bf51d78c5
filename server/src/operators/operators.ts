import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { LoginApplications } from './identity-providers.ts';
import { createInvitations, type Invitations } from './invitations.ts';
import { createLogin, type Login } from './login.ts';
import { createNetworkLogin, type NetworkLogin } from './network-login.ts';
import { createPairings, type Pairings } from './pairings.ts';
import { createPasswords, type PasswordCost } from './passwords.ts';
import { createSecondFactor, type SecondFactor } from './second-factor.ts';
import { createSessions, type SessionLife, type Sessions } from './sessions.ts';
import { createStaff, type Staff } from './staff.ts';
import { createTeams, type Teams } from './teams.ts';
import { createThrottle } from './throttle.ts';

export { type LoginApplications, NETWORKS, type Network } from './identity-providers.ts';
export type { Invitation, Invitations } from './invitations.ts';
export type { Login, LoginResult } from './login.ts';
export type { NetworkLogin, NetworkReturn } from './network-login.ts';
export { AVAILABILITIES, type Availability, type Manager, type Operator } from './operator.ts';
export type { Pairing, Pairings } from './pairings.ts';
export type { PasswordCost } from './passwords.ts';
export type { SecondFactor } from './second-factor.ts';
export type { IssuedSession, Place, Session, SessionCaller, SessionKind, Sessions } from './sessions.ts';
export { type NewOperator, newPassword, type OperatorChange, type Staff } from './staff.ts';
export type { Team, Teams } from './teams.ts';
export { totpCode } from './totp.ts';

/** The people who work in accounts, and how they log in. */
export interface Operators {
  staff: Staff;
  teams: Teams;
  sessions: Sessions;
  login: Login;
  secondFactor: SecondFactor;
  invitations: Invitations;
  pairings: Pairings;
  networkLogin: NetworkLogin;
}

export interface OperatorsParts {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  log: Logger;
  audit: Audit;
  /** How browsers and phones reach this server. */
  publicUrl: () => string;
  /** Of sessions in browsers. */
  webSessionLife: SessionLife;
  loginApplications: LoginApplications;
  /** How long a network may take to answer. */
  timeoutMs: number;
  /** Of new passwords; absent: what ASVS asks for. */
  passwordCost?: PasswordCost;
}

export function createOperators(parts: OperatorsParts): Operators {
  const { database, clock, audit, publicUrl } = parts;
  const passwords = createPasswords(parts.passwordCost === undefined ? {} : { cost: parts.passwordCost });
  const sessions = createSessions({ database, clock, audit, web: parts.webSessionLife });
  const staff = createStaff({ database, clock, audit, passwords, sessions });
  const secondFactor = createSecondFactor({ ...parts, sessions });
  const login = createLogin({
    database,
    clock,
    audit,
    passwords,
    sessions,
    secondFactor,
    throttle: createThrottle({ database, clock }),
  });
  return {
    staff,
    teams: createTeams({ database, audit }),
    sessions,
    login,
    secondFactor,
    invitations: createInvitations({ database, clock, audit, passwords, sessions, staff, publicUrl }),
    pairings: createPairings({ database, clock, audit, sessions, publicUrl }),
    networkLogin: createNetworkLogin({ ...parts, login, applications: parts.loginApplications }),
  };
}

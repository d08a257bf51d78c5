import type { Clock, Person, World } from '../world/world.ts';
import { SCOPES } from './application.ts';
import type { OkSettings } from './ok-settings.ts';

const DAY_MS = 86_400_000;

/** Life of a token with LONG_ACCESS_TOKEN, from its issue, its last extension or its last touch (contracts/ok.md 2.2). */
export const LONG_TOKEN_MS = 30 * DAY_MS;

/** A live access token of one person. */
export interface Session {
  readonly person: Person;
  readonly accessToken: string;
  /** For client-side calls, which sign with it. */
  readonly sessionSecretKey: string;
  readonly scopes: readonly string[];
  readonly isLong: boolean;
  /** Wall time, ms; null for the demo's tokens, which may be used without the consent page. */
  expiresAt: number | null;
  /** Calls extend a long token at most once a day: when this one was, ms. */
  extendedAt: number;
}

export interface Granted {
  session: Session;
  refreshToken: string;
  /** Whole seconds. */
  expiresInSeconds: number;
}

export interface Sessions {
  /** A person lets the application in: the code for its server. Throws for a person without an account on OK. */
  consent(person: Person, asked: { scopes: readonly string[]; redirectUri: string }): string;
  /** Whether the person has let the application do all of this, and has not revoked it: then nobody is asked again. */
  hasConsented(person: Person, scopes: readonly string[]): boolean;
  /** The client flow: a token at once. Throws for a person without an account on OK. */
  grant(person: Person, scopes: readonly string[]): Granted;
  /** Exchanges a code, once. A sentence says why not. */
  redeem(code: string, redirectUri: string): { ok: true; granted: Granted } | { ok: false; problem: string };
  /** A new access token; the refresh token goes on. Null where it is unknown, revoked or too old. */
  refresh(refreshToken: string): Granted | null;
  /** `expired` where its time is over; null for one that never was, or was revoked. */
  byAccessToken(token: string): Session | 'expired' | null;
  /** A call was made with it: extends a long token at most once a day. */
  noteCall(session: Session): void;
  /** Extends a long token by 30 days from now (auth.touchSession). */
  touch(session: Session): void;
  /** Ends this token (auth.expireSession). */
  expire(session: Session): void;
  /** The person revokes the application, or changes their password: all of their tokens die. */
  revoke(person: Person): void;
  reset(): void;
}

interface Consent {
  person: Person;
  scopes: readonly string[];
  /** Null for the demo's code, which comes from no page. */
  redirectUri: string | null;
  expiresAt: number | null;
  isUsed: boolean;
}

interface Issued {
  codes: number;
  tokens: number;
  /** All that the person was asked for and allowed; null before the first time. */
  consented: Set<string> | null;
  /** Grows by one with every revocation, so that an old refresh token stays dead. */
  refreshNumber: number;
  /** Of the newest consent, for refreshing. */
  scopes: readonly string[];
  /** Wall time of the newest exchanged code, ms; null where only the demo's fixed tokens were used. */
  grantedAt: number | null;
  /** Until the person consents again. */
  isRevoked: boolean;
}

const ANNA_PHONE = '79999999999';
// What the demo's own code and token stand for: everything but a long life, which would hide how tokens expire.
const DEMO_SCOPES: readonly string[] = SCOPES.filter((scope) => scope !== 'LONG_ACCESS_TOKEN');
const withoutQuery = (uri: string): string => uri.split('?')[0] ?? '';

/**
 * Codes and tokens of the demo application. The first of each person are fixed, so that documents can print them, and live without
 * a consent page: `demo-code-anna`, `ok-user-anna`, `ok-refresh-anna` for Anna, her OK id in place of her name for everybody else.
 * Those after are numbered, `ok-user-anna-2`.
 */
export function createSessions({ people, clock }: { people: World['people']; clock: Clock }, settings: OkSettings): Sessions {
  const codes = new Map<string, Consent>();
  const sessions = new Map<string, Session>();
  const issued = new Map<Person, Issued>();

  const issuedTo = (person: Person): Issued => {
    const known = issued.get(person);
    if (known !== undefined) return known;
    const made: Issued = {
      codes: 0,
      tokens: 0,
      consented: null,
      refreshNumber: 1,
      scopes: DEMO_SCOPES,
      grantedAt: null,
      isRevoked: false,
    };
    issued.set(person, made);
    return made;
  };
  const nameOf = (person: Person): string => {
    if (person.okId === null) throw new Error('a person without an account on OK cannot consent there');
    return person.phone === ANNA_PHONE ? 'anna' : person.okId;
  };
  const numbered = (prefix: string, person: Person, number: number): string =>
    `${prefix}-${nameOf(person)}${number === 1 ? '' : `-${number}`}`;
  /** Whose it is, and the how-manieth of this kind. */
  const ownerOf = (prefix: string, text: string): { person: Person; number: number } | null => {
    const [, name, number = '1'] = new RegExp(`^${prefix}-(anna|\\d{12})(?:-(\\d+))?$`).exec(text) ?? [];
    const person = name === 'anna' ? people.byPhone(ANNA_PHONE) : name === undefined ? null : people.byId('ok', name);
    return person?.okId == null ? null : { person, number: Number(number) };
  };

  const openSession = (person: Person, number: number, scopes: readonly string[], expiresAt: number | null): Session => {
    const accessToken = numbered('ok-user', person, number);
    const session: Session = {
      person,
      accessToken,
      sessionSecretKey: numbered('ok-session-secret', person, number),
      scopes,
      isLong: expiresAt !== null && scopes.includes('LONG_ACCESS_TOKEN'),
      expiresAt,
      extendedAt: clock.now(),
    };
    sessions.set(accessToken, session);
    return session;
  };
  const grant = (person: Person, scopes: readonly string[]): Granted => {
    const own = issuedTo(person);
    own.tokens += 1;
    const lifeMs = scopes.includes('LONG_ACCESS_TOKEN') ? LONG_TOKEN_MS : settings.values.oauthTokenMs;
    return {
      session: openSession(person, own.tokens, scopes, clock.now() + lifeMs),
      refreshToken: numbered('ok-refresh', person, own.refreshNumber),
      expiresInSeconds: Math.floor(lifeMs / 1_000),
    };
  };
  const keepConsent = (person: Person, scopes: readonly string[]): void => {
    const own = issuedTo(person);
    own.consented = new Set([...(own.consented ?? []), ...scopes]);
  };
  const grantAnew = (person: Person, scopes: readonly string[]): Granted => {
    Object.assign(issuedTo(person), { scopes, grantedAt: clock.now(), isRevoked: false });
    return grant(person, scopes);
  };
  const demoConsent = (code: string): Consent | undefined => {
    const owner = ownerOf('demo-code', code);
    if (owner === null || owner.number !== 1) return undefined;
    const own = issuedTo(owner.person);
    if (own.codes > 0 || own.isRevoked) return undefined;
    own.codes = 1;
    const consent = { person: owner.person, scopes: DEMO_SCOPES, redirectUri: null, expiresAt: null, isUsed: false };
    codes.set(code, consent);
    return consent;
  };
  const demoSession = (token: string): Session | null => {
    const owner = ownerOf('ok-user', token);
    if (owner === null || owner.number !== 1) return null;
    const own = issuedTo(owner.person);
    return own.tokens > 0 || own.isRevoked ? null : openSession(owner.person, 1, DEMO_SCOPES, null);
  };

  return {
    consent(person, { scopes, redirectUri }) {
      keepConsent(person, scopes);
      const own = issuedTo(person);
      own.codes += 1;
      const code = numbered('demo-code', person, own.codes);
      const expiresAt = clock.now() + settings.values.oauthCodeMs;
      codes.set(code, { person, scopes, redirectUri: withoutQuery(redirectUri), expiresAt, isUsed: false });
      return code;
    },
    hasConsented(person, scopes) {
      const consented = issuedTo(person).consented;
      return consented !== null && scopes.every((scope) => consented.has(scope));
    },
    grant(person, scopes) {
      keepConsent(person, scopes);
      return grantAnew(person, scopes);
    },
    redeem(code, redirectUri) {
      const consent = codes.get(code) ?? demoConsent(code);
      if (consent === undefined) return { ok: false, problem: 'Unknown code' };
      if (consent.isUsed) return { ok: false, problem: 'The code was used already' };
      if (consent.expiresAt !== null && consent.expiresAt <= clock.now()) return { ok: false, problem: 'The code has expired' };
      if (consent.redirectUri !== null && consent.redirectUri !== withoutQuery(redirectUri)) {
        return { ok: false, problem: 'redirect_uri is not the one that the code was sent to' };
      }
      consent.isUsed = true;
      return { ok: true, granted: grantAnew(consent.person, consent.scopes) };
    },
    refresh(refreshToken) {
      const owner = ownerOf('ok-refresh', refreshToken);
      if (owner === null) return null;
      const own = issuedTo(owner.person);
      const isOver = own.grantedAt !== null && own.grantedAt + settings.values.oauthRefreshTokenMs <= clock.now();
      return owner.number !== own.refreshNumber || own.isRevoked || isOver ? null : grant(owner.person, own.scopes);
    },
    byAccessToken(token) {
      const session = sessions.get(token) ?? demoSession(token);
      if (session === null) return null;
      return session.expiresAt !== null && session.expiresAt <= clock.now() ? 'expired' : session;
    },
    noteCall(session) {
      if (!session.isLong || clock.now() - session.extendedAt < DAY_MS) return;
      session.extendedAt = clock.now();
      session.expiresAt = clock.now() + LONG_TOKEN_MS;
    },
    touch(session) {
      if (session.isLong) session.expiresAt = clock.now() + LONG_TOKEN_MS;
    },
    expire(session) {
      session.expiresAt = clock.now();
    },
    revoke(person) {
      for (const session of sessions.values()) if (session.person === person) sessions.delete(session.accessToken);
      const own = issuedTo(person);
      own.isRevoked = true;
      own.consented = null;
      own.refreshNumber += 1;
      for (const consent of codes.values()) if (consent.person === person) consent.isUsed = true;
    },
    reset() {
      codes.clear();
      sessions.clear();
      issued.clear();
    },
  };
}

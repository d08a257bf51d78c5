import type { Clock, Group, Person, World } from '../world/world.ts';

/** The OK application of the demo world (the issue fixes id, key and secret). */
export const OK_APPLICATION = {
  id: '1246100000',
  key: 'CBADEMOKEY',
  secret: 'DEMOAPPSECRET',
  name: 'Пиццерия «Сорока»',
  /** Compared character by character up to the query (contracts/ok.md 2.1). */
  redirectUris: [
    'http://localhost:8080/oauth/ok/callback',
    'http://127.0.0.1:8080/oauth/ok/callback',
    'https://oauth.mycdn.me/blank.html',
    'https://api.ok.ru/blank.html',
    'okauth://ok1246100000',
  ],
} as const;

/** Who an application's notifications come from: no group, so nobody can write to it, and no group's ban touches it. */
export const APPLICATION_SENDER: Group = {
  network: 'ok',
  id: OK_APPLICATION.id,
  name: OK_APPLICATION.name,
  token: OK_APPLICATION.key,
  service: '',
};

/** [?] The short lifetime is widely quoted, not documented; the long one is of LONG_ACCESS_TOKEN (contracts/ok.md 2.2). */
export const SESSION_LIFETIME = { shortMs: 1_800_000, longMs: 30 * 86_400_000 } as const;

/** What one person let the application do. */
export interface Session {
  readonly person: Person;
  readonly code: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** For client-side calls, which sign with it. */
  readonly sessionSecretKey: string;
  /** Wall time, ms; null while it was never issued: the demo's tokens may be used without the consent page. */
  expiresAt: number | null;
  isLong: boolean;
}

export interface Sessions {
  byCode(code: string): Session | null;
  byAccessToken(token: string): Session | null;
  byRefreshToken(token: string): Session | null;
  /** The session of a person who consents. Throws for a person without an account on OK. */
  ofPerson(person: Person): Session;
  /** Makes it live from now on; gives its lifetime in ms. */
  issue(session: Session): number;
  reset(): void;
}

const ANNA_PHONE = '79999999999';

/** Codes and tokens are fixed, so that documents can print them: Anna's by the issue, everybody else's by their OK id. */
export function createSessions({ people, clock }: { people: World['people']; clock: Clock }): Sessions {
  const sessions = new Map<Person, Session>();
  const ofPerson = (person: Person): Session => {
    if (person.okId === null) throw new Error('a person without an account on OK cannot consent there');
    const known = sessions.get(person);
    if (known !== undefined) return known;
    const name = person.phone === ANNA_PHONE ? 'anna' : person.okId;
    const session: Session = {
      person,
      code: `demo-code-${name}`,
      accessToken: `ok-user-${name}`,
      refreshToken: `ok-refresh-${name}`,
      sessionSecretKey: `ok-session-secret-${name}`,
      expiresAt: null,
      isLong: false,
    };
    sessions.set(person, session);
    return session;
  };
  const find = (prefix: string, text: string): Session | null => {
    const [, name] = new RegExp(`^${prefix}-(anna|\\d{12})$`).exec(text) ?? [];
    const person = name === 'anna' ? people.byPhone(ANNA_PHONE) : name === undefined ? null : people.byId('ok', name);
    return person?.okId == null ? null : ofPerson(person);
  };
  return {
    byCode: (code) => find('demo-code', code),
    byAccessToken: (token) => find('ok-user', token),
    byRefreshToken: (token) => find('ok-refresh', token),
    ofPerson,
    issue(session) {
      const lifetimeMs = session.isLong ? SESSION_LIFETIME.longMs : SESSION_LIFETIME.shortMs;
      session.expiresAt = clock.now() + lifetimeMs;
      return lifetimeMs;
    },
    reset: () => sessions.clear(),
  };
}

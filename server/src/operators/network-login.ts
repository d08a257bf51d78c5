import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { isSame, newSecret, sha256 } from '../platform/one-use-secrets.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Logger } from '../platform/telemetry.ts';
import { loginEnded } from './events.ts';
import { createIdentityProviders, type LoginApplications, type Network } from './identity-providers.ts';
import type { Login } from './login.ts';
import { refused } from './operator.ts';
import type { IssuedSession, Place } from './sessions.ts';

interface Whose {
  accountId: number;
  operatorId: number;
}

/** What came of a visit; `returnTo` is where the browser goes now. */
export type NetworkReturn =
  | { kind: 'opened'; session: IssuedSession; returnTo: string }
  | {
      /**
       * `linked`: from now on this person logs in so. `stranger`: no visit of this browser is under way. `refused`: the person did not
       * allow it. `failed`: the network gave nothing. `unknown`: nobody has linked this person. `taken`: another operator has.
       */
      kind: 'linked' | 'stranger' | 'refused' | 'failed' | 'unknown' | 'taken';
      returnTo: string;
    };

/** Logging in as somebody whom VK ID or OK names. The networks' codes, tokens and secrets stay on this server. */
export interface NetworkLogin {
  /** That have an application here. */
  networks(): readonly Network[];
  /** Sends a browser off; it keeps the state. `link`: who adds the identity to their profile. Throws `not.found`, `parameter.invalid`. */
  leave(network: Network, visit: { returnTo: string; link: Whose | null }): Promise<{ url: string; state: string }>;
  /** The browser came back with `url`, fragment included. Never throws for what the network or the browser did. */
  comeBack(network: Network, url: string, keptState: string | null, place: Place, signal: AbortSignal): Promise<NetworkReturn>;
  /** The networks that somebody has linked. */
  linked(whose: Whose): Promise<readonly Network[]>;
  /** Throws `not.found`. */
  unlink(whose: Whose, network: Network): Promise<void>;
}

export interface NetworkLoginParts {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  log: Logger;
  audit: Audit;
  login: Login;
  applications: LoginApplications;
  publicUrl: () => string;
  timeoutMs: number;
}

const VISIT_MS = 900_000;
/** Where a browser goes that brings a state of no visit. */
const HOME = '/console/';
// A path of ours: nothing that a browser reads as another host.
const RETURN_TO = /^\/(?:[\w-][\w./-]*)?$/;
const RETURN_TO_CHARACTERS_MAX = 200;

interface Visit {
  network: Network;
  accountId: number | null;
  operatorId: number | null;
  verifier: Buffer;
  returnTo: string;
}

const SQL = {
  forgetOld: { name: 'login_visit_forget_old', text: 'delete from login_visit where expires_at < $1' },
  leave: {
    name: 'login_visit_leave',
    text: `
      insert into login_visit (state_sha256, network, account_id, operator_id, verifier, return_to, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
  },
  comeBack: {
    name: 'login_visit_come_back',
    text: `
      delete from login_visit
      where state_sha256 = $1 and network = $2 and expires_at > $3
      returning network, account_id as "accountId", operator_id as "operatorId", verifier, return_to as "returnTo"`,
  },
  link: {
    name: 'operator_identity_link',
    text: `
      insert into operator_identity (account_id, operator_id, network, user_id)
      select account_id, id, $3, $4 from operator where account_id = $1 and id = $2 and removed_at is null
      on conflict do nothing`,
  },
  isLinked: {
    name: 'operator_identity_is_linked',
    text: 'select from operator_identity where operator_id = $1 and network = $2 and user_id = $3',
  },
  byPerson: {
    name: 'operator_identity_by_person',
    text: 'select operator_id as "operatorId" from operator_identity where network = $1 and user_id = $2',
  },
  linked: {
    name: 'operator_identity_linked',
    text: 'select network from operator_identity where account_id = $1 and operator_id = $2 order by network',
  },
  unlink: {
    name: 'operator_identity_unlink',
    text: 'delete from operator_identity where account_id = $1 and operator_id = $2 and network = $3',
  },
} as const;

export function createNetworkLogin(parts: NetworkLoginParts): NetworkLogin {
  const { database, secrets, clock, log, audit, login, publicUrl } = parts;
  const providers = createIdentityProviders(parts.applications, parts.timeoutMs);
  const redirectUri = (network: Network): string => `${publicUrl()}/v1/login/${network}/callback`;

  const link = async ({ accountId, operatorId }: Whose, network: Network, userId: string): Promise<'linked' | 'taken'> =>
    database.transaction(async (tx) => {
      if ((await tx.run(SQL.link, [accountId, operatorId, network, userId])) === 0) {
        return (await tx.rows(SQL.isLinked, [operatorId, network, userId])).length > 0 ? 'linked' : 'taken';
      }
      const actor = { kind: 'operator', id: String(operatorId) } as const;
      await audit.note(tx, {
        accountId,
        actor,
        action: 'operator.identity.linked',
        object: `operator:${operatorId}`,
        fields: [network],
      });
      return 'linked';
    });

  const settle = async (network: Network, visit: Visit, userId: string, place: Place): Promise<NetworkReturn> => {
    const { accountId, operatorId, returnTo } = visit;
    if (accountId !== null && operatorId !== null)
      return { kind: await link({ accountId, operatorId }, network, userId), returnTo };
    const [known] = await database.rows<{ operatorId: number }>(SQL.byPerson, [network, userId]);
    const session = known === undefined ? null : await login.asOperator(known.operatorId, place);
    return session === null ? { kind: 'unknown', returnTo } : { kind: 'opened', session, returnTo };
  };

  return {
    networks: () => [...providers.keys()],
    async leave(network, { returnTo, link: whose }) {
      const provider = providers.get(network);
      if (provider === undefined) throw new AppError('not.found', `nobody can log in by ${network} here: it has no application`);
      if (!RETURN_TO.test(returnTo) || returnTo.length > RETURN_TO_CHARACTERS_MAX)
        throw refused('returnTo', 'must be a path of this server as /console/');
      const [state, codeVerifier] = [newSecret(), newSecret()];
      const hash = sha256(state);
      const sealed = secrets.seal(codeVerifier, sealContext(hash));
      await database.run(SQL.forgetOld, [new Date(clock.now())]);
      const expiresAt = new Date(clock.now() + VISIT_MS);
      await database.run(SQL.leave, [
        hash,
        network,
        whose?.accountId ?? null,
        whose?.operatorId ?? null,
        sealed,
        returnTo,
        expiresAt,
      ]);
      return { url: provider.authorizeUrl({ state, codeVerifier, redirectUri: redirectUri(network) }), state };
    },
    async comeBack(network, url, keptState, place, signal) {
      const provider = providers.get(network);
      const state = provider?.stateOf(url) ?? null;
      // The state shows that the answer is to a question of ours, the kept one that this browser was asked.
      const isOurs = state !== null && keptState !== null && isSame(state, keptState);
      const hash = sha256(state ?? '');
      const [visit] = isOurs ? await database.rows<Visit>(SQL.comeBack, [hash, network, new Date(clock.now())]) : [];
      if (provider === undefined || visit === undefined) {
        loginEnded({ way: network, result: 'refused' });
        return { kind: 'stranger', returnTo: HOME };
      }
      const codeVerifier = secrets.open(visit.verifier, sealContext(hash));
      const who = await provider.identify(url, { codeVerifier, redirectUri: redirectUri(network) }, signal);
      if (who.kind !== 'person') {
        loginEnded({ way: network, result: who.kind });
        log.info({ event: 'network_login_ended', network, result: who.kind, detail: who.detail });
        return { kind: who.kind, returnTo: visit.returnTo };
      }
      const result = await settle(network, visit, who.userId, place);
      loginEnded({ way: network, result: result.kind === 'opened' || result.kind === 'linked' ? 'opened' : 'refused' });
      return result;
    },
    linked: async ({ accountId, operatorId }) =>
      (await database.rows<{ network: Network }>(SQL.linked, [accountId, operatorId])).map(({ network }) => network),
    async unlink({ accountId, operatorId }, network) {
      await database.transaction(async (tx) => {
        if ((await tx.run(SQL.unlink, [accountId, operatorId, network])) === 0)
          throw new AppError('not.found', `nobody of ${network} is linked to you`);
        const actor = { kind: 'operator', id: String(operatorId) } as const;
        const object = `operator:${operatorId}`;
        await audit.note(tx, { accountId, actor, action: 'operator.identity.unlinked', object, fields: [network] });
      });
    },
  };
}

const sealContext = (stateSha256: Buffer): string => `login_visit.verifier ${stateSha256.toString('hex')}`;

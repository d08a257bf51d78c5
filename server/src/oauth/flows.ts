import type { Application } from '../connections/connections.ts';
import type { Database } from '../platform/database.ts';
import { newSecret, sha256 } from '../platform/one-use-secrets.ts';
import type { Secrets } from '../platform/secrets.ts';

/** What a person is asked for, and by which application. */
export interface AccessRequest {
  application: Application;
  /** Root of the API, `https://api.ok.ru`. */
  baseUrl: string;
  /** Root before `/oauth/authorize`, `https://connect.ok.ru`. */
  consentUrl: string;
  scopes: readonly string[];
  /** `w` desktop, `m` mobile, `a` mobile without a header. */
  layout: 'w' | 'm' | 'a';
}

/** One person being asked for access. */
export interface Flow extends AccessRequest {
  id: number;
  accountId: number;
  /** The connection whose person is asked again. */
  renewsId: number | null;
  /** What came of it. */
  connectionId: number | null;
  codeChallenge: string | null;
  problem: string | null;
}

/** The rows of `oauth_flow`. Tickets and states are kept as hashes, what is asked for is sealed. */
export interface Flows {
  /** Returns the ticket that opens it. */
  add(flow: { accountId: number; renewsId: number | null; request: AccessRequest; expiresAt: Date }): Promise<string>;
  /** Open ones and, until their time is over, those that are done. */
  byTicket(ticket: string): Promise<Flow | null>;
  /** Sends somebody off to the network: from now on only this visit can come back. */
  leave(id: number, visit: { state: string; codeChallenge: string | null }): Promise<void>;
  /** Takes a visit back, once; null for a state that is unknown, used or too old. */
  comeBack(state: string): Promise<Flow | null>;
  end(id: number, result: { connectionId: number } | { problem: string }): Promise<void>;
  remove(id: number): Promise<void>;
}

interface FlowRow extends Omit<Flow, keyof AccessRequest> {
  ticketSha256: Buffer;
  request: Buffer;
}
const COLUMNS = `
  id, account_id as "accountId", renews_id as "renewsId", connection_id as "connectionId", ticket_sha256 as "ticketSha256",
  request, code_challenge as "codeChallenge", problem`;

const SQL = {
  forgetOld: { name: 'oauth_flow_forget_old', text: 'delete from oauth_flow where expires_at < $1' },
  add: {
    name: 'oauth_flow_add',
    text: 'insert into oauth_flow (account_id, renews_id, ticket_sha256, request, expires_at) values ($1, $2, $3, $4, $5)',
  },
  byTicket: {
    name: 'oauth_flow_by_ticket',
    text: `select ${COLUMNS} from oauth_flow where ticket_sha256 = $1 and expires_at > $2`,
  },
  leave: {
    name: 'oauth_flow_leave',
    text: 'update oauth_flow set state_sha256 = $2, code_challenge = $3, problem = null where id = $1 and done_at is null',
  },
  comeBack: {
    name: 'oauth_flow_come_back',
    text: `
      update oauth_flow set state_sha256 = null
      where state_sha256 = $1 and expires_at > $2 and done_at is null
      returning ${COLUMNS}`,
  },
  end: {
    name: 'oauth_flow_end',
    text: `
      update oauth_flow
      set connection_id = $2, problem = $3, done_at = case when $2::bigint is null then null else $4::timestamptz end
      where id = $1`,
  },
  remove: { name: 'oauth_flow_remove', text: 'delete from oauth_flow where id = $1' },
} as const;

export function createFlows(parts: { database: Database; secrets: Secrets; now: () => Date }): Flows {
  const { database, secrets, now } = parts;
  const flowOf = ({ request, ticketSha256, ...row }: FlowRow): Flow => ({
    ...row,
    ...(JSON.parse(secrets.open(request, sealContext(ticketSha256))) as AccessRequest),
  });
  const one = async (statement: (typeof SQL)['byTicket' | 'comeBack'], hash: Buffer): Promise<Flow | null> => {
    const [row] = await database.rows<FlowRow>(statement, [hash, now()]);
    return row === undefined ? null : flowOf(row);
  };
  return {
    async add({ accountId, renewsId, request, expiresAt }) {
      await database.run(SQL.forgetOld, [now()]);
      const ticket = newSecret();
      const hash = sha256(ticket);
      const sealed = secrets.seal(JSON.stringify(request), sealContext(hash));
      await database.run(SQL.add, [accountId, renewsId, hash, sealed, expiresAt]);
      return ticket;
    },
    byTicket: (ticket) => one(SQL.byTicket, sha256(ticket)),
    leave: async (id, { state, codeChallenge }) => void (await database.run(SQL.leave, [id, sha256(state), codeChallenge])),
    comeBack: (state) => one(SQL.comeBack, sha256(state)),
    async end(id, result) {
      const values = 'problem' in result ? [null, result.problem] : [result.connectionId, null];
      await database.run(SQL.end, [id, ...values, now()]);
    },
    remove: async (id) => void (await database.run(SQL.remove, [id])),
  };
}

const sealContext = (ticketSha256: Buffer): string => `oauth_flow.request ${ticketSha256.toString('hex')}`;

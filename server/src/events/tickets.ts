import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { newSecret, sha256 } from '../platform/one-use-secrets.ts';
import type { Viewer } from './viewer.ts';

/** Time for a browser to open its socket. */
const TICKET_LIVES_MS = 30_000;

const SQL = {
  issue: {
    name: 'events.ticket_issue',
    text: 'insert into event_ticket (sha256, account_id, viewer, expires_at) values ($1, $2, $3::jsonb, $4)',
  },
  // Deleted by whoever comes first: a second use finds nothing.
  redeem: {
    name: 'events.ticket_redeem',
    text: `
      delete from event_ticket where sha256 = $1
      returning account_id as "accountId", viewer, expires_at as "expiresAt"`,
  },
  forget: { name: 'events.ticket_forget', text: 'delete from event_ticket where expires_at < $1' },
} as const;

export interface Ticket {
  ticket: string;
  expiresAt: Date;
}

/** An account and who looks at it. */
export interface Seat {
  accountId: number;
  viewer: Viewer;
}

export interface Tickets {
  /** Good for one socket, for 30 s. Only its hash is stored. */
  issueTicket(seat: Seat): Promise<Ticket>;
  /** Whom the ticket was given to; null where there is none, or no longer. It is used up in either case. */
  redeemTicket(ticket: string): Promise<Seat | null>;
  forgetTickets(): Promise<void>;
}

export function createTickets({ database, clock }: { database: Database; clock: Clock }): Tickets {
  return {
    async issueTicket({ accountId, viewer }) {
      const ticket = newSecret();
      const expiresAt = new Date(clock.now() + TICKET_LIVES_MS);
      await database.run(SQL.issue, [sha256(ticket), accountId, JSON.stringify(viewer), expiresAt]);
      return { ticket, expiresAt };
    },
    async redeemTicket(ticket) {
      const [row] = await database.rows<Seat & { expiresAt: Date }>(SQL.redeem, [sha256(ticket)]);
      if (row === undefined || row.expiresAt.getTime() < clock.now()) return null;
      return { accountId: row.accountId, viewer: row.viewer };
    },
    async forgetTickets() {
      await database.run(SQL.forget, [new Date(clock.now())]);
    },
  };
}

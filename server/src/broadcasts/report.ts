import type { Queryable } from '../platform/database.ts';

/** What came of a broadcast so far: of all, and of each variant. */
export interface Funnel {
  sent: number;
  delivered: number;
  read: number;
  clicked: number;
  answered: number;
  unsubscribed: number;
}

export interface Report {
  /** Everybody it was for, as far as they have been found. */
  recipients: number;
  waiting: number;
  excluded: number;
  /** Given out: on their way, sent, or refused by their network. */
  given: number;
  failed: number;
  funnel: Funnel;
  variants: readonly (Funnel & { variant: number; given: number })[];
  /** Why people did not get it, the most frequent first. */
  reasons: readonly { reason: string; contacts: number }[];
}

export interface Recipient {
  contactId: number;
  name: string | null;
  state: 'waiting' | 'excluded' | 'given';
  /** Of the message; null: none yet. */
  status: string | null;
  reason: string | null;
  way: number | null;
  variant: number | null;
  messageId: number | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  clickedAt: Date | null;
  answeredAt: Date | null;
  unsubscribedAt: Date | null;
}

const FAILED = "status in ('UNDELIVERABLE', 'EXPIRED', 'RATELIMIT', 'UNKNOWN', 'CANCELLED') and sent_at is null";

const SQL = {
  counts: {
    name: 'broadcast_report_counts',
    text: `
      select
        variant::int as variant, count(*)::int as recipients,
        count(*) filter (where state in ('waiting', 'handing'))::int as waiting, count(*) filter (where state = 'excluded')::int as excluded,
        count(*) filter (where state = 'given')::int as given, count(*) filter (where state = 'given' and ${FAILED})::int as failed,
        count(sent_at)::int as sent, count(delivered_at)::int as delivered, count(read_at)::int as read, count(clicked_at)::int as clicked,
        count(answered_at)::int as answered, count(unsubscribed_at)::int as unsubscribed
      from broadcast_recipient where account_id = $1 and broadcast_id = $2
      group by variant order by variant`,
  },
  reasons: {
    name: 'broadcast_report_reasons',
    text: `
      select coalesce(reason, lower(status)) as reason, count(*)::int as contacts
      from broadcast_recipient
      where account_id = $1 and broadcast_id = $2 and (state = 'excluded' or (state = 'given' and ${FAILED}))
      group by 1 order by 2 desc, 1`,
  },
  recipients: {
    name: 'broadcast_report_recipients',
    text: `
      select
        r.contact_id as "contactId", c.name, case r.state when 'handing' then 'waiting' else r.state end as state, r.status, r.reason,
        r.way::int as way, r.variant::int as variant, r.message_id as "messageId", r.sent_at as "sentAt", r.delivered_at as "deliveredAt",
        r.read_at as "readAt", r.clicked_at as "clickedAt", r.answered_at as "answeredAt", r.unsubscribed_at as "unsubscribedAt"
      from broadcast_recipient as r
      left join contact as c on c.id = r.contact_id
      where r.account_id = $1 and r.broadcast_id = $2 and r.contact_id > $3 and ($4::text is null or r.reason = $4)
      order by r.contact_id
      limit $5`,
  },
} as const;

type Counts = Funnel & Pick<Report, 'recipients' | 'waiting' | 'excluded' | 'given' | 'failed'> & { variant: number | null };

const STAGES = ['sent', 'delivered', 'read', 'clicked', 'answered', 'unsubscribed'] as const satisfies readonly (keyof Funnel)[];
const funnelOf = (rows: readonly Counts[]): Funnel =>
  Object.fromEntries(STAGES.map((stage) => [stage, rows.reduce((sum, row) => sum + row[stage], 0)])) as unknown as Funnel;

/** Counted from the rows of the recipients, whatever the broadcast's state. */
export async function reportOf(on: Queryable, accountId: number, broadcastId: number): Promise<Report> {
  const rows = await on.rows<Counts>(SQL.counts, [accountId, broadcastId]);
  const sum = (name: 'recipients' | 'waiting' | 'excluded' | 'given' | 'failed'): number =>
    rows.reduce((all, row) => all + row[name], 0);
  return {
    ...{
      recipients: sum('recipients'),
      waiting: sum('waiting'),
      excluded: sum('excluded'),
      given: sum('given'),
      failed: sum('failed'),
    },
    funnel: funnelOf(rows),
    variants: rows.flatMap((row) =>
      row.variant === null ? [] : [{ variant: row.variant, given: row.given, ...funnelOf([row]) }],
    ),
    reasons: await on.rows(SQL.reasons, [accountId, broadcastId]),
  };
}

/** Everybody, with what became of each, by contact; above `afterId`, one more than the limit where there is a next page. */
export function recipientsOf(
  on: Queryable,
  accountId: number,
  broadcastId: number,
  { afterId, limit, reason }: { afterId: number; limit: number; reason?: string },
): Promise<readonly Recipient[]> {
  return on.rows<Recipient>(SQL.recipients, [accountId, broadcastId, afterId, reason ?? null, limit + 1]);
}

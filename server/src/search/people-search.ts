import type { Route } from '@soroka/api';
import type { Database } from '../platform/database.ts';

/** Somebody whose name or phone holds what was asked for, with one of their dialogs. */
export interface FoundPerson {
  dialogId: number;
  channel: Route;
  groupId: string;
  contactId: number;
  name: string | null;
  phone: string | null;
  pictureUrl: string | null;
  lastMessageAt: Date;
}

export interface PeopleQuestion {
  accountId: number;
  groups: readonly string[] | null;
  /** A part of a name, or at least three digits of a phone. */
  text: string;
  /** The last one of the page before. */
  after?: { lastMessageAt: number; dialogId: number };
  limit: number;
}

/** Of so many people with such a name the liveliest are shown: who asks for more has to write more. */
const CANDIDATES_MAX = 2_000;

const SQL = {
  people: {
    name: 'search_people',
    text: `
      with named as (
        (select id from contact where account_id = $1 and lower(name) like $2 limit ${CANDIDATES_MAX})
        union
        (select id from contact where account_id = $1 and phone like $3 limit ${CANDIDATES_MAX})
        union
        (
          select i.contact_id from profile as p
          join identity as i on i.account_id = p.account_id and i.network = p.network and i.user_id = p.user_id
          where p.account_id = $1 and lower(p.name) like $2
          limit ${CANDIDATES_MAX}
        )
      )
      select d.id as "dialogId", upper(d.network) as channel, d.group_id as "groupId", c.id as "contactId", coalesce(c.name, p.name) as name,
        c.phone, p.picture_url as "pictureUrl", d.last_message_at as "lastMessageAt"
      from named
      join contact as c on c.id = named.id
      join dialog as d on d.contact_id = c.id and d.account_id = $1 and d.merged_into is null and d.last_sequence >= d.first_sequence
      left join profile as p on p.account_id = d.account_id and p.network = d.network and p.user_id = d.user_id
      where ($4::text[] is null or upper(d.network) || ':' || d.group_id = any($4))
        and ($5::timestamptz is null or (d.last_message_at, d.id) < ($5, $6))
      order by d.last_message_at desc, d.id desc
      limit $7`,
  },
} as const;

const PHONE_DIGITS_MIN = 3;

/** One more than the page where there is a next one; the liveliest dialogs first. */
export function searchPeople(
  database: Database,
  { accountId, groups, text, after, limit }: PeopleQuestion,
): Promise<FoundPerson[]> {
  const digits = text.replaceAll(/[\s()+-]/g, '');
  const isPhone = /^\d+$/.test(digits) && digits.length >= PHONE_DIGITS_MIN;
  // A Russian number begins with 8 for whoever types it at home.
  const phone = isPhone ? `%${digits.length === 11 ? digits.replace(/^8/, '7') : digits}%` : null;
  const at = after === undefined ? null : new Date(after.lastMessageAt);
  return database.rows<FoundPerson>(SQL.people, [
    ...[
      accountId,
      `%${text
        .toLowerCase()
        .trim()
        .replaceAll(/[\\%_]/g, '\\$&')}%`,
      phone,
      groups,
    ],
    ...[at, after?.dialogId ?? null, limit + 1],
  ]);
}

import type { Dispatch } from '../dispatch/dispatch.ts';
import { LIMITS } from '../limits/limits.ts';
import type { Queryable } from '../platform/database.ts';
import { groupOf, type Way } from './plan.ts';
import type { Person, Standing } from './reach.ts';

const SQL = {
  // Contacts' tables are read here for a whole page of people at once; they are written by contacts/ alone.
  people: {
    name: 'broadcast_people',
    text: `
      select c.id as "contactId", coalesce(k.name, c.name) as name, k.phone, k.variables, k.opted_out_at is not null as "optedOut"
      from unnest($2::bigint[]) as asked(id)
      join contact as c on c.account_id = $1 and c.id = asked.id
      join contact as k on k.id = coalesce(c.merged_into, c.id)`,
  },
  standing: {
    name: 'broadcast_standing',
    text: `
      select w.way::int as way, c.id as "contactId", i.user_id as "userId",
        exists (
          select from group_opt_out as o where o.contact_id = i.contact_id and o.network = w.network and o.group_id = w.group_id
        ) as "optedOut",
        s.denied_at is not null as denied, s.user_id is not null as "isKnown", s.last_word_at as "lastWordAt"
      from unnest($2::bigint[]) as asked(id)
      join contact as c on c.account_id = $1 and c.id = asked.id
      cross join unnest($3::text[], $4::text[], $5::int[]) as w(network, group_id, way)
      cross join lateral (
        select i.user_id, i.contact_id, s.user_id is not null as is_known
        from identity as i
        left join subscription as s
          on s.account_id = $1 and s.network = i.network and s.user_id = i.user_id and s.group_id = w.group_id
        where i.contact_id = coalesce(c.merged_into, c.id) and i.network = w.network
        order by is_known desc, i.created_at desc
        limit 1
      ) as i
      left join subscription as s
        on s.account_id = $1 and s.network = w.network and s.user_id = i.user_id and s.group_id = w.group_id`,
  },
} as const;

type PersonRow = Omit<Person, 'byWay'>;
type StandingRow = Omit<Standing, 'isCapped'> & { way: number; contactId: number };

/** What the ways of a broadcast need to know of these contacts, in their order; those who are gone are left out. */
export async function readPeople(
  on: Queryable,
  dispatch: Pick<Dispatch, 'sentOfDay'>,
  accountId: number,
  ways: readonly Way[],
  contactIds: readonly number[],
  perDayOf: (way: number) => number | null | undefined,
): Promise<readonly Person[]> {
  if (contactIds.length === 0) return [];
  const rows = await on.rows<PersonRow>(SQL.people, [accountId, contactIds]);
  const groups = ways.flatMap((way, index) => (way.kind === 'message' ? [{ ...groupOf(way), way: index }] : []));
  const standings = new Map<string, Standing>();
  if (groups.length > 0) {
    const values = [groups.map(({ network }) => network), groups.map(({ groupId }) => groupId), groups.map(({ way }) => way)];
    const found = await on.rows<StandingRow>(SQL.standing, [accountId, contactIds, ...values]);
    for (const group of groups) {
      const own = found.filter(({ way }) => way === group.way);
      const perDay = perDayOf(group.way) === undefined ? LIMITS.notificationsPerPerson.max : perDayOf(group.way);
      const sent =
        perDay === null
          ? []
          : await dispatch.sentOfDay(
              on,
              group,
              own.map(({ userId }) => userId),
            );
      for (const [index, { way, contactId, ...standing }] of own.entries())
        standings.set(`${way} ${contactId}`, { ...standing, isCapped: perDay != null && (sent[index] ?? 0) >= perDay });
    }
  }
  const byId = new Map(rows.map((row) => [row.contactId, row]));
  return contactIds.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined ? [] : [{ ...row, byWay: ways.map((_, way) => standings.get(`${way} ${id}`) ?? null) }];
  });
}

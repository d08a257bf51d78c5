import type { Dispatch } from '../dispatch/dispatch.ts';
import { LIMITS } from '../limits/limits.ts';
import type { Queryable } from '../platform/database.ts';
import { groupOf, type Way } from './plan.ts';
import type { Person, PhoneStanding, Standing } from './reach.ts';
import type { WayRoute } from './routes.ts';

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
  optOuts: {
    name: 'broadcast_opt_outs',
    text: `
      select c.id as "contactId", o.network, o.group_id as "groupId"
      from unnest($2::bigint[]) as asked(id)
      join contact as c on c.account_id = $1 and c.id = asked.id
      join group_opt_out as o on o.contact_id = coalesce(c.merged_into, c.id)`,
  },
} as const;

type PersonRow = Omit<Person, 'byWay' | 'byPhone'>;
type StandingRow = Omit<Standing, 'isCapped'> & { way: number; contactId: number };

interface Reading {
  on: Queryable;
  dispatch: Pick<Dispatch, 'sentOfDay'>;
  accountId: number;
}

/** What the ways of a broadcast need to know of these contacts, in their order; those who are gone are left out. `routes`: of the ways. */
export async function readPeople(
  reading: Reading,
  ways: readonly Way[],
  routes: readonly (WayRoute | null)[],
  contactIds: readonly number[],
): Promise<readonly Person[]> {
  if (contactIds.length === 0) return [];
  const rows = await reading.on.rows<PersonRow>(SQL.people, [reading.accountId, contactIds]);
  const standings = await standingsOf(reading, ways, routes, contactIds);
  const byPhone = await phoneStandingsOf(reading, routes, rows);
  const byId = new Map(rows.map((row) => [row.contactId, row]));
  return contactIds.flatMap((id) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const keys = ways.map((_, way) => keyOf(way, id));
    return [
      { ...row, byWay: keys.map((key) => standings.get(key) ?? null), byPhone: keys.map((key) => byPhone.get(key) ?? null) },
    ];
  });
}

const keyOf = (way: number, contactId: number): string => `${way} ${contactId}`;

/** With the groups of the ways by message. */
async function standingsOf(
  { on, dispatch, accountId }: Reading,
  ways: readonly Way[],
  routes: readonly (WayRoute | null)[],
  contactIds: readonly number[],
): Promise<ReadonlyMap<string, Standing>> {
  const groups = ways.flatMap((way, index) => (way.kind === 'message' ? [{ ...groupOf(way), way: index }] : []));
  const standings = new Map<string, Standing>();
  if (groups.length === 0) return standings;
  const values = [groups.map(({ network }) => network), groups.map(({ groupId }) => groupId), groups.map(({ way }) => way)];
  const found = await on.rows<StandingRow>(SQL.standing, [accountId, contactIds, ...values]);
  for (const group of groups) {
    const own = found.filter(({ way }) => way === group.way);
    const perDay = capOf(routes[group.way]?.perDay);
    const sent = perDay === null ? [] : await dispatch.sentOfDay(on, group, own);
    for (const [index, { way, contactId, ...standing }] of own.entries())
      standings.set(keyOf(way, contactId), { ...standing, isCapped: perDay !== null && (sent[index] ?? 0) >= perDay });
  }
  return standings;
}

/** With the groups through which the senders of the ways by template notify. */
async function phoneStandingsOf(
  { on, dispatch, accountId }: Reading,
  routes: readonly (WayRoute | null)[],
  rows: readonly PersonRow[],
): Promise<ReadonlyMap<string, PhoneStanding>> {
  const people = rows.flatMap(({ contactId, phone }) => (phone === null ? [] : [{ contactId, phone }]));
  const standings = new Map<string, PhoneStanding>();
  if (people.length === 0 || routes.every((one) => one === null || one.byPhone.length === 0)) return standings;
  const optOuts = await on.rows<{ contactId: number; network: string; groupId: string }>(SQL.optOuts, [
    accountId,
    people.map(({ contactId }) => contactId),
  ]);
  const optedOut = new Set(optOuts.map(({ contactId, network, groupId }) => `${contactId} ${network} ${groupId}`));
  for (const [way, one] of routes.entries()) {
    for (const { route, network, groupId, perDay } of one?.byPhone ?? []) {
      const cap = capOf(perDay);
      const sent = cap === null ? [] : await dispatch.sentOfDay(on, { network, groupId }, people);
      for (const [index, { contactId }] of people.entries()) {
        const before = standings.get(keyOf(way, contactId)) ?? { open: [], reason: null };
        const isOptedOut = optedOut.has(`${contactId} ${network} ${groupId}`);
        const isCapped = cap !== null && (sent[index] ?? 0) >= cap;
        const open = isOptedOut || isCapped ? before.open : [...before.open, route];
        const reason = isOptedOut ? 'opted_out' : (before.reason ?? (isCapped ? 'capped' : null));
        standings.set(keyOf(way, contactId), { open, reason });
      }
    }
  }
  return standings;
}

/** null: none. */
const capOf = (perDay: number | null | undefined): number | null =>
  perDay === undefined ? LIMITS.notificationsPerPerson.max : perDay;

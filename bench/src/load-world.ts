import type { Town } from './town.ts';

/** Groups of the load: the simulator has them all (simulator/README.md), the demo world gets a sender for each. */
export const GROUPS = 100;
export const KEY = 'demo';
const VK_GROUP_FIRST = 300_000_000;
const OK_GROUP_FIRST = 71_000_000_000_000;
// The highest that keeps one claim within the 1000 messages of one call to the upstream.
const UNLIMITED_PER_SECOND = 1_000;

// Nobody may get more than five a day: enough people for three million messages, and no more than the simulator can remember.
// A multiple of the groups, so that each person hears from one.
const PEOPLE = 600_000;

export const senderOf = (index: number, groups = GROUPS): string => `Load_${index % groups}`;

/** Somebody of the load range: known on both networks, has allowed every group, is delivered to at once. */
export const phoneOf = (index: number): string => `7998${String(index % PEOPLE).padStart(7, '0')}`;

/** One notification as a customer sends it: 180 bytes, both routes, the template of the demo, no URL of its own. */
export function messageJson(index: number, groups = GROUPS): string {
  return JSON.stringify({
    phone: phoneOf(index),
    service: senderOf(index, groups),
    templateId: 4,
    tmpl: 'base_template',
    tmpl_data: { name: `Анна ${index % 1_000}`, pizza: 'Маргарита' },
    routes: ['VK', 'OK'],
  });
}

/** For the results: what a message is of all benchmarks that send notifications. */
export const PAYLOAD = `a notification of ${Buffer.byteLength(messageJson(0))} bytes of JSON, on both routes, by a template with two places`;

/** Gives the demo's account the senders of that many groups, by the upstream of the demo, on both routes; those it has stay. */
export async function addLoadSenders({ database }: Town, groups = GROUPS): Promise<void> {
  await database.query(
    `
    with made as (
      insert into sender (account_id, name)
      select a.id, 'Load_' || n from account as a, generate_series(0, $1::int - 1) as n where a.name = 'demo'
      on conflict do nothing
      returning id, account_id, substr(name, 6)::bigint as n
    ), routed as (
      insert into sender_route (sender_id, account_id, route, provider, connection_id, group_id)
      select made.id, made.account_id, r.route, 'notify', c.id, (r.first_group + made.n)::text
      from made
      join connection as c on c.account_id = made.account_id and c.kind = 'notify'
      cross join (values ('VK', $2::bigint), ('OK', $3::bigint)) as r(route, first_group)
    )
    insert into template_sender (account_id, template_id, sender_id) select account_id, 4, id from made`,
    [groups, VK_GROUP_FIRST, OK_GROUP_FIRST],
  );
}

/** Lifts the limits on both sides, or puts them back: 50 a second and group, 5 a day and person. Before a server that sends starts. */
export async function setLimits(town: Town, limits: 'lifted' | 'normal'): Promise<void> {
  const lifted = limits === 'lifted';
  const settings = lifted ? { perDay: null, messagesPerSecond: UNLIMITED_PER_SECOND } : { perDay: 5, messagesPerSecond: 50 };
  await town.database.query(`update connection set settings = settings || $1::jsonb where kind = 'notify'`, [settings]);
  await town.control('/limits', {
    notificationsPerSecond: lifted ? null : 50,
    notificationsPerDay: lifted ? null : 5,
  });
}

import type { UserProfile } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import { gathered } from '../platform/gathered.ts';
import type { NetworkUser } from './of-users.ts';

const SQL = {
  unknown: {
    name: 'profile_unknown',
    text: `
      select u.position::int
      from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) with ordinality as u(account_id, network, user_id, since, position)
      where not exists (
        select from profile as p
        where p.account_id = u.account_id and p.network = u.network and p.user_id = u.user_id and p.checked_at >= u.since
      )`,
  },
  // Whom the network does not give keeps the name it had; that it was asked is remembered.
  save: {
    name: 'profile_save',
    text: `
      insert into profile as p (account_id, network, user_id, name, picture_url, checked_at)
      select $1, $2, u.id, f.name, f.picture_url, $7
      from unnest($3::text[]) as u(id)
      left join unnest($4::text[], $5::text[], $6::text[]) as f(id, name, picture_url) on f.id = u.id
      order by u.id
      on conflict (account_id, network, user_id) do update set
        name = coalesce(excluded.name, p.name),
        picture_url = case when excluded.name is null then p.picture_url else excluded.picture_url end,
        checked_at = excluded.checked_at`,
  },
} as const;

const areUnknown = gathered(async (tx: Queryable, people: readonly (NetworkUser & { checkedSince: Date })[]) => {
  const rows = await tx.rows<{ position: number }>(SQL.unknown, [
    people.map(({ accountId }) => accountId),
    people.map(({ network }) => network),
    people.map(({ userId }) => userId),
    people.map(({ checkedSince }) => checkedSince),
  ]);
  const unknown = new Set(rows.map(({ position }) => position));
  return people.map((_, index) => unknown.has(index + 1));
});

/** See Contacts.unknownProfiles. */
export async function unknownProfiles(
  tx: Queryable,
  accountId: number,
  network: 'vk' | 'ok',
  userIds: readonly string[],
  checkedSince: Date,
): Promise<readonly string[]> {
  if (userIds.length === 0) return [];
  const asked = [...new Set(userIds)];
  const isUnknown = await areUnknown(
    tx,
    asked.map((userId) => ({ accountId, network, userId, checkedSince })),
  );
  return asked.filter((_, index) => isUnknown[index] === true);
}

/** See Contacts.saveProfiles. */
export async function saveProfiles(
  tx: Queryable,
  accountId: number,
  network: 'vk' | 'ok',
  asked: readonly string[],
  found: readonly UserProfile[],
  at: Date,
): Promise<void> {
  const profiles = [...new Map(found.map((profile) => [profile.userId, profile])).values()];
  const text = (value: string) => value.replaceAll('\0', '');
  await tx.run(SQL.save, [
    accountId,
    network,
    [...new Set(asked)],
    profiles.map(({ userId }) => userId),
    profiles.map(({ name }) => text(name)),
    profiles.map(({ pictureUrl }) => (pictureUrl === null ? null : text(pictureUrl))),
    at,
  ]);
}

import type { UserProfile } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';

const SQL = {
  unknown: {
    name: 'profile_unknown',
    text: `
      select distinct u.id
      from unnest($3::text[]) as u(id)
      where not exists (
        select from profile as p
        where p.account_id = $1 and p.network = $2 and p.user_id = u.id and p.checked_at >= $4
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

/** See Contacts.unknownProfiles. */
export async function unknownProfiles(
  tx: Queryable,
  accountId: number,
  network: 'vk' | 'ok',
  userIds: readonly string[],
  checkedSince: Date,
): Promise<readonly string[]> {
  if (userIds.length === 0) return [];
  const rows = await tx.rows<{ id: string }>(SQL.unknown, [accountId, network, userIds, checkedSince]);
  return rows.map(({ id }) => id);
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

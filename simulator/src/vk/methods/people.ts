import { respond } from '../vk-errors.ts';
import { defineMethod, type VkMethod } from '../vk-network.ts';
import { communityOf, profileOf } from './peers.ts';

const getUsers = defineMethod({ user_ids: { type: 'texts', required: true, itemsMax: 1_000 } }, (values, { network }) => {
  const ids = values.user_ids.map((id) => id.replace(/^id/, ''));
  // Unknown accounts are left out of the answer, not refused.
  return respond(
    ids.map((id) => network.world.people.byId('vk', id)).flatMap((person) => (person === null ? [] : [profileOf(person)])),
  );
});

// From 5.139 on an object, before it a bare list; the schema changed on 2023-03-02 (contracts/vk.md 3.5). [?] The exact minor.
const FIRST_WITH_OBJECT = 139;

const getGroups = defineMethod(
  { group_ids: { type: 'texts', itemsMax: 500 }, group_id: { type: 'text' } },
  (values, { network: { world }, group: own, version }) => {
    const asked = values.group_ids ?? (values.group_id === undefined ? [own.id] : [values.group_id]);
    const groups = asked
      .map((id) => world.groups.byId('vk', id.replace(/^(?:club|public)/, '')))
      .flatMap((group) => (group === null ? [] : [communityOf(group)]));
    return respond(version >= FIRST_WITH_OBJECT ? { groups, profiles: [] } : groups);
  },
);

/** Rights of a community token, by their bits (vk.com/dev/permissions, "community access rights"). */
const TOKEN_PERMISSIONS = [
  { name: 'photos', setting: 4 },
  { name: 'messages', setting: 4_096 },
  { name: 'docs', setting: 131_072 },
  { name: 'manage', setting: 262_144 },
] as const;

const getTokenPermissions = defineMethod({}, () =>
  respond({ mask: TOKEN_PERMISSIONS.reduce((mask, { setting }) => mask | setting, 0), permissions: TOKEN_PERMISSIONS }),
);

/** Who is who. Sources: the schema; contracts/vk.md 3.5. */
export const PEOPLE_METHODS: Readonly<Record<string, VkMethod>> = {
  'users.get': getUsers,
  'groups.getById': getGroups,
  'groups.getTokenPermissions': getTokenPermissions,
};

import type { Person, World } from '../../world/world.ts';
import { RIGHTS } from '../tokens.ts';
import { refuse, respond } from '../vk-errors.ts';
import { defineMethod, definePublicMethod, type VkMethods } from '../vk-method.ts';
import { communityOf, membersOf, profileOf, screenNameOf } from './peers.ts';

const FIELDS = { type: 'texts', itemsMax: 1_000 } as const;

/** An account by its id or its short name. */
export function findAccount(world: World, name: string): Person | null {
  return world.people.byId('vk', name.replace(/^id(?=\d)/, ''));
}

/** A community by its id or its short name (`club1`, `public1`). */
export function findCommunity(world: World, name: string) {
  return world.groups.byId('vk', name.replace(/^(?:club|public|event)(?=\d)/, ''));
}

const NAME_CASES = ['nom', 'gen', 'dat', 'acc', 'ins', 'abl'] as const;

const getUsers = definePublicMethod(
  {
    user_ids: { type: 'texts', itemsMax: 1_000 },
    fields: FIELDS,
    // The simulated people have their names in the first case only.
    name_case: { type: 'choice', values: NAME_CASES },
    from_group_id: { type: 'integer' },
  },
  (values, call) => {
    if (values.user_ids === undefined) return respond('person' in call ? [profileOf(call.person, call, values.fields)] : []);
    // Unknown accounts are left out of the answer, not refused.
    const people = values.user_ids.flatMap((name) => findAccount(call.network.world, name) ?? []);
    return respond(people.map((person) => profileOf(person, call, values.fields)));
  },
);

// From 5.139 on an object, before it a bare list; the schema changed on 2023-03-02 (contracts/vk.md 3.5). [?] The exact minor.
const FIRST_WITH_OBJECT = 139;

const getGroups = definePublicMethod(
  { group_ids: { type: 'texts', itemsMax: 500 }, group_id: { type: 'text' }, fields: FIELDS },
  (values, call) => {
    const own = 'group' in call ? [call.group.id] : [];
    const asked = values.group_ids ?? (values.group_id === undefined ? own : [values.group_id]);
    if (asked.length === 0) return refuse(100, 'group_ids is undefined');
    const groups = asked
      .flatMap((name) => findCommunity(call.network.world, name) ?? [])
      .map((group) => communityOf(group, call, values.fields));
    return respond(call.version >= FIRST_WITH_OBJECT ? { groups, profiles: [] } : groups);
  },
);

const getTokenPermissions = defineMethod({}, (_values, { rights }) => {
  const permissions = [...rights].map((name) => ({ name, setting: RIGHTS[name] }));
  return respond({ mask: permissions.reduce((mask, { setting }) => mask | setting, 0), permissions });
});

/** The administrator who made the communities and their servers: nobody in this world, so the id of VK's own first account. */
export const CREATOR_ID = 1;

const getMembers = definePublicMethod(
  {
    group_id: { type: 'text' },
    sort: { type: 'choice', values: ['id_asc', 'id_desc', 'time_asc', 'time_desc'], default: 'id_asc' },
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 1_000, default: 1_000 },
    fields: FIELDS,
    filter: { type: 'choice', values: ['donut', 'friends', 'managers', 'unsure'] },
  },
  (values, call) => {
    const own = 'group' in call ? call.group.id : undefined;
    const name = values.group_id ?? own;
    if (name === undefined || findCommunity(call.network.world, name) === null) return refuse(125);
    if (values.filter === 'managers') return respond({ count: 1, items: [{ id: CREATOR_ID, role: 'creator' }] });
    const isDescending = values.sort.endsWith('_desc') ? -1 : 1;
    const members = values.filter === undefined ? membersOf(call) : [];
    const page = members
      .sort((a, b) => isDescending * ((a.vkId ?? 0) - (b.vkId ?? 0)))
      .slice(values.offset, values.offset + values.count);
    const { fields } = values;
    const items = fields === undefined ? page.map(({ vkId }) => vkId) : page.map((person) => profileOf(person, call, fields));
    return respond({ count: members.length, items });
  },
);

const isMember = definePublicMethod(
  {
    group_id: { type: 'text', required: true },
    user_id: { type: 'integer', min: 0 },
    user_ids: { type: 'integers', itemsMax: 500 },
    extended: { type: 'boolean' },
  },
  (values, call) => {
    const { world } = call.network;
    if (findCommunity(world, values.group_id) === null) return refuse(125);
    const memberOf = (id: number): 0 | 1 => (findAccount(world, String(id)) === null ? 0 : 1);
    const further = values.extended === true ? { can_invite: 0, can_recall: 0, invitation: 0, request: 0 } : {};
    if (values.user_ids !== undefined) {
      return respond(values.user_ids.map((id) => ({ user_id: id, member: memberOf(id), ...further })));
    }
    if (values.user_id === undefined) return refuse(100, 'user_id is undefined');
    const member = memberOf(values.user_id);
    return respond(values.extended === true ? { member, ...further } : member);
  },
);

const resolveScreenName = definePublicMethod({ screen_name: { type: 'text', required: true } }, ({ screen_name: name }, call) => {
  const { world } = call.network;
  const group = findCommunity(world, name);
  if (group !== null && screenNameOf(group) === name) {
    return respond({ type: 'group', object_id: Number(group.id), group_id: Number(group.id) });
  }
  const person = /^id\d/.test(name) ? findAccount(world, name) : null;
  // [?] For a free name older versions answer with an empty list; 104 stands in the method's list of errors.
  return person === null ? refuse(104) : respond({ type: 'user', object_id: person.vkId });
});

const getServerTime = definePublicMethod({}, (_values, { at }) => respond(Math.floor(at.time / 1_000)));

/** Who is who. Sources: the schema; contracts/vk.md 3.5. */
export const PEOPLE_METHODS: VkMethods = {
  'users.get': getUsers,
  'groups.getById': getGroups,
  'groups.getTokenPermissions': getTokenPermissions,
  'groups.getMembers': getMembers,
  'groups.isMember': isMember,
  'utils.resolveScreenName': resolveScreenName,
  'utils.getServerTime': getServerTime,
};

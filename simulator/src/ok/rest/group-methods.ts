import type { Group, World } from '../../world/world.ts';
import { type OkResult, refuse, respond } from '../ok-errors.ts';
import { bareId } from '../ok-ids.ts';
import { pickFields, type RestMethod, type RestMethods, required, requiredIds } from './rest-method.ts';

const IDS_MAX = 100;

/** [?] The order and fullness of fields is ours; their names are those of group.getInfo. */
const getInfo: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, world, origin }) {
    const read = requiredIds(given, 'uids', IDS_MAX);
    if (!read.ok) return read;
    const groups = read.ids.flatMap((id) => world.groups.byId('ok', id) ?? []);
    return respond(
      groups.map(({ id, name }) => {
        const picture = `${origin}/ok/pictures/${id}`;
        const whole = {
          uid: id,
          name,
          shortname: `group${id}`,
          description: name,
          picAvatar: picture,
          main_photo: { pic128x128: picture },
        };
        return pickFields(whole, given['fields'], 'uid');
      }),
    );
  },
};

const getUserGroupsByIds: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, world }) {
    const groupId = required(given, 'group_id');
    if (!groupId.ok) return groupId;
    const group = world.groups.byId('ok', bareId(groupId.value));
    if (group === null) return refuse('PARAM_GROUP_ID', 'Invalid group id');
    const read = requiredIds(given, 'uids', IDS_MAX);
    if (!read.ok) return read;
    return respond(read.ids.map((userId) => ({ groupId: group.id, userId, status: membership(world, group, userId) })));
  },
};

/** The world knows no members: who lets the group write counts as one. */
function membership(world: World, group: Group, userId: string): 'ACTIVE' | 'UNKNOWN' {
  const person = world.people.byId('ok', userId);
  return person !== null && world.permission(group, person) === 'allowed' ? 'ACTIVE' : 'UNKNOWN';
}

/** What an address of ok.ru leads to. [?] The names of the types beyond GROUP and PROFILE are not documented. */
const getUrlInfo: RestMethod = {
  session: 'optional',
  scope: 'VALUABLE_ACCESS',
  run({ given, world }): OkResult {
    const read = required(given, 'url');
    if (!read.ok) return read;
    const [, kind, id = ''] = /^(?:https?:\/\/)?(?:www\.|m\.)?ok\.ru\/(group|profile)\/?(\d+)/.exec(read.value) ?? [];
    if (kind === 'group' && world.groups.byId('ok', id) !== null)
      return respond({ type: 'GROUP', objectId: Number(id), objectIdStr: id });
    if (kind === 'profile' && world.people.byId('ok', id) !== null) {
      return respond({ type: 'PROFILE', objectId: Number(id), objectIdStr: id });
    }
    return refuse('NOT_FOUND', 'The address leads to nothing known');
  },
};

/** Source: contracts/ok.md 5.4. */
export const GROUP_METHODS: RestMethods = {
  'group.getInfo': getInfo,
  'group.getUserGroupsByIds': getUserGroupsByIds,
  'url.getInfo': getUrlInfo,
};

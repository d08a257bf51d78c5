import type { Chat, Group, Person } from '../../world/world.ts';
import { FIRST_CHAT_PEER, type Place } from '../peer-ids.ts';
import { type Refusal, refuse } from '../vk-errors.ts';
import type { AnyCall, VkCall } from '../vk-network.ts';

/** Whom a peer id means. */
export type Peer = { ok: true; person: Person } | { ok: true; chat: Chat };

/**
 * Whom a peer id means, or VK's refusal. `unknownChat` is the one that the method's list of errors holds: 917 no access, 927 no such
 * chat. A community that was removed from a chat has no access, one that left it by itself hears so.
 */
export function findPeer(call: VkCall, peerId: number, unknownChat: 917 | 927): Peer | Refusal {
  const { world } = call.network;
  if (peerId > FIRST_CHAT_PEER) {
    const chat = world.chats.byNumber(call.group, peerId - FIRST_CHAT_PEER);
    if (chat === null) return refuse(unknownChat);
    if (chat.groupIs === 'in') return { ok: true, chat };
    return refuse(chat.groupIs === 'left' ? 922 : 917);
  }
  const person = peerId > 0 ? world.people.byId('vk', String(peerId)) : null;
  // [?] VK's answer for an account that does not exist: 936 stands in the list of messages.send.
  return person === null ? refuse(936) : { ok: true, person };
}

/** Where the messages of a peer stand; null where a person and the group have not written yet. */
export function placeOfPeer(call: VkCall, peer: Peer): Place | null {
  return 'chat' in peer ? peer.chat : call.network.world.dialogs.find(call.group, peer.person);
}

/** `peer_id`, or `user_id` in its place, as many methods take them. */
export function peerIdOf(values: { peer_id: number | undefined; user_id: number | undefined }): number | Refusal {
  return values.peer_id ?? values.user_id ?? refuse(100, 'peer_id is undefined');
}

/** The fields that the simulated accounts can show, by their name in `fields`. Source: users_user_full of the schema. */
const USER_FIELDS: Readonly<Record<string, (person: Person, picture: string) => unknown>> = {
  photo_50: (_, picture) => picture,
  photo_100: (_, picture) => picture,
  photo_200: (_, picture) => picture,
  photo_max: (_, picture) => picture,
  photo_max_orig: (_, picture) => picture,
  has_photo: () => 1,
  domain: ({ vkId }) => `id${vkId}`,
  screen_name: ({ vkId }) => `id${vkId}`,
  online: ({ behaviour }) => (behaviour.deliveredAfterMs === null ? 0 : 1),
  sex: () => 0,
  verified: () => 0,
  ...Object.fromEntries(
    // The simulated people have their names in the first case only.
    ['nom', 'gen', 'dat', 'acc', 'ins', 'abl'].flatMap((nameCase) => [
      [`first_name_${nameCase}`, ({ firstName }: Person) => firstName],
      [`last_name_${nameCase}`, ({ lastName }: Person) => lastName],
    ]),
  ),
};

/** A person as users.get shows them. Source: users_user_min of the schema. */
export function profileOf(person: Person, call: AnyCall, fields: readonly string[] = []): Record<string, unknown> {
  const picture = `${call.origin}/vk/avatars/${person.vkId}.svg`;
  return {
    id: person.vkId,
    first_name: person.firstName,
    last_name: person.lastName,
    can_access_closed: true,
    is_closed: false,
    ...Object.fromEntries(
      fields.flatMap((field) => (field in USER_FIELDS ? [[field, USER_FIELDS[field]?.(person, picture)]] : [])),
    ),
  };
}

/** A community as groups.getById shows it. Source: groups_group of the schema. */
export function communityOf(group: Group, call: AnyCall, fields: readonly string[] = []): Record<string, unknown> {
  const picture = `${call.origin}/vk/avatars/${group.id}.svg`;
  const further: Record<string, unknown> = {
    members_count: membersOf(call).length,
    description: '',
    can_message: 1,
    verified: 0,
  };
  return {
    id: Number(group.id),
    name: group.name,
    screen_name: screenNameOf(group),
    is_closed: 0,
    type: 'group',
    photo_50: picture,
    photo_100: picture,
    photo_200: picture,
    ...Object.fromEntries(Object.entries(further).filter(([field]) => fields.includes(field))),
  };
}

export const screenNameOf = (group: Group): string => `club${group.id}`;

/** Everybody who is on VK is a member of every community: the simulated people joined by themselves. */
export function membersOf({ network: { world } }: AnyCall): Person[] {
  return world.people.known().filter(({ vkId }) => vkId !== null);
}

/** Profiles and groups of an answer with `extended`. */
export function profilesOf(
  call: VkCall,
  people: readonly Person[],
  { extended, fields }: { extended: boolean | undefined; fields: readonly string[] | undefined },
): Record<string, unknown> {
  if (extended !== true) return {};
  return { profiles: people.map((person) => profileOf(person, call, fields)), groups: [communityOf(call.group, call, fields)] };
}

/** The people of a place. */
export function peopleOf(place: Place): Person[] {
  return 'members' in place ? [...place.members.keys()] : [place.person];
}

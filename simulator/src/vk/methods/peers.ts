import type { Group, Person, World } from '../../world/world.ts';
import { refuse, type VkError } from '../vk-errors.ts';

// Peers from here on are chats of several people (contracts/vk.md 1.4); the simulated people have none.
const FIRST_CHAT_PEER = 2_000_000_000;

/** Whom a peer id means, or VK's refusal. */
export function findPeer(world: World, peerId: number): { ok: true; person: Person } | { ok: false; error: VkError } {
  if (peerId >= FIRST_CHAT_PEER) return refuse(917);
  const person = peerId > 0 ? world.people.byId('vk', String(peerId)) : null;
  // [?] VK's answer for an account that does not exist: 936 stands in the list of messages.send.
  return person === null ? refuse(936) : { ok: true, person };
}

/** A person as users.get shows them. Source: users_user_min of the schema. */
export function profileOf(person: Person): Record<string, unknown> {
  return {
    id: person.vkId,
    first_name: person.firstName,
    last_name: person.lastName,
    can_access_closed: true,
    is_closed: false,
    domain: `id${person.vkId}`,
  };
}

/** A community as groups.getById shows it. Source: groups_group of the schema. */
export function communityOf(group: Group): Record<string, unknown> {
  return { id: Number(group.id), name: group.name, screen_name: `club${group.id}`, is_closed: 0, type: 'group' };
}

import type { Group, Person, World } from '../world/world.ts';

/**
 * Rights of a community token, by their bits in `groups.getTokenPermissions`.
 * Sources: vk.com/dev/permissions, "community access rights"; the names are those of contracts/vk.md 4.
 */
export const RIGHTS = { stories: 1, photos: 4, app_widget: 64, messages: 4_096, docs: 131_072, manage: 262_144 } as const;
export type Right = keyof typeof RIGHTS;

const ALL_RIGHTS = Object.keys(RIGHTS) as Right[];

/** Whose token it is. */
export type TokenHolder = { group: Group; rights: ReadonlySet<Right> } | { person: Person };

/**
 * Whose token it is, or null. A community's token has every right; with `.messages` (or another right's name) behind it, it is a
 * second token that has this right alone. `vk1.user.<VK id>` is a person's.
 */
export function holderOf(world: World, token: string): TokenHolder | null {
  const [, userId] = /^vk1\.user\.(\d{1,12})$/.exec(token) ?? [];
  if (userId !== undefined) {
    const person = world.people.byId('vk', userId);
    return person === null ? null : { person };
  }
  const own = world.groups.byToken('vk', token);
  if (own !== null) return { group: own, rights: new Set(ALL_RIGHTS) };
  const right = ALL_RIGHTS.find((candidate) => token.endsWith(`.${candidate}`));
  const group = right === undefined ? null : world.groups.byToken('vk', token.slice(0, -right.length - 1));
  return group === null || right === undefined ? null : { group, rights: new Set([right]) };
}

/** The right that a method asks of a community token, by its section. [?] VK names the rights, not which method needs which. */
export function rightFor(method: string): Right | null {
  if (method.startsWith('messages.')) return 'messages';
  if (method.startsWith('photos.')) return 'photos';
  if (method.startsWith('docs.')) return 'docs';
  return /^groups\.(?:.*(?:Callback|LongPoll|Settings|Online))/.test(method) ? 'manage' : null;
}

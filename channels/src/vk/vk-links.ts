/** A link that opens the dialog with a community and names where the person came from; `problem` names what was wrong. */
export type VkRefLink = { ok: true; url: string } | { ok: false; field: 'group' | 'ref'; problem: string };

/** `group` is digits for an id, anything else for a name. */
export type VkRefLinkParts = { ok: true; group: string; ref: string } | { ok: false; problem: string };

const HOST = 'vk.me';
// [?] VK names no length; ours is the one of a link of OK, so that one text fits both.
const CHARACTERS_MAX = 128;

/**
 * Makes `https://vk.me/{name}?ref={ref}`, or `https://vk.me/club{id}?ref={ref}`. Whoever opens it gets the dialog, and the first
 * message they write then, or their press of Start, carries the ref. `group` is an id or the name in the community's address.
 * [?] VK's own page on this was not found, nor whether `club{id}` leads on where the community has a name.
 *
 * Source: help.just-ai.com, "VKontakte: submitting parameters"; the field: VKCOM/vk-api-schema, messages_message.
 */
export function makeVkRefLink(group: string, ref: string): VkRefLink {
  if (!/^[A-Za-z0-9][A-Za-z0-9._]*$/.test(group))
    return { ok: false, field: 'group', problem: 'must be the community’s id, or its name as in vk.com/name' };
  const problem = problemOfRef(ref);
  if (problem !== null) return { ok: false, field: 'ref', problem };
  return { ok: true, url: `https://${HOST}/${/^\d+$/.test(group) ? `club${group}` : group}?ref=${encodeURIComponent(ref)}` };
}

function problemOfRef(ref: string): string | null {
  const characters = [...ref].length;
  if (ref === '') return 'must not be empty';
  if (!ref.isWellFormed()) return 'holds half a character, which no address can carry';
  return characters > CHARACTERS_MAX ? `at most ${CHARACTERS_MAX} characters, there are ${characters}` : null;
}

/** Takes a link apart that `makeVkRefLink` or a person made. Never throws. */
export function parseVkRefLink(url: string): VkRefLinkParts {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return { ok: false, problem: 'is no http or https address' };
  if (parsed.hostname !== HOST) return { ok: false, problem: `must lead to ${HOST}` };
  const [, name] = /^\/([^/]+)\/?$/.exec(parsed.pathname) ?? [];
  if (name === undefined) return { ok: false, problem: 'must name the community after the host, and nothing more' };
  const ref = parsed.searchParams.get('ref');
  if (ref === null || ref === '') return { ok: false, problem: 'carries no ref' };
  return { ok: true, group: name.replace(/^(?:club|public)(?=\d+$)/, ''), ref };
}

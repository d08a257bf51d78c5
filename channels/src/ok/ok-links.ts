import { OK_SETTINGS } from './ok-settings.ts';

/** A link that opens the chat with a group and brings it a text; `problem` names what was wrong. */
export type OkStartLink = { ok: true; url: string } | { ok: false; field: 'group' | 'payload'; problem: string };

/** `group` is digits for an id, anything else for a name. */
export type OkStartLinkParts = { ok: true; group: string; payload: string } | { ok: false; problem: string };

const HOST = 'ok.ru';
const HOSTS: ReadonlySet<string> = new Set([HOST, 'www.ok.ru', 'm.ok.ru']);

/**
 * Makes `https://ok.ru/group/{id}/messages/start/{payload}`, or `https://ok.ru/{name}/messages/start/{payload}`. Whoever
 * opens it gets the chat, and the group the event `started` with the payload. `group` is an id, with or without `group:`, or
 * the name in the group's address. [?] OK documents neither encoding nor length; the limit counts characters before encoding.
 *
 * Source: apiok.ru, graph.user.subscribe.
 */
export function makeOkStartLink(
  group: string,
  payload: string,
  { charactersMax = OK_SETTINGS.startLinkCharactersMax }: { charactersMax?: number } = {},
): OkStartLink {
  const bare = group.replace(/^group:/i, '');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(bare))
    return { ok: false, field: 'group', problem: 'must be the group’s id, or its name as in ok.ru/name' };
  const problem = problemOfPayload(payload, charactersMax);
  if (problem !== null) return { ok: false, field: 'payload', problem };
  const place = /^\d+$/.test(bare) ? `group/${bare}` : bare;
  return { ok: true, url: `https://${HOST}/${place}/messages/start/${encodeURIComponent(payload)}` };
}

function problemOfPayload(payload: string, charactersMax: number): string | null {
  const characters = [...payload].length;
  if (payload === '') return 'must not be empty';
  if (!payload.isWellFormed()) return 'holds half a character, which no address can carry';
  if (payload === '.' || payload === '..') return 'must be more than points: browsers take them for a way up';
  return characters > charactersMax ? `at most ${charactersMax} characters, there are ${characters}` : null;
}

/** Takes a link apart that `makeOkStartLink` or a person made. Never throws. */
export function parseOkStartLink(url: string): OkStartLinkParts {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return { ok: false, problem: 'is no http or https address' };
  if (!HOSTS.has(parsed.hostname)) return { ok: false, problem: `must lead to ${HOST}` };
  const [, id, name, encoded] = /^\/(?:group\/(\d+)|([^/]+))\/messages\/start\/([^/]+)\/?$/.exec(parsed.pathname) ?? [];
  const group = id ?? name;
  if (group === undefined || encoded === undefined)
    return { ok: false, problem: 'must end in /messages/start/ and a text, after the group’s id or name' };
  try {
    return { ok: true, group, payload: decodeURIComponent(encoded) };
  } catch {
    return { ok: false, problem: 'holds a % that begins no character of UTF-8' };
  }
}

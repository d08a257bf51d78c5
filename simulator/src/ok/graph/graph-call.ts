import type { Group, Instant } from '../../world/world.ts';
import { type OkResult, type Refused, refuse } from '../ok-errors.ts';
import { bareId, hasPrefix } from '../ok-ids.ts';
import type { OkNetwork } from '../ok-network.ts';
import { contentOf, findPlace, type Line, linesOf, type Place } from '../places.ts';

/** One Graph call whose token was found right. */
export interface GraphCall {
  network: OkNetwork;
  /** Whose token it is. */
  group: Group;
  at: Instant;
  query: Readonly<Record<string, string>>;
  /** Empty on GET. */
  body: Readonly<Record<string, unknown>>;
  /** Ids in the path, by the name they have in the pattern. */
  path: { chat?: string; mid?: string };
  /** Such as `http://127.0.0.1:8090`: how the caller reaches the simulator, for addresses in answers. */
  origin: string;
  /** Resolves when the client has left. */
  gone: Promise<void>;
}

export interface GraphRoute {
  verb: 'GET' | 'POST';
  /** Such as `me/messages/{chat}`. */
  pattern: string;
  run(call: GraphCall): OkResult | Promise<OkResult>;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The group's dialog or chat with this id, with or without its prefix. */
export function findChat({ network, group }: GraphCall, id: string): { ok: true; place: Place } | Refused {
  const place = findPlace(network.world, group, id);
  return place === null ? refuse('CHAT_NOT_FOUND', 'Chat not found') : { ok: true, place };
}

/** The chat of the path, or of the query where the path has none. */
export function askedChat(call: GraphCall): { ok: true; place: Place } | Refused {
  const id = call.path.chat ?? call.query['chat_id'];
  return id === undefined ? refuse('PARAM', 'chat_id is required') : findChat(call, id);
}

/** A message by its `mid:C<chat>.<seq>`; the chat is in it. */
export function findMessage(call: GraphCall, mid: string): { ok: true; line: Line } | Refused {
  const notFound = refuse('PARAM_MESSAGE_ID', 'Message not found');
  if (!hasPrefix(mid, 'mid')) return notFound;
  const bare = bareId(mid).toLowerCase();
  const chat = findChat(call, bare.split('.')[0] ?? '');
  const line = chat.ok ? linesOf(chat.place).find((candidate) => bareId(candidate.mid).toLowerCase() === bare) : undefined;
  return line === undefined || contentOf(line).deleted ? notFound : { ok: true, line };
}

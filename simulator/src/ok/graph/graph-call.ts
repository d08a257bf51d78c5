import type { Dialog, Group, Instant, Message } from '../../world/world.ts';
import { type OkErrorBody, type OkResult, refuse } from '../ok-errors.ts';
import { bareId, hasPrefix } from '../ok-ids.ts';
import type { OkNetwork } from '../ok-network.ts';

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
  /** Resolves when the client has left. */
  gone: Promise<void>;
}

export interface GraphRoute {
  verb: 'GET' | 'POST';
  /** Such as `me/messages/{chat}`. */
  pattern: string;
  run(call: GraphCall): OkResult | Promise<OkResult>;
}

export type Refused = { ok: false; error: OkErrorBody };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The chat with this id, with or without its prefix. */
export function findChat({ network, group }: GraphCall, id: string): { ok: true; dialog: Dialog } | Refused {
  const dialog = network.world.dialogs.byPeer(group, `chat:${bareId(id)}`);
  return dialog === null ? refuse('CHAT_NOT_FOUND', 'Chat not found') : { ok: true, dialog };
}

/** The chat of the path, or of the query where the path has none. */
export function askedChat(call: GraphCall): { ok: true; dialog: Dialog } | Refused {
  const id = call.path.chat ?? call.query['chat_id'];
  return id === undefined ? refuse('PARAM', 'chat_id is required') : findChat(call, id);
}

/** A message by its `mid:C<chat>.<seq>`; the chat is in it. */
export function findMessage(call: GraphCall, mid: string): { ok: true; message: Message } | Refused {
  const notFound = refuse('PARAM_MESSAGE_ID', 'Message not found');
  if (!hasPrefix(mid, 'mid')) return notFound;
  const bare = bareId(mid);
  const chat = findChat(call, bare.split('.')[0] ?? '');
  const message = chat.ok ? chat.dialog.messages.find(({ networkId }) => bareId(networkId) === bare) : undefined;
  return message === undefined || message.deleted ? notFound : { ok: true, message };
}

/** A whole number of the query within bounds; `fallback` where it is not given. */
export function readNumber(
  query: Readonly<Record<string, string>>,
  name: string,
  bounds: { min: number; max: number; fallback: number },
): { ok: true; value: number } | Refused {
  const text = query[name];
  if (text === undefined || text === '') return { ok: true, value: bounds.fallback };
  const value = /^-?\d{1,19}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.min && value <= bounds.max))
    return refuse('PARAM', `${name} should be from ${bounds.min} to ${bounds.max}`);
  return { ok: true, value };
}

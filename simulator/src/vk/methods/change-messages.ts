import { errorText, refuse, respond, type VkError } from '../vk-errors.ts';
import { idOf, isOwn, type Line, linesOf, pinnedMessage } from '../vk-message.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { lineById, linesByNumber, namedLine } from './find-messages.ts';
import { CONTENT_PARAMETERS, readContent } from './message-content.ts';
import { findPeer, peerIdOf, placeOfPeer } from './peers.ts';

// A message can be changed, and taken back for everybody, within a day of its sending. [?] VK's text names no figure.
const CHANGEABLE_MS = 86_400_000;

const isOld = (line: Line, { network: { world } }: VkCall): boolean => world.clock.now() - line.time > CHANGEABLE_MS;

const edit = defineMethod(
  {
    peer_id: { type: 'integer', required: true },
    message_id: { type: 'integer', min: 0 },
    cmid: { type: 'integer', min: 0 },
    // Older clients' name of `cmid`.
    conversation_message_id: { type: 'integer', min: 0 },
    ...CONTENT_PARAMETERS,
    keep_forward_messages: { type: 'boolean' },
    keep_snippets: { type: 'boolean' },
  },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 917);
    if (!peer.ok) return peer;
    const cmid = values.cmid ?? values.conversation_message_id;
    const line = namedLine(call, placeOfPeer(call, peer), { message_id: values.message_id, cmid });
    if (line === null) return refuse(100, 'message_id is invalid');
    if ('ok' in line) return line;
    if (!isOwn(line) || ('action' in line && line.action !== null)) return refuse(920);
    if (isOld(line, call)) return refuse(909);
    const read = readContent(values, call);
    if (!read.ok) return read;
    const { text, keyboard, extra } = read.content;
    const kept = {
      random_id: line.extra['random_id'] ?? 0,
      ...(values.keep_forward_messages === true ? forwardedOf(line) : {}),
      ...('keyboard' in line.extra ? { keyboard: line.extra['keyboard'] } : {}),
    };
    const changes = { text, extra: { ...kept, ...extra }, ...(keyboard === undefined ? {} : { keyboard }) };
    const { world } = call.network;
    if ('chat' in line) world.chats.edit(line, changes);
    else world.edit(line, changes);
    return respond(1);
  },
);

function forwardedOf({ extra }: Line): Record<string, unknown> {
  const names = ['fwd_messages', 'reply_message'].filter((name) => name in extra);
  return Object.fromEntries(names.map((name) => [name, extra[name]]));
}

const deleteMessages = defineMethod(
  {
    message_ids: { type: 'integers', itemsMax: 1_000 },
    peer_id: { type: 'integer' },
    cmids: { type: 'integers', itemsMax: 100 },
    // Older clients' name of `cmids`.
    conversation_message_ids: { type: 'integers', itemsMax: 100 },
    delete_for_all: { type: 'boolean' },
    spam: { type: 'boolean' },
    reason: { type: 'integer', min: 0 },
  },
  (values, call) => {
    const forAll = values.delete_for_all === true;
    const { message_ids: ids, peer_id: peerId, cmids = values.conversation_message_ids } = values;
    const hasRows = call.version >= FIRST_WITH_ROWS;
    if (ids !== undefined) {
      const rows = ids.map((id) => ({ message_id: id, ...deleteOne(lineById(call, id), forAll, call) }));
      return respond(hasRows ? rows : flagsOf(ids, rows));
    }
    if (peerId === undefined || cmids === undefined) return refuse(100, 'message_ids is undefined');
    const peer = findPeer(call, peerId, 917);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    const rows = cmids.map((number) => ({
      peer_id: peerId,
      conversation_message_id: number,
      ...deleteOne(linesByNumber(place, [number])[0] ?? null, forAll, call),
    }));
    return respond(hasRows ? rows : flagsOf(cmids, rows));
  },
);

// Rows in 5.199; clients of 5.131 read an object. [?] The version in between that changed it.
const FIRST_WITH_ROWS = 139;

const flagsOf = (names: readonly number[], rows: readonly Record<string, unknown>[]): Record<string, 0 | 1> =>
  Object.fromEntries(names.map((name, index) => [name, rows[index]?.['response'] === 1 ? 1 : 0]));

/** What stands in the row of one message: `response`, or the reason why it was not deleted. */
function deleteOne(line: Line | null, forAll: boolean, call: VkCall): Record<string, unknown> {
  const failed = (error: VkError) => ({ error: { code: error.code, description: errorText(error) } });
  if (line === null) return failed({ code: 104 });
  if (!forAll) {
    line.hiddenFromGroup = true;
    return { response: 1 };
  }
  if (!isOwn(line) || isOld(line, call)) return failed({ code: 924 });
  if ('chat' in line) call.network.world.chats.delete(line);
  else call.network.world.delete(line);
  return { response: 1 };
}

/** What the community deleted for everybody is gone; what it deleted for itself alone comes back. */
const restore = defineMethod(
  { message_id: { type: 'integer', min: 0 }, cmid: { type: 'integer', min: 0 }, peer_id: { type: 'integer' } },
  (values, call) => {
    const { world } = call.network;
    const peer = values.peer_id === undefined ? null : findPeer(call, values.peer_id, 917);
    if (peer !== null && !peer.ok) return peer;
    const lines: readonly Line[] = (peer === null ? null : placeOfPeer(call, peer))?.messages ?? [];
    const line =
      values.message_id === undefined
        ? lines.find(({ numberInDialog }) => numberInDialog === values.cmid)
        : world.dialogs.byId(call.group, String(values.message_id));
    // [?] VK's answer for what was not deleted is not known.
    if (line?.hiddenFromGroup !== true || line.deleted) return refuse(100, 'message_id is invalid');
    line.hiddenFromGroup = false;
    return respond(1);
  },
);

const deleteConversation = defineMethod({ peer_id: { type: 'integer' }, user_id: { type: 'integer' } }, (values, call) => {
  const peerId = peerIdOf(values);
  if (typeof peerId !== 'number') return peerId;
  const peer = findPeer(call, peerId, 927);
  if (!peer.ok) return peer;
  const place = placeOfPeer(call, peer);
  const lines = place === null ? [] : linesOf(place);
  const last = lines.at(-1);
  for (const line of lines) line.hiddenFromGroup = true;
  return respond({ last_deleted_id: last === undefined ? 0 : idOf(last) });
});

const PINNED = {
  peer_id: { type: 'integer', required: true },
  message_id: { type: 'integer', min: 0 },
  cmid: { type: 'integer', min: 0 },
  conversation_message_id: { type: 'integer', min: 0 },
} as const;

const pin = defineMethod(PINNED, (values, call) => {
  const peer = findPeer(call, values.peer_id, 927);
  if (!peer.ok) return peer;
  const place = placeOfPeer(call, peer);
  const line = namedLine(call, place, { message_id: values.message_id, cmid: values.cmid ?? values.conversation_message_id });
  if (line === null) return refuse(100, 'message_id is invalid');
  if ('ok' in line) return line;
  // [?] Whether VK lets a community pin in a person's dialog is not known; the simulator has pins in chats.
  if (!('chat' in line)) return refuse(927);
  if (!line.chat.groupIsAdmin) return refuse(925);
  call.network.world.chats.pin(line.chat, null, line);
  return respond(pinnedMessage(line));
});

const unpin = defineMethod({ peer_id: { type: 'integer', required: true } }, (values, call) => {
  const peer = findPeer(call, values.peer_id, 927);
  if (!peer.ok) return peer;
  if (!('chat' in peer)) return refuse(927);
  if (!peer.chat.groupIsAdmin) return refuse(925);
  call.network.world.chats.unpin(peer.chat, null);
  return respond(1);
});

/** Changing what was written. Sources: the schema; contracts/vk.md 3.5 and 3.6. */
export const CHANGING_METHODS: VkMethods = {
  'messages.edit': edit,
  'messages.delete': deleteMessages,
  'messages.restore': restore,
  'messages.deleteConversation': deleteConversation,
  'messages.pin': pin,
  'messages.unpin': unpin,
};

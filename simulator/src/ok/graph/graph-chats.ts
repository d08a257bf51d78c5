import type { Dialog } from '../../world/world.ts';
import { type OkResult, refuse, respond } from '../ok-errors.ts';
import { askedChat, type GraphCall, type GraphRoute, readNumber } from './graph-call.ts';

const CHATS_PER_PAGE = { min: 1, max: 100, fallback: 50 };

/** A conversation of the group with one person. Shape: contracts/ok.md 3. */
function chatOf({ group, person, peerId, messages }: Dialog): object {
  const lastEventTime = messages.at(-1)?.time ?? 0;
  return {
    type: 'GROUP_CHAT',
    status: 'ACTIVE',
    title: `${person.firstName} ${person.lastName}`,
    participants: { [`user:${person.okId}`]: lastEventTime },
    lastEventTime,
    chat_id: peerId,
    owner_id: `user:${person.okId}`,
    group_id: `group:${group.id}`,
  };
}

const lastTime = ({ messages }: Dialog): number => messages.at(-1)?.time ?? 0;

/** The last activity first; a marker stands behind the chat it names, and none comes with the last page. */
function listChats({ network, group, query }: GraphCall): OkResult {
  const count = readNumber(query, 'count', CHATS_PER_PAGE);
  if (!count.ok) return count;
  const chats = network.world.dialogs.ofGroup(group).sort((a, b) => lastTime(b) - lastTime(a) || (a.peerId < b.peerId ? -1 : 1));
  const marker = query['marker'] ?? '';
  const after = Buffer.from(marker, 'base64').toString();
  const start = marker === '' ? 0 : chats.findIndex(({ peerId }) => peerId === after) + 1;
  if (marker !== '' && start === 0) return refuse('PARAM', 'marker is not one of an earlier page');
  const page = chats.slice(start, start + count.value);
  const last = page.at(-1);
  const isMore = start + page.length < chats.length && last !== undefined;
  return respond({
    chats: page.map(chatOf),
    ...(isMore ? { marker: Buffer.from(last.peerId).toString('base64') } : {}),
  });
}

function showChat(call: GraphCall): OkResult {
  const chat = askedChat(call);
  return chat.ok ? respond(chatOf(chat.dialog)) : chat;
}

function chatUrl(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  // A chat's id is hex, its page has the same number in decimal.
  const number = BigInt(`0x${chat.dialog.peerId.slice('chat:'.length)}`);
  return respond({ url: `https://ok.ru/messages/g${number}` });
}

const groupInfo = ({ group }: GraphCall): OkResult => respond({ name: group.name, group_id: `group:${group.id}` });

/** The group and its chats. Source: contracts/ok.md 3. */
export const CHAT_ROUTES: readonly GraphRoute[] = [
  { verb: 'GET', pattern: 'me/info', run: groupInfo },
  { verb: 'GET', pattern: 'me/chats', run: listChats },
  { verb: 'GET', pattern: 'me/chat', run: showChat },
  { verb: 'GET', pattern: 'me/chat/{chat}', run: showChat },
  { verb: 'GET', pattern: '{chat}/url', run: chatUrl },
];

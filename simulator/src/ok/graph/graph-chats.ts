import type { Chat } from '../../world/world.ts';
import { type OkResult, refuse, respond } from '../ok-errors.ts';
import { readNumber } from '../parameters.ts';
import { linesOf, type Place, placesOf } from '../places.ts';
import { askedChat, type GraphCall, type GraphRoute } from './graph-call.ts';

const CHATS_PER_PAGE = { min: 1, max: 100, fallback: 50 };

const STATUSES: Readonly<Record<Chat['groupIs'], string>> = { in: 'ACTIVE', left: 'LEFT', removed: 'REMOVED' };

const lastTime = (place: Place): number => linesOf(place).at(-1)?.time ?? 0;

/**
 * A conversation in the documented shape (contracts/ok.md 3): with one person it is a GROUP_CHAT, a chat of several people that
 * the group was added to is a CHAT [?].
 */
function chatOf(place: Place): object {
  if (place.kind === 'dialog') {
    const { group, person } = place.dialog;
    return {
      type: 'GROUP_CHAT',
      status: 'ACTIVE',
      title: `${person.firstName} ${person.lastName}`,
      participants: { [`user:${person.okId}`]: lastTime(place) },
      lastEventTime: lastTime(place),
      chat_id: place.id,
      owner_id: `user:${person.okId}`,
      group_id: `group:${group.id}`,
    };
  }
  const { chat } = place;
  const participants = [...chat.members.values()].map(({ person, joinedAt }) => {
    const lastSaid = chat.messages.findLast(({ author }) => author === person);
    return [`user:${person.okId}`, lastSaid?.time ?? joinedAt] as const;
  });
  return {
    type: 'CHAT',
    status: STATUSES[chat.groupIs],
    title: chat.title,
    ...(chat.iconUrl === null ? {} : { icon: { url: chat.iconUrl } }),
    participants: Object.fromEntries(participants),
    lastEventTime: lastTime(place),
    chat_id: place.id,
    owner_id: chat.owner === null ? `group:${chat.group.id}` : `user:${chat.owner.okId}`,
    group_id: `group:${chat.group.id}`,
  };
}

/** The last activity first; a marker stands behind the chat it names, and none comes with the last page. */
function listChats({ network, group, query }: GraphCall): OkResult {
  const count = readNumber(query, 'count', CHATS_PER_PAGE);
  if (!count.ok) return count;
  const places = placesOf(network.world, group)
    .map((place) => ({ place, time: lastTime(place) }))
    .sort((a, b) => b.time - a.time || (a.place.id < b.place.id ? -1 : 1))
    .map(({ place }) => place);
  const marker = query['marker'] ?? '';
  const after = Buffer.from(marker, 'base64').toString();
  const start = marker === '' ? 0 : places.findIndex(({ id }) => id === after) + 1;
  if (marker !== '' && start === 0) return refuse('PARAM', 'marker is not one of an earlier page');
  const page = places.slice(start, start + count.value);
  const last = page.at(-1);
  const isMore = start + page.length < places.length && last !== undefined;
  return respond({
    chats: page.map(chatOf),
    ...(isMore ? { marker: Buffer.from(last.id).toString('base64') } : {}),
  });
}

function showChat(call: GraphCall): OkResult {
  const chat = askedChat(call);
  return chat.ok ? respond(chatOf(chat.place)) : chat;
}

function chatUrl(call: GraphCall): OkResult {
  const chat = askedChat(call);
  if (!chat.ok) return chat;
  // The id is hex behind its C; its page has that number in decimal: OK's example is of the same size (contracts/ok.md 3).
  const number = BigInt(`0x${chat.place.id.slice('chat:C'.length)}`);
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

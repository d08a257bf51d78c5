import type { ActionOutcome, ChatProfile, HistoryMessage, HistoryPage } from '../../actions.ts';
import { BrokenBodyError, type Fields, readFields } from '../../body/body.ts';
import type { MessageAddress } from '../../channel.ts';
import { actionOutcome, isObject } from '../ok-answer.ts';
import { lowerPrefix, momentOfMid, userOf, withoutPrefix } from '../ok-ids.ts';
import type { OkSettings } from '../ok-settings.ts';
import { type OkGraph, pathSegment } from './ok-graph.ts';

export interface OkReading {
  graph: OkGraph;
  groupId: string;
  settings: Pick<OkSettings, 'historyPageMessages' | 'severalPeopleTypes'>;
}

/** Behind which message a page begins: OK pages by moments, and several messages may share one. */
interface Place {
  fromMs: number;
  /** Of that moment, on the page before. */
  seenMids: readonly string[];
}

/**
 * Messages of a chat, the newest first. Lines without a message (somebody left) are not among them.
 * Source: apiok.ru, graph.user.messages (GET).
 */
export async function readOkHistory(
  peerId: string,
  cursor: string | null,
  { graph, groupId, settings }: OkReading,
  signal: AbortSignal,
): Promise<ActionOutcome<HistoryPage>> {
  const place = cursor === null ? null : readPlace(cursor);
  const count = settings.historyPageMessages;
  const query = { count, ...(place !== null && { from: place.fromMs }) };
  const answer = await graph.get(`me/messages/${pathSegment(peerId)}`, query, signal);
  return actionOutcome(answer, (result) => {
    const entries = readEntries(result);
    const messages = entries.flatMap((entry) => readMessage(entry, groupId));
    const isLast = entries.length < count;
    return {
      messages: messages.filter(({ networkId }) => !place?.seenMids.includes(networkId)),
      next: isLast ? null : placeBehind(entries, messages, place),
    };
  });
}

function readEntries(result: unknown): Fields[] {
  const path = "OK's history";
  return readFields(result, path)
    .array('messages')
    .map((entry, index) => readFields(entry, `${path}.messages[${index}]`));
}

function readMessage(entry: Fields, groupId: string): HistoryMessage[] {
  // Lines of the system bear the sub-type of their event.
  if (entry.has('type') || !entry.has('message') || !entry.object('message').has('mid')) return [];
  const message = entry.object('message');
  const sender = entry.has('sender') ? entry.object('sender').textOrId('user_id') : '';
  // How OK names the group as a writer is not documented: its id may come without the prefix.
  const userId = sender === groupId ? '' : userOf(sender);
  return [
    {
      networkId: lowerPrefix(message.text('mid')),
      direction: userId === '' ? 'out' : 'in',
      userId,
      text: message.has('text') ? message.text('text') : '',
      attachments: message.has('attachments') ? message.array('attachments') : [],
      at: entry.moment('timestamp'),
    },
  ];
}

// `from` is taken to include its moment. A whole page of one and the same moment would bring itself again: then go below it.
function placeBehind(entries: readonly Fields[], messages: readonly HistoryMessage[], before: Place | null): string | null {
  const fromMs = Math.min(...entries.map((entry) => entry.moment('timestamp').getTime()));
  if (fromMs <= 1) return null; // `from` must be greater than `to`, which is 0
  if (before?.fromMs === fromMs) return writePlace({ fromMs: fromMs - 1, seenMids: [] });
  const seenMids = messages.filter(({ at }) => at.getTime() === fromMs).map(({ networkId }) => networkId);
  return writePlace({ fromMs, seenMids });
}

const writePlace = (place: Place): string => JSON.stringify([place.fromMs, ...place.seenMids]);

/** Throws a `TypeError` for a cursor that no page gave. */
function readPlace(cursor: string): Place {
  const [fromMs, ...seenMids]: unknown[] = JSON.parse(cursor);
  if (typeof fromMs !== 'number') throw new TypeError('the cursor is not one of an earlier page: begin with null');
  return { fromMs, seenMids: seenMids.map(String) };
}

/** Chats with the liveliest first; OK's marker is the cursor, and the last page has none. Source: apiok.ru, graph.user.chats. */
export async function readOkDialogs(
  cursor: string | null,
  { graph }: OkReading,
  signal: AbortSignal,
): Promise<ActionOutcome<{ peerIds: readonly string[]; next: string | null }>> {
  const query = { count: CHATS_PER_PAGE_MAX, ...(cursor !== null && { marker: cursor }) };
  return actionOutcome(await graph.get('me/chats', query, signal), (result) => {
    const page = readFields(result, "OK's chats");
    const chats = page.array('chats').map((chat, index) => readFields(chat, `chats[${index}]`));
    return {
      peerIds: chats.map((chat) => lowerPrefix(chat.text('chat_id'))),
      next: page.has('marker') ? page.textOrId('marker') : null,
    };
  });
}

const CHATS_PER_PAGE_MAX = 100; // apiok.ru, graph.user.chats

/** Title, picture and members of a chat. Source: apiok.ru, graph.user.chat. */
export async function readOkChat(
  peerId: string,
  { graph, settings }: OkReading,
  signal: AbortSignal,
): Promise<ActionOutcome<ChatProfile>> {
  return actionOutcome(await graph.get(`me/chat/${pathSegment(peerId)}`, {}, signal), (result) => {
    const chat = readFields(result, "OK's chat");
    const participants = chat.raw('participants');
    return {
      peerId: lowerPrefix(chat.text('chat_id')),
      isGroupChat: settings.severalPeopleTypes.includes(chat.text('type')),
      title: chat.has('title') ? chat.text('title') : null,
      pictureUrl: chat.has('icon') && chat.object('icon').has('url') ? chat.object('icon').text('url') : null,
      memberIds: isObject(participants) ? Object.keys(participants).map((id) => withoutPrefix(id, 'user')) : [],
    };
  });
}

/**
 * One message again. OK has no edge for it: the history around the moment that its id tells is looked through.
 */
export async function readOkMessage(
  { peerId, networkId }: MessageAddress,
  { graph, groupId, settings }: OkReading,
  signal: AbortSignal,
): Promise<ActionOutcome<{ text: string; attachments: readonly unknown[] }>> {
  const moment = momentOfMid(networkId);
  if (moment === null)
    return { kind: 'refused', networkCode: 'no_moment', detail: 'networkId: only a mid with a moment in it can be looked up' };
  const query = { from: moment + 1, to: moment - 1, count: settings.historyPageMessages };
  return actionOutcome(await graph.get(`me/messages/${pathSegment(peerId)}`, query, signal), (result) => {
    const found = readEntries(result)
      .flatMap((entry) => readMessage(entry, groupId))
      .find((message) => message.networkId === lowerPrefix(networkId));
    if (found === undefined) throw new BrokenBodyError("OK's history", 'does not hold the message any more');
    return { text: found.text, attachments: found.attachments };
  });
}

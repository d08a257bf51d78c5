import { isChat, type Place } from '../peer-ids.ts';
import { refuse, respond } from '../vk-errors.ts';
import { idOf, type Line, linesOf, placeOf, vkMessage } from '../vk-message.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { conversationOf } from './conversation-view.ts';
import { foundAnswer } from './find-messages.ts';
import { findPeer, type Peer, peopleOf, placeOfPeer, profilesOf } from './peers.ts';

const FIELDS = { type: 'texts', itemsMax: 1_000 } as const;

const placesOf = ({ network: { world }, group }: VkCall): Place[] => [
  ...world.dialogs.ofGroup(group),
  ...world.chats.ofGroup(group),
];

const holds = (text: string, wanted: string): boolean => text.toLowerCase().includes(wanted.toLowerCase());

/** The end of a day as `date` names it, `DDMMYYYY`, in ms; null for what is no day. */
function endOfDay(date: string): number | null {
  const [, day, month, year] = /^(\d{2})(\d{2})(\d{4})$/.exec(date) ?? [];
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day) + 1);
  return Number.isNaN(time) ? null : time;
}

const search = defineMethod(
  {
    q: { type: 'text', lengthMax: 9_000 },
    peer_id: { type: 'integer' },
    date: { type: 'text' },
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 100, default: 20 },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const before = values.date === undefined ? Number.POSITIVE_INFINITY : endOfDay(values.date);
    if (before === null) return refuse(100, 'date should be DDMMYYYY');
    if (values.q === undefined && values.date === undefined) return refuse(100, 'q is undefined');
    const peer = values.peer_id === undefined ? null : findPeer(call, values.peer_id, 917);
    if (peer !== null && !peer.ok) return peer;
    const place = peer === null ? null : placeOfPeer(call, peer);
    const places = peer === null ? placesOf(call) : place === null ? [] : [place];
    const found = places
      .flatMap(linesOf)
      .filter(({ text, time }) => time < before && holds(text, values.q ?? ''))
      .sort((a, b) => b.time - a.time || idOf(b) - idOf(a) || b.numberInDialog - a.numberInDialog);
    const page = found.slice(values.offset, values.offset + values.count);
    const { extended } = values;
    const conversations = [...new Set(page.map(placeOf))].map((of) => conversationOf(call, peerOf(of)));
    return respond({
      ...foundAnswer(call, page, values),
      count: found.length,
      ...(extended === true ? { conversations } : {}),
    });
  },
);

const peerOf = (place: Place): Peer => (isChat(place) ? { ok: true, chat: place } : { ok: true, person: place.person });

const titleOf = (place: Place): string => (isChat(place) ? place.title : `${place.person.firstName} ${place.person.lastName}`);

const searchConversations = defineMethod(
  {
    q: { type: 'text', default: '' },
    count: { type: 'integer', min: 1, max: 255, default: 20 },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const found = placesOf(call).filter((place) => holds(titleOf(place), values.q));
    const page = found.slice(0, values.count);
    return respond({
      count: found.length,
      items: page.map((place) => conversationOf(call, peerOf(place))),
      ...profilesOf(call, [...new Set(page.flatMap(peopleOf))], values),
    });
  },
);

const MEDIA_TYPES = ['photo', 'video', 'audio', 'doc', 'link', 'share', 'market', 'wall', 'audio_message', 'graffiti'] as const;

const getHistoryAttachments = defineMethod(
  {
    peer_id: { type: 'integer', required: true },
    media_type: { type: 'choice', values: MEDIA_TYPES, default: 'photo' },
    attachment_types: { type: 'texts', itemsMax: 100 },
    count: { type: 'integer', min: 0, max: 200, default: 30 },
    start_from: { type: 'text' },
    extended: { type: 'boolean' },
    fields: FIELDS,
  },
  (values, call) => {
    const peer = findPeer(call, values.peer_id, 917);
    if (!peer.ok) return peer;
    const place = placeOfPeer(call, peer);
    // `share` is the older name of `link`.
    const types = values.attachment_types ?? [values.media_type === 'share' ? 'link' : values.media_type];
    const found = (place === null ? [] : linesOf(place).toReversed()).flatMap((line) => attachmentsOf(line, types));
    const start = Number(/^\d{1,6}$/.exec(values.start_from ?? '')?.[0] ?? 0);
    const end = start + values.count;
    return respond({
      items: found.slice(start, end),
      ...(end < found.length ? { next_from: String(end) } : {}),
      ...profilesOf(call, place === null ? [] : peopleOf(place), values),
    });
  },
);

function attachmentsOf(line: Line, types: readonly string[]): Record<string, unknown>[] {
  const { attachments, id, from_id, date, conversation_message_id: cmid } = vkMessage(line);
  return (attachments as { type: string }[]).flatMap((attachment, index) =>
    types.includes(attachment.type) ? [{ message_id: id, cmid, from_id, date, position: index + 1, attachment }] : [],
  );
}

/** Looking for messages, conversations and files. Source: the schema. */
export const SEARCH_METHODS: VkMethods = {
  'messages.search': search,
  'messages.searchConversations': searchConversations,
  'messages.getHistoryAttachments': getHistoryAttachments,
};

import { DOCUMENT_TYPES, type MediaKind, type UploadTicket } from '../media/media.ts';
import { mediaBody } from '../media/media-bodies.ts';
import { FIRST_CHAT_PEER } from '../peer-ids.ts';
import { type Refusal, refuse, respond, type VkResult } from '../vk-errors.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { findPeer } from './peers.ts';

const PEER_ID = { type: 'integer', default: 0 } as const;

const addressFor = ({ network, group, origin }: VkCall, ticket: Omit<UploadTicket, 'group'>): string =>
  `${origin}/vk/upload/${network.media.openTicket({ group, ...ticket })}`;

/** An address to upload to; who may not be written to cannot be uploaded for (contracts/vk.md 3.4). */
function openUpload(call: VkCall, kind: MediaKind, peerId: number): { ok: true; url: string } | Refusal {
  const { world } = call.network;
  const person = peerId > 0 && peerId < FIRST_CHAT_PEER ? world.people.byId('vk', String(peerId)) : null;
  if (person !== null && world.permission(call.group, person) !== 'allowed') return refuse(901);
  return { ok: true, url: addressFor(call, { kind }) };
}

// The album of photos in messages, as upload servers name it.
const UPLOAD_ALBUM_ID = -3;

const getPhotoServer = defineMethod({ peer_id: PEER_ID }, (values, call) => {
  const opened = openUpload(call, 'photo', values.peer_id);
  if (!opened.ok) return opened;
  return respond({ upload_url: opened.url, album_id: UPLOAD_ALBUM_ID, user_id: 0, group_id: Number(call.group.id) });
});

const getChatPhotoServer = defineMethod(
  { chat_id: { type: 'integer', required: true, min: 0, max: 100_000_000 } },
  (values, call) => {
    const peer = findPeer(call, FIRST_CHAT_PEER + values.chat_id, 917);
    if (!peer.ok) return peer;
    return 'chat' in peer ? respond({ upload_url: addressFor(call, { kind: 'chat_photo', chat: peer.chat }) }) : refuse(917);
  },
);

const saveMessagesPhoto = defineMethod(
  { photo: { type: 'text', required: true }, server: { type: 'integer' }, hash: { type: 'text' } },
  (values, call): VkResult => {
    const { media } = call.network;
    // [?] VK's words for what its upload server answered to a bad file (an empty list).
    const photos = media.uploaded(values.photo);
    const [first] = photos;
    if (first?.kind !== 'photo' || first.group !== call.group) return refuse(100, 'photos_list is invalid');
    if (values.server !== first.server) return refuse(118);
    if (values.hash !== first.hash) return refuse(121);
    return respond(photos.map((photo) => mediaBody(media.save(photo, { title: '', origin: call.origin }))));
  },
);

const getDocumentServer = defineMethod(
  { type: { type: 'choice', values: DOCUMENT_TYPES, default: 'doc' }, peer_id: PEER_ID },
  (values, call) => {
    const opened = openUpload(call, values.type as MediaKind, values.peer_id);
    return opened.ok ? respond({ upload_url: opened.url }) : opened;
  },
);

/** For communities' tokens another way to the same: clients that know no peer yet go by the address for walls. */
const getWallDocumentServer = defineMethod(
  // `type` is not in the schema; clients upload voices by it.
  { type: { type: 'choice', values: DOCUMENT_TYPES, default: 'doc' } },
  (values, call) => respond({ upload_url: addressFor(call, { kind: values.type as MediaKind }) }),
);

const saveDocument = defineMethod(
  {
    file: { type: 'text', required: true },
    title: { type: 'text' },
    tags: { type: 'text' },
    return_tags: { type: 'boolean' },
  },
  (values, call): VkResult => {
    const { media } = call.network;
    const [upload] = media.uploaded(values.file);
    const isDocument = upload !== undefined && (DOCUMENT_TYPES as readonly string[]).includes(upload.kind);
    if (!isDocument || upload.group !== call.group) return refuse(105);
    const saved = media.save(upload, { title: values.title ?? upload.name, origin: call.origin });
    const tags = values.return_tags === true ? { tags: values.tags?.split(',') ?? [] } : {};
    return respond({ type: upload.kind, [upload.kind]: { ...mediaBody(saved), ...tags } });
  },
);

/** Files for messages, in three steps. Sources: the schema; contracts/vk.md 3.4. */
export const UPLOAD_METHODS: VkMethods = {
  'photos.getMessagesUploadServer': getPhotoServer,
  'photos.saveMessagesPhoto': saveMessagesPhoto,
  'photos.getChatUploadServer': getChatPhotoServer,
  'docs.getMessagesUploadServer': getDocumentServer,
  'docs.getWallUploadServer': getWallDocumentServer,
  'docs.save': saveDocument,
};

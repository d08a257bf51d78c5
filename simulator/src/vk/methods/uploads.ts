import { DOCUMENT_TYPES, type MediaKind } from '../media/media.ts';
import { mediaBody } from '../media/media-bodies.ts';
import { FIRST_CHAT_PEER } from '../peer-ids.ts';
import { type Refusal, refuse, respond, type VkResult } from '../vk-errors.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';

const PEER_ID = { type: 'integer', default: 0 } as const;

/** An address to upload to; who may not be written to cannot be uploaded for (contracts/vk.md 3.4). */
function openUpload(call: VkCall, kind: MediaKind, peerId: number): { ok: true; url: string } | Refusal {
  const { world, media } = call.network;
  const person = peerId > 0 && peerId < FIRST_CHAT_PEER ? world.people.byId('vk', String(peerId)) : null;
  if (person !== null && world.permission(call.group, person) !== 'allowed') return refuse(901);
  return { ok: true, url: `${call.origin}/vk/upload/${media.openTicket({ group: call.group, kind })}` };
}

// The album of photos in messages, as upload servers name it.
const UPLOAD_ALBUM_ID = -3;

const getPhotoServer = defineMethod({ peer_id: PEER_ID }, (values, call) => {
  const opened = openUpload(call, 'photo', values.peer_id);
  if (!opened.ok) return opened;
  return respond({ upload_url: opened.url, album_id: UPLOAD_ALBUM_ID, user_id: 0, group_id: Number(call.group.id) });
});

const saveMessagesPhoto = defineMethod(
  { photo: { type: 'text', required: true }, server: { type: 'integer' }, hash: { type: 'text' } },
  (values, call): VkResult => {
    const { media } = call.network;
    // [?] VK's words for what its upload server answered to a bad file (an empty list).
    const upload = media.uploaded(values.photo);
    if (upload === null || upload.kind !== 'photo' || upload.group !== call.group) return refuse(100, 'photos_list is invalid');
    if (values.server !== upload.server) return refuse(118);
    if (values.hash !== upload.hash) return refuse(121);
    return respond([mediaBody(media.save(upload, { title: '', origin: call.origin }))]);
  },
);

const getDocumentServer = defineMethod(
  { type: { type: 'choice', values: DOCUMENT_TYPES, default: 'doc' }, peer_id: PEER_ID },
  (values, call) => {
    const opened = openUpload(call, values.type as MediaKind, values.peer_id);
    return opened.ok ? respond({ upload_url: opened.url }) : opened;
  },
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
    const upload = media.uploaded(values.file);
    if (upload === null || upload.kind === 'photo' || upload.group !== call.group) return refuse(105);
    const saved = media.save(upload, { title: values.title ?? upload.name, origin: call.origin });
    const tags = values.return_tags === true ? { tags: values.tags?.split(',') ?? [] } : {};
    return respond({ type: upload.kind, [upload.kind]: { ...mediaBody(saved), ...tags } });
  },
);

/** Files for messages, in three steps. Sources: the schema; contracts/vk.md 3.4. */
export const UPLOAD_METHODS: VkMethods = {
  'photos.getMessagesUploadServer': getPhotoServer,
  'photos.saveMessagesPhoto': saveMessagesPhoto,
  'docs.getMessagesUploadServer': getDocumentServer,
  'docs.save': saveDocument,
};

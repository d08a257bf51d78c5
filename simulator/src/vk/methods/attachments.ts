import { DOCUMENT_TYPES } from '../media/media.ts';
import { foreignMedia, mediaBody } from '../media/media-bodies.ts';
import { type Refusal, refuse } from '../vk-errors.ts';
import type { VkCall } from '../vk-network.ts';

/** Attachments as the objects of a message. */
export type Attachments = readonly Record<string, unknown>[];

const ATTACHMENT = /^([a-z_]+?)(-?\d+)_(\d+)(?:_(\w+))?$/;

/**
 * Reads `attachment`: `photo-1_2_key,doc3_4`, or the address of a page. What the community uploaded itself must have been saved; what
 * belongs to others is taken as it is named, since nobody here can know it.
 *
 * Source: contracts/vk.md 3.2. [?] VK's answer to an attachment that does not exist is not known: error 100 with its name is ours.
 */
export function readAttachments(text: string, call: VkCall): { ok: true; attachments: Attachments } | Refusal {
  const attachments: Record<string, unknown>[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const read = /^https?:\/\//.test(item) ? linkTo(item) : readOne(item, call);
    if (read === null) return refuse(100, `attachment ${item} is invalid`);
    attachments.push(read);
  }
  return { ok: true, attachments };
}

function readOne(item: string, call: VkCall): Record<string, unknown> | null {
  const [, type, ownerId, id, accessKey] = ATTACHMENT.exec(item) ?? [];
  if (type === undefined) return null;
  const isDocument = (DOCUMENT_TYPES as readonly string[]).includes(type);
  if (Number(ownerId) !== -Number(call.group.id) || !(type === 'photo' || isDocument)) {
    const body = foreignMedia(type, Number(ownerId), Number(id), accessKey);
    return body === null ? null : { type, [type]: body };
  }
  // Voice messages and drawings may be named as the documents that they are.
  for (const kind of type === 'photo'
    ? (['photo'] as const)
    : type === 'doc'
      ? DOCUMENT_TYPES
      : ([type] as ('graffiti' | 'audio_message')[])) {
    const file = call.network.media.find(call.group, kind, Number(id), accessKey);
    if (file !== null) return { type: kind, [kind]: mediaBody(file) };
  }
  return null;
}

function linkTo(url: string): Record<string, unknown> {
  return { type: 'link', link: { url, title: '', caption: '', description: '' } };
}

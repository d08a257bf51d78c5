import type { ActionOutcome, UploadedFile } from '../../actions.ts';
import { BrokenBodyError, readFields } from '../../body/body.ts';
import type { OutgoingAttachment } from '../../channel.ts';
import type { HttpAnswer } from '../../http/http.ts';
import { actionOutcome, isObject, type OkAnswer, readOkAnswer } from '../ok-answer.ts';
import type { OkSettings } from '../ok-settings.ts';
import type { OkGraph } from './ok-graph.ts';

/** What uploads and messages call the kinds; a voice message is a recorded AUDIO. */
export const OK_FILE_TYPES = { image: 'IMAGE', file: 'FILE', voice: 'AUDIO', video: 'VIDEO' } as const;

/**
 * Gives OK the bytes of a file: asks for an address, posts the form there, and takes the token from the first answer or, for
 * an image, from the second. The reference of anything but an image remembers `now`, because OK works on it for a while.
 * Source: apiok.ru, graph.user.fileUploadUrl; the answer for an image from photosV2.
 */
export async function uploadToOk(
  graph: OkGraph,
  { kind, name, contentType, bytes }: UploadedFile,
  settings: Pick<OkSettings, 'uploadFields'>,
  now: Date,
  signal: AbortSignal,
): Promise<ActionOutcome<OutgoingAttachment>> {
  const type = OK_FILE_TYPES[kind];
  const place = actionOutcome(await graph.get('me/fileUploadUrl', { type }, signal), (result) => {
    const fields = readFields(result, "OK's address for the file");
    const url = fields.text('url');
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new BrokenBodyError('url', 'is no http or https address');
    return { url, token: fields.has('token') ? fields.text('token') : null };
  });
  if (place.kind !== 'done') return place;

  const form = new FormData();
  form.append(settings.uploadFields[type], new Blob([Uint8Array.from(bytes)], { type: contentType }), name);
  const answer = await graph.upload(place.result.url, form, signal);
  return actionOutcome(taken(answer, kind), (result): OutgoingAttachment => {
    if (kind === 'image') return { kind, reference: readImageToken(result) };
    if (place.result.token === null) throw new BrokenBodyError('token', 'is missing in what OK gave for the file');
    return { kind, reference: `${now.getTime()}~${place.result.token}` };
  });
}

// What is answered about anything but an image is not documented: a page, or nothing at all, is as good as JSON.
function taken(answer: HttpAnswer, kind: UploadedFile['kind']): OkAnswer {
  const read = readOkAnswer(answer);
  const isTaken = kind !== 'image' && read.kind === 'unanswered' && answer.kind === 'answered' && answer.status === 200;
  return isTaken ? { kind: 'result', result: null } : read;
}

/** `{"photos":{"<photo id>":{"token":"…"}}}` */
function readImageToken(result: unknown): string {
  const photos = readFields(result, "OK's answer to the upload").raw('photos');
  const [photoId] = isObject(photos) ? Object.keys(photos) : [];
  if (photoId === undefined) throw new BrokenBodyError('photos', 'names no photo');
  return readFields(photos, 'photos').object(photoId).text('token');
}

const STAMPED = /^(\d{13})~(.+)$/s;

/** The token that OK knows a file by, of the reference that `uploadToOk` gave. */
export function tokenOf(reference: string): string {
  return STAMPED.exec(reference)?.[2] ?? reference;
}

/** How far OK may be with the files of a message: for how long it is too early to send, and whether it may still be at work. */
export function processingOf(
  attachments: readonly OutgoingAttachment[],
  { processingWaitMs, processingMaxMs }: Pick<OkSettings, 'processingWaitMs' | 'processingMaxMs'>,
  now: Date,
): { waitMs: number; mayBeAtWork: boolean } {
  const uploadedAt = attachments.map((attachment) =>
    attachment.kind === 'image-url' ? 0 : Number(STAMPED.exec(attachment.reference)?.[1] ?? 0),
  );
  const ageMs = now.getTime() - Math.max(0, ...uploadedAt);
  return { waitMs: Math.min(processingWaitMs, Math.max(0, processingWaitMs - ageMs)), mayBeAtWork: ageMs < processingMaxMs };
}

import type { Group } from '../../world/world.ts';
import { type Refused, refuse } from '../ok-errors.ts';
import type { OkNetwork } from '../ok-network.ts';
import { fileUrlOf } from '../uploads/upload-routes.ts';
import type { FileType } from '../uploads/uploads.ts';
import { isObject } from './graph-call.ts';
import { keyboardProblem } from './keyboard-check.ts';

/** Both are documented (contracts/ok.md 3.3, 3.4). */
export const ATTACHMENTS = { max: 5, urlImagesMax: 1 } as const;

type Payload = Readonly<Record<string, unknown>>;

interface AttachmentType {
  /** What a payload must hold to be sent: one of these, each a set of fields. */
  oneOf: readonly (readonly string[])[];
  /** What its `token` was uploaded as. */
  file?: FileType;
  /** What is wrong inside, as the end of a sentence that starts with the payload's place. */
  problem?(payload: Payload): string | null;
}

const isNumber = (value: unknown, max: number): boolean => typeof value === 'number' && Math.abs(value) <= max;
const urlProblem = ({ url }: Payload): string | null =>
  url === undefined || (typeof url === 'string' && /^https?:\/\/\S+$/.test(url))
    ? null
    : '.url should be an http or https address';

/** Types of contracts/ok.md 3.4; which fields of those that only come in may also be sent is [?]. */
const TYPES: Readonly<Record<string, AttachmentType>> = {
  IMAGE: { oneOf: [['token'], ['url']], file: 'IMAGE', problem: urlProblem },
  VIDEO: { oneOf: [['token'], ['id']], file: 'VIDEO' },
  AUDIO: { oneOf: [['token'], ['id']], file: 'AUDIO' },
  FILE: { oneOf: [['token'], ['ref']], file: 'FILE' },
  SHARE: { oneOf: [['url']], problem: urlProblem },
  CONTACT: { oneOf: [['name'], ['phone']] },
  INLINE_KEYBOARD: { oneOf: [['keyboard']] },
  LOCATION: {
    oneOf: [['latitude', 'longitude']],
    problem: ({ latitude, longitude }) =>
      isNumber(latitude, 90) && isNumber(longitude, 180) ? null : '.latitude and .longitude should be degrees',
  },
  MUSIC: { oneOf: [['id'], ['url']] },
  CALL: { oneOf: [['id']] },
  PRESENT: { oneOf: [['id']] },
  STICKER: { oneOf: [['id'], ['url']] },
};

export interface Attachment {
  type: string;
  payload: Record<string, unknown>;
}

/** Whose message it is, and where its files come back from. */
export interface AttachmentContext {
  network: OkNetwork;
  group: Group;
  origin: string;
}

/**
 * Reads the attachments of a message to send. Files get the address that their bytes come back at, as OK fills it in. The first
 * fault refuses all, with its place in the body.
 */
export function readAttachments(list: unknown, context: AttachmentContext): { ok: true; attachments: Attachment[] } | Refused {
  if (!Array.isArray(list)) return refuse('PARAM', 'message.attachments should be a list');
  if (list.length > ATTACHMENTS.max) return refuse('PARAM', `message.attachments holds more than ${ATTACHMENTS.max}`);
  const attachments: Attachment[] = [];
  for (const [index, attachment] of list.entries()) {
    const read = readAttachment(attachment, `message.attachments[${index}]`, context);
    if (!read.ok) return read;
    attachments.push(read.attachment);
  }
  const byUrl = attachments.filter(({ type, payload }) => type === 'IMAGE' && payload['token'] === undefined);
  if (byUrl.length > ATTACHMENTS.urlImagesMax) return refuse('PARAM', 'message.attachments holds more than one IMAGE by url');
  return { ok: true, attachments };
}

function readAttachment(
  given: unknown,
  place: string,
  context: AttachmentContext,
): { ok: true; attachment: Attachment } | Refused {
  const payload = isObject(given) ? given['payload'] : undefined;
  if (!isObject(given) || !isObject(payload)) return refuse('PARAM', `${place} should hold type and payload`);
  const name = String(given['type']);
  const type = TYPES[name];
  if (type === undefined) return refuse('PARAM', `${place}.type should be one of ${Object.keys(TYPES).join(', ')}`);
  if (!type.oneOf.some((fields) => fields.every((field) => payload[field] !== undefined))) {
    const forms = type.oneOf.map((fields) => fields.join(' and ')).join(' or ');
    return refuse('PARAM', `${place}.payload should hold ${forms}`);
  }
  const problem =
    type.problem?.(payload) ??
    (name === 'INLINE_KEYBOARD'
      ? withPlace('.keyboard', keyboardProblem(payload['keyboard'], context.network.settings.values))
      : null);
  if (problem !== null) return refuse('PARAM', `${place}.payload${problem}`);
  const { token } = payload;
  if (type.file === undefined || token === undefined) return { ok: true, attachment: { type: name, payload } };
  const file = readToken(token, type.file, `${place}.payload.token`, context);
  return file.ok ? { ok: true, attachment: { type: name, payload: { ...payload, ...file.fields } } } : file;
}

const withPlace = (place: string, problem: string | null): string | null => (problem === null ? null : place + problem);

/** What an uploaded file adds to the payload that is kept. [?] OK's words and code for a file that is not ready are not known. */
function readToken(
  token: unknown,
  type: FileType,
  place: string,
  { network, group, origin }: AttachmentContext,
): { ok: true; fields: Record<string, unknown> } | Refused {
  const found = typeof token === 'string' ? network.uploads.find(group, token) : null;
  if (found === null) return refuse('PARAM', `${place} is unknown`);
  if (found === 'adopted') return { ok: true, fields: {} };
  if (found.type !== type) return refuse('PARAM', `${place} is of an upload of type ${found.type}`);
  if (found.file === null) return refuse('PARAM', `${place}: nothing was uploaded for it yet`);
  if (found.file.readyAt > network.world.clock.now())
    return refuse('REQUEST', `attachment.not.ready: ${place} is being processed`);
  return { ok: true, fields: { id: found.id, url: fileUrlOf(found, origin) } };
}

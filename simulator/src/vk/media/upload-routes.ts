import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { VkNetwork } from '../vk-network.ts';
import { type Image, readImage } from './image.ts';
import type { MediaKind, Upload, UploadTicket } from './media.ts';

// 50 MB is VK's bound for photos (contracts/vk.md 3.4); the simulator keeps no more of anything else.
const UPLOAD_BYTES_MAX = 50 * 1_048_576;
const PHOTO_SIDES_SUM_MAX = 14_000;
const PHOTO_RATIO_MAX = 20;

// `photo` and `file` are those of the documents; vk_api sends photos as `file0`, `file1` …, which VK takes.
const PHOTO_FIELD = /^(?:photo|file)\d*$/;
const FIELD: Readonly<Record<MediaKind, { name: string; pattern: RegExp }>> = {
  photo: { name: 'photo', pattern: PHOTO_FIELD },
  chat_photo: { name: 'file', pattern: PHOTO_FIELD },
  doc: { name: 'file', pattern: /^file$/ },
  audio_message: { name: 'file', pattern: /^file$/ },
  graffiti: { name: 'file', pattern: /^file$/ },
};

interface Part {
  name: string;
  contentType: string;
  bytes: Buffer;
}

/**
 * `POST /upload/<ticket>` takes a multipart form with the field `photo` or `file`, of photos several, and answers as VK's upload
 * servers do;
 * `GET /uploads/<name>` gives the same bytes back, `GET /avatars/<name>.svg` a picture for whoever has none.
 *
 * Source: contracts/vk.md 3.4. [?] VK's answers to a bad file are not documented: an empty list of photos, and `{"error"}` for
 * documents, as clients expect them.
 */
export function addUploads(scope: FastifyInstance, { world, media }: VkNetwork): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: UPLOAD_BYTES_MAX }, (_request, body, done) => done(null, body));

  scope.post<{ Params: { ticket: string } }>('/upload/:ticket', async (request, reply) => {
    const { entry } = request.networkCall;
    Object.assign(entry, { method: 'upload', request: { bytes: (request.body as Buffer | undefined)?.length ?? 0 } });
    const ticket = media.ticket(request.params.ticket);
    if (ticket === null) return reply.code(404).send({ error: 'unknown upload address' });
    entry.group = ticket.group.id;
    const { name, pattern } = FIELD[ticket.kind];
    const found = await readParts(request, pattern);
    const parts = ticket.kind === 'photo' ? found : found.slice(0, 1);
    const problem =
      parts.length === 0
        ? `no file in the field ${name}`
        : (parts.map((part) => problemOf(ticket.kind, part)).find(isThere) ?? null);
    if (problem !== null) {
      entry.code = problem;
      return ticket.kind === 'photo' ? { server: 0, photo: '[]', hash: '' } : { error: problem };
    }
    const { text, server, hash } = media.keep(parts.map((part) => readUpload(ticket, part)));
    if (ticket.kind === 'photo') return { server, photo: text, hash };
    return ticket.kind === 'chat_photo' ? { response: text } : { file: text };
  });

  scope.get<{ Params: { name: string } }>('/uploads/:name', async (request, reply) => {
    const file = media.byFileName(request.params.name);
    if (file === null) return reply.code(404).type('text/plain').send('Not found');
    return reply.type(file.upload.contentType).send(file.upload.bytes);
  });

  scope.get<{ Params: { name: string } }>('/avatars/:name', async (request, reply) => {
    const id = /^(\d{1,12})\.svg$/.exec(request.params.name)?.[1];
    const letter = world.people.byId('vk', id ?? '')?.firstName[0] ?? '?';
    return reply.type('image/svg+xml').send(avatar(letter, Number(id ?? 0)));
  });
}

const isThere = (problem: string | null): problem is string => problem !== null;

/** The files of a multipart form in such fields. Node's own reader of forms, strict about their shape. */
async function readParts(request: FastifyRequest, field: RegExp): Promise<Part[]> {
  const contentType = `${request.headers['content-type']}`;
  if (!/^multipart\/form-data/i.test(contentType)) return [];
  const body = new Uint8Array(request.body as Buffer);
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData().catch(() => new FormData());
  const parts: Part[] = [];
  for (const [name, file] of form) {
    if (typeof file === 'string' || !field.test(name)) continue;
    const type = file.type === '' ? 'application/octet-stream' : file.type;
    parts.push({ name: file.name, contentType: type, bytes: Buffer.from(await file.arrayBuffer()) });
  }
  return parts;
}

function readUpload(ticket: UploadTicket, { name, contentType, bytes }: Part): Omit<Upload, 'server' | 'hash'> {
  const image = readImage(bytes);
  const isPhoto = ticket.kind === 'photo' || ticket.kind === 'chat_photo';
  const extension = isPhoto ? image?.extension : /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase();
  return {
    ...ticket,
    bytes,
    name,
    extension: extension ?? 'bin',
    contentType: image?.contentType ?? contentType,
    width: image?.width ?? 0,
    height: image?.height ?? 0,
  };
}

function problemOf(kind: MediaKind, { bytes }: Part): string | null {
  if (bytes.length === 0) return 'the file is empty';
  if (kind === 'doc') return null;
  if (kind === 'audio_message')
    return bytes.toString('latin1', 0, 4) === 'OggS' ? null : 'an audio message should be Ogg with Opus';
  const image = readImage(bytes);
  return image === null ? 'the file is no JPEG, PNG or GIF' : sizeProblem(image);
}

function sizeProblem({ width, height }: Image): string | null {
  if (width < 1 || height < 1) return 'the picture has no size';
  if (width + height > PHOTO_SIDES_SUM_MAX) return `width and height together are more than ${PHOTO_SIDES_SUM_MAX} pixels`;
  return Math.max(width, height) > PHOTO_RATIO_MAX * Math.min(width, height) ? 'the picture is longer than 1 to 20' : null;
}

const AVATAR_COLORS = ['#4a76a8', '#6b9e5b', '#b5715c', '#8a6bb5', '#b59a4a'];

function avatar(letter: string, id: number): string {
  const color = AVATAR_COLORS[id % AVATAR_COLORS.length];
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="' +
    `${color}"/><text x="50" y="68" font-size="52" font-family="sans-serif" text-anchor="middle" fill="#fff">${letter}</text></svg>`
  );
}

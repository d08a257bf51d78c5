import { Readable } from 'node:stream';
import type { File } from '@soroka/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Files, FileViewer, StoredFile } from '../files/files.ts';
import { AppError } from '../platform/errors.ts';
import { callerOf } from './auth.ts';
import { readRange } from './byte-range.ts';
import { invalid, readId, readQuery } from './query.ts';

const NAME_CHARACTERS_MAX = 200;

export interface FileRoutesParts {
  files: Pick<Files, 'store' | 'get' | 'read' | 'thumbnail'>;
  dialogs: Pick<Dialogs, 'place'>;
}

/** Handlers of /v1/files by the ids of their operations. */
export function createFileRoutes({ files, dialogs }: FileRoutesParts) {
  const found = async (request: FastifyRequest): Promise<StoredFile> => {
    const fileId = readId('fileId', (request.params as { fileId: string }).fileId);
    const file = fileId === null ? null : await files.get(callerOf(request).accountId, fileId, viewerOf(request));
    if (file === null) throw new AppError('not.found', 'this account has no such file');
    return file;
  };

  return {
    async uploadFile(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const query = readQuery(request.query, ['name', 'dialogId']);
      const { accountId, groups, session } = callerOf(request);
      const dialogId = query.dialogId === undefined ? undefined : readId('dialogId', query.dialogId);
      if (dialogId === null || (dialogId !== undefined && (await dialogs.place(accountId, dialogId, groups)) === null))
        throw new AppError('not.found', 'this account has no such dialog', { field: 'dialogId' });
      const operatorId = session?.operatorId ?? null;
      const given = { accountId, name: readName(query.name), operatorId, ...(dialogId !== undefined && { dialogId }) };
      return reply.send(shownFile(await files.store(given, bytesOf(request))));
    },

    async getFile(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      return reply.send(shownFile(await found(request)));
    },

    async getFileContent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const file = await found(request);
      const range = readRange(request.headers.range, file.bytes);
      const { first, last } = range ?? { first: 0, last: file.bytes - 1 };
      reply.headers({
        ...OWN_ORIGIN,
        'Content-Type': file.contentType,
        'Content-Disposition': dispositionOf(file),
        'Content-Length': last - first + 1,
        'Accept-Ranges': 'bytes',
        ...(range !== null && { 'Content-Range': `bytes ${first}-${last}/${file.bytes}` }),
      });
      // A HEAD tells the length without reading anything.
      if (request.method === 'HEAD') return reply.send();
      return reply.code(range === null ? 200 : 206).send(Readable.from(files.read(file.id, first, last), { objectMode: false }));
    },

    async getFileThumbnail(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { id } = await found(request);
      const thumbnail = await files.thumbnail(callerOf(request).accountId, id, viewerOf(request));
      if (thumbnail === null) throw new AppError('not.found', 'this file has no thumbnail: it is no image');
      return reply.headers({ ...OWN_ORIGIN, 'Content-Type': 'image/webp' }).send(thumbnail);
    },
  };
}

/** No page of another site may use it, and it may do nothing where it is opened by itself. */
const OWN_ORIGIN = {
  'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'private, max-age=86400, immutable',
};

export function viewerOf(request: FastifyRequest): FileViewer {
  const { groups, session } = callerOf(request);
  return { groups, operatorId: session?.operatorId ?? null };
}

export function shownFile({ createdAt, ...file }: StoredFile): File {
  return { ...file, createdAt: createdAt.toISOString() };
}

async function* bytesOf(request: FastifyRequest): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of request.raw) yield chunk as Buffer;
  } catch (cause) {
    throw new AppError('request.invalid', 'the connection ended inside the body', { cause });
  }
}

/** As the person sees it: what would be a path or an order to a browser is taken out. */
function readName(name: string | undefined): string {
  const cleaned = (name ?? 'file').replaceAll(/[\p{Cc}\p{Cf}/\\]/gu, ' ').trim();
  if (cleaned === '' || cleaned.length > NAME_CHARACTERS_MAX)
    throw invalid('name', `give 1 to ${NAME_CHARACTERS_MAX} characters that can be seen`);
  return cleaned;
}

/** RFC 6266, with the name as RFC 8187 writes what is not ASCII. */
function dispositionOf({ name, kind }: StoredFile): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind === 'file' ? 'attachment' : 'inline'}; filename*=UTF-8''${encoded}`;
}

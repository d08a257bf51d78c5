import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type OkResult, refuse, respond, writeResult } from '../ok-errors.ts';
import type { OkNetwork } from '../ok-network.ts';
import { OK_SETTINGS } from '../ok-settings.ts';
import type { Upload } from './uploads.ts';

/** AUDIO and IMAGE "need a correct MIME Content-Type" (contracts/ok.md 3.4). */
const CONTENT_TYPES: Readonly<Partial<Record<Upload['type'], RegExp>>> = { IMAGE: /^image\//, AUDIO: /^audio\// };

/** `uploadUrl`, where a file of this upload is posted to. The parameters are those that OK prints (contracts/ok.md 3). */
export function uploadUrlOf({ id, sig, expiresAt, group }: Upload, origin: string): string {
  const query = new URLSearchParams({ sig, expires: String(expiresAt), clientType: '3', id, userId: group.id });
  return `${origin}/ok/upload.do?${query}`;
}

/** Where the bytes of an upload come back. */
export function fileUrlOf({ id }: Upload, origin: string): string {
  return `${origin}/ok/files/${id}`;
}

/** Takes files as `multipart/form-data`, and gives their bytes back. */
export function addUploads(scope: FastifyInstance, network: OkNetwork): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: OK_SETTINGS.uploadBytesMax.max }, (_request, body, done) =>
    done(null, body),
  );
  scope.post('/upload.do', async (request, reply) => {
    const result = await upload(request, network);
    if (!result.ok) request.networkCall.entry.code = String(result.error.error_code);
    return writeResult(reply, result);
  });
  scope.get<{ Params: { id: string } }>('/files/:id', (request, reply) => {
    const file = network.uploads.byId(request.params.id)?.file;
    if (file == null) return reply.code(404).type('text/plain').send('There is no such file');
    return reply.type(file.contentType).send(Buffer.from(file.bytes));
  });
}

async function upload(request: FastifyRequest, { uploads, world, settings }: OkNetwork): Promise<OkResult> {
  request.networkCall.entry.method = 'upload.do';
  const query = request.query as Record<string, string>;
  const place = uploads.byId(query['id'] ?? '');
  if (place === null || query['sig'] !== place.sig) return refuse('NOT_FOUND', 'There is no such upload address');
  request.networkCall.entry.group = place.group.id;
  if (place.expiresAt <= world.clock.now()) return refuse('CANCELLED', 'The upload address has expired');
  const file = await readFile(request);
  if (file === 'no multipart') return refuse('NOT_MULTIPART', 'The body should be multipart/form-data');
  if (file === 'no file') return refuse('PARAM', 'There should be one file, in the field file (photos: pic1)');
  if (file.size === 0) return refuse('PARAM', 'The file is empty');
  if (file.size > settings.values.uploadBytesMax)
    return refuse('PARAM', `The file is larger than ${settings.values.uploadBytesMax} bytes`);
  const wanted = CONTENT_TYPES[place.type];
  if (wanted !== undefined && !wanted.test(file.type)) {
    return refuse(
      'PARAM',
      `The Content-Type of an ${place.type} should be ${wanted.source.slice(1).replaceAll('\\', '')}…, not "${file.type}"`,
    );
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  uploads.fill(place, { name: file.name, contentType: file.type || 'application/octet-stream', bytes });
  // [?] Only the form for photos is known, from photosV2; the others are sent by the token of the first step.
  return respond(
    place.type === 'IMAGE' ? { photos: { [place.id]: { token: place.token } } } : { file_id: place.id, token: place.token },
  );
}

async function readFile(request: FastifyRequest): Promise<File | 'no multipart' | 'no file'> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data') || !Buffer.isBuffer(request.body)) return 'no multipart';
  try {
    const form = await new Response(new Uint8Array(request.body), { headers: { 'content-type': type } }).formData();
    return [...form.values()].find((value): value is File => typeof value !== 'string') ?? 'no file';
  } catch {
    return 'no multipart';
  }
}

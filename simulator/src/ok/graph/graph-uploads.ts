import { type OkResult, refuse, respond } from '../ok-errors.ts';
import { uploadUrlOf } from '../uploads/upload-routes.ts';
import { FILE_TYPES } from '../uploads/uploads.ts';
import type { GraphCall, GraphRoute } from './graph-call.ts';

/** Where to upload to. The token of an IMAGE comes with the answer to its upload, the others' comes here (contracts/ok.md 3.4). */
function fileUploadUrl({ network, group, query, origin }: GraphCall): OkResult {
  const asked = (query['type'] ?? 'FILE').toUpperCase();
  const type = FILE_TYPES.find((known) => known === asked);
  if (type === undefined) return refuse('PARAM', `type should be one of ${FILE_TYPES.join(', ')}`);
  const upload = network.uploads.open(group, type);
  return respond({
    url: uploadUrlOf(upload, origin),
    ...(type === 'IMAGE' ? { file_id: upload.id } : { token: upload.token }),
  });
}

export const UPLOAD_ROUTES: readonly GraphRoute[] = [{ verb: 'GET', pattern: 'me/fileUploadUrl', run: fileUploadUrl }];

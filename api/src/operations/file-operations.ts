import { Type } from 'typebox';
import { Bytes, File } from '../files.ts';
import type { Operation } from './operation.ts';

const fileId = { fileId: Type.Integer({ minimum: 1 }) };

/** Files of dialogs: in, out, small. */
export const FILE_OPERATIONS = {
  uploadFile: {
    method: 'POST',
    path: '/v1/files',
    right: 'reply',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Files',
    summary: 'Upload a file',
    description:
      'The body is the bytes themselves. What the file is, is told by its content. With `dialogId` everybody who sees the dialog sees it; without, whoever uploaded it and whoever is not limited to groups.',
    query: {
      name: Type.String({ minLength: 1, maxLength: 200, description: 'As the person will see it.', examples: ['price.pdf'] }),
      dialogId: Type.Integer({ minimum: 1 }),
    },
    bodyType: 'application/octet-stream',
    body: Bytes,
    answer: { description: 'The file.', schema: File },
    errors: ['request.invalid', 'parameter.invalid', 'not.found', 'file.too.large', 'file.empty'],
  },
  getFile: {
    method: 'GET',
    path: '/v1/files/{fileId}',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Files',
    summary: 'Get what a file is',
    pathParameters: fileId,
    answer: { description: 'The file.', schema: File },
    errors: ['parameter.invalid', 'not.found'],
  },
  getFileContent: {
    method: 'GET',
    path: '/v1/files/{fileId}/content',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Files',
    summary: 'Get the bytes of a file',
    description:
      'One range of them with `Range: bytes=first-last`. Only pictures, voices and videos may be shown in a page; the rest comes as a download.',
    pathParameters: fileId,
    answer: { description: 'The bytes.', schema: Bytes, type: 'application/octet-stream' },
    errors: ['parameter.invalid', 'not.found', 'range.invalid'],
  },
  getFileThumbnail: {
    method: 'GET',
    path: '/v1/files/{fileId}/thumbnail',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Files',
    summary: 'Get a small picture of an image',
    description: 'At most 480 pixels wide and high.',
    pathParameters: fileId,
    answer: { description: 'WebP.', schema: Bytes, type: 'image/webp' },
    errors: ['parameter.invalid', 'not.found'],
  },
} as const satisfies Record<string, Operation>;

import { type Static, Type } from 'typebox';

export const FILE_KINDS = ['image', 'file', 'voice', 'video'] as const;

/** A file of the account: uploaded, or sent by a person. */
export const File = Type.Object({
  id: Type.Integer({ description: 'Below 2^53.' }),
  name: Type.String({ description: 'As the person sees it.' }),
  kind: Type.Enum(FILE_KINDS, { description: 'By its content, whatever it is called.' }),
  contentType: Type.String({ examples: ['image/jpeg'] }),
  bytes: Type.Integer(),
  width: Type.Union([Type.Integer(), Type.Null()], { description: 'Of an image, in pixels.' }),
  height: Type.Union([Type.Integer(), Type.Null()]),
  hasThumbnail: Type.Boolean({ description: 'GET /v1/files/{fileId}/thumbnail gives one.' }),
  createdAt: Type.String({ format: 'date-time' }),
});
export type File = Static<typeof File>;

/** Bytes as they are. */
export const Bytes = Type.String({ format: 'binary' });

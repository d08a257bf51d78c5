import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createLoop } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { type Content, contentOf, type FileKind, type Picture, pictureOf } from './content.ts';
import { readParts, writeParts } from './parts.ts';
import { createUploads, type Uploads } from './uploads.ts';

export { FILE_KINDS, type FileKind } from './content.ts';
export type { Uploads } from './uploads.ts';

export interface StoredFile {
  id: number;
  name: string;
  kind: FileKind;
  /** By content: `image/jpeg`. */
  contentType: string;
  bytes: number;
  /** Pixels, of an image. */
  width: number | null;
  height: number | null;
  hasThumbnail: boolean;
  createdAt: Date;
}

export interface NewFile {
  accountId: number;
  name: string;
  /** Null: a program with a key, or a person in a dialog. */
  operatorId: number | null;
  /** Where it is to be seen; it may be sent to others later. */
  dialogId?: number;
}

/** Who asks: whoever is limited to groups sees the files of their dialogs, and what they uploaded themselves. */
export interface FileViewer {
  groups: readonly string[] | null;
  operatorId: number | null;
}

/** Files of accounts: bytes in, bytes out, what they are by content. */
export interface Files extends Uploads {
  /** Of one file. */
  readonly bytesMax: number;
  /** Takes bytes as they come. Throws `file.empty` and `file.too.large`; nothing is left of a file that did not arrive whole. */
  store(file: NewFile, source: AsyncIterable<Buffer>): Promise<StoredFile>;
  /** Null where the account has no such file, or the viewer may not see it. */
  get(accountId: number, fileId: number, viewer: FileViewer): Promise<StoredFile | null>;
  /** In the order of the ids; those that the account does not have, or the viewer may not see, are missing. */
  list(on: Queryable, accountId: number, fileIds: readonly number[], viewer: FileViewer): Promise<readonly StoredFile[]>;
  /** From `first` to `last`, both included. */
  read(fileId: number, first: number, last: number): AsyncIterable<Buffer>;
  /** WebP, at most 480 pixels wide and high. */
  thumbnail(accountId: number, fileId: number, viewer: FileViewer): Promise<Buffer | null>;
  /** Whoever sees the dialog sees them from now on. */
  show(tx: Queryable, dialogId: number, fileIds: readonly number[]): Promise<void>;
  /** Removes, every ten minutes, what began to arrive an hour ago and did not end. */
  run(): void;
  stop(): Promise<void>;
}

interface FilesParts {
  database: Database;
  clock: Clock;
  log: Logger;
  /** Of one file. */
  bytesMax: number;
}

/** Both of whom may see a file: see FileViewer. $2 is the groups, $3 the operator. */
const VISIBLE = `
  ($2::text[] is null or f.operator_id = $3 or exists (
    select from file_dialog as fd
    join dialog as d on d.id = fd.dialog_id
    where fd.file_id = f.id and upper(d.network) || ':' || d.group_id = any($2)
  ))`;
const SQL = {
  begin: {
    name: 'file_begin',
    text: 'insert into file (account_id, name, operator_id, created_at) values ($1, $2, $3, $4) returning id',
  },
  finish: {
    name: 'file_finish',
    text: `
      with shown as (insert into file_dialog (file_id, dialog_id) select $1, $8::bigint where $8 is not null)
      update file set kind = $2, content_type = $3, bytes = $4, width = $5, height = $6, thumbnail = $7 where id = $1`,
  },
  remove: { name: 'file_remove', text: 'delete from file where id = $1' },
  list: {
    name: 'file_list',
    text: `
      select f.id, f.name, f.kind, f.content_type as "contentType", f.bytes, f.width, f.height, f.thumbnail is not null as "hasThumbnail",
        f.created_at as "createdAt"
      from file as f
      where f.account_id = $1 and f.kind is not null and f.id = any($4::bigint[]) and ${VISIBLE}
      order by array_position($4::bigint[], f.id)`,
  },
  thumbnail: {
    name: 'file_thumbnail',
    text: `
      select f.thumbnail from file as f
      where f.account_id = $1 and f.thumbnail is not null and f.id = $4 and ${VISIBLE}`,
  },
  show: {
    name: 'file_show',
    text: 'insert into file_dialog (file_id, dialog_id) select unnest($2::bigint[]), $1 on conflict do nothing',
  },
  forgetUnfinished: { name: 'file_forget_unfinished', text: 'delete from file where kind is null and created_at < $1' },
} as const;

const UNFINISHED_MS_MAX = 3_600_000;
const CLEAN_UP_EVERY_MS = 600_000;

export function createFiles({ database, clock, log, bytesMax }: FilesParts): Files {
  const cleaning = createLoop({
    ...{ name: 'file clean-up', clock, log, idleMs: CLEAN_UP_EVERY_MS, everyMs: 0 },
    step: async () => (await database.run(SQL.forgetUnfinished, [new Date(clock.now() - UNFINISHED_MS_MAX)])) > 0,
  });
  const list: Files['list'] = (on, accountId, fileIds, { groups, operatorId }) =>
    on.rows<StoredFile>(SQL.list, [accountId, groups, operatorId, fileIds]);

  const pictureIn = async (fileId: number, { kind }: Content, bytes: number): Promise<Picture | null> => {
    if (kind !== 'image') return null;
    const parts: Buffer[] = [];
    for await (const part of readParts(database, fileId, 0, bytes - 1)) parts.push(part);
    return pictureOf(Buffer.concat(parts));
  };

  const take = async (fileId: number, { dialogId }: NewFile, source: AsyncIterable<Buffer>): Promise<void> => {
    let bytes = 0;
    let head: Buffer = Buffer.alloc(0);
    await writeParts(database, fileId, source, (part, number) => {
      bytes += part.length;
      if (number === 0) head = part;
      if (bytes > bytesMax) throw new AppError('file.too.large', `a file has at most ${bytesMax} bytes here`);
    });
    if (bytes === 0) throw new AppError('file.empty', 'the body holds no bytes');
    const content = await contentOf(head);
    const picture = await pictureIn(fileId, content, bytes);
    const kind = content.kind === 'image' && picture === null ? 'file' : content.kind;
    await database.run(SQL.finish, [
      ...[fileId, kind, content.contentType, bytes],
      ...[picture?.width ?? null, picture?.height ?? null, picture?.thumbnail ?? null, dialogId ?? null],
    ]);
  };

  return {
    ...createUploads({ database, clock, read: (fileId, bytes) => readParts(database, fileId, 0, bytes - 1) }),
    bytesMax,
    async store(file, source) {
      const { accountId, name, operatorId } = file;
      const [row] = await database.rows<{ id: number }>(SQL.begin, [accountId, name, operatorId, new Date(clock.now())]);
      const { id } = row as { id: number };
      try {
        await take(id, file, source);
      } catch (error) {
        await database.run(SQL.remove, [id]);
        throw error;
      }
      const [stored] = await list(database, accountId, [id], { groups: null, operatorId });
      return stored as StoredFile;
    },
    async get(accountId, fileId, viewer) {
      const [found] = await list(database, accountId, [fileId], viewer);
      return found ?? null;
    },
    list,
    read: (fileId, first, last) => readParts(database, fileId, first, last),
    async thumbnail(accountId, fileId, { groups, operatorId }) {
      const [found] = await database.rows<{ thumbnail: Buffer }>(SQL.thumbnail, [accountId, groups, operatorId, fileId]);
      return found?.thumbnail ?? null;
    },
    async show(tx, dialogId, fileIds) {
      if (fileIds.length > 0) await tx.run(SQL.show, [dialogId, fileIds]);
    },
    run: cleaning.run,
    stop: cleaning.stop,
  };
}

import type { ActionOutcome, Channel, OutgoingAttachment } from '@soroka/channels';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { FileKind } from './content.ts';

/** Where a file is to go: networks take it for one of their dialogs, or for many people (null). */
export interface UploadPlace {
  accountId: number;
  connectionId: number;
  peerId: string | null;
}

/** Files on their way to the networks. */
export interface Uploads {
  /**
   * Gives the network a file of the account, once per dialog: what it called the file then is kept for a day. A kind that the
   * network does not take goes as a document. Refused where the file is gone, or the channel takes none.
   */
  upload(
    channel: Pick<Channel, 'capabilities' | 'upload'>,
    fileId: number,
    place: UploadPlace,
    signal: AbortSignal,
  ): Promise<ActionOutcome<OutgoingAttachment>>;
  /** What the network called those of the files that it has for many people; those that it has not are missing. */
  uploadedForMany(
    on: Queryable,
    fileIds: readonly number[],
    connectionId: number,
  ): Promise<ReadonlyMap<number, OutgoingAttachment>>;
}

// [?] Neither network says for how long a file that no message carries is kept; a day is what a reply may wait.
const KEPT_MS = 86_400_000;

const NO_PEER = '';

const SQL = {
  forMany: {
    name: 'file_upload_for_many',
    text: `
      select file_id as "fileId", attachment from file_upload
      where file_id = any($1::bigint[]) and connection_id = $2 and peer_id = '${NO_PEER}' and uploaded_at > $3`,
  },
  known: {
    name: 'file_upload_known',
    text: `
      select attachment from file_upload
      where file_id = $1 and connection_id = $2 and peer_id = $3 and uploaded_at > $4`,
  },
  file: {
    name: 'file_upload_file',
    text: 'select name, kind, content_type as "contentType", bytes from file where account_id = $1 and id = $2 and kind is not null',
  },
  keep: {
    name: 'file_upload_keep',
    text: `
      insert into file_upload (file_id, connection_id, peer_id, attachment, uploaded_at) values ($1, $2, $3, $4::jsonb, $5)
      on conflict (file_id, connection_id, peer_id) do update set attachment = $4::jsonb, uploaded_at = $5`,
  },
} as const;

export function createUploads({
  database,
  clock,
  read,
}: {
  database: Database;
  clock: Clock;
  read: (fileId: number, bytes: number) => AsyncIterable<Buffer>;
}): Uploads {
  return {
    async upload(channel, fileId, { accountId, connectionId, peerId }, signal) {
      const key = [fileId, connectionId, peerId ?? NO_PEER];
      const since = new Date(clock.now() - KEPT_MS);
      const [known] = await database.rows<{ attachment: OutgoingAttachment }>(SQL.known, [...key, since]);
      if (known !== undefined) return { kind: 'done', result: known.attachment };
      const [file] = await database.rows<{ name: string; kind: FileKind; contentType: string; bytes: number }>(SQL.file, [
        accountId,
        fileId,
      ]);
      if (file === undefined) return { kind: 'refused', networkCode: 'none', detail: 'the file was removed' };
      const taken = channel.capabilities.attachments;
      const kind = taken.includes(file.kind) ? file.kind : 'file';
      if (channel.upload === undefined || !taken.includes(kind))
        return { kind: 'refused', networkCode: 'none', detail: 'this network takes no files' };
      const parts: Buffer[] = [];
      for await (const part of read(fileId, file.bytes)) parts.push(part);
      const { name, contentType } = file;
      const outcome = await channel.upload({ kind, name, contentType, bytes: Buffer.concat(parts) }, peerId, signal);
      if (outcome.kind === 'done') await database.run(SQL.keep, [...key, JSON.stringify(outcome.result), new Date(clock.now())]);
      return outcome;
    },
    async uploadedForMany(on, fileIds, connectionId) {
      const since = new Date(clock.now() - KEPT_MS);
      const rows = await on.rows<{ fileId: number; attachment: OutgoingAttachment }>(SQL.forMany, [fileIds, connectionId, since]);
      return new Map(rows.map(({ fileId, attachment }) => [fileId, attachment]));
    },
  };
}

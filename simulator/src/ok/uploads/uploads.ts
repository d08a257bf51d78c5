import type { Group, World } from '../../world/world.ts';
import type { OkSettings } from '../ok-settings.ts';

export const FILE_TYPES = ['FILE', 'VIDEO', 'AUDIO', 'IMAGE'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** One place to upload to, from the asking for it to the bytes in it. */
export interface Upload {
  readonly id: string;
  readonly group: Group;
  readonly type: FileType;
  readonly token: string;
  readonly sig: string;
  /** Wall time until which bytes are taken, ms. */
  readonly expiresAt: number;
  file: UploadedFile | null;
}

export interface UploadedFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Wall time from which it can be sent, ms. */
  readonly readyAt: number;
}

/** What groups have uploaded, and the tokens by which it is sent. The oldest bytes go where they grow too many. */
export interface Uploads {
  open(group: Group, type: FileType): Upload;
  byId(id: string): Upload | null;
  /** Takes the bytes; an IMAGE is ready at once, the others after `uploadProcessingMs`. */
  fill(upload: Upload, file: Omit<UploadedFile, 'readyAt'>): void;
  /**
   * What an attachment's token stands for. `adopted`: it came with a person's message. Null: no such token, or another group's.
   */
  find(group: Group, token: string): Upload | 'adopted' | null;
  /** Makes the token of something that a person sent one that their group may send on. */
  adopt(group: Group, token: string): void;
  reset(): void;
}

// Kept in memory: enough to try things out.
const BYTES_KEPT_MAX = 200_000_000;

export function createUploads(world: World, settings: OkSettings): Uploads {
  const uploads = new Map<string, Upload>();
  const byToken = new Map<string, Upload>();
  const adopted = new Map<Group, Set<string>>();
  let bytesKept = 0;
  let lastId = 0;

  const forget = (upload: Upload): void => {
    bytesKept -= upload.file?.bytes.length ?? 0;
    uploads.delete(upload.id);
    byToken.delete(upload.token);
  };
  return {
    open(group, type) {
      lastId += 1;
      const upload: Upload = {
        id: String(900_000_000_000 + lastId),
        group,
        type,
        token: world.ids.hex(40),
        sig: world.ids.hex(32),
        expiresAt: world.clock.now() + settings.values.uploadUrlLifetimeMs,
        file: null,
      };
      uploads.set(upload.id, upload);
      byToken.set(upload.token, upload);
      return upload;
    },
    byId: (id) => uploads.get(id) ?? null,
    fill(upload, file) {
      bytesKept += file.bytes.length - (upload.file?.bytes.length ?? 0);
      const waitMs = upload.type === 'IMAGE' ? 0 : settings.values.uploadProcessingMs;
      upload.file = { ...file, readyAt: world.clock.now() + waitMs };
      for (const oldest of uploads.values()) {
        if (bytesKept <= BYTES_KEPT_MAX || oldest === upload) break;
        forget(oldest);
      }
    },
    find(group, token) {
      const upload = byToken.get(token);
      if (upload !== undefined) return upload.group === group ? upload : null;
      return adopted.get(group)?.has(token) === true ? 'adopted' : null;
    },
    adopt(group, token) {
      const own = adopted.get(group) ?? new Set();
      adopted.set(group, own.add(token));
    },
    reset() {
      uploads.clear();
      byToken.clear();
      adopted.clear();
      bytesKept = 0;
    },
  };
}

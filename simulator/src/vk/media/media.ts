import type { Chat, Group, World } from '../../world/world.ts';

export const DOCUMENT_TYPES = ['doc', 'audio_message', 'graffiti'] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];
export type MediaKind = 'photo' | 'chat_photo' | DocumentType;

/** An address to upload to, asked for by a method. */
export interface UploadTicket {
  group: Group;
  kind: MediaKind;
  /** Whose icon it is to be. */
  chat?: Chat;
}

/** A file that was uploaded and may be saved. */
export interface Upload extends UploadTicket {
  bytes: Buffer;
  contentType: string;
  /** As the client called it. */
  name: string;
  /** Without a dot, lower case. */
  extension: string;
  /** Pixels; 0 for what is no picture. */
  width: number;
  height: number;
  /** What a photo must be saved with. */
  server: number;
  hash: string;
}

/** A saved file, that messages can carry. */
export interface StoredFile {
  readonly upload: Upload;
  readonly id: number;
  /** The community's, negative. */
  readonly ownerId: number;
  readonly accessKey: string;
  readonly title: string;
  /** Wall time, ms. */
  readonly savedAt: number;
  /** Where its bytes come back. */
  readonly url: string;
}

/** Files on their way and files that were saved, in memory. The oldest go when there are more than `MEDIA_BYTES_MAX`. */
export interface Media {
  /** The last part of an upload address. */
  openTicket(ticket: UploadTicket): string;
  ticket(name: string): UploadTicket | null;
  /** Keeps what was uploaded in one form, of one ticket. Gives the text by which it is saved, and what photos are saved with. */
  keep(files: readonly Omit<Upload, 'server' | 'hash'>[]): { text: string; server: number; hash: string };
  /** Nothing where there was no such upload, or its bytes had to go. */
  uploaded(text: string): readonly Upload[];
  save(upload: Upload, saved: { title: string; origin: string }): StoredFile;
  /** A saved file of this community; with a wrong access key there is none. */
  find(group: Group, kind: MediaKind, id: number, accessKey?: string): StoredFile | null;
  byFileName(name: string): StoredFile | null;
  reset(): void;
}

const MEDIA_BYTES_MAX = 64 * 1_048_576;
const TICKETS_MAX = 10_000;
// Like VK's own, which have nine digits since long.
const FIRST_ID = 457_239_017;

export function createMedia(world: World): Media {
  const tickets = new Map<string, UploadTicket>();
  const uploads = new Map<string, readonly Upload[]>();
  const files = new Map<string, StoredFile>();
  let keptBytes = 0;
  let lastId = FIRST_ID - 1;

  const sizeOf = (together: readonly Upload[]): number => together.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const textOf = (together: readonly Upload[]): string => {
    const [first] = together;
    if (first === undefined || first.kind === 'photo') {
      return JSON.stringify(
        together.map(() => ({ markers_restarted: true, photo: world.ids.hex(10), sizes: [], latitude: 0, longitude: 0 })),
      );
    }
    const { group, server, extension, bytes, name } = first;
    return `${group.id}|0|0|${server}|${world.ids.hex(10)}|${extension}|${bytes.length}|${name}`;
  };
  const forgetOldest = (): void => {
    for (const [text, together] of uploads) {
      if (keptBytes <= MEDIA_BYTES_MAX) return;
      uploads.delete(text);
      for (const [name, file] of files) if (together.includes(file.upload)) files.delete(name);
      keptBytes -= sizeOf(together);
    }
  };
  return {
    openTicket(ticket) {
      const name = world.ids.hex(40);
      tickets.set(name, ticket);
      const oldest = tickets.size > TICKETS_MAX ? tickets.keys().next() : undefined;
      if (oldest?.done === false) tickets.delete(oldest.value);
      return name;
    },
    ticket: (name) => tickets.get(name) ?? null,
    keep(given) {
      const server = 800_000 + (lastId % 1_000);
      const hash = world.ids.hex(32);
      const together = given.map((file) => ({ ...file, server, hash }));
      const text = textOf(together);
      uploads.set(text, together);
      keptBytes += sizeOf(together);
      forgetOldest();
      return { text, server, hash };
    },
    uploaded: (text) => uploads.get(text) ?? [],
    save(upload, { title, origin }) {
      lastId += 1;
      const accessKey = world.ids.hex(18);
      const name = `${lastId}-${accessKey}.${upload.extension}`;
      const ownerId = -Number(upload.group.id);
      const url = `${origin}/vk/uploads/${name}`;
      const file: StoredFile = { upload, id: lastId, ownerId, accessKey, title, savedAt: world.clock.now(), url };
      files.set(name, file);
      return file;
    },
    find(group, kind, id, accessKey) {
      for (const file of files.values()) {
        const isIt = file.id === id && file.upload.kind === kind && file.upload.group === group;
        if (isIt) return accessKey === undefined || accessKey === file.accessKey ? file : null;
      }
      return null;
    },
    byFileName: (name) => files.get(name) ?? null,
    reset() {
      tickets.clear();
      uploads.clear();
      files.clear();
      keptBytes = 0;
    },
  };
}

import type { FastifyInstance } from 'fastify';
import { type Image, readImage } from '../vk/media/image.ts';
import type { Network, Person, World } from '../world/world.ts';
import { ControlError } from './answers.ts';

export const FILE_BYTES_MAX = 8 * 1_048_576;
const ALL_BYTES_MAX = 64 * 1_048_576;
// Like the numbers that VK gives photos.
const FIRST_ID = 456_239_017;
const VK_UNKNOWN_DOC_TYPE = 8;
// Speech in Opus takes about 2 KB a second; nobody looks at the exact length.
const VOICE_BYTES_PER_SECOND = 2_000;

export const PERSONS_FILE_KINDS = ['photo', 'file', 'voice'] as const;
export type PersonsFileKind = (typeof PERSONS_FILE_KINDS)[number];

/** A file that a person sent. */
export interface PersonsFile {
  id: number;
  accessKey: string;
  /** As the person called it. */
  title: string;
  /** Lower case, without a dot. */
  extension: string;
  bytes: Buffer;
  image: Image | null;
}

/** What people sent, in memory; the oldest go when there is too much. */
export interface Files {
  keep(bytes: Buffer, title: string): PersonsFile;
}

const nameIn = ({ id, accessKey, extension }: PersonsFile): string => `${id}-${accessKey}.${extension}`;

/** Keeps files of people and gives their bytes back at `GET /control/files/{name}`, where the networks' bodies point to. */
export function registerFiles(app: FastifyInstance, world: World): Files {
  const files = new Map<string, PersonsFile>();
  let keptBytes = 0;
  let lastId = FIRST_ID - 1;
  world.on('reset', () => {
    files.clear();
    keptBytes = 0;
  });
  app.get<{ Params: { name: string } }>('/control/files/:name', async (request, reply) => {
    const file = files.get(request.params.name);
    if (file === undefined) throw new ControlError(404, 'name', 'There is no such file.', 'A reset forgets files.');
    // Only what was found to be a picture is shown as one; nothing else may run in the page's own origin.
    return reply
      .type(file.image?.contentType ?? 'application/octet-stream')
      .header('x-content-type-options', 'nosniff')
      .send(file.bytes);
  });
  return {
    keep(bytes, title) {
      lastId += 1;
      const image = readImage(bytes);
      const extension = image?.extension ?? /\.([a-z0-9]{1,8})$/i.exec(title)?.[1]?.toLowerCase() ?? 'bin';
      const named = title === '' ? `file.${extension}` : title;
      const file = { id: lastId, accessKey: world.ids.hex(18), title: named, extension, bytes, image };
      files.set(nameIn(file), file);
      keptBytes += bytes.length;
      for (const [name, oldest] of files) {
        if (keptBytes <= ALL_BYTES_MAX) break;
        files.delete(name);
        keptBytes -= oldest.bytes.length;
      }
      return file;
    },
  };
}

interface Sending {
  kind: PersonsFileKind;
  file: PersonsFile;
  network: Network;
  person: Person;
  origin: string;
  /** Wall time, ms. */
  time: number;
}

/**
 * How the networks' messages carry a file of a person (`extra` of the message). VK: photos_photo, docs_doc and
 * messages_audio_message of the schema. OK: contracts/ok.md 3.4.
 */
export function fileExtra(sending: Sending): { attachments: object[] } {
  const { kind, file, origin, network } = sending;
  const url = `${origin}/control/files/${nameIn(file)}`;
  return { attachments: [network === 'vk' ? VK_BODIES[kind](sending, url) : okBody(kind, file, url)] };
}

type VkBody = (sending: Sending, url: string) => { type: string };

const vkHead = ({ file, person }: Sending) => ({ id: file.id, owner_id: person.vkId, access_key: file.accessKey });
const vkDate = ({ time }: Sending): number => Math.floor(time / 1_000);

const VK_BODIES: Readonly<Record<PersonsFileKind, VkBody>> = {
  photo: (sending, url) => {
    const size = { url, width: sending.file.image?.width ?? 0, height: sending.file.image?.height ?? 0 };
    const sizes = [{ type: 'x', ...size }];
    const photo = { ...vkHead(sending), album_id: -3, date: vkDate(sending), text: '', has_tags: false, sizes };
    return { type: 'photo', photo: { ...photo, orig_photo: { type: 'base', ...size } } };
  },
  file: (sending, url) => {
    const { title, extension, bytes } = sending.file;
    const doc = { ...vkHead(sending), title, size: bytes.length, ext: extension, url, date: vkDate(sending) };
    return { type: 'doc', doc: { ...doc, type: VK_UNKNOWN_DOC_TYPE } };
  },
  voice: (sending, url) => {
    const duration = Math.max(1, Math.round(sending.file.bytes.length / VOICE_BYTES_PER_SECOND));
    const voice = { ...vkHead(sending), duration, waveform: [0, 7, 14, 21, 28, 21, 14, 7], link_ogg: url, link_mp3: url };
    return { type: 'audio_message', audio_message: voice };
  },
};

const OK_TYPES: Readonly<Record<PersonsFileKind, string>> = { photo: 'IMAGE', file: 'FILE', voice: 'AUDIO' };

function okBody(kind: PersonsFileKind, { id, accessKey }: PersonsFile, url: string): object {
  return { type: OK_TYPES[kind], payload: { id: String(id), token: accessKey, url } };
}

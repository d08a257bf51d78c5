import type { StoredFile } from './media.ts';

/** Kinds of documents by their extension. Source: "type" of docs_doc in the schema and its page: 1 text … 8 unknown. */
const DOC_TYPES: Readonly<Record<string, number>> = {
  txt: 1,
  pdf: 1,
  docx: 1,
  zip: 2,
  rar: 2,
  gif: 3,
  jpg: 4,
  png: 4,
  mp3: 5,
  ogg: 5,
  mp4: 6,
  epub: 7,
};
const UNKNOWN_DOC_TYPE = 8;

// Photos of messages lie in an album of their own (the schema's "system albums").
const MESSAGES_ALBUM_ID = -64;

/** A saved file as VK shows it. Sources: photos_photo, docs_doc, messages_audio_message and messages_graffiti of the schema. */
export function mediaBody(file: StoredFile): Record<string, unknown> {
  const { upload, id, ownerId, accessKey, title, savedAt, url } = file;
  const common = { id, owner_id: ownerId, access_key: accessKey };
  const date = Math.floor(savedAt / 1_000);
  const { width, height } = upload;
  switch (upload.kind) {
    case 'photo':
    case 'chat_photo': {
      const size = { url, width, height };
      return {
        ...common,
        album_id: MESSAGES_ALBUM_ID,
        date,
        text: '',
        has_tags: false,
        sizes: ['m', 'x'].map((type) => ({ type, ...size })),
        orig_photo: { type: 'base', ...size },
      };
    }
    case 'doc':
      return {
        ...common,
        title,
        size: upload.bytes.length,
        ext: upload.extension,
        url,
        date,
        type: DOC_TYPES[upload.extension] ?? UNKNOWN_DOC_TYPE,
      };
    case 'graffiti':
      return { ...common, url, width, height };
    case 'audio_message':
      return { ...common, duration: secondsOf(upload.bytes.length), waveform: WAVEFORM, link_ogg: url, link_mp3: url };
  }
}

// Speech in Opus takes about 2 KB a second; nobody looks at the exact length.
const secondsOf = (bytes: number): number => Math.max(1, Math.round(bytes / 2_000));
const WAVEFORM = Array.from({ length: 128 }, (_, n) => (n * 7) % 31);

/**
 * Something of another owner that a message may carry without having been uploaded here: taken as it is named, with just what the
 * schema requires. Null for kinds that messages do not carry.
 */
export function foreignMedia(type: string, ownerId: number, id: number, accessKey?: string): Record<string, unknown> | null {
  const further = FOREIGN_FIELDS[type];
  if (further === undefined) return null;
  return { id, owner_id: ownerId, ...further, ...(accessKey === undefined ? {} : { access_key: accessKey }) };
}

const DATE = 1_760_000_000;
const FOREIGN_FIELDS: Readonly<Record<string, Record<string, unknown>>> = {
  photo: { album_id: -7, date: DATE, text: '', has_tags: false, sizes: [] },
  video: { title: '', duration: 0, date: DATE },
  audio: { artist: '', title: '', duration: 0, date: DATE },
  doc: { title: '', size: 0, ext: '', date: DATE, type: UNKNOWN_DOC_TYPE },
  wall: { inner_type: 'wall_wallpost', from_id: 1, date: DATE, text: '' },
  market: {
    availability: 0,
    category: { id: 1, name: '', inner_type: 'market_market_category_nested' },
    description: '',
    price: { amount: '0', currency: { id: 643, name: 'RUB', title: '₽' }, text: '' },
    title: '',
  },
  poll: {
    multiple: false,
    end_date: 0,
    closed: false,
    is_board: false,
    can_edit: false,
    can_vote: true,
    can_report: false,
    can_share: true,
    answers: [],
    created: DATE,
    question: '',
    votes: 0,
    disable_unvote: false,
  },
  story: { date: DATE, can_see: 0 },
};

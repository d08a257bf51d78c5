import { Transformer } from '@napi-rs/image';
import { fileTypeFromBuffer } from 'file-type';

export const FILE_KINDS = ['image', 'file', 'voice', 'video'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export interface Content {
  kind: FileKind;
  contentType: string;
}

/** What every browser shows by itself and no script can hide in; everything else is a file to download. */
const SHOWN: Readonly<Record<string, FileKind>> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/gif': 'image',
  'image/webp': 'image',
  'audio/ogg': 'voice',
  'video/mp4': 'video',
  'video/webm': 'video',
};
const UNKNOWN: Content = { kind: 'file', contentType: 'application/octet-stream' };

/** What a file is by its first bytes, whatever it is called. */
export async function contentOf(head: Buffer): Promise<Content> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined); // it throws where a container ends too early
  if (found === undefined) return UNKNOWN;
  const [contentType = ''] = found.mime.split(';');
  return { kind: SHOWN[contentType] ?? 'file', contentType };
}

export interface Picture {
  width: number;
  height: number;
  /** WebP. */
  thumbnail: Buffer;
}

const SIDE_PIXELS_MAX = 480;
/** A picture of a few kilobytes may hold gigabytes of pixels: those with more are shown as files. Phones make 12 to 50 million. */
const PIXELS_MAX = 64_000_000;
const QUALITY = 75;

/** Size and thumbnail of an image, upright as its maker held it; null where it cannot be read as one, or is too large to be. */
export async function pictureOf(bytes: Buffer): Promise<Picture | null> {
  try {
    const image = new Transformer(bytes);
    const { width, height, orientation } = await image.metadata(true);
    if (width * height > PIXELS_MAX) return null;
    image.rotate();
    const scale = Math.min(1, SIDE_PIXELS_MAX / Math.max(width, height));
    if (scale < 1) image.resize(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    const isTurned = (orientation ?? 1) >= 5; // EXIF 2.32, 4.6.4: from 5 on rows are columns
    return { ...(isTurned ? { width: height, height: width } : { width, height }), thumbnail: await image.webp(QUALITY) };
  } catch {
    return null; // cut, broken, or no picture behind its first bytes
  }
}

/** What the first bytes of a picture tell of it. */
export interface Image {
  contentType: 'image/jpeg' | 'image/png' | 'image/gif';
  /** Of its file's name, without a dot. */
  extension: 'jpg' | 'png' | 'gif';
  /** Pixels. */
  width: number;
  height: number;
}

/** Reads the kind and the size of a picture; null for what is no JPEG, PNG or GIF, or ends before its size. */
export function readImage(bytes: Buffer): Image | null {
  if (bytes.length >= 24 && bytes.readUInt32BE(0) === 0x89504e47) {
    return { contentType: 'image/png', extension: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (bytes.length >= 10 && /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) {
    return { contentType: 'image/gif', extension: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  const frame = bytes.length >= 4 && bytes.readUInt16BE(0) === 0xffd8 ? jpegFrame(bytes) : null;
  return frame === null ? null : { contentType: 'image/jpeg', extension: 'jpg', ...frame };
}

/** The size in a JPEG's frame header (markers C0 to CF but C4, C8, CC; ITU T.81, table B.1). */
function jpegFrame(bytes: Buffer): { width: number; height: number } | null {
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
  }
  return null;
}

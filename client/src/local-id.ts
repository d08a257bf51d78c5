/**
 * A UUID of version 7 (RFC 9562, 5.7): ids made later sort later. `randomBytes` gives at least ten bytes of
 * `crypto.getRandomValues`; the id is what keeps a message from being sent twice.
 */
export function newLocalId(nowMs: number, randomBytes: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(randomBytes.subarray(0, 10), 6);
  new DataView(bytes.buffer).setUint32(0, Math.floor(nowMs / 2 ** 16));
  new DataView(bytes.buffer).setUint16(4, nowMs % 2 ** 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

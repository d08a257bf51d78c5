/** OK's pages print both `mid:…` and `MID:…`, `chat:…` and `CHAT:…` for the same thing. */
export function lowerPrefix(id: string): string {
  return id.replace(/^[A-Za-z]+:/, (prefix) => prefix.toLowerCase());
}

/** `user:5`, `USER:5` and `5` name the same person. */
export function withoutPrefix(id: string, prefix: 'user' | 'group'): string {
  return id.toLowerCase().startsWith(`${prefix}:`) ? id.slice(prefix.length + 1) : id;
}

/** The person's id without prefix; empty for a group. */
export function userOf(id: string): string {
  return /^group:/i.test(id) ? '' : withoutPrefix(id, 'user');
}

/**
 * When a message was written, in milliseconds, or null for an id of another form: behind the point stands `seq` in hex, and
 * `seq` is the moment followed by 16 bits of a counter. Found on both examples of OK's pages, nowhere stated by OK.
 */
export function momentOfMid(mid: string): number | null {
  const [, seq] = /^mid:[^.]+\.([0-9a-f]{1,16})$/i.exec(mid) ?? [];
  const moment = seq === undefined ? 0 : Number(BigInt(`0x${seq}`) >> 16n);
  return moment > 0 ? moment : null;
}

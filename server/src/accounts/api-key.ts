import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'soroka';
const ID_BYTES = 8;
const SECRET_BYTES = 32;
// Hexadecimal: a double click selects the whole key, and no shell or URL changes it.
const SHAPE = new RegExp(`^${PREFIX}_([0-9a-f]{${ID_BYTES * 2}})_([0-9a-f]{${SECRET_BYTES * 2}})$`);

/** A new key `soroka_<id>_<secret>`: the prefix lets secret scanners and support find it, the id finds its row. */
export function newApiKey(): { id: string; key: string; secretSha256: Buffer } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  return { id, key: `${PREFIX}_${id}_${secret}`, secretSha256: sha256(secret) };
}

/** The parts of a key as given by a caller; null where it has not the shape of one of ours. */
export function parseApiKey(key: string): { id: string; secret: string } | null {
  const [, id, secret] = SHAPE.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

// A plain hash is enough for 256 random bits (ASVS 6.5.2); a slow one for every request would let strangers burn our CPU.
export function secretMatches(secret: string, secretSha256: Buffer): boolean {
  return timingSafeEqual(sha256(secret), secretSha256);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

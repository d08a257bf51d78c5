import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const BYTES = 32;

/** 256 random bits, fit for an address: tickets and states. */
export function newSecret(): string {
  return randomBytes(BYTES).toString('base64url');
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Whether a challenge or a verifier has the form of RFC 7636: 43 to 128 characters that need no encoding. */
export function isPkceText(text: string): boolean {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(text);
}

/** RFC 7636, method S256: the challenge is the hash of the verifier. */
export function verifierFits(verifier: string, challenge: string): boolean {
  const [made, given] = [sha256(verifier), Buffer.from(challenge, 'base64url')];
  return isPkceText(verifier) && made.length === given.length && timingSafeEqual(made, given);
}

export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

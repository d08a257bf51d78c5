import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// RFC 6238 with what every authenticator app takes: SHA-1, 6 digits, 30 seconds.
const STEP_MS = 30_000;
const DIGITS = 6;
/** Clocks of phones differ: the code before and the one after count too. */
const DRIFT_STEPS = 1;
const SECRET_BYTES = 20; // as long as the hash (RFC 4226, 4)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // RFC 4648, 6

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The code of one step of 30 s since 1970. */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', secret).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 0xf;
  const number = hash.readUInt32BE(offset) & 0x7f_ff_ff_ff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The step whose code this is, of those that count now and come after `usedStep`; null where there is none. */
export function totpStepOf(secret: Buffer, code: string, now: number, usedStep: number): number | null {
  const current = Math.floor(now / STEP_MS);
  const given = Buffer.from(code.padEnd(DIGITS).slice(0, DIGITS));
  let found: number | null = null;
  for (let step = current - DRIFT_STEPS; step <= current + DRIFT_STEPS; step++) {
    const isSame = given.length === DIGITS && timingSafeEqual(Buffer.from(totpCode(secret, step)), given);
    if (isSame && step > usedStep) found = step;
  }
  return found;
}

/** As people type it into an app that cannot read the QR code. */
export function base32(bytes: Buffer): string {
  let [bits, held, text] = [0, 0, ''];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

/** What the QR code holds. Source: github.com/google/google-authenticator/wiki/Key-Uri-Format. */
export function totpUri(secret: Buffer, login: string): string {
  const query = new URLSearchParams({ secret: base32(secret), issuer: 'Soroka', digits: String(DIGITS), period: '30' });
  return `otpauth://totp/Soroka:${encodeURIComponent(login)}?${query}`;
}

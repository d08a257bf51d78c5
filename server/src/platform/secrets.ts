import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Seals secrets for the database: AES-256-GCM envelopes under one master key. */
export interface Secrets {
  /** `context` (table, column, account) is authenticated: a sealed value copied to another row does not open. */
  seal(plaintext: string, context: string): Buffer;
  /** Throws where the key, the context or a byte differs. */
  open(sealed: Buffer, context: string): string;
}

const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BOX_OVERHEAD = NONCE_BYTES + TAG_BYTES;

/** A data key per value, sealed by the master key: a change of the master key re-wraps 60 bytes and touches no value. */
export function createSecrets(masterKey: Buffer): Secrets {
  if (masterKey.length !== KEY_BYTES) throw new Error(`the secret key must have ${KEY_BYTES} bytes, it has ${masterKey.length}`);
  return {
    seal(plaintext, context) {
      const dataKey = randomBytes(KEY_BYTES);
      return Buffer.concat([
        Buffer.of(VERSION),
        box(masterKey, dataKey, 'data key'),
        box(dataKey, Buffer.from(plaintext, 'utf8'), context),
      ]);
    },
    open(sealed, context) {
      const wrappedEnd = 1 + BOX_OVERHEAD + KEY_BYTES;
      if (sealed[0] !== VERSION || sealed.length < wrappedEnd + BOX_OVERHEAD)
        throw new Error('not a sealed value of a version we know');
      const dataKey = unbox(masterKey, sealed.subarray(1, wrappedEnd), 'data key');
      return unbox(dataKey, sealed.subarray(wrappedEnd), context).toString('utf8');
    },
  };
}

/** The same value under another master key; null where it is under that one already. Throws where it is under neither. */
export function rewrap(sealed: Buffer, from: Buffer, to: Buffer): Buffer | null {
  const wrappedEnd = 1 + BOX_OVERHEAD + KEY_BYTES;
  const wrapped = sealed.subarray(1, wrappedEnd);
  if (sealed[0] !== VERSION || wrapped.length < BOX_OVERHEAD + KEY_BYTES)
    throw new Error('not a sealed value of a version we know');
  if (isUnder(to, wrapped)) return null;
  const dataKey = unbox(from, wrapped, 'data key');
  return Buffer.concat([sealed.subarray(0, 1), box(to, dataKey, 'data key'), sealed.subarray(wrappedEnd)]);
}

function isUnder(key: Buffer, wrapped: Buffer): boolean {
  try {
    unbox(key, wrapped, 'data key');
    return true;
  } catch {
    return false;
  }
}

function box(key: Buffer, plaintext: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function unbox(key: Buffer, boxed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, boxed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(boxed.subarray(boxed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(boxed.subarray(NONCE_BYTES, boxed.length - TAG_BYTES)), decipher.final()]);
}

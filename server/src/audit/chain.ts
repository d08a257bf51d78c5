import { createHash } from 'node:crypto';
import type { Actor } from './audit.ts';

/** What an entry's hash covers, beside its account, its number and the hash before it. */
export interface ChainedEntry {
  at: Date;
  actorKind: Actor['kind'];
  actorId: string | null;
  action: string;
  object: string;
  fields: readonly string[];
}

/** Stands before the first entry. */
export const NO_HASH = Buffer.alloc(32);

/** SHA-256 of the entry as a JSON array in this order, behind the 32 bytes of the hash before it. */
export function hashOf(accountId: number, number: number, before: Buffer, entry: ChainedEntry): Buffer {
  const { at, actorKind, actorId, action, object, fields } = entry;
  const text = JSON.stringify([accountId, number, at.toISOString(), actorKind, actorId, action, object, fields]);
  return createHash('sha256').update(before).update(text, 'utf8').digest();
}

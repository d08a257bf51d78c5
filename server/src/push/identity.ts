import webPush from 'web-push';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';

/** By which push services know this installation: RFC 8292. */
export interface PushIdentity {
  /** base64url; browsers want it to subscribe. */
  publicKey: string;
  privateKey: string;
}

const SQL = {
  get: { name: 'push_identity_get', text: 'select public_key as "publicKey", private_key as sealed from push_identity' },
  add: {
    name: 'push_identity_add',
    text: 'insert into push_identity (public_key, private_key, created_at) values ($1, $2, $3) on conflict do nothing',
  },
} as const;
const CONTEXT = 'push_identity.private_key';

/** Reads it, made and sealed at first use. Of processes that ask together all get the same. */
export function createPushIdentity(parts: { database: Database; secrets: Secrets; clock: Clock }): () => Promise<PushIdentity> {
  const { database, secrets, clock } = parts;
  let known: PushIdentity | undefined;
  const read = async (): Promise<PushIdentity | undefined> => {
    const [row] = await database.rows<{ publicKey: string; sealed: Buffer }>(SQL.get);
    return row === undefined ? undefined : { publicKey: row.publicKey, privateKey: secrets.open(row.sealed, CONTEXT) };
  };
  return async () => {
    known ??= await read();
    if (known !== undefined) return known;
    const made = webPush.generateVAPIDKeys();
    await database.run(SQL.add, [made.publicKey, secrets.seal(made.privateKey, CONTEXT), new Date(clock.now())]);
    known = (await read()) as PushIdentity;
    return known;
  };
}

import { randomBytes } from 'node:crypto';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';

/** The secrets that sign an account's callbacks. */
export interface Signing {
  /** The secrets to sign callbacks with, newest first: two while a rotation lasts. At most 5 s old. */
  signingSecrets(accountId: number): Promise<readonly string[]>;
  /** A new secret; the old one signs too for `keepOldForHours`. Throws `not.found`. */
  rotate(accountId: number, options: { keepOldForHours: number }): Promise<void>;
}

const SECRETS_AGE_MAX_MS = 5_000;
const SECRET_BYTES = 32; // Standard Webhooks asks for 24 to 64
const HOUR_MS = 3_600_000;

const SQL = {
  secrets: {
    name: 'account_secrets',
    text: `
      select callback_secret as current, previous_callback_secret as previous, previous_callback_secret_until as "previousUntil"
      from account
      where id = $1`,
  },
  lock: { name: 'account_lock', text: 'select callback_secret as current from account where id = $1 for update' },
  rotate: {
    name: 'account_rotate',
    text: `
      update account
      set callback_secret = $2, previous_callback_secret = $3, previous_callback_secret_until = $4
      where id = $1`,
  },
} as const;

interface SealedSecrets {
  current: Buffer;
  previous: Buffer | null;
  previousUntil: Date | null;
}

export function createSigning({ database, secrets, clock }: { database: Database; secrets: Secrets; clock: Clock }): Signing {
  const known = createAgedCache<{ current: string; previous: string | null; previousUntil: number }>({
    clock,
    maxAgeMs: SECRETS_AGE_MAX_MS,
  });
  return {
    async signingSecrets(accountId) {
      const live = await known.get(String(accountId), async () => {
        const [row] = await database.rows<SealedSecrets>(SQL.secrets, [accountId]);
        if (row === undefined) return null;
        return {
          current: secrets.open(row.current, currentContext(accountId)),
          previous: row.previous === null ? null : secrets.open(row.previous, previousContext(accountId)),
          previousUntil: row.previousUntil?.getTime() ?? 0,
        };
      });
      if (live === null) throw unknownAccount(accountId);
      return live.previous !== null && clock.now() < live.previousUntil ? [live.current, live.previous] : [live.current];
    },
    async rotate(id, { keepOldForHours }) {
      await database.transaction(async (tx) => {
        const [row] = await tx.rows<Pick<SealedSecrets, 'current'>>(SQL.lock, [id]);
        if (row === undefined) throw unknownAccount(id);
        const old = secrets.seal(secrets.open(row.current, currentContext(id)), previousContext(id));
        const fresh = secrets.seal(newCallbackSecret(), currentContext(id));
        await tx.run(SQL.rotate, [id, fresh, old, new Date(clock.now() + keepOldForHours * HOUR_MS)]);
      });
      known.clear();
    },
  };
}

/** `whsec_…` */
export const newCallbackSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
/** What a secret is sealed with, so that it opens in its own row and column only. */
export const currentContext = (id: number): string => `account.callback_secret ${id}`;
const previousContext = (id: number): string => `account.previous_callback_secret ${id}`;
const unknownAccount = (id: number): AppError => new AppError('not.found', `there is no account ${id}`);

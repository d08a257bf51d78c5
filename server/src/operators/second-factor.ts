import { randomInt } from 'node:crypto';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { sha256 } from '../platform/one-use-secrets.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Manager } from './operator.ts';
import type { Sessions } from './sessions.ts';
import { base32, newTotpSecret, totpStepOf, totpUri } from './totp.ts';

interface Whose {
  accountId: number;
  operatorId: number;
}

/** Codes of an app on the phone (TOTP), with codes on paper for the day on which the phone is lost. */
export interface SecondFactor {
  /** A secret that counts once it was confirmed; an unconfirmed one is replaced. Throws `second.factor.on`. */
  begin(whose: Whose & { login: string }): Promise<{ secret: string; uri: string }>;
  /** The first code proves that the app has the secret. Gives the recovery codes, this once; null where the code is wrong. */
  confirm(whose: Whose, manager: Manager, code: string): Promise<readonly string[] | null>;
  /** Whether the code is right; it is used up then. A recovery code stands for one of the app. */
  use(tx: Queryable, whose: Whose, code: string): Promise<boolean>;
  /** Takes secret and codes away. */
  remove(whose: Whose, manager: Manager): Promise<void>;
}

const RECOVERY_CODES = 10;
// Without what is mistaken for another in handwriting. 12 characters of 30: 58 bits, hashed, and five tries a minute.
const RECOVERY_ALPHABET = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const RECOVERY_CHARACTERS = 12;

const SQL = {
  secret: {
    name: 'operator_totp',
    text: `
      select id, totp_secret as sealed, totp_step as "usedStep", totp_confirmed as "isConfirmed"
      from operator
      where account_id = $1 and id = $2 and removed_at is null
      for update`,
  },
  begin: {
    name: 'operator_totp_begin',
    text: `
      update operator set totp_secret = $3, totp_step = 0
      where account_id = $1 and id = $2 and not totp_confirmed`,
  },
  use: { name: 'operator_totp_use', text: 'update operator set totp_step = $2, totp_confirmed = true where id = $1' },
  remove: {
    name: 'operator_totp_remove',
    text: `
      with codes as (delete from operator_recovery_code where operator_id = $2)
      update operator set totp_secret = null, totp_confirmed = false, totp_step = 0
      where account_id = $1 and id = $2 and totp_secret is not null`,
  },
  addRecovery: {
    name: 'operator_recovery_add',
    text: 'insert into operator_recovery_code (operator_id, code_sha256) select $1, unnest($2::bytea[])',
  },
  useRecovery: {
    name: 'operator_recovery_use',
    text: 'delete from operator_recovery_code where operator_id = $1 and code_sha256 = $2',
  },
} as const;

interface SecretRow {
  sealed: Buffer | null;
  usedStep: number;
  isConfirmed: boolean;
}

export interface SecondFactorParts {
  database: Database;
  secrets: Secrets;
  clock: Clock;
  audit: Audit;
  sessions: Sessions;
}

export function createSecondFactor({ database, secrets, clock, audit, sessions }: SecondFactorParts): SecondFactor {
  /** Uses the code up where it is one of the secret's. */
  const useCode = async (tx: Queryable, operatorId: number, row: SecretRow, code: string): Promise<boolean> => {
    if (row.sealed === null || !/^\d{6}$/.test(code)) return false;
    const secret = Buffer.from(secrets.open(row.sealed, sealContext(operatorId)), 'base64');
    const step = totpStepOf(secret, code, clock.now(), row.usedStep);
    if (step !== null) await tx.run(SQL.use, [operatorId, step]);
    return step !== null;
  };
  const lock = async (tx: Queryable, { accountId, operatorId }: Whose) =>
    (await tx.rows<SecretRow>(SQL.secret, [accountId, operatorId]))[0];

  return {
    async begin({ accountId, operatorId, login }) {
      const secret = newTotpSecret();
      const sealed = secrets.seal(secret.toString('base64'), sealContext(operatorId));
      if ((await database.run(SQL.begin, [accountId, operatorId, sealed])) === 0)
        throw new AppError('second.factor.on', 'remove the second factor before you set up another one');
      return { secret: base32(secret), uri: totpUri(secret, login) };
    },
    async confirm({ accountId, operatorId }, { actor }, code) {
      const codes = await database.transaction(async (tx) => {
        const row = await lock(tx, { accountId, operatorId });
        if (row === undefined || row.isConfirmed || !(await useCode(tx, operatorId, row, code))) return null;
        const fresh = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
        await tx.run(SQL.addRecovery, [operatorId, fresh.map((one) => sha256(plain(one)))]);
        await audit.note(tx, { accountId, actor, action: 'operator.second-factor.set', object: `operator:${operatorId}` });
        return fresh;
      });
      sessions.refresh();
      return codes;
    },
    async use(tx, whose, code) {
      const { operatorId } = whose;
      const row = await lock(tx, whose);
      if (row?.isConfirmed !== true) return false;
      if (await useCode(tx, operatorId, row, code.replaceAll(' ', ''))) return true;
      return (await tx.run(SQL.useRecovery, [operatorId, sha256(plain(code))])) === 1;
    },
    async remove({ accountId, operatorId }, { actor }) {
      await database.transaction(async (tx) => {
        if ((await tx.run(SQL.remove, [accountId, operatorId])) === 0) return;
        await audit.note(tx, { accountId, actor, action: 'operator.second-factor.removed', object: `operator:${operatorId}` });
      });
      sessions.refresh();
    },
  };
}

const sealContext = (operatorId: number): string => `operator.totp_secret ${operatorId}`;

/** `ABCD-EFGH-JKMN` */
function newRecoveryCode(): string {
  const characters = Array.from({ length: RECOVERY_CHARACTERS }, () => RECOVERY_ALPHABET[randomInt(RECOVERY_ALPHABET.length)]);
  return characters.join('').replace(/(.{4})(?=.)/g, '$1-');
}

/** However it was typed. */
const plain = (code: string): string => code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');

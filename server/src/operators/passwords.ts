import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { AppError } from '../platform/errors.ts';

/** What one hash costs: 2^`logN` rounds over 128 · r · 2^logN bytes. */
export interface PasswordCost {
  logN: number;
  r: number;
  p: number;
}

/** OWASP ASVS 5.0, appendix C: scrypt with N >= 2^17, r = 8, p = 1. 128 MiB and about 0.4 s of a core. */
export const PASSWORD_COST: PasswordCost = { logN: 17, r: 8, p: 1 };

/** Hashes and checks passwords, off the event loop, a few at a time. */
export interface Passwords {
  /** `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`: carries its parameters, so that these may change. */
  hash(password: string): Promise<string>;
  /** Against null it takes as long and is false: nobody learns from the time who exists. */
  isRight(password: string, stored: string | null): Promise<boolean>;
  /** Whether it was made with other parameters than those of now. */
  isOutdated(stored: string): boolean;
}

// Each hash takes 128 MiB while it runs: the bound is one of memory.
const AT_ONCE = 2;
/** About 15 s of waiting. Who comes then is sent away: a flood of logins must not keep requests open without end. */
const WAITING_MAX = 50;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const SHAPE = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([\w+/]+)\$([\w+/]+)$/;

export function createPasswords({ cost = PASSWORD_COST }: { cost?: PasswordCost } = {}): Passwords {
  const take = createTurns(AT_ONCE, WAITING_MAX);
  const derive = (password: string, salt: Buffer, used: PasswordCost) => take(() => runScrypt(password, salt, used));
  const hash = async (password: string): Promise<string> => {
    const salt = randomBytes(SALT_BYTES);
    return `${prefixOf(cost)}${base64(salt)}$${base64(await derive(password, salt, cost))}`;
  };
  // Nobody's: what is compared where there is no password.
  const nobodys = { cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  return {
    hash,
    async isRight(password, stored) {
      const parsed = stored === null ? nobodys : parse(stored);
      const made = await derive(password, parsed.salt, parsed.cost);
      return timingSafeEqual(made, parsed.hash) && stored !== null;
    },
    isOutdated: (stored) => !stored.startsWith(prefixOf(cost)),
  };
}

const prefixOf = ({ logN, r, p }: PasswordCost): string => `$scrypt$ln=${logN},r=${r},p=${p}$`;
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function parse(stored: string): { cost: PasswordCost; salt: Buffer; hash: Buffer } {
  const [, logN, r, p, salt = '', hash = ''] = SHAPE.exec(stored) ?? [];
  if (logN === undefined) throw new Error('a stored password has no form that we know');
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

/** The same letters typed on two systems may come as different code points: NFKC makes them one (NIST SP 800-63B, 5.1.1.2). */
function runScrypt(password: string, salt: Buffer, { logN, r, p }: PasswordCost): Promise<Buffer> {
  const N = 2 ** logN;
  const options: ScryptOptions = { N, r, p, maxmem: 2 * 128 * N * r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Runs at most `atOnce` works at a time, the others in the order in which they came. Throws `rate.limit` where too many wait. */
function createTurns(atOnce: number, waitingMax: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (waiting.length >= waitingMax) throw new AppError('rate.limit', 'too many people log in at this moment; wait 15 s');
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

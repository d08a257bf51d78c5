import ipaddr from 'ipaddr.js';

/** Turns the text of a variable into its value, or says what it should have been: the end of "X must be …". */
export type Reader<Value> = (text: string) => { value: Value } | { expected: string };

export const ROLES = ['api', 'intake', 'dispatch', 'callbacks', 'jobs'] as const;
export type Role = (typeof ROLES)[number];

const KEY_BYTES = 32;

export function integer({ min, max }: { min: number; max: number }): Reader<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? { value } : { expected: `a whole number from ${min} to ${max}` };
  };
}

/** One of the words, or what the other reader takes. */
export function oneOf<Word extends string, Other = never>(words: readonly Word[], other?: Reader<Other>): Reader<Word | Other> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return { value: word };
    const result = other?.(text);
    if (result !== undefined && 'value' in result) return result;
    return { expected: [`one of ${words.join(', ')}`, ...(result === undefined ? [] : [result.expected])].join(' or ') };
  };
}

export function text(charactersMax: number): Reader<string> {
  return (given) => (given.length <= charactersMax ? { value: given } : { expected: `at most ${charactersMax} characters` });
}

export const path: Reader<string> = (given) => (given.includes('\0') ? { expected: 'a path' } : { value: given });

/** An http or https URL, given back without a slash at its end. */
export const url: Reader<string> = (given) => {
  const parsed = URL.parse(given);
  const isPlain = parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.search === '' && parsed.hash === '';
  return isPlain ? { value: given.replace(/\/+$/, '') } : { expected: 'an http or https URL without a query' };
};

/** Modules by name: `shop=./bots/shop.js,faq=@acme/faq-bot`. */
export const moduleList: Reader<ReadonlyMap<string, string>> = (given) => {
  const pairs = given
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => /^\s*([\w-]{1,60})=(\S+)\s*$/.exec(pair));
  const modules = new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
  const isWhole = pairs.every((pair) => pair !== null) && modules.size === pairs.length;
  return isWhole ? { value: modules } : { expected: 'NAME=PATH or NAME=PACKAGE, separated by commas, each name once' };
};

export const databaseUrl: Reader<string> = (given) => {
  const protocol = URL.parse(given)?.protocol ?? '';
  return ['postgres:', 'postgresql:'].includes(protocol)
    ? { value: given }
    : { expected: 'a connection string like postgres://user:password@host:5432/database' };
};

export const secretKey: Reader<Buffer> = (given) => {
  const value = Buffer.from(given, 'base64');
  // Node reads base64 leniently: only a text that comes out the same was meant as one.
  const isWhole = value.toString('base64').replace(/=+$/, '') === given.replace(/=+$/, '');
  return isWhole && value.length === KEY_BYTES ? { value } : { expected: `the base64 of ${KEY_BYTES} bytes` };
};

/** An application of OK, as its letter of registration names the three. */
export const okApplication: Reader<{ applicationId: string; applicationKey: string; applicationSecret: string }> = (given) => {
  const [, applicationId, applicationKey, applicationSecret] =
    /^(\d{1,20}):([\x21-\x39\x3b-\x7e]+):([\x21-\x39\x3b-\x7e]+)$/.exec(given) ?? [];
  return applicationId === undefined || applicationKey === undefined || applicationSecret === undefined
    ? { expected: 'the id, the public key and the secret key of an application, with colons between them' }
    : { value: { applicationId, applicationKey, applicationSecret } };
};

export const digits: Reader<string> = (given) => (/^\d{1,20}$/.test(given) ? { value: given } : { expected: 'digits' });

/** CIDR ranges by comma; a single address becomes the range of itself. */
export const cidrList: Reader<readonly string[]> = (given) => {
  const value = words(given).map((word) =>
    ipaddr.isValid(word) ? `${word}/${ipaddr.parse(word).kind() === 'ipv4' ? 32 : 128}` : word,
  );
  return value.every((word) => ipaddr.isValidCIDR(word))
    ? { value }
    : { expected: 'addresses or ranges like 10.0.0.0/8, by comma' };
};

export const roleList: Reader<readonly Role[]> = (given) => {
  const value = [...new Set(words(given))];
  const isKnown = (word: string): word is Role => (ROLES as readonly string[]).includes(word);
  return value.length > 0 && value.every(isKnown) ? { value } : { expected: `one or more of ${ROLES.join(', ')}, by comma` };
};

function words(given: string): string[] {
  return given
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

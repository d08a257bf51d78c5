import { createHash } from 'node:crypto';
import { md5, type OkSecret, signingKey } from './ok-signature.ts';

/** What is known to go wrong with signatures. */
export type OkSignatureMistake =
  | 'upper-case'
  | 'joined-secret'
  | 'secret-order'
  | 'application-secret'
  | 'token-as-secret'
  | 'upper-case-secret'
  | 'no-secret'
  | 'secret-first'
  | 'url-encoded'
  | 'form-encoded'
  | 'not-utf-8'
  | 'other-hash'
  | 'separator'
  | 'sorted-by-pair'
  | 'sorted-by-locale'
  | 'not-sorted'
  | 'session-key-signed'
  | 'access-token-signed'
  | 'parameter-not-signed'
  | 'format-not-sent';

export interface OkSignatureExplanation {
  /** The signature that the call should carry. */
  expected: string;
  /** Exactly what has to be signed, in UTF-8, with `‹…›` where a secret stands. */
  signed: string;
  /**
   * `right`: nothing is wrong. `explained`: `mistakes` together give the signature, and `signedInstead` is what was signed.
   * `unexplained`: none of the known mistakes gives it; most often the secret belongs to another application.
   */
  verdict: 'right' | 'explained' | 'unexplained';
  mistakes: readonly { name: OkSignatureMistake; sentence: string }[];
  /** Masked as `signed` is; null unless explained. */
  signedInstead: string | null;
}

/** One way to take one step of signing; `mistake` is absent where it is the right way. */
interface Way<Step> {
  mistake?: { name: OkSignatureMistake; sentence: string };
  take: Step;
}
type Pairs = readonly (readonly [name: string, value: string])[];
interface Key {
  value: string;
  /** Shown in place of the value. */
  mask: string;
}

/**
 * Says why the signature `given` of a call is wrong. `params` are all parameters of the call as they were before URL
 * encoding, with `access_token` and `session_key` where they were sent, in the order in which they were sent. Tries what is
 * known to go wrong (contracts: clients' bug reports), one mistake after the other and then together, and names the fewest
 * that give `given`. Secrets, tokens and session keys are masked; other values stand as they were signed. Never throws.
 */
export function explainOkSignature(question: {
  params: Readonly<Record<string, string>>;
  secret: OkSecret;
  given: string;
}): OkSignatureExplanation {
  const { sig: _, ...params } = question.params;
  const right: Attempt = {
    select: SELECT_RIGHT,
    order: SORTED,
    encode: RAW,
    separator: TOGETHER,
    key: keyWays(question.secret)[0],
    place: SECRET_LAST,
    digest: MD5,
  };
  const expected = md5(textOf(right, params));
  const answer = { expected, signed: textOf(right, params, true), mistakes: [], signedInstead: null };
  if (question.given === expected) return { ...answer, verdict: 'right' };

  const given = question.given.toLowerCase();
  const found = attemptsOf(params, question.secret).find((attempt) => attempt.digest.take(textOf(attempt, params)) === given);
  if (found === undefined) return { ...answer, verdict: 'unexplained' };
  const mistakes = [...mistakesOf(found), ...(given === question.given ? [] : [UPPER_CASE])];
  return { ...answer, verdict: 'explained', mistakes, signedInstead: textOf(found, params, true) };
}

/** One way for each step. */
interface Attempt {
  select: Way<(params: Pairs) => Pairs>;
  order: Way<(params: Pairs) => Pairs>;
  encode: Way<(value: string) => string>;
  separator: Way<string>;
  key: Way<Key>;
  /** Puts the key to the joined pairs. */
  place: Way<(pairs: string, key: string) => string>;
  digest: Way<(text: string) => string>;
}

function mistakesOf(attempt: Attempt): { name: OkSignatureMistake; sentence: string }[] {
  const { select, order, encode, separator, key, place, digest } = attempt;
  return [select, order, encode, separator, key, place, digest].flatMap(({ mistake }) => mistake ?? []);
}

/** Those with the fewest mistakes first. A wrong place or digest is looked for beside the keys alone: every combination would take seconds. */
function attemptsOf(params: Readonly<Record<string, string>>, secret: OkSecret): Attempt[] {
  const last = { place: SECRET_LAST, digest: MD5 };
  const attempts: Attempt[] = selectWays(params).flatMap((select) =>
    ORDERS.flatMap((order) =>
      ENCODINGS.flatMap((encode) =>
        SEPARATORS.flatMap((separator) => keyWays(secret).map((key) => ({ select, order, encode, separator, key, ...last }))),
      ),
    ),
  );
  const texts = { select: SELECT_RIGHT, order: SORTED, encode: RAW, separator: TOGETHER };
  for (const key of keyWays(secret)) {
    for (const place of PLACES) for (const digest of DIGESTS) attempts.push({ ...texts, key, place, digest });
  }
  return attempts.sort((a, b) => mistakesOf(a).length - mistakesOf(b).length);
}

const UPPER_CASE = { name: 'upper-case', sentence: 'The signature is in capitals: OK wants small hex digits.' } as const;
const SESSION_NAMES = ['access_token', 'session_key'];
const without = (names: readonly string[]) => (params: Pairs) => params.filter(([name]) => !names.includes(name));

const SELECT_RIGHT: Attempt['select'] = { take: without(SESSION_NAMES) };

function selectWays(params: Readonly<Record<string, string>>): Attempt['select'][] {
  const { access_token: accessToken, session_key: sessionKey, ...others } = params;
  const ways: Attempt['select'][] = [SELECT_RIGHT];
  const add = (name: OkSignatureMistake, sentence: string, take: (params: Pairs) => Pairs) =>
    ways.push({ mistake: { name, sentence }, take });
  if (accessToken !== undefined) {
    const sentence = 'access_token was signed: it is sent, but left out of the signature.';
    add('access-token-signed', sentence, without(['session_key']));
    if (sessionKey !== undefined) add('access-token-signed', 'access_token and session_key were signed.', (given) => given);
  }
  if (sessionKey !== undefined) {
    const sentence = 'session_key was signed: OK’s page leaves it out, though some clients sign it and seem to get through.';
    add('session-key-signed', sentence, without(['access_token']));
  }
  for (const name of Object.keys(others)) {
    const sentence = `The parameter ${name} was sent and not signed: every parameter of address and body is.`;
    add('parameter-not-signed', sentence, without([...SESSION_NAMES, name]));
  }
  if (others['format'] === undefined) {
    const sentence = 'format=json was signed and not sent: send it as well.';
    add('format-not-sent', sentence, (given) => [...SELECT_RIGHT.take(given), ['format', 'json']]);
  }
  return ways;
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1);
const SORTED: Attempt['order'] = { take: (params) => params.toSorted(([a], [b]) => byCodeUnit(a, b)) };
const ORDERS: readonly Attempt['order'][] = [
  SORTED,
  {
    mistake: {
      name: 'sorted-by-pair',
      sentence: 'Whole pairs were sorted: sort by the name alone, so that text comes before text1.',
    },
    take: (params) => params.toSorted((a, b) => byCodeUnit(a.join('='), b.join('='))),
  },
  {
    mistake: {
      name: 'sorted-by-locale',
      sentence: 'The names were sorted as a language does: sort by code unit, capitals and _ before small letters.',
    },
    take: (params) => params.toSorted(([a], [b]) => a.localeCompare(b, 'en')),
  },
  {
    mistake: { name: 'not-sorted', sentence: 'The parameters were not sorted: sort them by their name.' },
    take: (params) => params,
  },
];

const RAW: Attempt['encode'] = { take: (value) => value };
const ENCODINGS: readonly Attempt['encode'][] = [
  RAW,
  {
    mistake: {
      name: 'url-encoded',
      sentence: 'The values were URL-encoded before signing: sign them as they are, encode after.',
    },
    take: (value) => encodeURIComponent(value.toWellFormed()),
  },
  {
    mistake: {
      name: 'form-encoded',
      sentence: 'The values were form-encoded before signing: sign them as they are, encode after.',
    },
    take: (value) => new URLSearchParams([['', value]]).toString().slice(1),
  },
];

const TOGETHER: Attempt['separator'] = { take: '' };
const SEPARATORS: readonly Attempt['separator'][] = [
  TOGETHER,
  { mistake: { name: 'separator', sentence: 'The pairs were joined with &: nothing stands between them.' }, take: '&' },
];

const SECRET_LAST: Attempt['place'] = { take: (pairs, key) => pairs + key };
const PLACES: readonly Attempt['place'][] = [
  SECRET_LAST,
  {
    mistake: { name: 'secret-first', sentence: 'The secret stood before the parameters: it comes behind them.' },
    take: (pairs, key) => key + pairs,
  },
  {
    mistake: { name: 'no-secret', sentence: 'No secret was signed: it comes behind the parameters.' },
    take: (pairs) => pairs,
  },
];

const MD5: Attempt['digest'] = { take: md5 };
const DIGESTS: readonly Attempt['digest'][] = [
  MD5,
  {
    mistake: { name: 'not-utf-8', sentence: 'The text was signed in windows-1251: sign its bytes in UTF-8.' },
    take: (text) => createHash('md5').update(inWindows1251(text)).digest('hex'),
  },
  ...['sha1', 'sha256'].map((hash): Attempt['digest'] => ({
    mistake: { name: 'other-hash', sentence: `The signature was made with ${hash.toUpperCase()}: OK wants MD5.` },
    take: (text) => createHash(hash).update(text, 'utf8').digest('hex'),
  })),
];

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const WINDOWS_1251 = new Map([...new TextDecoder('windows-1251').decode(BYTES)].map((letter, byte) => [letter, byte]));

/** What it lacks becomes a question mark, as in the libraries that do so. */
function inWindows1251(text: string): Uint8Array {
  return Uint8Array.from([...text], (letter) => WINDOWS_1251.get(letter) ?? 0x3f);
}

const SECRET = 'application secret key';
const APPLICATION_MASK = `‹${SECRET}›`;
const JOINED_MASK = `‹md5 of access token + ${SECRET}›`;

/** The right key first. */
function keyWays(secret: OkSecret): [Way<Key>, ...Way<Key>[]] {
  const { sessionSecret, applicationSecret, accessToken } = secret;
  const ways: [Way<Key>, ...Way<Key>[]] = [{ take: { value: signingKey(secret), mask: maskOf(secret) } }];
  const add = (name: OkSignatureMistake, sentence: string, value: string, mask: string) =>
    ways.push({ mistake: { name, sentence }, take: { value, mask } });
  const rule = sessionSecret === undefined ? 'md5 of access token and secret together sign it' : 'it has a secret of its own';
  if (accessToken !== undefined)
    add('token-as-secret', `The access token signed a call in a session: ${rule}.`, accessToken, '‹access token›');
  if (applicationSecret === undefined) return ways;
  if (sessionSecret !== undefined || accessToken !== undefined)
    add(
      'application-secret',
      `The application’s secret signed a call in a session: ${rule}.`,
      applicationSecret,
      APPLICATION_MASK,
    );
  if (accessToken === undefined) return ways;
  const swapped = md5(applicationSecret + accessToken);
  add(
    'secret-order',
    'The secret was joined the wrong way round: the access token comes first.',
    swapped,
    `‹md5 of ${SECRET} + token›`,
  );
  const joined = md5(accessToken + applicationSecret);
  add(
    'upper-case-secret',
    'The md5 of token and secret was joined in capitals: in small hex digits it signs.',
    joined.toUpperCase(),
    JOINED_MASK,
  );
  if (sessionSecret !== undefined) add('joined-secret', `md5 of token and secret signed: ${rule}.`, joined, JOINED_MASK);
  return ways;
}

function maskOf({ sessionSecret, accessToken }: OkSecret): string {
  if (sessionSecret !== undefined) return '‹session secret key›';
  return accessToken === undefined ? APPLICATION_MASK : JOINED_MASK;
}

function textOf(
  { select, order, encode, separator, key, place }: Attempt,
  params: Readonly<Record<string, string>>,
  masked = false,
): string {
  const pairs = order.take(select.take(Object.entries(params))).map(([name, value]) => {
    const shown = masked && SESSION_NAMES.includes(name) ? `‹${name}›` : encode.take(value);
    return `${name}=${shown}`;
  });
  return place.take(pairs.join(separator.take), masked ? key.take.mask : key.take.value);
}

import { createHash } from 'node:crypto';
import { sessionSecret, signatureOf, signedText } from './ok-signature.ts';

type Parameters = Readonly<Record<string, string>>;

/** What a wrongly signed call was to be signed with. */
export interface SigningContext {
  /** All parameters as they came, `sig` too. */
  given: Parameters;
  /** The `method` of an `fb.do` call is signed; in a path it is not. */
  methodInPath: string | null;
  applicationKey: string;
  applicationSecret: string;
  /** The token of the call, where it has one. */
  token: string | null;
  /** The secrets that would be right, the first one the server's. */
  secrets: readonly string[];
}

/** A known way of signing wrongly: gives the signatures it leads to. */
interface Mistake {
  name: string;
  signatures(context: SigningContext): string[];
}

const md5 = (text: string | Uint8Array): string => createHash('md5').update(text).digest('hex');
const pairsOf = (given: Parameters, without: readonly string[] = ['sig', 'access_token', 'session_key']): [string, string][] =>
  Object.entries(given).filter(([name]) => !without.includes(name));
const sorted = (pairs: [string, string][]): [string, string][] => pairs.sort(([a], [b]) => (a < b ? -1 : 1));
const join = (pairs: [string, string][], separator = ''): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join(separator);
const without = (given: Parameters, names: readonly string[]): Parameters =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
const withRightSecrets =
  (base: (context: SigningContext) => string): Mistake['signatures'] =>
  (context) =>
    context.secrets.map((secret) => md5(base(context) + secret));

/** The names of `given` that can be left out one by one or in pairs: few enough to try them all. */
function omissions(given: Parameters): string[][] {
  const names = pairsOf(given).map(([name]) => name);
  const pairs = names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second]));
  return [...names.map((name) => [name]), ...(names.length <= 20 ? pairs : [])];
}

/** Sources: contracts/ok.md 1.2 (details, traps) and 8 (what people get wrong). The first that fits is named. */
const MISTAKES: readonly Mistake[] = [
  {
    name: 'it is right but for its case: write the hex digits in lower case',
    signatures: ({ given, secrets }) => secrets.map((secret) => signatureOf(given, secret).toUpperCase()),
  },
  {
    name: 'whole pairs "key=value" were sorted; sort by the keys alone',
    signatures: withRightSecrets(({ given }) =>
      pairsOf(given)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join(''),
    ),
  },
  { name: 'the parameters were not sorted', signatures: withRightSecrets(({ given }) => join(pairsOf(given))) },
  {
    name: 'the pairs were sorted without regard to case; sort by code unit, capitals first',
    signatures: withRightSecrets(({ given }) =>
      join(pairsOf(given).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))),
    ),
  },
  {
    name: 'access_token was signed; leave it out of the signed text',
    signatures: withRightSecrets(({ given }) => join(sorted(pairsOf(given, ['sig'])))),
  },
  {
    name: 'the secret was made as md5(application secret + token); the token comes first',
    signatures: ({ given, token, applicationSecret }) =>
      token === null ? [] : [signatureOf(given, md5(applicationSecret + token))],
  },
  {
    name: 'the application secret was used as it is; a call with access_token is signed with md5(access_token + application secret)',
    signatures: ({ given, token, applicationSecret }) => (token === null ? [] : [signatureOf(given, applicationSecret)]),
  },
  {
    name: 'access_token + application secret was used without md5 around it',
    signatures: ({ given, token, applicationSecret }) => (token === null ? [] : [signatureOf(given, token + applicationSecret)]),
  },
  {
    name: 'the md5 of access_token + application secret was written in upper case',
    signatures: ({ given, token, applicationSecret }) =>
      token === null ? [] : [signatureOf(given, sessionSecret(token, applicationSecret).toUpperCase())],
  },
  {
    name: 'application_key was used as the secret; the secret key is another one',
    signatures: ({ given, token, applicationKey }) => [
      signatureOf(given, applicationKey),
      ...(token === null ? [] : [signatureOf(given, sessionSecret(token, applicationKey))]),
    ],
  },
  { name: 'no secret was appended', signatures: ({ given }) => [signatureOf(given, '')] },
  {
    name: 'the secret stands before the parameters; it comes last',
    signatures: ({ given, secrets }) => secrets.map((secret) => md5(secret + signedText(given))),
  },
  {
    name: 'URL-encoded values were signed; sign them as they are and encode afterwards',
    signatures: (context) =>
      [encodeURIComponent, (text: string) => new URLSearchParams([['', text]]).toString().slice(1)].flatMap((encode) =>
        withRightSecrets(({ given }) => join(sorted(pairsOf(given).map(([name, value]) => [name, encode(value)]))))(context),
      ),
  },
  {
    name: 'the pairs were joined with "&"; nothing stands between them',
    signatures: withRightSecrets(({ given }) => join(sorted(pairsOf(given)), '&')),
  },
  {
    name: 'the values were signed in another encoding than UTF-8',
    signatures: ({ given, secrets }) => secrets.map((secret) => md5(Buffer.from(signedText(given) + secret, 'latin1'))),
  },
  {
    name: 'empty values were left out; sign "name=" for what is sent',
    signatures: ({ given, secrets }) =>
      secrets.map((secret) =>
        signatureOf(
          without(
            given,
            pairsOf(given).flatMap(([name, value]) => (value === '' ? [name] : [])),
          ),
          secret,
        ),
      ),
  },
  {
    name: 'method was signed although it stands in the path; only parameters are signed',
    signatures: ({ given, methodInPath, secrets }) =>
      methodInPath === null ? [] : secrets.map((secret) => signatureOf({ ...given, method: methodInPath }, secret)),
  },
];

/**
 * Explains a signature that is not right: which known mistake leads to exactly this one, or null, and the text that should have
 * been signed, its secret by name only. Own analysis, for whoever reads the calls' log; OK itself says no more than 104.
 */
export function explainSignature(context: SigningContext): { looksLike: string | null; shouldSign: string } {
  const { given, token } = context;
  const secretName = token === null ? '{application_secret_key}' : '{md5(access_token + application_secret_key)}';
  return { looksLike: mistakeOf(context), shouldSign: signedText(given) + secretName };
}

function mistakeOf(context: SigningContext): string | null {
  const { given, secrets } = context;
  const sig = given['sig'];
  if (sig === undefined || sig === '') return 'sig is missing';
  const known = MISTAKES.find((mistake) => mistake.signatures(context).includes(sig));
  if (known !== undefined) return known.name;
  const left = omissions(given).find((names) => secrets.some((secret) => signatureOf(without(given, names), secret) === sig));
  if (left === undefined) return null;
  return `${left.join(' and ')} ${left.length === 1 ? 'was' : 'were'} not signed; every parameter that is sent must be, of query and body`;
}

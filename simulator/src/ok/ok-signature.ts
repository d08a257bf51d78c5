import { createHash, timingSafeEqual } from 'node:crypto';

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex');

/** Left out of the signature; `session_key` too, but see `signatureMatches`. */
const NEVER_SIGNED: ReadonlySet<string> = new Set(['access_token', 'sig']);

/**
 * The secret a caller in session signs with when it has no `session_secret_key` (server OAuth): token first, then the
 * application's secret, nothing between. Returns 32 lower-case hex digits. Source: contracts/ok.md 1.2, rule 1c.
 */
export function sessionSecret(accessToken: string, applicationSecret: string): string {
  return md5(accessToken + applicationSecret);
}

/**
 * What is signed: every query and body parameter as sent, before URL encoding, sorted by name and joined without separators.
 * `access_token` and `sig` are left out, `session_key` is left out unless `withSessionKey`. Empty values stand as `name=`.
 *
 * Source: apiok.ru/en/dev/methods, "Calculating request signature"; contracts/ok.md 1.2.
 */
export function signedText(
  parameters: Readonly<Record<string, string>>,
  options: { withSessionKey: boolean } = { withSessionKey: false },
): string {
  return (
    Object.entries(parameters)
      .filter(([name]) => !NEVER_SIGNED.has(name) && (options.withSessionKey || name !== 'session_key'))
      // By code unit and by the name alone: `text` stands before `text1`, which sorting whole pairs would turn round.
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('')
  );
}

/** The signature OK expects for a call of its REST API: of `signedText` and the secret behind it. Returns 32 lower-case hex digits. */
export function signatureOf(
  parameters: Readonly<Record<string, string>>,
  secret: string,
  options: { withSessionKey: boolean } = { withSessionKey: false },
): string {
  return md5(signedText(parameters, options) + secret);
}

/**
 * Whether the `sig` among the parameters is right. OK's text leaves `session_key` out of the signature while its own
 * JavaScript SDK signs it, and both work there: both are accepted (contracts/ok.md 1.2). Lower-case hex only.
 */
export function signatureMatches(parameters: Readonly<Record<string, string>>, secret: string): boolean {
  const given = Buffer.from(parameters['sig'] ?? '');
  const forms = parameters['session_key'] === undefined ? [false] : [false, true];
  return forms.some((withSessionKey) => {
    const expected = Buffer.from(signatureOf(parameters, secret, { withSessionKey }));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

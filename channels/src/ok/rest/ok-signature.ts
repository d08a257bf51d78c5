import { createHash } from 'node:crypto';

/**
 * What signs a call: the session's own secret where there is one (client OAuth, launch parameters), else the application's,
 * joined with the token in a session of server OAuth.
 */
export type OkSecret =
  | { sessionSecret: string; applicationSecret?: string; accessToken?: string }
  | { sessionSecret?: undefined; applicationSecret: string; accessToken?: string };

// OK's page takes the session out of the signature. Some clients of the wild sign `session_key`; we never send one.
const NOT_SIGNED: ReadonlySet<string> = new Set(['access_token', 'session_key', 'sig']);

/**
 * Signs one call of the OK REST API (`fb.do`, `/api/{group}/{method}`).
 *
 * `params` are the parameters as they will be sent, query and body together, before URL encoding; `access_token`,
 * `session_key` and `sig` are left out of the signature. Returns 32 lower-case hex digits for the `sig` parameter. Never
 * throws: a wrong secret shows only in OK's answer (104), which `explainOkSignature` takes apart.
 *
 * Source: apiok.ru/en/dev/methods, "Calculating request signature".
 */
export function signOkCall(params: Readonly<Record<string, string>>, secret: OkSecret): string {
  const signed = Object.entries(params)
    .filter(([name]) => !NOT_SIGNED.has(name))
    // By the key's code units: sorting whole pairs puts `text1=` before `text=`, and localeCompare depends on the machine.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return md5(signed.join('') + signingKey(secret));
}

/** What stands behind the parameters when a call is signed. */
export function signingKey({ sessionSecret, applicationSecret, accessToken }: OkSecret): string {
  if (sessionSecret !== undefined) return sessionSecret;
  return accessToken === undefined ? applicationSecret : md5(accessToken + applicationSecret);
}

/** 32 lower-case hex digits, of the text's UTF-8. */
export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}

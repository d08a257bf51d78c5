import { createHash } from 'node:crypto';

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex');

/** With `accessToken` the call is made in a session of server OAuth; without one, `appSecret` alone signs. */
export interface OkSecret {
  /** The application's secret key, or the `session_secret_key` of a client session. */
  appSecret: string;
  accessToken?: string;
}

// OK's page takes the session out of the signature. Some clients of the wild sign `session_key`; we never send one.
const NOT_SIGNED: ReadonlySet<string> = new Set(['access_token', 'session_key', 'sig']);

/**
 * Signs one call of the OK REST API (`fb.do`).
 *
 * `params` are the parameters as they will be sent, query and body together, before URL encoding; `access_token`,
 * `session_key` and `sig` are left out of the signature. Returns 32 lower-case hex digits for the `sig` parameter. Never
 * throws: a wrong secret shows only in OK's answer (104), so log the names of the signed parameters there, never their values.
 *
 * Source: apiok.ru/en/dev/methods, "Calculating request signature".
 */
export function signOkCall(params: Readonly<Record<string, string>>, { appSecret, accessToken }: OkSecret): string {
  const key = accessToken === undefined ? appSecret : md5(accessToken + appSecret);
  const signed = Object.entries(params)
    .filter(([name]) => !NOT_SIGNED.has(name))
    // By the key's code units: sorting whole pairs puts `text1=` before `text=`, and localeCompare depends on the machine.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return md5(signed.join('') + key);
}

/** What a person is asked to allow, and where their browser goes afterwards. */
export interface OkAuthorizeRequest {
  /** Root before `/oauth/authorize`: `https://connect.ok.ru`, which stands for itself where it is absent. */
  baseUrl?: string;
  /** Digits. */
  applicationId: string;
  /** Equal to a registered one, character by character, up to its `?`. */
  redirectUri: string;
  /** `VALUABLE_ACCESS`, `LONG_ACCESS_TOKEN`, …; OK grants them to an application on request. */
  scopes: readonly string[];
  /** `w` desktop, `m` mobile, `a` mobile without a header. */
  layout?: 'w' | 'm' | 'a';
  /** Comes back unchanged: unguessable, and compared before a code is used. */
  state: string;
  /** `code` for a server, `token` for a page that has none. */
  responseType?: 'code' | 'token';
}

/** The address to send a person to. Source: apiok.ru/en/ext/oauth/server. */
export function makeOkAuthorizeUrl({
  baseUrl = 'https://connect.ok.ru',
  applicationId,
  redirectUri,
  scopes,
  layout = 'w',
  state,
  responseType = 'code',
}: OkAuthorizeRequest): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: scopes.join(';'),
    response_type: responseType,
    redirect_uri: redirectUri,
    layout,
    state,
  });
  return `${baseUrl}/oauth/authorize?${query}`;
}

/** What a person's browser brought back. `state` is to be compared with the one that went out before anything else is used. */
export type OkRedirect =
  | { kind: 'code'; code: string; state: string | null }
  | {
      kind: 'token';
      accessToken: string;
      /** Signs calls of this session in place of the application's secret. */
      sessionSecretKey: string | null;
      expiresInSeconds: number | null;
      state: string | null;
    }
  /** `error` is OK's word, such as `access_denied`. */
  | { kind: 'refused'; error: string; description: string | null; state: string | null }
  /** Neither a code, a token nor an error is in it. */
  | { kind: 'empty' };

/**
 * Reads the address that OK sent a browser to. OK puts errors into the fragment even where it puts the code into the query,
 * and some clients have met them in the query: both are read, an error before anything else. A fragment never reaches a
 * server by itself: the page at the redirect address has to hand `location.href` over. Throws a `TypeError` for no address.
 *
 * Source: odnoklassniki/ok-android-sdk, OkAuthActivity.kt; alxmsl/OdnoklassnikiClient for errors in the query.
 */
export function readOkRedirect(url: string): OkRedirect {
  const { searchParams, hash } = new URL(url);
  const fragment = new URLSearchParams(hash.slice(1));
  const read = (name: string): string | null => searchParams.get(name) ?? fragment.get(name);
  const state = read('state');
  const error = read('error');
  if (error !== null) return { kind: 'refused', error, description: read('error_description'), state };
  const code = read('code');
  if (code !== null && code !== '') return { kind: 'code', code, state };
  const accessToken = read('access_token');
  if (accessToken === null || accessToken === '') return { kind: 'empty' };
  const expiresInSeconds = secondsOf(read('expires_in'));
  return { kind: 'token', accessToken, sessionSecretKey: read('session_secret_key'), expiresInSeconds, state };
}

/** Clients have met `expires_in` as a number and as a text with one in it; null for anything else. */
export function secondsOf(value: unknown): number | null {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

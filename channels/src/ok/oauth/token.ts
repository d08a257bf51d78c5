import { createHttp, type HttpAnswer } from '../../http/http.ts';
import { parseJson } from '../../json.ts';
import { meaningOf } from '../ok-errors.ts';
import { secondsOf } from './authorize.ts';

export interface OkOAuthOptions {
  /** Root before `/oauth/token.do`: `https://api.ok.ru`. */
  baseUrl: string;
  applicationId: string;
  applicationSecret: string;
  /** Of one whole call. */
  timeoutMs: number;
}

/** Secrets, all of them: to be kept encrypted and out of logs. */
export interface OkTokens {
  accessToken: string;
  /** Null where OK gave none and none was there before. */
  refreshToken: string | null;
  /** From the answer on; null where OK does not say. Of a long token 30 days, prolonged by calls. */
  expiresInSeconds: number | null;
}

/** What asking for tokens came to. No token, code or secret is in `error` or `detail`. */
export type OkTokenOutcome =
  | { kind: 'granted'; tokens: OkTokens }
  /** Definite; the person has to allow again, or the application's settings are wrong. `error` is OK's word or code. */
  | { kind: 'refused'; error: string; detail: string }
  /** An error that passes, or no answer that can be understood; a refresh may be tried again, a code may have been used up. */
  | { kind: 'failed'; detail: string };

export interface OkOAuth {
  /** A code for tokens, once. `redirectUri` is the one of the authorize address. Never throws. */
  exchangeCode(given: { code: string; redirectUri: string }, signal: AbortSignal): Promise<OkTokenOutcome>;
  /** A new access token; the refresh token stays the old one where OK gives no new. Never throws. */
  refresh(refreshToken: string, signal: AbortSignal): Promise<OkTokenOutcome>;
  close(): Promise<void>;
}

/** The token endpoint of OK for one application; keeps nothing. Source: apiok.ru/en/ext/oauth/server and independent clients. */
export function createOkOAuth({ baseUrl, applicationId, applicationSecret, timeoutMs }: OkOAuthOptions): OkOAuth {
  const http = createHttp({ timeoutMs });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const ask = async (fields: Record<string, string>, refreshToken: string | null, signal: AbortSignal) => {
    const form = new URLSearchParams({ ...fields, client_id: applicationId, client_secret: applicationSecret });
    const body = form.toString();
    const answer = await http.call({ method: 'POST', url: `${baseUrl}/oauth/token.do`, headers, body }, signal);
    return readTokens(answer, refreshToken, [...Object.values(fields), applicationSecret]);
  };
  return {
    exchangeCode: ({ code, redirectUri }, signal) =>
      ask({ code, redirect_uri: redirectUri, grant_type: 'authorization_code' }, null, signal),
    refresh: (refreshToken, signal) => ask({ refresh_token: refreshToken, grant_type: 'refresh_token' }, refreshToken, signal),
    close: () => http.close(),
  };
}

function readTokens(answer: HttpAnswer, keptRefreshToken: string | null, secrets: readonly string[]): OkTokenOutcome {
  if (answer.kind === 'unsent') return { kind: 'failed', detail: `OK could not be reached (${answer.code})` };
  if (answer.kind === 'unanswered') return { kind: 'failed', detail: `OK did not answer (${answer.detail})` };
  const fields = fieldsOf(answer.text);
  if (fields === undefined) {
    // Recorded: a page with 400 for an empty call, a page with 200 for an application id that is no number
    // (gazay/odnoklassniki, test/vcr_cassettes).
    const advice = answer.status < 500 ? 'check the application id, which is a number, and the address' : 'try again later';
    return { kind: 'failed', detail: `OK answered with status ${answer.status} and a page instead of JSON: ${advice}` };
  }
  const problem = problemOf(fields, answer.status, secrets);
  if (problem !== undefined) return problem;
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = fields;
  if (typeof accessToken !== 'string' || accessToken === '')
    return { kind: 'failed', detail: `OK answered with status ${answer.status} and neither a token nor an error` };
  return {
    kind: 'granted',
    tokens: {
      accessToken,
      refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : keptRefreshToken,
      expiresInSeconds: secondsOf(expiresIn),
    },
  };
}

/** RFC 6749, 4.1.2.1; nobody has met them at OK's token endpoint. */
const PASSING_WORDS: readonly unknown[] = ['server_error', 'temporarily_unavailable'];

/**
 * `{"error":"invalid_token",…}`, the endpoint's own form, or an error of the REST API. Only what says that there is no access is
 * a refusal: that costs a person another consent.
 */
function problemOf(
  fields: Readonly<Record<string, unknown>>,
  status: number,
  secrets: readonly string[],
): OkTokenOutcome | undefined {
  const error = fields['error'] ?? fields['error_code'];
  if (typeof error !== 'string' && typeof error !== 'number') return undefined;
  const description = fields['error_description'] ?? fields['error_msg'];
  const said = typeof description === 'string' && description !== '' ? `${error}: ${description}` : String(error);
  // A description may repeat what was sent.
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), said);
  const { kind } = meaningOf(Number(error));
  const passes = kind === 'failed' || kind === 'throttled' || PASSING_WORDS.includes(error) || status === 429 || status >= 500;
  if (passes) return { kind: 'failed', detail: `OK gave no token for now (${clean}); try again later` };
  return {
    kind: 'refused',
    error: String(error),
    detail: `OK gave no token (${clean}); let the person allow access again`,
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = parseJson(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

import { createHttp, type HttpAnswer } from '../http/http.ts';
import { parseJson } from '../json.ts';

export interface VkIdOptions {
  /** Root before `/authorize` and `/oauth2/auth`: `https://id.vk.ru`. */
  baseUrl: string;
  /** Digits. */
  applicationId: string;
  /** Of one whole call. */
  timeoutMs: number;
}

/** What a person is asked to allow, and where their browser goes afterwards. */
export interface VkIdAuthorizeRequest {
  baseUrl: string;
  applicationId: string;
  /** One of the application's trusted addresses. */
  redirectUri: string;
  /** Comes back unchanged: unguessable, and compared before a code is used. */
  state: string;
  /** S256 of the verifier (RFC 7636). */
  codeChallenge: string;
}

/** What a person's browser brought back from VK ID. */
export type VkIdRedirect =
  /** `deviceId` is VK's name for the browser; the exchange asks for it. */
  | { kind: 'code'; code: string; deviceId: string; state: string | null }
  | { kind: 'refused'; error: string; state: string | null }
  | { kind: 'empty' };

/** Whom a code stands for. No code, verifier or token is in `detail`. */
export type VkIdOutcome =
  | { kind: 'person'; userId: string }
  | { kind: 'refused'; detail: string }
  | { kind: 'failed'; detail: string };

export interface VkId {
  /** Exchanges a code, once, and says whose it is; the tokens are thrown away. Never throws. */
  identify(
    given: { code: string; deviceId: string; codeVerifier: string; redirectUri: string; state: string },
    signal: AbortSignal,
  ): Promise<VkIdOutcome>;
  close(): Promise<void>;
}

// The least that may be asked for; the person's id comes with every answer.
const SCOPE = 'vkid.personal_info';

/**
 * The address to send a person to (OAuth 2.1 with PKCE). Source: id.vk.ru/about/business/go/docs, "Справочник методов",
 * `/authorize`. It has `s256` in its table and `S256`, as RFC 7636 spells it, in its examples.
 */
export function makeVkIdAuthorizeUrl({
  baseUrl,
  applicationId,
  redirectUri,
  state,
  codeChallenge,
}: VkIdAuthorizeRequest): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: applicationId,
    redirect_uri: redirectUri,
    state,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    scope: SCOPE,
  });
  return `${baseUrl}/authorize?${query}`;
}

/** Reads the address that VK ID sent a browser to. Throws a `TypeError` for no address. */
export function readVkIdRedirect(url: string): VkIdRedirect {
  const { searchParams } = new URL(url);
  const state = searchParams.get('state');
  const error = searchParams.get('error');
  if (error !== null) return { kind: 'refused', error, state };
  const code = searchParams.get('code') ?? '';
  return code === '' ? { kind: 'empty' } : { kind: 'code', code, deviceId: searchParams.get('device_id') ?? '', state };
}

/** The token endpoint of VK ID for one application; keeps nothing. Source: as `makeVkIdAuthorizeUrl`, `/oauth2/auth`. */
export function createVkId({ baseUrl, applicationId, timeoutMs }: VkIdOptions): VkId {
  const http = createHttp({ timeoutMs });
  return {
    async identify({ code, deviceId, codeVerifier, redirectUri, state }, signal) {
      // In a form: VK ID reads no JSON.
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: applicationId,
        code,
        code_verifier: codeVerifier,
        device_id: deviceId,
        redirect_uri: redirectUri,
        state,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return readAnswer(
        await http.call({ method: 'POST', url: `${baseUrl}/oauth2/auth`, headers, body: form.toString() }, signal),
      );
    },
    close: () => http.close(),
  };
}

function readAnswer(answer: HttpAnswer): VkIdOutcome {
  if (answer.kind === 'unsent') return { kind: 'failed', detail: `VK ID could not be reached (${answer.code})` };
  if (answer.kind === 'unanswered') return { kind: 'failed', detail: `VK ID did not answer (${answer.detail})` };
  const fields = fieldsOf(answer.text);
  // RFC 6749, 5.2: the word is one of few, and repeats nothing that was sent.
  const { error, user_id: userId } = fields;
  if (typeof error === 'string') {
    const word = error.slice(0, 50).replaceAll(/[^\w.-]/g, '');
    return { kind: answer.status >= 500 ? 'failed' : 'refused', detail: `VK ID gave no token (${word})` };
  }
  if (/^[1-9]\d{0,18}$/.test(String(userId))) return { kind: 'person', userId: String(userId) };
  return { kind: 'failed', detail: `VK ID answered with status ${answer.status} and neither a person nor an error` };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = parseJson(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

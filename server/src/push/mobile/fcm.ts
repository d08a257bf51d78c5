import { PUSH_LIFE_SECONDS } from '../outcome.ts';
import { createAccessTokens } from './access-tokens.ts';
import { codeAt, type Meanings, unanswered, unhappy, valueAt } from './answers.ts';
import { type MobileCredentials, type MobileParts, type MobileService, textsOf } from './mobile-service.ts';
import { postMessage } from './post-message.ts';
import { signToken } from './signed-token.ts';

const SERVICE = 'FCM';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'; // RFC 7523, 2.1
const ASSERTION_SECONDS = 3_600;

// firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode. A 404 of another kind is a project that is not there: no reason to lose a device.
const MEANINGS: Meanings = {
  UNREGISTERED: { kind: 'gone', at: 'token' },
  SENDER_ID_MISMATCH: { kind: 'refused', at: 'token' },
  // Our access token was taken back before its time: the next try comes with another.
  UNAUTHENTICATED: { kind: 'failed', at: 'credentials' },
  NOT_FOUND: { kind: 'refused', at: 'credentials' },
};

/**
 * Data alone, at high priority: the app makes the notification in its own words.
 *
 * Sources: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages;
 * developers.google.com/identity/protocols/oauth2/service-account, "HTTP/REST".
 */
export function createFcm(credentials: NonNullable<MobileCredentials['fcm']>, parts: MobileParts): MobileService {
  const { projectId, clientEmail, privateKeyId, privateKey, url, tokenUrl } = credentials;
  const { httpClient, clock } = parts;
  const accessTokens = createAccessTokens({
    ...{ httpClient, clock, tokenUrl, service: SERVICE },
    grant() {
      const iat = Math.floor(clock.now() / 1_000);
      const claims = { iss: clientEmail, scope: SCOPE, aud: tokenUrl, iat, exp: iat + ASSERTION_SECONDS };
      const assertion = signToken({ alg: 'RS256', typ: 'JWT', kid: privateKeyId }, claims, privateKey);
      return { grant_type: GRANT_TYPE, assertion };
    },
  });
  const root = `${url}/v1/projects/${encodeURIComponent(projectId)}`;
  return {
    async send(token, sign) {
      const access = await accessTokens.take();
      if (access.kind === 'none') return access.outcome;
      const message = { token, data: textsOf(sign), android: { priority: 'HIGH', ttl: `${PUSH_LIFE_SECONDS}s` } };
      const result = await postMessage(httpClient, { url: root, token: access.token, message });
      if (result.kind !== 'answered') return unanswered(SERVICE, result, 'service');
      const { status, bodyHead } = result;
      if (status === 200) return { kind: 'taken' };
      if (status === 401) accessTokens.forget();
      return unhappy(SERVICE, { status, code: codeOf(bodyHead) }, MEANINGS);
    },
  };
}

/** Of the details, which say more; else of the answer. */
function codeOf(body: string): string | null {
  const details = valueAt(body, 'error', 'details');
  const positions = Array.isArray(details) ? details.keys() : [];
  for (const position of positions) {
    const code = codeAt(body, 'error', 'details', position, 'errorCode');
    if (code !== null) return code;
  }
  return codeAt(body, 'error', 'status');
}

import { PUSH_LIFE_SECONDS, PUSH_TIMEOUT_MS, type PushPayload, type PushSign } from '../outcome.ts';
import { codeAt, type Meanings, unanswered, unhappy } from './answers.ts';
import { openApnsConnection } from './apns-connection.ts';
import type { MobileCredentials, MobileParts, MobileService } from './mobile-service.ts';
import { signToken } from './signed-token.ts';

const SERVICE = 'APNs';
/** Between 20 and 60 minutes: "Establishing a token-based connection to APNs". */
const PROVIDER_TOKEN_MS = 40 * 60_000;
const COLLAPSE_ID_BYTES_MAX = 64;
const PRIORITY_AT_ONCE = '10';

// "Handling notification responses from APNs". A bad token may be one of the other environment: it is kept until it failed often.
const MEANINGS: Meanings = {
  Unregistered: { kind: 'gone', at: 'token' },
  ExpiredToken: { kind: 'gone', at: 'token' },
  BadDeviceToken: { kind: 'refused', at: 'token' },
  DeviceTokenNotForTopic: { kind: 'refused', at: 'token' },
  BadTopic: { kind: 'refused', at: 'credentials' },
  TopicDisallowed: { kind: 'refused', at: 'credentials' },
  TooManyProviderTokenUpdates: { kind: 'failed', at: 'credentials' },
};

/** The app holds the words for these, in its own languages: "Generating a remote notification", `loc-key`. */
const WORDS_OF: Record<PushPayload['kind'], string> = { message: 'push.message', test: 'push.test' };

/** Sources: developer.apple.com/documentation/usernotifications, the articles named above and "Sending notification requests to APNs". */
export function createApns(credentials: NonNullable<MobileCredentials['apns']>, { clock }: MobileParts): MobileService {
  const { teamId, keyId, bundleId, privateKey, url } = credentials;
  const connection = openApnsConnection(url);
  let provider: { token: string; endsAt: number } | undefined;

  const providerToken = (): string => {
    const now = clock.now();
    if (provider === undefined || provider.endsAt <= now) {
      const claims = { iss: teamId, iat: Math.floor(now / 1_000) };
      provider = { token: signToken({ alg: 'ES256', kid: keyId }, claims, privateKey), endsAt: now + PROVIDER_TOKEN_MS };
    }
    return provider.token;
  };

  return {
    async send(token, sign) {
      const result = await connection.post({
        path: `/3/device/${encodeURIComponent(token)}`,
        headers: {
          authorization: `bearer ${providerToken()}`,
          'apns-topic': bundleId,
          'apns-push-type': 'alert',
          'apns-priority': PRIORITY_AT_ONCE,
          'apns-expiration': String(Math.floor(clock.now() / 1_000) + PUSH_LIFE_SECONDS),
          'apns-collapse-id': sign.topic.slice(0, COLLAPSE_ID_BYTES_MAX),
        },
        body: JSON.stringify(bodyOf(sign)),
        timeoutMs: PUSH_TIMEOUT_MS,
      });
      if (result.kind !== 'answered') return unanswered(SERVICE, result, 'service');
      const { status, bodyHead } = result;
      if (status === 200) return { kind: 'taken' };
      return unhappy(SERVICE, { status, code: codeAt(bodyHead, 'reason') }, MEANINGS);
    },
    close: connection.close,
  };
}

function bodyOf({ payload, topic }: PushSign): object {
  const hasText = payload.kind === 'message' && payload.text !== undefined;
  const alert = hasText
    ? { body: payload.text, ...(typeof payload.name === 'string' && { title: payload.name }) }
    : { 'loc-key': WORDS_OF[payload.kind] };
  const known = payload.kind === 'message' ? { kind: payload.kind, dialogId: payload.dialogId } : { kind: payload.kind };
  return { aps: { alert, sound: 'default', 'thread-id': topic }, ...known };
}

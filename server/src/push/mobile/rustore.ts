import { PUSH_LIFE_SECONDS } from '../outcome.ts';
import { codeAt, type Meanings, unanswered, unhappy } from './answers.ts';
import { type MobileCredentials, type MobileParts, type MobileService, textsOf } from './mobile-service.ts';
import { postMessage } from './post-message.ts';

const SERVICE = 'RuStore';
// Its page promises FCM's form and names few codes. That a token which is not known is NOT_FOUND is what programs that send by it rely on.
const MEANINGS: Meanings = {
  NOT_FOUND: { kind: 'gone', at: 'token' },
  TOO_MANY_REQUESTS: { kind: 'failed', at: 'service' },
};

/**
 * Signs without a `notification`, which the phone would show by itself: the app makes it of the data, in its own words.
 *
 * Source: rustore.ru/help/sdk/push-notifications/send-push-notifications.
 */
export function createRustore(
  credentials: NonNullable<MobileCredentials['rustore']>,
  { httpClient }: MobileParts,
): MobileService {
  const { projectId, serviceToken, url } = credentials;
  const root = `${url}/v1/projects/${encodeURIComponent(projectId)}`;
  return {
    async send(token, sign) {
      const message = { token, data: textsOf(sign), android: { ttl: `${PUSH_LIFE_SECONDS}s` } };
      const result = await postMessage(httpClient, { url: root, token: serviceToken, message });
      if (result.kind !== 'answered') return unanswered(SERVICE, result, 'service');
      const { status, bodyHead } = result;
      if (status === 200) return { kind: 'taken' };
      return unhappy(SERVICE, { status, code: codeAt(bodyHead, 'error', 'status') }, MEANINGS);
    },
  };
}

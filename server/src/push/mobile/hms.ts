import { PUSH_LIFE_SECONDS } from '../outcome.ts';
import { createAccessTokens } from './access-tokens.ts';
import { codeAt, type Meanings, unanswered, unhappy } from './answers.ts';
import { type MobileCredentials, type MobileParts, type MobileService, textsOf } from './mobile-service.ts';
import { postMessage } from './post-message.ts';

const SERVICE = 'HMS';
const TAKEN = '80000000';
// Codes come with status 200, too. developer.huawei.com/consumer/en/doc/HMSCore-References/https-send-api-0000001050986197
const MEANINGS: Meanings = {
  '80200001': { kind: 'failed', at: 'credentials' }, // the access token is not known
  '80200003': { kind: 'failed', at: 'credentials' }, // it has run out
  '80300002': { kind: 'refused', at: 'credentials' }, // no right to send to this app
  '80300007': { kind: 'gone', at: 'token' }, // of all tokens named none is good: we name one
  '80600003': { kind: 'failed', at: 'credentials' }, // their own check of the access token failed
  '81000001': { kind: 'failed', at: 'service' },
};

/**
 * Data alone, of usual urgency: another needs a right that Huawei gives on request.
 *
 * Source: the page above; developer.huawei.com/consumer/en/doc/HMSCore-Guides/oauth2-0000001212610981 (client credentials).
 */
export function createHms(credentials: NonNullable<MobileCredentials['hms']>, { httpClient, clock }: MobileParts): MobileService {
  const { appId, appSecret, url, tokenUrl } = credentials;
  const accessTokens = createAccessTokens({
    ...{ httpClient, clock, tokenUrl, service: SERVICE },
    grant: () => ({ grant_type: 'client_credentials', client_id: appId, client_secret: appSecret }),
  });
  const root = `${url}/v1/${encodeURIComponent(appId)}`;
  return {
    async send(token, sign) {
      const access = await accessTokens.take();
      if (access.kind === 'none') return access.outcome;
      const message = { data: JSON.stringify(textsOf(sign)), android: { ttl: `${PUSH_LIFE_SECONDS}s` }, token: [token] };
      const result = await postMessage(httpClient, { url: root, token: access.token, message });
      if (result.kind !== 'answered') return unanswered(SERVICE, result, 'service');
      const { status, bodyHead } = result;
      const code = codeAt(bodyHead, 'code');
      if (status === 200 && code === TAKEN) return { kind: 'taken' };
      const outcome = unhappy(SERVICE, { status, code }, MEANINGS);
      if (outcome.kind === 'failed' && outcome.at === 'credentials') accessTokens.forget();
      return outcome;
    },
  };
}

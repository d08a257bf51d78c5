import type { Clock } from '../../platform/clock.ts';
import type { HttpClient } from '../../platform/http-client.ts';
import { PUSH_TIMEOUT_MS, type PushOutcome } from '../outcome.ts';
import { unanswered, unhappy, valueAt } from './answers.ts';

/** What a service wants to see before it takes a sign: RFC 6749, 4.4 and 5.1. */
export interface AccessTokens {
  take(): Promise<{ kind: 'token'; token: string } | { kind: 'none'; outcome: PushOutcome }>;
  /** The service wants another one: the next is asked for anew. */
  forget(): void;
}

export interface AccessTokensParts {
  httpClient: Pick<HttpClient, 'post'>;
  clock: Clock;
  service: string;
  tokenUrl: string;
  /** The fields of the grant. */
  grant: () => Record<string, string>;
}

/** A token in use is not to run out under way. */
const RENEW_EARLIER_MS = 300_000;

type Asked = { kind: 'token'; token: string; endsAt: number } | { kind: 'none'; outcome: PushOutcome };

/** Keeps a token for as long as it lives; who asks together waits for the same one. */
export function createAccessTokens({ httpClient, clock, service, tokenUrl, grant }: AccessTokensParts): AccessTokens {
  let current: { asked: Promise<Asked>; endsAt: number } | undefined;

  const ask = async (): Promise<Asked> => {
    const since = clock.now();
    const result = await httpClient.post({
      url: tokenUrl,
      body: new URLSearchParams(grant()).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      timeoutMs: PUSH_TIMEOUT_MS,
    });
    const at = 'credentials';
    if (result.kind !== 'answered') return { kind: 'none', outcome: unanswered(service, result, at) };
    const { status, bodyHead } = result;
    const token = valueAt(bodyHead, 'access_token');
    const lifeSeconds = valueAt(bodyHead, 'expires_in');
    if (status === 200 && typeof token === 'string' && typeof lifeSeconds === 'number') {
      return { kind: 'token', token, endsAt: since + lifeSeconds * 1_000 - RENEW_EARLIER_MS };
    }
    const outcome = unhappy(`${service}, asked for an access token,`, { status, code: null }, {});
    return { kind: 'none', outcome: { ...outcome, at } };
  };

  return {
    take() {
      if (current !== undefined && current.endsAt > clock.now()) return current.asked;
      const mine = { asked: ask(), endsAt: Number.POSITIVE_INFINITY };
      current = mine;
      return mine.asked.then((asked) => {
        if (asked.kind === 'token') mine.endsAt = asked.endsAt;
        else if (current === mine) current = undefined;
        return asked;
      });
    },
    forget() {
      current = undefined;
    },
  };
}

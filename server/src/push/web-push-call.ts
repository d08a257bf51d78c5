import webPush from 'web-push';
import { AppError } from '../platform/errors.ts';
import type { HttpClient, PostRequest } from '../platform/http-client.ts';
import type { PushIdentity } from './identity.ts';
import { PUSH_LIFE_SECONDS, PUSH_TIMEOUT_MS, type PushOutcome } from './outcome.ts';

/** Where a browser is told, as its PushSubscription says: the W3C's Push API, 8. */
export interface WebPushAddress {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

const TOPIC_CHARACTERS_MAX = 32; // RFC 8030, 5.4

/**
 * Encrypts the payload for the device (RFC 8291) and signs for the service (RFC 8292). A later one of the same topic takes the place of
 * one that was not delivered yet. Throws `parameter.invalid` where the keys of the subscription are none.
 */
export function prepareWebPush(
  { endpoint, keys }: WebPushAddress,
  payload: string,
  { identity, subject, topic }: { identity: PushIdentity; subject: string; topic: string },
): PostRequest {
  try {
    const { headers, body } = webPush.generateRequestDetails({ endpoint, keys }, payload, {
      vapidDetails: { subject, ...identity },
      ...{ TTL: PUSH_LIFE_SECONDS, urgency: 'high', contentEncoding: 'aes128gcm', topic: topic.slice(0, TOPIC_CHARACTERS_MAX) },
    });
    const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    return { url: endpoint, body, headers: texts, timeoutMs: PUSH_TIMEOUT_MS };
  } catch (cause) {
    throw new AppError('parameter.invalid', 'these are no keys of a push subscription', { field: 'keys', cause });
  }
}

/** What one call came to: RFC 8030, 5 and 7.3. Never throws. */
export async function callPushService(httpClient: Pick<HttpClient, 'post'>, request: PostRequest): Promise<PushOutcome> {
  const answer = await httpClient.post(request);
  if (answer.kind === 'forbidden') return { kind: 'refused', at: 'address', detail: `the address ${answer.reason}` };
  const at = 'service';
  if (answer.kind === 'timed_out') return { kind: 'failed', at, detail: 'no answer in time' };
  if (answer.kind === 'failed') return { kind: 'failed', at, detail: answer.code };
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 404 || status === 410) return { kind: 'gone', at };
  const detail = `the push service answered ${status}`;
  return { kind: status === 429 || status >= 500 ? 'failed' : 'refused', at, detail };
}

/** Who answers for what we send, for the service's people: RFC 8292, 2.1. Theirs want https or mailto. */
export function subjectOf(publicUrl: string): string {
  return publicUrl.startsWith('https://') ? publicUrl : 'mailto:administrator@localhost';
}

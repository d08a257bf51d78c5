import webPush from 'web-push';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient, PostRequest } from '../platform/http-client.ts';
import type { PushIdentity } from './identity.ts';

/** Where a browser is told, as its PushSubscription says: the W3C's Push API, 8. */
export interface WebPushAddress {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** What one call came to: RFC 8030, 5 and 7.3. */
export type PushOutcome =
  | { kind: 'taken' }
  /** The device is subscribed no longer: nothing will ever arrive there. */
  | { kind: 'gone' }
  /** The service does not want it as it is. */
  | { kind: 'refused'; detail: string }
  /** Passing. */
  | { kind: 'failed'; detail: string };

const TIMEOUT_MS = 10_000;
/** An operator who comes back an hour later sees it in the list. */
const TTL_SECONDS = 3_600;
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
      ...{ TTL: TTL_SECONDS, urgency: 'high', contentEncoding: 'aes128gcm', topic: topic.slice(0, TOPIC_CHARACTERS_MAX) },
    });
    const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    return { url: endpoint, body, headers: texts, timeoutMs: TIMEOUT_MS };
  } catch (cause) {
    throw new AppError('parameter.invalid', 'these are no keys of a push subscription', { field: 'keys', cause });
  }
}

/** Never throws. */
export async function callPushService(httpClient: Pick<HttpClient, 'post'>, request: PostRequest): Promise<PushOutcome> {
  const answer = await httpClient.post(request);
  if (answer.kind === 'forbidden') return { kind: 'refused', detail: `the address ${answer.reason}` };
  if (answer.kind === 'timed_out') return { kind: 'failed', detail: 'no answer in time' };
  if (answer.kind === 'failed') return { kind: 'failed', detail: answer.code };
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const detail = `the push service answered ${status}`;
  return status === 429 || status >= 500 ? { kind: 'failed', detail } : { kind: 'refused', detail };
}

/** Who answers for what we send, for the service's people: RFC 8292, 2.1. Theirs want https or mailto. */
export function subjectOf(publicUrl: string): string {
  return publicUrl.startsWith('https://') ? publicUrl : 'mailto:administrator@localhost';
}

/** Milliseconds between two clock readings, rounded. */
export const elapsedMs = (clock: Clock, since: number): number => Math.round(clock.monotonic() - since);

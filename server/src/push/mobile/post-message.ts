import type { HttpClient, PostResult } from '../../platform/http-client.ts';
import { PUSH_TIMEOUT_MS } from '../outcome.ts';

/** Sends a message to `…/messages:send`, in the form that Google gave it and the others took over. */
export function postMessage(
  httpClient: Pick<HttpClient, 'post'>,
  { url, token, message }: { url: string; token: string; message: object },
): Promise<PostResult> {
  return httpClient.post({
    url: `${url}/messages:send`,
    body: JSON.stringify({ message }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    timeoutMs: PUSH_TIMEOUT_MS,
  });
}

import { randomBytes } from 'node:crypto';
import type { CallbackParts } from './callbacks.ts';
import { CALL_HEADERS, type Posted, verdictOf } from './post-batch.ts';
import { signedHeaders } from './signature.ts';

/** What a customer's URL made of a call that carries nothing. */
export interface TriedUrl extends Pick<Posted, 'outcome' | 'problem' | 'answer'> {
  durationMs: number;
}

const ID_BYTES = 12;
// Statuses come in an array: with none in it, every receiver has nothing to do.
const BODY = '[]';

/** One signed POST, now and never again; nothing is stored, and what failed is not held against the endpoint. Never throws. */
export async function tryUrl(
  { httpClient, clock, timeoutMs }: Pick<Required<CallbackParts>, 'httpClient' | 'clock' | 'timeoutMs'>,
  url: string,
  secrets: readonly string[],
): Promise<TriedUrl> {
  const id = `test_${randomBytes(ID_BYTES).toString('hex')}`;
  const headers = { ...CALL_HEADERS, ...signedHeaders(id, clock.now(), BODY, secrets) };
  const startedAt = clock.monotonic();
  const result = await httpClient.post({ url, body: BODY, headers, timeoutMs });
  return {
    ...verdictOf(result, timeoutMs),
    answer: result.kind === 'answered' ? { status: result.status, bodyHead: result.bodyHead } : null,
    durationMs: Math.round(clock.monotonic() - startedAt),
  };
}

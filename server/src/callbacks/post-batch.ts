import { createHash } from 'node:crypto';
import type { PostResult } from '../platform/http-client.ts';
import type { CallbackPosted } from './callback-events.ts';
import type { CallbackParts } from './callbacks.ts';
import type { ClaimedCallback } from './claim.ts';
import { signedHeaders } from './signature.ts';

/** What goes in one POST, in the order of its callbacks. */
export type Batch = readonly [ClaimedCallback, ...ClaimedCallback[]];

type Verdict = Pick<CallbackPosted, 'outcome' | 'problem'>;

/** Claimed callbacks by the POST they go in. */
export function batchesOf(callbacks: readonly ClaimedCallback[]): Batch[] {
  const batches = new Map<number, [ClaimedCallback, ...ClaimedCallback[]]>();
  for (const callback of callbacks.toSorted((a, b) => a.id - b.id)) {
    const batch = batches.get(callback.batchId);
    if (batch === undefined) batches.set(callback.batchId, [callback]);
    else batch.push(callback);
  }
  return [...batches.values()];
}

/** Signs and sends one POST; never rejects. Whether there is another try is not decided here. */
export async function postBatch(
  { httpClient, clock, timeoutMs }: Pick<Required<CallbackParts>, 'httpClient' | 'clock' | 'timeoutMs'>,
  batch: Batch,
  secrets: Promise<readonly string[]>,
): Promise<Verdict & { deliveryId: string }> {
  const deliveryId = deliveryIdOf(batch);
  const [{ url, form }] = batch;
  const body = form === 'status' ? `[${batch.map((callback) => callback.body).join(',')}]` : batch[0].body;
  let signed: Record<string, string>;
  try {
    signed = signedHeaders(deliveryId, clock.now(), body, await secrets);
  } catch {
    return { deliveryId, outcome: 'failed', problem: 'the signing secret of the account cannot be read' };
  }
  const headers = { 'content-type': 'application/json', 'user-agent': 'Soroka', ...signed };
  return { deliveryId, ...verdict(await httpClient.post({ url, body, headers, timeoutMs }), timeoutMs) };
}

function verdict(result: PostResult, timeoutMs: number): Verdict {
  switch (result.kind) {
    case 'answered':
      if (result.status >= 200 && result.status < 300) return { outcome: 'delivered', problem: null };
      return {
        outcome: 'refused',
        problem: `answered ${result.status}${result.status >= 300 && result.status < 400 ? ', redirects are not followed' : ''}`,
      };
    case 'forbidden':
      return { outcome: 'forbidden', problem: `the URL ${result.reason}` };
    case 'timed_out':
      return { outcome: 'timed_out', problem: `no whole answer within ${timeoutMs} ms` };
    case 'failed':
      return { outcome: 'failed', problem: `the call failed with ${result.code}` };
  }
}

/** The same for the same callbacks, another for any others: a receiver that drops repeats by it loses nothing. */
function deliveryIdOf(batch: Batch): string {
  if (batch.length === 1) return `cb_${batch[0].id}`;
  const ids = batch.map(({ id }) => id).join(',');
  return `cb_${createHash('sha256').update(ids).digest('base64url').slice(0, 27)}`;
}

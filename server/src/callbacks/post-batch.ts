import { createHash } from 'node:crypto';
import type { PostResult } from '../platform/http-client.ts';
import type { CallbackPosted } from './callback-events.ts';
import type { CallbackParts } from './callbacks.ts';
import type { ClaimedCallback } from './claim.ts';
import { signedHeaders } from './signature.ts';

/** What goes in one POST, in the order of its callbacks. */
export type Batch = readonly [ClaimedCallback, ...ClaimedCallback[]];

type Verdict = Pick<CallbackPosted, 'outcome' | 'problem'>;

/** What came of one POST. */
export interface Posted extends Verdict {
  deliveryId: string;
  /** False where it could not be signed: that is our fault and says nothing about the endpoint. */
  wasCalled: boolean;
  /** Null where no whole answer came. */
  answer: { status: number; bodyHead: string } | null;
}

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

/** Of every call, beside those that sign it. */
export const CALL_HEADERS = { 'content-type': 'application/json', 'user-agent': 'Soroka' } as const;

/** Of one POST with these items. */
export function bodyOf(form: ClaimedCallback['form'], items: readonly string[]): string {
  return form === 'status' ? `[${items.join(',')}]` : (items[0] ?? '');
}

/** Signs and sends one POST; never rejects. Whether there is another try is not decided here. */
export async function postBatch(
  { httpClient, clock, timeoutMs }: Pick<Required<CallbackParts>, 'httpClient' | 'clock' | 'timeoutMs'>,
  batch: Batch,
  secrets: Promise<readonly string[]>,
): Promise<Posted> {
  const deliveryId = deliveryIdOf(batch);
  const [{ url, form }] = batch;
  const body = bodyOf(
    form,
    batch.map((callback) => callback.body),
  );
  let signed: Record<string, string>;
  try {
    signed = signedHeaders(deliveryId, clock.now(), body, await secrets);
  } catch {
    const problem = 'the signing secret of the account cannot be read';
    return { deliveryId, wasCalled: false, answer: null, outcome: 'failed', problem };
  }
  const result = await httpClient.post({ url, body, headers: { ...CALL_HEADERS, ...signed }, timeoutMs });
  const answer = result.kind === 'answered' ? { status: result.status, bodyHead: result.bodyHead } : null;
  return { deliveryId, wasCalled: true, answer, ...verdictOf(result, timeoutMs) };
}

/** What an answer, or none, means. */
export function verdictOf(result: PostResult, timeoutMs: number): Verdict {
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

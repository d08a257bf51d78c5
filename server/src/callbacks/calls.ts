import type { Queryable } from '../platform/database.ts';
import type { CallbackPosted } from './callback-events.ts';

/** One call of an endpoint, as the log keeps it. */
export interface CallRecord
  extends Pick<CallbackPosted, 'accountId' | 'endpointId' | 'form' | 'attempt' | 'outcome' | 'problem' | 'durationMs'> {
  batchId: number;
  /** In the order of the body. */
  callbackIds: readonly number[];
  webhookId: string;
  url: string;
  /** Null where no whole answer came. */
  answer: { status: number; bodyHead: string } | null;
  startedAt: Date;
}

const RECORD = {
  name: 'callbacks_record_calls',
  text: `
  insert into callback_call (
    batch_id, account_id, endpoint_id, callback_ids, webhook_id, url, form, attempt, outcome, problem, answer_status, answer_head,
    started_at, duration_ms
  )
  select batch_id, account_id, endpoint_id, callback_ids::bigint[], webhook_id, url, form, attempt, outcome, problem,
    answer_status, answer_head, started_at, duration_ms
  from unnest(
    $1::bigint[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::text[], $10::text[],
    $11::smallint[], $12::text[], $13::timestamptz[], $14::int[]
  ) as call(
    batch_id, account_id, endpoint_id, callback_ids, webhook_id, url, form, attempt, outcome, problem,
    answer_status, answer_head, started_at, duration_ms
  )`,
};

/** Writes calls to the log. */
export async function recordCalls(tx: Queryable, calls: readonly CallRecord[]): Promise<void> {
  await tx.run(RECORD, [
    calls.map(({ batchId }) => batchId),
    calls.map(({ accountId }) => accountId),
    calls.map(({ endpointId }) => endpointId),
    calls.map(({ callbackIds }) => `{${callbackIds.join(',')}}`),
    calls.map(({ webhookId }) => webhookId),
    calls.map(({ url }) => url),
    calls.map(({ form }) => form),
    calls.map(({ attempt }) => attempt),
    calls.map(({ outcome }) => outcome),
    calls.map(({ problem }) => problem),
    calls.map(({ answer }) => answer?.status ?? null),
    calls.map(({ answer }) => (answer === null ? null : storable(answer.bodyHead))),
    calls.map(({ startedAt }) => startedAt),
    calls.map(({ durationMs }) => Math.round(durationMs)),
  ]);
}

/** PostgreSQL takes no U+0000 in a text. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');

/**
 * What leaves in which call: one message each while the free calls are enough, else as few together as needed, so that one
 * answer that fails or fails to come touches few. In order, so that replies of one dialog that share a call keep theirs.
 * The caller claimed at most `callsMax * batchMax`.
 */
export function callBatches<Message>(
  messages: readonly Message[],
  { callsMax, batchMax }: { callsMax: number; batchMax: number },
): (readonly Message[])[] {
  const size = Math.min(batchMax, Math.ceil(messages.length / callsMax));
  const batches: (readonly Message[])[] = [];
  for (let from = 0; from < messages.length; from += size) batches.push(messages.slice(from, from + size));
  return batches;
}

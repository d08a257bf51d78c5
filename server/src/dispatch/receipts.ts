import type { Database, Queryable, Statement } from '../platform/database.ts';
import type { ChangeWriter, LockedMessage } from './changes.ts';
import type { ProviderReceipt } from './contract.ts';
import { decide } from './decide.ts';
import type { DecideSettings, Fact } from './facts.ts';
import type { Work } from './work.ts';

interface Known {
  receipt: ProviderReceipt;
  messageId: number;
  step: number;
}

const FIND: Statement = {
  name: 'dispatch.receipts.find',
  text: `
    select r.index::int as index, s.message_id as "messageId", s.step
    from unnest($1::bigint[], $2::text[]) with ordinality as r(connection_id, network_id, index)
    join sent_message as s on s.connection_id = r.connection_id and s.network_id = r.network_id`,
};
const MESSAGE_ID: Statement = {
  name: 'dispatch.receipts.message_id',
  text: 'select message_id as id from sent_message where connection_id = $1 and network_id = $2',
};

export interface ReceiptParts {
  database: Database;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
}

/** Takes a provider's words on messages sent earlier, each exactly once. See Dispatch.takeReceipts. */
export async function takeReceipts(
  parts: ReceiptParts,
  receipts: readonly ProviderReceipt[],
  now: Date,
): Promise<{ unknown: readonly ProviderReceipt[]; work: readonly Work[] }> {
  if (receipts.length === 0) return { unknown: [], work: [] };
  return parts.database.transaction(async (tx) => {
    const columns = [receipts.map((receipt) => receipt.connectionId), receipts.map((receipt) => receipt.networkId)];
    const rows = await tx.rows<{ index: number; messageId: number; step: number }>(FIND, columns);
    const found = new Map(rows.map((row) => [row.index - 1, row]));
    const known = receipts.flatMap((receipt, index): Known[] => {
      const row = found.get(index);
      return row === undefined ? [] : [{ receipt, messageId: row.messageId, step: row.step }];
    });
    // Several words on one message (SENT, DELIVERED, READ in one batch) build on each other: one round each.
    const work: Work[] = [];
    for (const round of rounds(known)) {
      const facts = new Map(
        round.map(({ receipt, messageId, step }): [number, Fact] => [
          messageId,
          { kind: 'receipt', step, status: receipt.status, at: receipt.at.getTime() },
        ]),
      );
      work.push(...(await applyFacts(parts, tx, facts, now)));
    }
    return { unknown: receipts.filter((_, index) => !found.has(index)), work };
  });
}

function rounds(known: readonly Known[]): Known[][] {
  const result: Known[][] = [];
  const seen = new Map<number, number>();
  for (const item of known) {
    const round = seen.get(item.messageId) ?? 0;
    seen.set(item.messageId, round + 1);
    result[round] ??= [];
    result[round].push(item);
  }
  return result;
}

/** Locks the messages, decides each by its fact, and writes what changes. Returns what became due by it. */
export async function applyFacts(
  { changes, decideSettings }: Pick<ReceiptParts, 'changes' | 'decideSettings'>,
  tx: Queryable,
  facts: ReadonlyMap<number, Fact | ((message: LockedMessage) => Fact | null)>,
  now: Date,
): Promise<readonly Work[]> {
  const locked = await changes.lock(tx, [...facts.keys()]);
  const decided = locked.flatMap((message) => {
    const given = facts.get(message.id);
    const fact = typeof given === 'function' ? given(message) : given;
    const change = fact === undefined || fact === null ? null : decide(message, fact, now.getTime(), decideSettings);
    return change === null ? [] : [{ message, change }];
  });
  return changes.apply(tx, decided, now);
}

export async function messageIdOf(tx: Queryable, connectionId: number, networkId: string): Promise<number | null> {
  const [row] = await tx.rows<{ id: number }>(MESSAGE_ID, [connectionId, networkId]);
  return row?.id ?? null;
}

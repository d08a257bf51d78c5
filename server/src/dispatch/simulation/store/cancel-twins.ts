import { PARKED } from '../../classes.ts';
import { workRow } from './lane-twins.ts';
import { type DeliveryRow, ownedKey, type Tables } from './tables.ts';
import { cellsWhere, holdAll, rowsOf, seen, type Transaction, write } from './transactions.ts';

// Twins of the statements of cancel.ts and pauses.ts.

type Values = readonly unknown[];

export const CANCEL_TWINS = {
  'dispatch.cancel.of_key'(tx: Transaction, tables: Tables, values: Values) {
    const [accountId, key] = values as [number, string];
    const row = seen(tx, tables.rememberedKey.cells.get(ownedKey(accountId, key)));
    if (row === null) return [];
    const { result } = JSON.parse(row.answerBody) as { result: { messageId?: number }[] };
    return result.flatMap(({ messageId }) => (messageId === undefined ? [] : [{ id: messageId }]));
  },
  async 'dispatch.cancel.not_again'(tx: Transaction, tables: Tables, [ids, until]: Values) {
    const isNamed = ({ messageId }: DeliveryRow): boolean => (ids as number[]).includes(messageId);
    for (const row of await heldInOrder(tx, tables, isNamed))
      await write(tx, tables.delivery, row.messageId, { ...row, expiresAt: Math.min(row.expiresAt, (until as Date).getTime()) });
    return [];
  },
  'dispatch.cancel.oldest'(tx: Transaction, tables: Tables) {
    let oldest: number | null = null;
    for (const { messageId } of rowsOf(tx, tables.delivery)) oldest = Math.min(oldest ?? messageId, messageId);
    return [{ id: oldest }];
  },
  'dispatch.cancel.of_phone'(tx: Transaction, tables: Tables, values: Values) {
    const [accountId, from, phone] = values as [number, number, string];
    const page = rowsOf(tx, tables.message).filter((row) => row.accountId === accountId && row.id >= from);
    page.sort((a, b) => a.id - b.id);
    const ids = page.filter((row) => row.phone === phone && row.status === 'QUEUED' && row.kind === 'notification');
    return [
      { lastId: page.at(-1)?.id ?? null, seen: page.length, ids: ids.length === 0 ? null : ids.map(({ id }) => String(id)) },
    ];
  },
  async 'dispatch.pause.add'(tx: Transaction, tables: Tables, values: Values) {
    const [senderId, accountId, at] = values as [number, number, Date];
    const key = ownedKey(accountId, String(senderId));
    const cell = tables.pause.cells.get(key);
    if (cell !== undefined && (await holdAll(tx, [cell], () => true)).length > 0) return [];
    await write(tx, tables.pause, key, { accountId, senderId, pausedAt: at.getTime() });
    return [{}];
  },
  async 'dispatch.pause.remove'(tx: Transaction, tables: Tables, values: Values) {
    const [senderId, accountId] = values as [number, number];
    const key = ownedKey(accountId, String(senderId));
    if (tables.pause.cells.has(key)) await write(tx, tables.pause, key, null);
    return [];
  },
  'dispatch.pause.list'(tx: Transaction, tables: Tables, [accountId]: Values) {
    const own = rowsOf(tx, tables.pause).filter((row) => row.accountId === accountId);
    return own.map(({ senderId, pausedAt }) => ({ senderId, pausedAt: new Date(pausedAt) }));
  },
  async 'dispatch.pause.park'(tx: Transaction, tables: Tables, values: Values) {
    const [after, accountId, senderId] = values as [number, number, number];
    const page = rowsOf(tx, tables.delivery)
      .map(({ messageId }) => messageId)
      .filter((id) => id > after);
    const own = (row: DeliveryRow): boolean =>
      row.messageId > after &&
      row.accountId === accountId &&
      row.priority < PARKED &&
      seen(tx, tables.message.cells.get(row.messageId))?.senderId === senderId;
    for (const row of await heldInOrder(tx, tables, own))
      await write(tx, tables.delivery, row.messageId, { ...row, priority: row.priority + PARKED });
    return [{ lastId: page.length === 0 ? null : Math.max(...page), seen: page.length }];
  },
  async 'dispatch.pause.release'(tx: Transaction, tables: Tables, values: Values) {
    const [accountId, senderId] = values as [number, number];
    const own = (row: DeliveryRow): boolean =>
      row.accountId === accountId &&
      row.priority >= PARKED &&
      seen(tx, tables.message.cells.get(row.messageId))?.senderId === senderId;
    const rows = await heldInOrder(tx, tables, own);
    const released = rows.map((row) => ({ ...row, priority: row.priority - PARKED }));
    for (const row of released) await write(tx, tables.delivery, row.messageId, row);
    return released.map(workRow);
  },
};

async function heldInOrder(tx: Transaction, tables: Tables, own: (row: DeliveryRow) => boolean): Promise<DeliveryRow[]> {
  const cells = cellsWhere(tx, tables.delivery, own);
  cells.sort((a, b) => (seen(tx, a)?.messageId ?? 0) - (seen(tx, b)?.messageId ?? 0));
  return holdAll(tx, cells, own);
}

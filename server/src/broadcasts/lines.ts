import type { Attached } from '../dialogs/dialogs.ts';
import type { DispatchEvent } from '../dispatch/dispatch.ts';
import type { Files } from '../files/files.ts';
import type { Transaction } from '../platform/database.ts';
import { type RecipientKey, recipientOf } from './keys.ts';
import type { Variant } from './plan.ts';

/** A message of a broadcast that a network took, with the dialog in which it stands. */
export interface TakenMessage {
  event: Pick<DispatchEvent, 'accountId' | 'messageId' | 'clientMessageId' | 'phone'>;
  dialogId: number;
}

const SQL = {
  variants: {
    name: 'broadcast_variants',
    text: `select id, plan -> 'variants' as variants from broadcast where id = any($1::bigint[])`,
  },
  got: {
    name: 'broadcast_got',
    text: `
      select asked.n::int as n, coalesce(r.variant, b.winner, 0)::int as variant
      from unnest($1::bigint[], $2::bigint[], $3::bigint[]) with ordinality as asked(account_id, broadcast_id, contact_id, n)
      join broadcast as b on b.id = asked.broadcast_id and b.account_id = asked.account_id
      join broadcast_recipient as r on r.broadcast_id = asked.broadcast_id and r.contact_id = asked.contact_id`,
  },
} as const;

const EVERYBODY = { groups: null, operatorId: null } as const;
const REMEMBERED_MAX = 1_000;

/**
 * Says which pictures messages of broadcasts carried, by the id of the message, and shows them from now on to whoever sees the dialog.
 * A plan does not change once it has begun: what its variants carry is read once, and of most broadcasts that is nothing.
 */
export function createShowPictures({ files }: { files: Pick<Files, 'list' | 'show'> }) {
  const remembered = new Map<number, readonly (readonly number[])[]>();

  const learn = async (tx: Transaction, ids: ReadonlySet<number>): Promise<void> => {
    const unknown = [...ids].filter((id) => !remembered.has(id));
    if (unknown.length === 0) return;
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    const rows = await tx.rows<{ id: number; variants: readonly Variant[] }>(SQL.variants, [unknown]);
    for (const { id, variants } of rows) {
      const carried = variants.map(({ fileIds = [] }) => fileIds);
      remembered.set(id, carried.some(({ length }) => length > 0) ? carried : []);
    }
  };

  return async (tx: Transaction, taken: readonly TakenMessage[]): Promise<ReadonlyMap<number, readonly Attached[]>> => {
    const found = taken.flatMap((one): (TakenMessage & { key: RecipientKey })[] => {
      // What goes by phone is a template, which carries none.
      const key = one.event.phone === null ? recipientOf(one.event.clientMessageId) : null;
      return key === null ? [] : [{ ...one, key }];
    });
    const shown = new Map<number, readonly Attached[]>();
    await learn(tx, new Set(found.map(({ key }) => key.broadcastId)));
    const own = found.filter(({ key }) => (remembered.get(key.broadcastId) ?? []).length > 0);
    if (own.length === 0) return shown;
    const values = [
      own.map(({ event }) => event.accountId),
      own.map(({ key }) => key.broadcastId),
      own.map(({ key }) => key.contactId),
    ];
    for (const { n, variant } of await tx.rows<{ n: number; variant: number }>(SQL.got, values)) {
      const one = own[n - 1];
      const fileIds = one === undefined ? [] : (remembered.get(one.key.broadcastId)?.[variant] ?? []);
      if (one === undefined || fileIds.length === 0) continue;
      const pictures = await files.list(tx, one.event.accountId, fileIds, EVERYBODY);
      await files.show(tx, one.dialogId, fileIds);
      shown.set(
        one.event.messageId,
        pictures.map(({ id, kind, name, contentType, bytes, width, height, hasThumbnail }) => ({
          ...{ kind, name, fileId: id, contentType, bytes, width, height, hasThumbnail },
        })),
      );
    }
    return shown;
  };
}

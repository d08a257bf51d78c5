import type { Queryable } from '../platform/database.ts';
import type { DialogChange, DialogPlace } from './noting.ts';
import { storable } from './storable.ts';

/** A file of a line, as its screens show it. */
export interface Attached {
  kind: 'image' | 'file' | 'voice' | 'video';
  name: string;
  /** Null while it is fetched from the network, and where that failed. */
  fileId: number | null;
  contentType: string | null;
  bytes: number | null;
  /** Pixels, of an image. */
  width: number | null;
  height: number | null;
  hasThumbnail: boolean;
}

/** A file that has been fetched. */
export type FetchedFile = Omit<Attached, 'fileId'> & { id: number };

const ATTACH = {
  name: 'dialog_message_attach',
  text: `
    update dialog_message as m set attached = jsonb_set(m.attached, array[$3::text], m.attached -> $3::int || $4::jsonb)
    from dialog as asked
    join dialog as d on d.id = coalesce(asked.merged_into, asked.id)
    where asked.id = $1 and m.dialog_id = d.id and m.event_id = $2 and jsonb_array_length(m.attached) > $3::int
    returning m.id, m.attached as attachments, m.account_id as "accountId", d.network, d.group_id as "groupId", d.id as "dialogId"`,
} as const;

/** See Dialogs.attach; what screens are to hear. */
export async function attach(
  tx: Queryable,
  { dialogId, eventId, place }: { dialogId: number; eventId: string; place: number },
  { id, kind, contentType, bytes, width, height, hasThumbnail }: FetchedFile,
): Promise<readonly DialogChange[]> {
  const fetched = JSON.stringify({ fileId: id, kind, contentType, bytes, width, height, hasThumbnail });
  const values = [dialogId, storable(eventId), place, fetched];
  const rows = await tx.rows<DialogPlace & { id: number; attachments: readonly Attached[] }>(ATTACH, values);
  return rows.map(({ id: lineId, attachments, ...where }) => ({
    place: where,
    kind: 'message.attached',
    body: { id: lineId, attachments },
  }));
}

/** A file that is still with the network. */
export function coming({ kind, name }: Pick<Attached, 'kind' | 'name'>): Attached {
  return { kind, name, fileId: null, contentType: null, bytes: null, width: null, height: null, hasThumbnail: false };
}

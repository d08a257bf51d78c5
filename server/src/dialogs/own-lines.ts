import type { Status } from '@soroka/api';
import type { Keyboard } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import type { MessageItem } from './history.ts';
import type { DialogChange, DialogPlace } from './noting.ts';
import { storable } from './storable.ts';

/** A line that went out, as whoever changes it in the network needs it. */
export interface OutgoingLine {
  id: number;
  kind: MessageItem['kind'];
  source: MessageItem['source'];
  text: string;
  keyboard: Keyboard | null;
  /** Our id; null of what was written in the network's own page. */
  messageId: number | null;
  /** Null until the network has taken it. */
  networkId: string | null;
  status: Status | null;
  deletedAt: Date | null;
}

const CHANGED = `
  m.id, m.text, m.edited_at as "editedAt", m.earlier_texts as "earlierTexts", m.deleted_at as "deletedAt", m.account_id as "accountId",
  d.network, d.group_id as "groupId", m.dialog_id as "dialogId"`;
const KEEP_WORDS = `coalesce(m.earlier_texts, '[]') || jsonb_build_object('text', m.text, 'until', $3::text)`;
const SQL = {
  get: {
    name: 'dialog_outgoing_line',
    text: `
      select id, kind, source, text, keyboard, message_id as "messageId", network_id as "networkId", status, deleted_at as "deletedAt"
      from dialog_message
      where dialog_id = $1 and id = $2 and direction = 'out'`,
  },
  edit: {
    name: 'dialog_edit_outgoing',
    text: `
      update dialog_message as m set earlier_texts = ${KEEP_WORDS}, text = $4, edited_at = $2
      from dialog as d
      where m.id = $1 and d.id = m.dialog_id and m.text <> $4 and m.deleted_at is null
      returning ${CHANGED}`,
  },
  delete: {
    name: 'dialog_delete_outgoing',
    text: `
      update dialog_message as m set earlier_texts = ${KEEP_WORDS}, text = '', attached = null, keyboard = null, deleted_at = $2
      from dialog as d
      where m.id = $1 and d.id = m.dialog_id and m.deleted_at is null
      returning ${CHANGED}`,
  },
} as const;

/** See Dialogs.outgoingLine. */
export async function outgoingLine(on: Queryable, dialogId: number, lineId: number): Promise<OutgoingLine | null> {
  const [line] = await on.rows<OutgoingLine>(SQL.get, [dialogId, lineId]);
  return line ?? null;
}

type ChangedRow = DialogPlace & Pick<MessageItem, 'id' | 'text' | 'editedAt' | 'earlierTexts' | 'deletedAt'>;

/** See Dialogs.editOutgoing; what screens are to hear. */
export async function editOutgoing(tx: Queryable, lineId: number, text: string, at: Date): Promise<readonly DialogChange[]> {
  return (await tx.rows<ChangedRow>(SQL.edit, [lineId, at, at.toISOString(), storable(text)])).map(changed);
}

/** See Dialogs.deleteOutgoing; what screens are to hear. */
export async function deleteOutgoing(tx: Queryable, lineId: number, at: Date): Promise<readonly DialogChange[]> {
  return (await tx.rows<ChangedRow>(SQL.delete, [lineId, at, at.toISOString()])).map(changed);
}

function changed({ id, text, editedAt, earlierTexts, deletedAt, ...place }: ChangedRow): DialogChange {
  return { place, kind: 'message.edited', body: { id, text, editedAt, earlierTexts, deletedAt } };
}

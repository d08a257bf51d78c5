import { stringifyJson } from '@soroka/channels';
import type { Queryable } from '../platform/database.ts';
import type { DialogKey } from './dialogs.ts';
import type { MessageItem } from './history.ts';
import type { DialogChange, DialogPlace } from './noting.ts';
import { storable } from './storable.ts';

/** What a message holds now. */
export interface MessageText {
  text: string;
  attachments: readonly unknown[];
}

const SQL = {
  // Edits come in any order and more than once: an older one, or one that changes nothing, is passed over.
  edit: {
    name: 'dialog_message_edit',
    text: `
      update dialog_message as m
      set
        earlier_texts = coalesce(m.earlier_texts, '[]') || jsonb_build_object('text', m.text, 'until', $9::text),
        text = $6, attachments = $7::json, edited_at = $8
      from dialog as d
      where d.account_id = $1 and d.network = $2 and d.group_id = $3 and d.user_id = $4 and d.merged_into is null
        and m.dialog_id = d.id and m.network_id = $5 and m.direction = 'in'
        and (m.edited_at is null or m.edited_at <= $8)
        and (m.text <> $6 or m.attachments::text is distinct from $7)
      returning
        m.id, m.text, m.edited_at as "editedAt", m.earlier_texts as "earlierTexts", m.account_id as "accountId",
        d.network, d.group_id as "groupId", m.dialog_id as "dialogId"`,
  },
  complete: {
    name: 'dialog_message_complete_text',
    text: `
      update dialog_message as m set text = $3, attachments = coalesce($4::json, attachments)
      from dialog as d
      where d.id = $1 and m.dialog_id = coalesce(d.merged_into, d.id) and m.network_id = $2 and m.edited_at is null
      returning
        m.id, m.text, m.edited_at as "editedAt", m.earlier_texts as "earlierTexts", m.account_id as "accountId",
        d.network, d.group_id as "groupId", m.dialog_id as "dialogId"`,
  },
} as const;

/** See Dialogs.editIncoming. */
export async function editIncoming(
  tx: Queryable,
  { accountId, network, groupId, userId }: DialogKey & { userId: string },
  networkId: string,
  content: MessageText,
  at: Date,
): Promise<readonly DialogChange[]> {
  const key = [accountId, network, groupId, userId, storable(networkId)];
  const values = [...key, storable(content.text), jsonOf(content.attachments), at, at.toISOString()];
  return (await tx.rows<EditedRow>(SQL.edit, values)).map(edited);
}

/** See Dialogs.completeText. */
export async function completeText(
  tx: Queryable,
  dialogId: number,
  networkId: string,
  content: MessageText,
): Promise<readonly DialogChange[]> {
  const values = [dialogId, storable(networkId), storable(content.text), jsonOf(content.attachments)];
  return (await tx.rows<EditedRow>(SQL.complete, values)).map(edited);
}

type EditedRow = DialogPlace & Pick<MessageItem, 'id' | 'text' | 'editedAt' | 'earlierTexts'>;

function edited({ id, text, editedAt, earlierTexts, ...place }: EditedRow): DialogChange {
  return { place, kind: 'message.edited', body: { id, text, editedAt, earlierTexts } };
}

function jsonOf(attachments: readonly unknown[]): string | null {
  return attachments.length === 0 ? null : stringifyJson(attachments);
}

import type { Events } from '../events/events.ts';
import type { Queryable } from '../platform/database.ts';
import type { Asker, DeskWork } from './work.ts';

export interface Draft {
  text: string;
  /** Null: there is none. */
  updatedAt: Date | null;
}

/** What an operator has begun to write: begun at the desk, gone on with on the phone. */
export interface Drafts {
  /** Throws `not.found`. */
  get(asker: Asker & { operatorId: number }, dialogId: number): Promise<Draft>;
  /** An empty text removes it. Throws `not.found`. */
  set(asker: Asker & { operatorId: number }, dialogId: number, text: string): Promise<Draft>;
  /** In the transaction of the message that was made of it. */
  drop(tx: Queryable, operatorId: number, dialogId: number): Promise<void>;
}

const NONE: Draft = { text: '', updatedAt: null };
const SQL = {
  get: {
    name: 'desk_draft_get',
    text: 'select text, updated_at as "updatedAt" from dialog_draft where account_id = $1 and operator_id = $2 and dialog_id = $3',
  },
  set: {
    name: 'desk_draft_set',
    text: `
      insert into dialog_draft (account_id, operator_id, dialog_id, text, updated_at) values ($1, $2, $3, $4, $5)
      on conflict (operator_id, dialog_id) do update set text = excluded.text, updated_at = excluded.updated_at`,
  },
  drop: { name: 'desk_draft_drop', text: 'delete from dialog_draft where operator_id = $1 and dialog_id = $2' },
} as const;

export function createDrafts({ work, events }: { work: DeskWork; events: Pick<Events, 'note'> }): Drafts {
  const drop: Drafts['drop'] = async (tx, operatorId, dialogId) => {
    await tx.run(SQL.drop, [operatorId, dialogId]);
  };
  return {
    drop,
    get: (asker, dialogId) =>
      work.inDialog(asker, dialogId, async ({ tx, place }) => {
        const [draft] = await tx.rows<Draft>(SQL.get, [asker.accountId, asker.operatorId, place.dialogId]);
        return draft ?? NONE;
      }),
    set: (asker, dialogId, text) =>
      work.inDialog(asker, dialogId, async ({ tx, place, now }) => {
        const { accountId, operatorId } = asker;
        const draft: Draft = text === '' ? NONE : { text, updatedAt: now };
        if (text === '') await drop(tx, operatorId, place.dialogId);
        else await tx.run(SQL.set, [accountId, operatorId, place.dialogId, text, now]);
        const body = { text, updatedAt: draft.updatedAt?.toISOString() ?? null };
        events.note(tx, accountId, [{ kind: 'draft.changed', dialogId: place.dialogId, operatorId, body }]);
        return draft;
      }),
  };
}

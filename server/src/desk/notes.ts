import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Events } from '../events/events.ts';
import type { Operators } from '../operators/operators.ts';
import { AppError } from '../platform/errors.ts';
import { type Asker, type DeskWork, type Held, operatorIdOf } from './work.ts';

export interface NewNote {
  text: string;
  /** Operators who are to see it. */
  mentions: readonly number[];
}

/** What operators write for each other into a dialog: no network sees it. */
export interface Notes {
  /** The sequence of its line. Throws `not.found`, `parameter.invalid`: no text, an operator who is none or does not see the dialog. */
  add(asker: Asker, dialogId: number, note: NewNote): Promise<{ sequence: number }>;
  /** In a dialog that is held; the mentions are of operators of the account. */
  write(held: Pick<Held, 'tx' | 'place' | 'now'>, note: NewNote & { operatorId: number | null }): Promise<{ sequence: number }>;
}

const SQL = {
  sequence: { name: 'desk_last_sequence', text: 'select last_sequence as sequence from dialog where id = $1' },
  mention: {
    name: 'desk_mention',
    text: `
      insert into mention (account_id, operator_id, dialog_id, sequence)
      select $1::bigint, operator_id, $3::bigint, $4::int from unnest($2::bigint[]) as m(operator_id)
      on conflict do nothing`,
  },
} as const;

export interface NotesParts {
  work: DeskWork;
  dialogs: Pick<Dialogs, 'append'>;
  events: Pick<Events, 'note'>;
  operators: Pick<Operators, 'staff'>;
}

export function createNotes({ work, dialogs, events, operators }: NotesParts): Notes {
  const write: Notes['write'] = async ({ tx, place, now }, { text, operatorId, mentions }) => {
    const { accountId, dialogId } = place;
    const line = { dialogId, kind: 'note', source: 'operator', text, at: now } as const;
    await dialogs.append(tx, [{ ...line, ...(operatorId !== null && { operatorId }) }]);
    const [last] = await tx.rows<{ sequence: number }>(SQL.sequence, [dialogId]);
    const { sequence } = last as { sequence: number };
    if (mentions.length > 0) await tx.run(SQL.mention, [accountId, mentions, dialogId, sequence]);
    events.note(
      tx,
      accountId,
      mentions.map((id) => ({ kind: 'mention.added', dialogId, operatorId: id, body: { sequence, by: operatorId } })),
    );
    return { sequence };
  };

  return {
    write,
    async add(asker, dialogId, { text, mentions }) {
      if (text.trim() === '') throw new AppError('parameter.invalid', 'must not be empty', { field: 'text' });
      const named = [...new Set(mentions)];
      const known = new Map((await operators.staff.list(asker.accountId)).map((operator) => [operator.id, operator]));
      return work.inDialog(asker, dialogId, (held) => {
        const { network, groupId } = held.place;
        const wrong = mentions.findIndex((id) => {
          const operator = known.get(id);
          const sees = operator !== undefined && operator.role !== 'analyst' && operator.disabledAt === null;
          return !sees || (operator.groups !== null && !operator.groups.includes(`${network.toUpperCase()}:${groupId}`));
        });
        if (wrong !== -1)
          throw new AppError('parameter.invalid', 'must be an operator who sees this dialog', { field: `mentions[${wrong}]` });
        return write(held, { text: text.trim(), operatorId: operatorIdOf(asker.actor), mentions: named });
      });
    },
  };
}

import { type Events, groupKey } from '../events/events.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import { gathered, gatheredOne } from '../platform/gathered.ts';
import { BOT, type Conversation } from './conversation.ts';
import { withDeadlines } from './deadlines.ts';
import type { Rules } from './rules.ts';
import { shownConversation } from './shown.ts';

/** Where a conversation is: a dialog that this transaction holds. */
export interface DeskPlace {
  accountId: number;
  dialogId: number;
  network: string;
  groupId: string;
}

/** The table of conversations. Whoever writes holds the dialog: then nobody else opens or changes one of it. */
export interface ConversationStore {
  /** The last one of the dialog, locked; null before the first word. */
  latest(tx: Queryable, dialogId: number): Promise<Conversation | null>;
  /** One of the dialog, locked; null where it has no such. */
  get(tx: Queryable, dialogId: number, id: number): Promise<Conversation | null>;
  /** After the last line of the dialog was written: it is the first of the conversation. */
  open(tx: Transaction, place: DeskPlace, opening: Opening): Promise<Conversation>;
  /** Writes what it has become and tells screens. `before` as it was read: anything else throws. */
  save(tx: Transaction, before: Conversation, after: Conversation): Promise<Conversation>;
  /** Two dialogs turned out to be one person's: all conversations are of the one now. */
  adopt(tx: Transaction, fromDialogId: number, place: DeskPlace, at: Date): Promise<void>;
}

export interface Opening {
  openedBy: Conversation['openedBy'];
  owner: number | null;
  at: Date;
  /** Whether the line that opens it is still to be written. */
  isBeforeLine: boolean;
}

export const COLUMNS = `
  c.id, c.account_id as "accountId", c.dialog_id as "dialogId", c.group_key as "groupKey", c.number, c.state, c.owner, c.team_id as "teamId", c.priority,
  c.snoozed_until as "snoozedUntil", c.first_sequence as "firstSequence", c.opened_by as "openedBy", c.opened_at as "openedAt", c.had_bot as "hadBot",
  c.needs_human_at as "needsHumanAt", c.assigned_at as "assignedAt", c.first_reply_at as "firstReplyAt", c.first_reply_by as "firstReplyBy",
  c.waiting_since as "waitingSince", c.last_activity_at as "lastActivityAt", c.returned_from as "returnedFrom", c.closed_at as "closedAt",
  c.closed_by as "closedBy", c.closed_by_id as "closedById", c.first_reply_due as "firstReplyDue", c.next_reply_due as "nextReplyDue",
  c.resolution_due as "resolutionDue", c.breached, c.closes_at as "closesAt",
  c.rating_asked_at as "ratingAskedAt", c.rating, c.rated_at as "ratedAt", c.rating_comment as "ratingComment"`;

const SQL = {
  latest: {
    name: 'desk_latest',
    text: `
      select c.*
      from unnest($1::bigint[]) as asked(dialog_id)
      cross join lateral (
        select ${COLUMNS} from conversation as c where c.dialog_id = asked.dialog_id and c.is_latest limit 1 for update
      ) as c`,
  },
  get: {
    name: 'desk_get_one',
    text: `select ${COLUMNS} from conversation as c where c.dialog_id = $1 and c.id = $2 for update`,
  },
  demote: { name: 'desk_demote', text: 'update conversation set is_latest = false where dialog_id = $1 and is_latest' },
  open: {
    name: 'desk_open',
    text: `
      insert into conversation as c (
        account_id, dialog_id, group_key, number, state, owner, team_id, first_sequence, opened_by, opened_at, had_bot, needs_human_at, assigned_at,
        waiting_since, last_activity_at
      )
      select
        $1::bigint, $2::bigint, $3::text, coalesce((select max(number) from conversation where dialog_id = $2), 0) + 1, 'open', $4::bigint, $5::bigint,
        (select last_sequence from dialog where id = $2) + $6::int, $7::text, $8::timestamptz, $4 is not distinct from ${BOT}, $9::timestamptz,
        $10::timestamptz, $9, $8
      returning ${COLUMNS}`,
  },
  setDeadlines: {
    name: 'desk_set_deadlines',
    text: 'update conversation set first_reply_due = $2, next_reply_due = $3, resolution_due = $4, closes_at = $5 where id = $1',
  },
  save: {
    name: 'desk_save',
    text: `
      update conversation as c
      set
        state = s.state, owner = s.owner, team_id = s.team_id, priority = s.priority, snoozed_until = s.snoozed_until, had_bot = s.had_bot,
        needs_human_at = s.needs_human_at, assigned_at = s.assigned_at, first_reply_at = s.first_reply_at, first_reply_by = s.first_reply_by,
        waiting_since = s.waiting_since, last_activity_at = s.last_activity_at, returned_from = s.returned_from, closed_at = s.closed_at,
        closed_by = s.closed_by, closed_by_id = s.closed_by_id, first_reply_due = s.first_reply_due, next_reply_due = s.next_reply_due,
        resolution_due = s.resolution_due, breached = array(select jsonb_array_elements_text(s.breached)), closes_at = s.closes_at,
        rating_asked_at = s.rating_asked_at, rating = s.rating, rated_at = s.rated_at, rating_comment = s.rating_comment
      from unnest(
        $1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::smallint[], $8::timestamptz[], $9::boolean[],
        $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::timestamptz[], $15::timestamptz[], $16::bigint[],
        $17::timestamptz[], $18::text[], $19::bigint[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[], $23::jsonb[],
        $24::timestamptz[], $25::timestamptz[], $26::smallint[], $27::timestamptz[], $28::text[]
      ) as s(
        id, state_before, owner_before, state, owner, team_id, priority, snoozed_until, had_bot, needs_human_at, assigned_at, first_reply_at,
        first_reply_by, waiting_since, last_activity_at, returned_from, closed_at, closed_by, closed_by_id, first_reply_due, next_reply_due,
        resolution_due, breached, closes_at, rating_asked_at, rating, rated_at, rating_comment
      )
      where c.id = s.id and c.state = s.state_before and c.owner is not distinct from s.owner_before`,
  },
  // Numbers above those of the dialog that stays; nothing of it is the latest until one is chosen.
  adopt: {
    name: 'desk_adopt',
    text: `
      update conversation
      set dialog_id = $2, is_latest = false, number = number + coalesce((select max(number) from conversation where dialog_id = $2), 0)
      where dialog_id = $1`,
  },
  openOf: {
    name: 'desk_open_of',
    text: `select ${COLUMNS} from conversation as c where c.dialog_id = $1 and c.state = 'open' for update`,
  },
  promote: {
    name: 'desk_promote',
    text: `
      update conversation set is_latest = true
      where id = (select id from conversation where dialog_id = $1 order by state = 'open' desc, opened_at desc, id desc limit 1)`,
  },
  moveRest: {
    name: 'desk_move_rest',
    text: `
      with labels as (
        insert into dialog_label (account_id, dialog_id, label_id)
        select account_id, $2, label_id from dialog_label where dialog_id = $1
        on conflict do nothing
      ), drafts as (
        insert into dialog_draft (account_id, operator_id, dialog_id, text, updated_at)
        select account_id, operator_id, $2, text, updated_at from dialog_draft where dialog_id = $1
        on conflict do nothing
      )
      delete from dialog_read where dialog_id in ($1, $2)`,
  },
  dropRest: {
    name: 'desk_drop_rest',
    text: `
      with labels as (delete from dialog_label where dialog_id = $1),
        mentions as (delete from mention where dialog_id = $1)
      delete from dialog_draft where dialog_id = $1`,
  },
} as const;

const latestOf = gatheredOne(async (tx: Queryable, dialogIds: readonly number[]) => {
  const rows = await tx.rows<Conversation>(SQL.latest, [dialogIds]);
  const ofDialog = new Map(rows.map((row) => [row.dialogId, row]));
  return dialogIds.map((dialogId) => ofDialog.get(dialogId) ?? null);
});

/** What each was when it was read, and is now. */
const write = gathered(async (tx: Queryable, changes: readonly { before: Conversation; after: Conversation }[]) => {
  const was = <Name extends keyof Conversation>(name: Name) => changes.map(({ before }) => before[name]);
  const is = <Name extends keyof Conversation>(name: Name) => changes.map(({ after }) => after[name]);
  const written = await tx.run(SQL.save, [
    ...[is('id'), was('state'), was('owner'), is('state'), is('owner'), is('teamId'), is('priority'), is('snoozedUntil')],
    ...[is('hadBot'), is('needsHumanAt'), is('assignedAt'), is('firstReplyAt'), is('firstReplyBy'), is('waitingSince')],
    ...[is('lastActivityAt'), is('returnedFrom'), is('closedAt'), is('closedBy'), is('closedById')],
    ...[is('firstReplyDue'), is('nextReplyDue'), is('resolutionDue'), is('breached').map((names) => JSON.stringify(names))],
    ...[is('closesAt'), is('ratingAskedAt'), is('rating'), is('ratedAt'), is('ratingComment')],
  ]);
  if (written < changes.length)
    throw new Error('a conversation changed while its dialog was held: somebody wrote without holding it');
  return [];
});

export function createConversationStore({
  events,
  rules,
}: {
  events: Pick<Events, 'note'>;
  rules: Pick<Rules, 'inForce'>;
}): ConversationStore {
  const tell = (tx: Transaction, conversation: Conversation): void =>
    events.note(tx, conversation.accountId, [
      {
        kind: 'conversation.changed',
        dialogId: conversation.dialogId,
        group: conversation.groupKey,
        body: shownConversation(conversation),
      },
    ]);

  const save: ConversationStore['save'] = async (tx, before, changed) => {
    const after = withDeadlines(before, changed, await rules.inForce(tx, before.accountId, before.groupKey));
    await write(tx, [{ before, after }]);
    tell(tx, after);
    return after;
  };

  return {
    get: async (tx, dialogId, id) => (await tx.rows<Conversation>(SQL.get, [dialogId, id]))[0] ?? null,
    latest: latestOf,
    async open(tx, place, { openedBy, owner, at, isBeforeLine }) {
      const { accountId, dialogId } = place;
      const rule = await rules.inForce(tx, accountId, groupKey(place));
      await tx.run(SQL.demote, [dialogId]);
      const isForHuman = owner !== BOT;
      const [needsHumanAt, assignedAt] = [
        isForHuman && openedBy === 'person' ? at : null,
        owner !== null && isForHuman ? at : null,
      ];
      const values = [accountId, dialogId, groupKey(place), owner, rule.teamId, isBeforeLine ? 1 : 0, openedBy, at];
      const [opened] = await tx.rows<Conversation>(SQL.open, [...values, needsHumanAt, assignedAt]);
      const whole = withDeadlines(null, opened as Conversation, rule);
      await tx.run(SQL.setDeadlines, [whole.id, whole.firstReplyDue, whole.nextReplyDue, whole.resolutionDue, whole.closesAt]);
      tell(tx, whole);
      return whole;
    },
    save,
    async adopt(tx, fromDialogId, place, at) {
      const { dialogId } = place;
      await tx.run(SQL.demote, [dialogId]);
      // One at most may be open: of two, the one that began in the dialog that goes is over.
      const [[stays], [goes]] = await Promise.all([
        tx.rows<Conversation>(SQL.openOf, [dialogId]),
        tx.rows<Conversation>(SQL.openOf, [fromDialogId]),
      ]);
      if (stays !== undefined && goes !== undefined) {
        const over: Conversation = {
          ...goes,
          state: 'closed',
          snoozedUntil: null,
          waitingSince: null,
          closedAt: at,
          closedBy: 'silence',
        };
        await save(tx, goes, over);
        await save(tx, stays, { ...stays, waitingSince: earlier(stays.waitingSince, goes.waitingSince) });
      }
      await tx.run(SQL.adopt, [fromDialogId, dialogId]);
      await tx.run(SQL.promote, [dialogId]);
      await tx.run(SQL.moveRest, [fromDialogId, dialogId]);
      await tx.run(SQL.dropRest, [fromDialogId]);
    },
  };
}

const earlier = (one: Date | null, other: Date | null): Date | null =>
  one === null || other === null ? (one ?? other) : one < other ? one : other;

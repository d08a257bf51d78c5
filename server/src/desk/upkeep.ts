import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Events } from '../events/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import { chooseLeastBusy } from './assignment.ts';
import { type Conversation, isHuman } from './conversation.ts';
import { PROMISES, type PromiseKind } from './deadlines.ts';
import { deadlinesMissed, movedByItself } from './desk-events.ts';
import type { Moves } from './moves.ts';
import type { ConversationStore } from './store.ts';
import type { DeskWork, Held } from './work.ts';

/** What comes due by itself. Each conversation in its own transaction, looked at again once its dialog is held. */
export interface Upkeep {
  /** One round over all that is due; false where there was nothing. */
  workOff(): Promise<boolean>;
}

export interface UpkeepParts {
  database: Database;
  dialogs: Pick<Dialogs, 'lock'>;
  events: Pick<Events, 'note'>;
  work: DeskWork;
  store: ConversationStore;
  moves: Moves;
  clock: Clock;
}

const AT_ONCE = 100;

/** Found by an index, and true only until somebody acts: `$1` is now. */
const found = (name: string, from: string): Statement => ({
  name: `desk_due_${name}`,
  text: `select c.dialog_id as "dialogId" from conversation as c ${from} limit ${AT_ONCE}`,
});
const KEPT_WAITING = "c.state = 'open' and c.owner > 0 and c.waiting_since is not null and c.snoozed_until is null";
const SQL = {
  woken: found('woken', "where c.state = 'open' and c.snoozed_until <= $1 order by c.snoozed_until"),
  missed: found('missed', "where c.state = 'open' and c.due_at <= $1 order by c.due_at"),
  silent: found('silent', "where c.state = 'open' and c.closes_at <= $1 order by c.closes_at"),
  left: found(
    'left',
    `join operator as o on o.account_id = c.account_id and o.id = c.owner
     left join team_desk as t on t.team_id = c.team_id
     where ${KEPT_WAITING} and (
       o.disabled_at is not null or o.removed_at is not null or (t.returns_offline and o.availability = 'offline')
       or greatest(c.waiting_since, c.assigned_at) + make_interval(mins => t.idle_minutes) <= $1
     )
     order by c.waiting_since`,
  ),
  queued: found(
    'queued',
    `join team_desk as t on t.team_id = c.team_id and t.way = 'least-busy'
     where c.folder = 'queue' and c.is_latest and c.opened_at <= $1 and exists (
       select from team_member as m
       join operator as o on o.id = m.operator_id
       where m.team_id = c.team_id and o.availability = 'online' and o.disabled_at is null
     )
     order by c.waiting_since nulls last`,
  ),
  why: {
    name: 'desk_left_why',
    text: `
      select
        o.disabled_at is not null or o.removed_at is not null or (coalesce(t.returns_offline, false) and o.availability = 'offline') as "isAway",
        coalesce(greatest($3::timestamptz, $4::timestamptz) + make_interval(mins => t.idle_minutes) <= $5, false) as "isIdle"
      from operator as o
      left join team_desk as t on t.team_id = $2
      where o.id = $1`,
  },
} as const;

export function createUpkeep({ database, dialogs, events, work, store, moves, clock }: UpkeepParts): Upkeep {
  /** Whether anything was done with it. */
  type Act = (held: Held, conversation: Conversation) => Promise<boolean>;

  const isPast = (time: Date | null, { now }: Held): boolean => time !== null && time <= now;

  const wake: Act = async (held, conversation) => {
    if (!isPast(conversation.snoozedUntil, held)) return false;
    await store.save(held.tx, conversation, { ...conversation, snoozedUntil: null });
    return true;
  };

  const miss: Act = async (held, conversation) => {
    const kinds = (Object.keys(PROMISES) as PromiseKind[]).filter((kind) => isPast(conversation[PROMISES[kind]], held));
    if (kinds.length === 0) return false;
    const gone = Object.fromEntries(kinds.map((kind) => [PROMISES[kind], null]));
    const breached = [...new Set([...conversation.breached, ...kinds])];
    await store.save(held.tx, conversation, { ...conversation, ...gone, breached });
    const { accountId, dialogId, groupKey, owner } = conversation;
    events.note(
      held.tx,
      accountId,
      kinds.map((kind) => ({ kind: 'deadline.missed', dialogId, group: groupKey, body: { deadline: kind, owner } })),
    );
    deadlinesMissed(kinds);
    return true;
  };

  const close: Act = async (held, conversation) => {
    if (!isPast(conversation.closesAt, held)) return false;
    await moves.closeHeld(held, conversation, { by: 'silence' });
    movedByItself('closed');
    return true;
  };

  const giveBack: Act = async (held, conversation) => {
    const { owner, teamId, waitingSince, assignedAt } = conversation;
    if (!isHuman(owner) || waitingSince === null) return false;
    const values = [owner, teamId, waitingSince, assignedAt, held.now];
    const [why] = await held.tx.rows<{ isAway: boolean; isIdle: boolean }>(SQL.why, values);
    if (why === undefined || !(why.isAway || why.isIdle)) return false;
    const reason = why.isAway ? 'offline' : 'idle';
    await moves.give(held, conversation, null, { by: { itself: reason } });
    movedByItself(reason);
    return true;
  };

  const assign: Act = async (held, conversation) => {
    if (conversation.owner !== null || conversation.snoozedUntil !== null || conversation.teamId === null) return false;
    const operatorId = await chooseLeastBusy(held.tx, conversation);
    if (operatorId === null) return false;
    await moves.give(held, conversation, operatorId, { by: { itself: 'assigned' } });
    movedByItself('assigned');
    return true;
  };

  const workOffOne = (dialogId: number, act: Act): Promise<boolean> =>
    database.transaction(async (tx) => {
      const dialog = await dialogs.lock(tx, dialogId);
      if (dialog === null) return false;
      const held = await work.holding(tx, dialog);
      return held.conversation?.state === 'open' ? act(held, held.conversation) : false;
    });

  const workOffAll = async (statement: Statement, act: Act): Promise<boolean> => {
    let isAny = false;
    for (const { dialogId } of await database.rows<{ dialogId: number }>(statement, [new Date(clock.now())]))
      isAny = (await workOffOne(dialogId, act)) || isAny;
    return isAny;
  };

  return {
    async workOff() {
      const steps: readonly [Statement, Act][] = [
        [SQL.woken, wake],
        [SQL.missed, miss],
        [SQL.left, giveBack],
        [SQL.queued, assign],
        [SQL.silent, close],
      ];
      let isAny = false;
      for (const [statement, act] of steps) isAny = (await workOffAll(statement, act)) || isAny;
      return isAny;
    },
  };
}

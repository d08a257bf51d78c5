import type { Route } from '@soroka/api';
import type { Database, Statement } from '../platform/database.ts';
import { PARKED } from './classes.ts';
import type { CourseNote, HistoryEntry, MessageCourse } from './contract.ts';
import type { StepPlan } from './plan.ts';
import type { ZonedWindow } from './windows.ts';

const COURSE: Statement = {
  name: 'dispatch.course',
  text: `
    select m.created_at as "createdAt", m.expires_at as "expiresAt", m.steps, m.windows, m.history, m.notes,
      d.step, d.state, d.attempt, d.due_at as "dueAt", d.step_ends_at as "stepEndsAt", d.priority
    from message as m left join delivery as d on d.message_id = m.id
    where m.account_id = $1 and m.id = $2`,
};
const TAKEN: Statement = {
  name: 'dispatch.course.taken',
  text: `
    select sent_at as at, step, network_id as "networkId" from sent_message where message_id = $1 order by sent_at, step`,
};

interface CourseRow {
  createdAt: Date;
  expiresAt: Date;
  steps: readonly StepPlan[];
  windows: readonly ZonedWindow[] | null;
  history: readonly HistoryEntry[];
  notes: readonly CourseNote[] | null;
  /** From here on null where nothing is left to be done. */
  step: number | null;
  state: 'queued' | 'sending' | 'sent';
  attempt: number;
  dueAt: Date;
  stepEndsAt: Date | null;
  priority: number;
}

/** See Dispatch.course. */
export async function courseOf(database: Database, accountId: number, messageId: number): Promise<MessageCourse | null> {
  const [row] = await database.rows<CourseRow>(COURSE, [accountId, messageId]);
  if (row === undefined) return null;
  const taken = await database.rows<{ at: Date; step: number; networkId: string }>(TAKEN, [messageId]);
  const { createdAt, expiresAt, steps, windows, history, notes, step, state, attempt, dueAt, stepEndsAt, priority } = row;
  const channelOf = (index: number): Route => (steps[index] as StepPlan).route;
  return {
    ...{ createdAt, expiresAt, windows, history, notes: notes ?? [] },
    steps: steps.map(({ route, provider, groupId, timeoutSeconds, success }) => ({
      ...{ channel: route, provider, groupId },
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(success === undefined ? {} : { success }),
    })),
    taken: taken.map(({ at, step: index, networkId }) => ({ at, channel: channelOf(index), networkId })),
    next:
      step === null
        ? null
        : { channel: channelOf(step), state, attempts: attempt, dueAt, stepEndsAt, isPaused: priority >= PARKED },
  };
}

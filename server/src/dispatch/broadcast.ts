import type { DayCaps } from '../limits/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queryable, Statement, Transaction } from '../platform/database.ts';
import type { Backlog } from './backlog.ts';
import { PRIORITY_OF_CLASS } from './classes.ts';
import type { BroadcastRoute, NewBroadcastMessage } from './contract.ts';
import { messagesAccepted } from './events.ts';
import type { LaneDirectory } from './lane-directory.ts';
import type { StepPlan } from './plan.ts';
import type { Work } from './work.ts';

const PRIORITY = PRIORITY_OF_CLASS.broadcast;

const INSERT: Statement = {
  name: 'dispatch.broadcast.insert',
  text: `
    with given as materialized (
      select nextval('message_id') as id, g.*
      from unnest($7::text[], $8::text[], $9::text[], $10::jsonb[], $11::text[], $12::jsonb[], $13::timestamptz[], $14::jsonb[]) with ordinality
        as g(peer_id, client_message_id, text, keyboard, intent, windows, expires_at, reply_content, n)
    ), stored as (
      insert into message (id, account_id, kind, peer_id, client_message_id, text, keyboard, intent, windows, steps, created_at, expires_at,
        channel, class, reply_content)
      select id, $1, 'reply', peer_id, client_message_id, text, keyboard, intent, windows, $5::jsonb, $2, expires_at, $6, 'broadcast', reply_content
      from given
    ), waiting as (
      insert into delivery (message_id, account_id, lane_id, connection_id, priority, due_at, expires_at)
      select id, $1, $3, $4, ${PRIORITY}, $2, expires_at from given
    )
    select id from given order by n`,
};

export interface BroadcastParts {
  clock: Clock;
  lanes: LaneDirectory;
  backlog: Backlog;
  /** This was committed and is due. */
  onAccepted(work: readonly Work[]): void;
}

/** See Dispatch.acceptBroadcast. */
export async function acceptBroadcast(
  { clock, lanes, backlog, onAccepted }: BroadcastParts,
  tx: Transaction,
  accountId: number,
  route: BroadcastRoute,
  messages: readonly NewBroadcastMessage[],
): Promise<readonly number[]> {
  if (messages.length === 0) return [];
  const { connectionId, network, groupId } = route;
  await lanes.ensure([route]);
  const laneId = lanes.idOf(network, groupId);
  const channel = network === 'vk' ? 'VK' : 'OK';
  const step: StepPlan = { route: channel, provider: 'community', connectionId, laneId, groupId, onUnknown: 'stop' };
  const now = clock.now();
  const rows = await tx.rows<{ id: number }>(INSERT, [
    ...[accountId, new Date(now), laneId, connectionId, JSON.stringify([step]), channel],
    messages.map(({ userId }) => userId),
    messages.map(({ clientMessageId }) => clientMessageId),
    messages.map(({ text }) => text),
    messages.map(({ keyboard }) => (keyboard === undefined ? null : JSON.stringify(keyboard))),
    messages.map(({ intent }) => intent ?? null),
    messages.map(({ windows }) => (windows === null ? null : JSON.stringify(windows))),
    messages.map(({ expiresAt }) => expiresAt),
    messages.map(({ attachments = [] }) => (attachments.length === 0 ? null : JSON.stringify({ attachments }))),
  ]);
  const ids = rows.map(({ id }) => id);
  tx.afterCommit(() => {
    for (const _ of ids) backlog.join(step, 0);
    messagesAccepted({ kind: 'reply', count: ids.length });
    onAccepted([{ laneId, connectionId, priority: PRIORITY, accountId, dueAt: now, messageId: ids[0] ?? 0 }]);
  });
  return ids;
}

/** See Dispatch.roomWithin. */
export async function roomWithin(
  { lanes, backlog }: Pick<BroadcastParts, 'lanes' | 'backlog'>,
  route: BroadcastRoute,
  ms: number,
): Promise<number> {
  await lanes.ensure([route]);
  const channel = route.network === 'vk' ? 'VK' : 'OK';
  await backlog.refresh([{ ...route, route: channel }]);
  const { sentInMs, perSecond } = backlog.look(
    { laneId: lanes.idOf(route.network, route.groupId), connectionId: route.connectionId },
    0,
  );
  return Math.max(0, Math.floor(((ms - sentInMs) / 1_000) * perSecond));
}

/** See Dispatch.sentOfDay. */
export async function sentOfDay(
  { lanes, dayCaps }: { lanes: LaneDirectory; dayCaps: Pick<DayCaps, 'sent'> },
  on: Queryable,
  group: Pick<BroadcastRoute, 'network' | 'groupId'>,
  people: readonly ({ userId: string } | { phone: string })[],
  now: Date,
): Promise<readonly number[]> {
  await lanes.ensure([group]);
  const laneId = lanes.idOf(group.network, group.groupId);
  const times = await dayCaps.sent(
    on,
    people.map((one) => ({ laneId, person: 'phone' in one ? `phone:${one.phone}` : `user:${one.userId}` })),
    now,
  );
  return times.map(({ length }) => length);
}

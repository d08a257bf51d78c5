import type { Queryable, Statement } from '../platform/database.ts';
import { REPLY_PRIORITY } from './classes.ts';
import type { NewReply } from './contract.ts';
import { messagesAccepted } from './events.ts';
import type { LaneDirectory } from './lane-directory.ts';
import { notifyOf } from './lane-notices.ts';
import type { StepPlan } from './plan.ts';

const TTL_MS = 86_400_000;

const INSERT: Statement = {
  name: 'dispatch.reply.insert',
  // The notice leaves with the commit, so that the lane is not woken for a row it cannot see yet.
  text: `
    with stored as (
      insert into message (id, account_id, kind, dialog_id, peer_id, text, keyboard, steps, created_at, expires_at, channel)
      values (nextval('message_id'), $1, 'reply', $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9)
      returning id
    ), waiting as (
      insert into delivery (message_id, account_id, lane_id, connection_id, priority, due_at, expires_at)
      select id, $1, $10, $11, ${REPLY_PRIORITY}, $7, $8 from stored
    )
    select id, ${notifyOf({ laneId: '$10::int', connectionId: '$11::bigint', priority: String(REPLY_PRIORITY), accountId: '$1::bigint', dueAt: '$7::timestamptz' })} from stored`,
};

/** See Dispatch.acceptReply. */
export async function acceptReply(tx: Queryable, lanes: LaneDirectory, reply: NewReply, now: Date): Promise<number> {
  const { accountId, connectionId, network, groupId, peerId, dialogId, text, keyboard } = reply;
  await lanes.ensure([{ network, groupId }]);
  const laneId = lanes.idOf(network, groupId);
  const route = network === 'vk' ? 'VK' : 'OK';
  const step: StepPlan = { route, provider: 'community', connectionId, laneId, groupId, onUnknown: 'resend' };
  const expiresAt = new Date(now.getTime() + TTL_MS);
  const keyboardJson = keyboard === undefined ? null : JSON.stringify(keyboard);
  const values = [
    accountId,
    dialogId,
    peerId,
    text,
    keyboardJson,
    JSON.stringify([step]),
    now,
    expiresAt,
    route,
    laneId,
    connectionId,
  ];
  const [row] = await tx.rows<{ id: number }>(INSERT, values);
  messagesAccepted({ kind: 'reply', count: 1 });
  return (row as { id: number }).id;
}

import type { Queryable, Statement } from '../platform/database.ts';
import { REPLY_PRIORITY } from './classes.ts';
import type { NewReply, ReplyContent } from './contract.ts';
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
      insert into message (id, account_id, kind, dialog_id, peer_id, text, keyboard, steps, created_at, expires_at, channel, reply_content)
      values (coalesce($12::bigint, nextval('message_id')), $1, 'reply', $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $13::jsonb)
      returning id
    ), waiting as (
      insert into delivery (message_id, account_id, lane_id, connection_id, priority, due_at, expires_at)
      select id, $1, $10, $11, ${REPLY_PRIORITY}, $7, $8 from stored
    )
    select id, ${notifyOf({ laneId: '$10::int', connectionId: '$11::bigint', priority: String(REPLY_PRIORITY), accountId: '$1::bigint', dueAt: '$7::timestamptz' })} from stored`,
};

const NEXT_ID: Statement = { name: 'dispatch.reply.next_id', text: `select nextval('message_id') as id` };

/** See Dispatch.nextMessageId. */
export async function nextMessageId(on: Queryable): Promise<number> {
  const [row] = await on.rows<{ id: number }>(NEXT_ID);
  return (row as { id: number }).id;
}

const CONTENT: Statement = {
  name: 'dispatch.reply.content',
  text: `select reply_content as content from message where account_id = $1 and id = $2 and kind = 'reply'`,
};

/** See Dispatch.replyContent. */
export async function replyContent(on: Queryable, accountId: number, messageId: number): Promise<ReplyContent | null> {
  const [row] = await on.rows<{ content: ReplyContent | null }>(CONTENT, [accountId, messageId]);
  return row?.content ?? null;
}

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
    reply.messageId ?? null,
    contentOf(reply),
  ];
  const [row] = await tx.rows<{ id: number }>(INSERT, values);
  messagesAccepted({ kind: 'reply', count: 1 });
  return (row as { id: number }).id;
}

function contentOf({ attachments = [], replyToNetworkId }: NewReply): string | null {
  if (attachments.length === 0 && replyToNetworkId === undefined) return null;
  return JSON.stringify({
    ...(attachments.length > 0 && { attachments }),
    ...(replyToNetworkId !== undefined && { replyToNetworkId }),
  });
}

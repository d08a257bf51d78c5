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
  // The notice leaves with the commit, so that the lane is not woken for a row it cannot see yet; equal ones are one.
  text: `
    with given as materialized (
      select coalesce(given_id, nextval('message_id')) as id, g.*
      from unnest(
        $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], $9::text[], $10::int[], $11::bigint[], $12::bigint[],
        $13::jsonb[]
      ) with ordinality as g(
        account_id, dialog_id, peer_id, text, keyboard, steps, channel, lane_id, connection_id, given_id, reply_content, n
      )
    ), stored as (
      insert into message (id, account_id, kind, dialog_id, peer_id, text, keyboard, steps, created_at, expires_at, channel, reply_content)
      select id, account_id, 'reply', dialog_id, peer_id, text, keyboard, steps, $1, $2, channel, reply_content
      from given
    ), waiting as (
      insert into delivery (message_id, account_id, lane_id, connection_id, priority, due_at, expires_at)
      select id, account_id, lane_id, connection_id, ${REPLY_PRIORITY}, $1, $2 from given
    )
    select id, ${notifyOf({ laneId: 'lane_id', connectionId: 'connection_id', priority: String(REPLY_PRIORITY), accountId: 'account_id', dueAt: '$1::timestamptz' })}
    from given
    order by n`,
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

/** See Dispatch.acceptReplies. */
export async function acceptReplies(
  tx: Queryable,
  lanes: LaneDirectory,
  replies: readonly NewReply[],
  now: Date,
): Promise<readonly number[]> {
  if (replies.length === 0) return [];
  await lanes.ensure(replies);
  const rows = await tx.rows<{ id: number }>(INSERT, [
    ...[now, new Date(now.getTime() + TTL_MS)],
    ...[replies.map(({ accountId }) => accountId), replies.map(({ dialogId }) => dialogId)],
    ...[replies.map(({ peerId }) => peerId), replies.map(({ text }) => text)],
    replies.map(({ keyboard }) => (keyboard === undefined ? null : JSON.stringify(keyboard))),
    replies.map((reply) => JSON.stringify([stepOf(reply, lanes)])),
    replies.map(({ network }) => routeOf(network)),
    ...[replies.map(({ network, groupId }) => lanes.idOf(network, groupId)), replies.map(({ connectionId }) => connectionId)],
    ...[replies.map(({ messageId = null }) => messageId), replies.map(contentOf)],
  ]);
  messagesAccepted({ kind: 'reply', count: replies.length });
  return rows.map(({ id }) => id);
}

const routeOf = (network: NewReply['network']): 'VK' | 'OK' => (network === 'vk' ? 'VK' : 'OK');

function stepOf({ network, groupId, connectionId }: NewReply, lanes: LaneDirectory): StepPlan {
  const laneId = lanes.idOf(network, groupId);
  return { route: routeOf(network), provider: 'community', connectionId, laneId, groupId, onUnknown: 'resend' };
}

function contentOf({ attachments = [], replyToNetworkId }: NewReply): string | null {
  if (attachments.length === 0 && replyToNetworkId === undefined) return null;
  return JSON.stringify({
    ...(attachments.length > 0 && { attachments }),
    ...(replyToNetworkId !== undefined && { replyToNetworkId }),
  });
}

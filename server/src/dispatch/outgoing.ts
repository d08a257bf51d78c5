import type { Outgoing } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Templates } from '../templates/templates.ts';
import type { ClaimedMessage } from './claim.ts';
import type { LaneIdentity } from './lane.ts';

// The upstream takes no less and no more; our own expiry is the truth. Who sends may have a clock behind that of who accepted, and
// count more than the day that was asked for.
const TTL_SECONDS = { min: 60, max: 86_400 } as const;

/** Makes of a claimed message what its channel sends; the upstream gets its own names of sender and template. */
export function createOutgoing(parts: {
  templates: Pick<Templates, 'sentAs'>;
  clock: Clock;
}): (message: ClaimedMessage, lane: LaneIdentity, connection: Connection) => Promise<Outgoing> {
  const { templates, clock } = parts;

  return async (message, lane, connection) => {
    const { recipientId, text } = message;
    const outgoing: Outgoing = {
      // Our id as it is on the first step; a later route is another message to whoever drops repeats.
      dedupKey: message.step === 0 ? String(message.messageId) : `${message.messageId}.${message.step}`,
      network: lane.network,
      groupId: lane.groupId,
      recipientId,
      text,
      ...(message.keyboard === null ? {} : { keyboard: message.keyboard }),
      ...message.replyContent,
      ...(message.intent !== null && { intent: message.intent }),
    };
    if (connection.kind === 'ok' || message.templateId === null || message.service === null) return outgoing;

    const template = await templates.sentAs(message.accountId, message.templateId, message.templateVersion);
    if (connection.kind === 'vk') return { ...outgoing, ...(template?.intent != null && { intent: template.intent }) };
    if (template === null) throw new Error(`template ${message.templateId} of account ${message.accountId} is gone`);
    return {
      ...outgoing,
      notification: {
        service: connection.settings.service ?? message.service,
        templateId: template.upstream.templateId ?? template.id,
        tmpl: template.upstream.tmpl ?? template.name,
        templateData: message.templateDataJson ?? '{}',
        deliveryPolicy: message.deliveryPolicy,
        ttlSeconds: Math.min(TTL_SECONDS.max, Math.max(TTL_SECONDS.min, Math.floor((message.expiresAt - clock.now()) / 1_000))),
      },
    };
  };
}

import type { Channels } from '@soroka/api';
import { CAPABILITIES, type ChannelKind } from '@soroka/channels';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Connections } from '../connections/connections.ts';
import { callerOf } from './auth.ts';

/** Handlers of /v1/channels by the ids of their operations. */
export function createChannelRoutes({ connections }: { connections: Pick<Connections, 'list' | 'channel'> }) {
  return {
    async listChannels(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const own = await connections.list(callerOf(request).accountId);
      const answer: Channels = {
        channels: Object.entries(CAPABILITIES).map(([kind, capabilities]) => ({
          kind: kind as ChannelKind,
          capabilities: shown(capabilities),
        })),
        connections: await Promise.all(
          own.map(async ({ id, kind, groupId }) => {
            const { capabilities } = await connections.channel(id);
            return { id, kind, groupId, capabilities: shown(capabilities) };
          }),
        ),
      };
      return reply.send(answer);
    },
  };
}

type Shown = Channels['channels'][number]['capabilities'];

const shown = ({ buttons, attachments, ...rest }: (typeof CAPABILITIES)[ChannelKind]): Shown => ({
  ...rest,
  buttons: [...buttons],
  attachments: [...attachments],
});

import { CAPABILITIES } from '@soroka/channels';
import type { Connections } from '../connections/connections.ts';
import type { BroadcastRoute } from '../dispatch/dispatch.ts';
import { groupOf, type Way } from './plan.ts';

/** By which connection a way goes now. */
export interface WayRoute {
  route: BroadcastRoute;
  isPaused: boolean;
  /** Notifications to one person in any 24 hours; undefined: the usual number, null: no cap. */
  perDay: number | null | undefined;
  textCharactersMax: number;
}

/** In the order of the ways; null for one whose group or sender the account has not got (any more). */
export async function routesOf(
  connections: Pick<Connections, 'ofGroup' | 'get' | 'senderByName'>,
  accountId: number,
  ways: readonly Way[],
): Promise<readonly (WayRoute | null)[]> {
  return Promise.all(
    ways.map(async (way) => {
      if (way.kind === 'template') {
        const [first] = (await connections.senderByName(accountId, way.service))?.routes ?? [];
        const connection = first === undefined ? null : await connections.get(first.connectionId);
        if (first === undefined || connection === null) return null;
        const { network, groupId, provider } = first;
        return {
          route: { connectionId: connection.id, network, groupId, provider },
          isPaused: connection.pausedReason !== null,
          perDay: connection.settings.perDay,
          textCharactersMax: CAPABILITIES.notify.textCharactersMax,
        };
      }
      const { network, groupId } = groupOf(way);
      const own = await connections.ofGroup(network, groupId);
      const connection = own.find(({ accountId: owner, kind }) => owner === accountId && kind === network);
      if (connection === undefined) return null;
      return {
        route: { connectionId: connection.id, network, groupId, provider: 'community' },
        isPaused: connection.pausedReason !== null,
        perDay: connection.settings.perDay,
        textCharactersMax: connection.settings.textCharactersMax ?? CAPABILITIES[network].textCharactersMax,
      };
    }),
  );
}

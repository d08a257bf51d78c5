import type { Route } from '@soroka/api';
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
  /** Of a template: by which groups its sender may go; no group for a message. */
  byPhone: readonly PhoneRoute[];
}

/** A group through which a phone is notified. */
export interface PhoneRoute {
  route: Route;
  network: 'vk' | 'ok';
  groupId: string;
  /** As of `WayRoute`. */
  perDay: number | null | undefined;
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
        const senderRoutes = (await connections.senderByName(accountId, way.service))?.routes ?? [];
        const [first] = senderRoutes;
        const own = await Promise.all(senderRoutes.map(({ connectionId }) => connections.get(connectionId)));
        const connection = own[0] ?? null;
        if (first === undefined || connection === null) return null;
        const { network, groupId, provider } = first;
        return {
          route: { connectionId: connection.id, network, groupId, provider },
          isPaused: connection.pausedReason !== null,
          perDay: connection.settings.perDay,
          textCharactersMax: CAPABILITIES.notify.textCharactersMax,
          byPhone: senderRoutes.map((one, index) => ({
            ...{ route: one.route, network: one.network, groupId: one.groupId },
            perDay: own[index]?.settings.perDay,
          })),
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
        byPhone: [],
      };
    }),
  );
}

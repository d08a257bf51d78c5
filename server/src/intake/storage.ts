import type { Connection, Connections } from '../connections/connections.ts';
import { type NewRawEvent, type RawEvents, TAG_COPY } from '../inbox/inbox.ts';
import type { AgedCache } from '../platform/aged-cache.ts';
import { bodyStored } from './events.ts';
import type { Health } from './health.ts';
import { type Arrival, type ReadBody, readBody } from './raw-bodies.ts';

/** Puts bodies into the database, from wherever they come. */
export interface Storage {
  /** Everything is durable when this resolves; repeats are dropped, and so is what the network only tells back. */
  store(...arrivals: readonly Arrival[]): Promise<void>;
}

export function createStorage(parts: {
  rawEvents: RawEvents;
  connections: Pick<Connections, 'senders'>;
  /** OK's groups by connection. */
  groups: AgedCache<readonly string[]>;
  health: Pick<Health, 'eventCame'>;
}): Storage {
  const { rawEvents, connections, groups, health } = parts;

  /** OK's bodies name no group. Where senders use an upstream for one group of OK, its bodies can be of no other. */
  const groupOf = async ({ id, accountId }: Connection): Promise<string | undefined> => {
    const found = await groups.get(String(id), async () => {
      const senders = await connections.senders(accountId);
      const routes = senders
        .flatMap((sender) => sender.routes)
        .filter((route) => route.connectionId === id && route.network === 'ok');
      return [...new Set(routes.map(({ groupId }) => groupId))];
    });
    return found?.length === 1 ? found[0] : undefined;
  };

  const withGroup = async (arrival: Arrival): Promise<Arrival> => {
    if (arrival.form !== 'notify-incoming') return arrival;
    const groupId = await groupOf(arrival.connection);
    return groupId === undefined ? arrival : { ...arrival, groupId };
  };

  return {
    async store(...arrivals) {
      const all = (await Promise.all(arrivals.map(withGroup))).flatMap(readBody);
      // VK tells back every message of ours: kept for a week, these would double what is stored.
      const read = all.filter((one) => !isEcho(one));
      for (const { raw } of all.filter(isEcho)) bodyStored({ kind: raw.form, source: raw.source, result: 'echo' });
      const isNew = await rawEvents.store(read.map(({ raw }) => raw));
      const copies = read.filter((_, index) => isNew[index] === false).flatMap(tagCopyOf);
      await rawEvents.store(copies);
      for (const { connection } of arrivals) health.eventCame(connection.id);
      read.forEach(({ raw }, index) => {
        const result = raw.error !== undefined ? 'unreadable' : isNew[index] ? 'new' : 'repeated';
        bodyStored({ kind: raw.form, source: raw.source, result });
      });
    },
  };
}

function isEcho({ event }: ReadBody): boolean {
  return event?.kind === 'other' && event.isEcho === true;
}

/** The network's own copy was here before; the upstream's knows which notification was answered, and so whose phone it is. */
function tagCopyOf({ raw, event }: ReadBody): NewRawEvent[] {
  const isTagged = raw.form === 'notify-incoming' && event?.kind === 'message' && event.messageTag !== undefined;
  return isTagged ? [{ ...raw, eventId: `${TAG_COPY}${event.eventId}` }] : [];
}

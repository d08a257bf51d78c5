import { AppError } from '../platform/errors.ts';
import { allot } from './allot.ts';
import { readPeople } from './people.ts';
import type { PictureUploads } from './pictures.ts';
import type { PumpParts } from './pump.ts';
import { routesOf } from './routes.ts';
import type { BroadcastRow } from './store.ts';

const LIFE_MS = 3_600_000;

/** See Broadcasts.test. At any hour: whoever tries it has asked for it. */
export async function sendTest(
  parts: Omit<PumpParts, 'pictures'> & { pictures: Pick<PictureUploads, 'give'> },
  { id, accountId, plan, linkKey }: BroadcastRow,
  { contactId, variant }: { contactId: number; variant: number },
): Promise<{ messageId: number; text: string }> {
  const { database, dispatch, connections, clock, pictures, publicUrl } = parts;
  const ways = plan.ways.filter(({ kind }) => kind === 'message');
  const routes = await routesOf(connections, accountId, ways);
  const [person] = await readPeople({ on: database, dispatch, accountId }, ways, routes, [contactId]);
  if (person === undefined) throw new AppError('not.found', 'this account has no such contact', { field: 'contactId' });
  const { windows: _, ...atAnyHour } = plan;
  const now = clock.now();
  const { excluded, messages } = allot(
    {
      ...{ plan: { ...atAnyHour, ways }, now, endsAt: now + LIFE_MS, quiet: null },
      base: { publicUrl: publicUrl(), broadcastId: id, linkKey },
      rooms: ways.map(() => 1),
      textCharactersMax: routes.map((one) => one?.textCharactersMax ?? 0),
      templateVariables: ways.map(() => null),
      pictures: [],
    },
    [{ person, variant }],
  );
  const [way, own] = [...messages][0] ?? [];
  const [chosen, route] = [own?.[0], way === undefined ? undefined : routes[way]];
  if (chosen === undefined || route == null) {
    const reason = excluded[0]?.reason ?? 'no_identity';
    throw new AppError('broadcast.unreachable', `this contact would not get it as a message: ${reason}`, { field: 'contactId' });
  }
  const given = await pictures.give(accountId, route.route.connectionId, plan.variants[variant]?.fileIds ?? []);
  if (given.kind !== 'done') throw new AppError('broadcast.unreachable', `its pictures could not be uploaded: ${given.detail}`);
  // No key of a recipient: it is in nobody's statistics.
  const message = { ...chosen.message, attachments: given.result, clientMessageId: `soroka.broadcast-test:${id}` };
  const [messageId] = await database.transaction((tx) => dispatch.acceptBroadcast(tx, accountId, route.route, [message]));
  return { messageId: messageId as number, text: message.text };
}

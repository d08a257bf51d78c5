import { allot } from './allot.ts';
import { pageOfAudience } from './audience.ts';
import { readPeople } from './people.ts';
import { type Broadcast, endOf } from './plan.ts';
import { type PumpParts, templateVariables } from './pump.ts';
import { routesOf } from './routes.ts';

/** Who would get a broadcast if it began now. */
export interface Preview {
  /** How many were looked at: everybody, or the first of many. */
  contacts: number;
  isWhole: boolean;
  gets: number;
  /** Of those, how many have to wait for their hours. */
  later: number;
  getsNot: number;
  /** Why not, the most frequent first. */
  reasons: readonly { reason: string; contacts: number }[];
  /** By way, in the order of the plan's. */
  ways: readonly number[];
  /** As some of them would read it. */
  samples: readonly { contactId: number; text: string }[];
}

const PAGE = 1_000;
const LOOKED_AT_MAX = 20_000;
const SAMPLES = 3;

/** Goes through the audience as the sending will, and writes nothing. */
export async function preview(parts: Omit<PumpParts, 'pictures'>, broadcast: Broadcast & { linkKey: Buffer }): Promise<Preview> {
  const { database, clock, connections, contacts, dispatch } = parts;
  const { id, accountId, plan } = broadcast;
  const now = clock.now();
  const routes = await routesOf(connections, accountId, plan.ways);
  const context = {
    ...{
      plan,
      now,
      endsAt: endOf(broadcast, now),
      base: { publicUrl: parts.publicUrl(), broadcastId: id, linkKey: broadcast.linkKey },
    },
    quiet: await parts.accounts.quietHours(accountId),
    rooms: plan.ways.map(() => Number.POSITIVE_INFINITY),
    textCharactersMax: routes.map((one) => one?.textCharactersMax ?? 0),
    templateVariables: await templateVariables(parts, broadcast),
    pictures: [],
  };
  const reasons = new Map<string, number>();
  const ways = plan.ways.map(() => 0);
  const samples: { contactId: number; text: string }[] = [];
  let [seen, later, afterId, isWhole] = [0, 0, 0, false];
  while (!isWhole && seen < LOOKED_AT_MAX) {
    const ids = await pageOfAudience(contacts, database, accountId, plan.audience, { afterId, limit: PAGE });
    const people = await readPeople({ on: database, dispatch, accountId }, plan.ways, routes, ids);
    const turns = people.map((person, index) => ({ person, variant: index % plan.variants.length }));
    const { excluded, postponed, messages, byPhone } = allot(context, turns);
    for (const { reason } of excluded) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    for (const [way, own] of [...messages, ...byPhone]) ways[way] = (ways[way] ?? 0) + own.length;
    for (const { contactId, message } of [...messages.values()].flat())
      if (samples.length < SAMPLES) samples.push({ contactId, text: message.text });
    seen += people.length;
    later += postponed.length;
    afterId = ids.at(-1) ?? afterId;
    isWhole = ids.length < PAGE;
  }
  const getsNot = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  const sorted = [...reasons].map(([reason, count]) => ({ reason, contacts: count })).sort((a, b) => b.contacts - a.contacts);
  return { contacts: seen, isWhole, gets: seen - getsNot, later, getsNot, reasons: sorted, ways, samples };
}

import type { Accounts } from '../accounts/accounts.ts';
import type { Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Transaction } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import type { Templates } from '../templates/templates.ts';
import { allot, type Turn } from './allot.ts';
import { pageOfAudience } from './audience.ts';
import { broadcastFailed, broadcastProgress } from './events.ts';
import { type ByPhone, handOver } from './hand-over.ts';
import { readPeople } from './people.ts';
import { type PictureUploads, UPLOADED_WITHIN_MS } from './pictures.ts';
import { endOf } from './plan.ts';
import {
  addRecipients,
  endWaiting,
  excludeRecipients,
  leftInHand,
  noteGiven,
  noteHanding,
  postponeRecipients,
  waitingRecipients,
  whatIsLeft,
} from './recipients.ts';
import { routesOf, type WayRoute } from './routes.ts';
import { type BroadcastRow, dueBroadcasts, dueNext, moveBroadcast, noteAudience, takeBroadcast } from './store.ts';
import { settleTrial } from './trial.ts';

export interface PumpParts {
  database: Database;
  clock: Clock;
  dispatch: Pick<Dispatch, 'accept' | 'acceptBroadcast' | 'roomWithin' | 'sentOfDay'>;
  connections: Pick<Connections, 'ofGroup' | 'get' | 'senderByName'>;
  accounts: Pick<Accounts, 'quietHours'>;
  templates: Pick<Templates, 'byId'>;
  contacts: Pick<Contacts, 'segments'>;
  pictures: Pick<PictureUploads, 'ready' | 'begin'>;
  /** Of the page that short links lead to. */
  publicUrl: () => string;
}

/** What a line can send in this time is given to it, and no more: a pause takes effect within it. */
export const GIVEN_AHEAD_MS = 30_000;
const BROADCASTS_AT_ONCE = 20;
const PAGE = 1_000;
const GIVE_AT_ONCE = 500;
/** Between two looks at one that cannot go on: a full line, the words of networks on what was sent. */
const LOOK_AGAIN_MS = 1_000;
const LOOK_AGAIN_MAX_MS = 60_000;
const HANDED_WITHIN_MS = 60_000;
const AFTER_FAILURE_MS = 10_000;

/** Gives out what is due of all broadcasts; true where there was something to do. One that fails is tried again later, and holds up no other. */
export async function pump(parts: PumpParts & { log: Logger }): Promise<boolean> {
  const { database, clock, log } = parts;
  let found = false;
  for (const id of await dueBroadcasts(database, new Date(clock.now()), BROADCASTS_AT_ONCE)) {
    try {
      found = (await pumpOne(parts, id)) || found;
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      broadcastFailed(log, { broadcastId: id, error });
      await dueNext(database, id, new Date(clock.now() + AFTER_FAILURE_MS), null);
    }
  }
  return found;
}

async function pumpOne(parts: PumpParts, id: number): Promise<boolean> {
  const handed: Handed[] = [];
  const did = await parts.database.transaction((tx) => workOn(parts, tx, id, handed));
  for (const { broadcast, index, people, endsAt } of handed) {
    const way = broadcast.plan.ways[index];
    if (way?.kind === 'template') await handOver(parts, broadcast, { index, way }, people, { now: parts.clock.now(), endsAt });
  }
  return did;
}

/** People whose messages dispatch is to be given after the commit. */
interface Handed {
  broadcast: BroadcastRow;
  index: number;
  people: readonly ByPhone[];
  endsAt: number;
}

async function workOn(parts: PumpParts, tx: Transaction, id: number, handed: Handed[]): Promise<boolean> {
  const now = parts.clock.now();
  const at = new Date(now);
  let broadcast = await takeBroadcast(tx, id, at);
  if (broadcast === null) return false;
  if (broadcast.state === 'scheduled') broadcast = await moveBroadcast(tx, broadcast, 'running', at);
  if (!broadcast.audienceDone) return findAudience(parts, tx, broadcast, at);
  const endsAt = endOf(broadcast, now);
  if (now >= endsAt) await endWaiting(tx, id, 'ended', at);
  else if (await settleTrial(tx, broadcast, at)) return true;
  const room = now >= endsAt ? 0 : paceOf(broadcast, now);
  const given = room <= 0 ? 0 : await giveOut(parts, tx, broadcast, { now, endsAt, room }, handed);
  if (given === null) return false;
  await lookAgain(tx, broadcast, { now, given });
  return given > 0;
}

/** One page of those it is for. */
async function findAudience({ contacts }: PumpParts, tx: Transaction, broadcast: BroadcastRow, at: Date): Promise<boolean> {
  const { id, accountId, plan, audienceCursor } = broadcast;
  const ids = await pageOfAudience(contacts, tx, accountId, plan.audience, { afterId: audienceCursor, limit: PAGE });
  const isTried = plan.trial !== undefined && plan.variants.length > 1;
  const split = { share: isTried ? (plan.trial?.share ?? 100) : 100, variants: plan.variants.length, at };
  await addRecipients(tx, { id, accountId }, ids, split);
  await noteAudience(tx, id, ids.at(-1) ?? audienceCursor, ids.length < PAGE);
  return true;
}

/** How many may be given out now, by the broadcast's own pace. */
function paceOf({ plan, throttledUntil }: BroadcastRow, now: number): number {
  if (plan.perMinute === undefined) return GIVE_AT_ONCE;
  const usedUntil = Math.max(now, throttledUntil?.getTime() ?? 0);
  // Ahead by a few seconds, so that a pace of one a second does not wait for the pump.
  return Math.min(
    GIVE_AT_ONCE,
    Math.floor(((now + PACE_AHEAD_MS - usedUntil) * plan.perMinute) / 60_000) + (usedUntil === now ? 1 : 0),
  );
}
const PACE_AHEAD_MS = 5_000;

/** To how many something was done; null where pictures have to be uploaded first. */
async function giveOut(
  parts: PumpParts,
  tx: Transaction,
  broadcast: BroadcastRow,
  { now, endsAt, room }: { now: number; endsAt: number; room: number },
  handed: Handed[],
): Promise<number | null> {
  const { id, accountId, plan } = broadcast;
  const at = new Date(now);
  const routes = await routesOf(parts.connections, accountId, plan.ways);
  const rooms = await Promise.all(
    routes.map(async (one) => (one === null || one.isPaused ? 0 : parts.dispatch.roomWithin(one.route, GIVEN_AHEAD_MS))),
  );
  const limit = Math.min(room, Math.max(0, ...rooms));
  if (limit === 0) return 0;
  const turns = await turnsOf(parts, tx, broadcast, routes, at, limit);
  if (turns.length === 0) return 0;
  const pictures = await parts.pictures.ready(tx, plan, routes);
  if (pictures === null) {
    await dueNext(tx, id, new Date(now + UPLOADED_WITHIN_MS), null);
    tx.afterCommit(() => parts.pictures.begin(broadcast, routes));
    return null;
  }
  const context = {
    ...{ plan, now, endsAt, rooms, base: { publicUrl: parts.publicUrl(), broadcastId: id, linkKey: broadcast.linkKey } },
    quiet: await parts.accounts.quietHours(accountId),
    textCharactersMax: routes.map((one) => one?.textCharactersMax ?? 0),
    templateVariables: await templateVariables(parts, broadcast),
    pictures,
  };
  const { excluded, postponed, messages, byPhone } = allot(context, turns);
  await excludeRecipients(tx, id, excluded);
  await postponeRecipients(tx, id, postponed);
  for (const [way, own] of messages) {
    const { route } = routes[way] as WayRoute;
    const ids = await parts.dispatch.acceptBroadcast(
      tx,
      accountId,
      route,
      own.map(({ message }) => message),
    );
    await noteGiven(
      tx,
      id,
      way,
      own.map(({ contactId }, index) => ({ contactId, messageId: ids[index] as number })),
      at,
    );
  }
  for (const [index, people] of byPhone) {
    await noteHanding(
      tx,
      id,
      index,
      people.map(({ person }) => person.contactId),
      new Date(now + HANDED_WITHIN_MS),
    );
    handed.push({ broadcast, index, people, endsAt });
  }
  const given = turns.length - excluded.length - postponed.length;
  tx.afterCommit(() => broadcastProgress({ given, excluded }));
  return given + excluded.length;
}

/** Whose turn it is, those first who were being handed over when a server stopped. */
async function turnsOf(
  { dispatch }: PumpParts,
  tx: Transaction,
  { id, accountId, plan, winner }: BroadcastRow,
  routes: readonly (WayRoute | null)[],
  now: Date,
  limit: number,
): Promise<readonly Turn[]> {
  const held = await leftInHand(tx, id, now, limit);
  const waiting = await waitingRecipients(tx, id, now, limit - held.length);
  const heldWay = new Map(held.map(({ contactId, way }) => [contactId, way]));
  const rows = [...held, ...waiting];
  const ids = rows.map(({ contactId }) => contactId);
  const people = await readPeople({ on: tx, dispatch, accountId }, plan.ways, routes, ids);
  const byId = new Map(people.map((person) => [person.contactId, person]));
  return rows.flatMap(({ contactId, variant }) => {
    const person = byId.get(contactId);
    const way = heldWay.get(contactId);
    return person === undefined ? [] : [{ person, variant: variant ?? winner ?? 0, ...(way !== undefined && { heldWay: way }) }];
  });
}

/** Of the template of each way by phone. */
export async function templateVariables(
  { templates }: Pick<PumpParts, 'templates'>,
  { accountId, plan }: Pick<BroadcastRow, 'accountId' | 'plan'>,
): Promise<readonly (readonly string[] | null)[]> {
  return Promise.all(
    plan.ways.map(async (way) =>
      way.kind === 'template' ? ((await templates.byId(accountId, way.templateId))?.variables ?? null) : null,
    ),
  );
}

/** It is finished when nobody waits and nothing is on its way out; else it is looked at again when somebody is due. */
async function lookAgain(
  tx: Transaction,
  broadcast: BroadcastRow,
  { now, given }: { now: number; given: number },
): Promise<void> {
  const { id, plan, throttledUntil } = broadcast;
  const { nextAt, isOpen } = await whatIsLeft(tx, id);
  if (nextAt === null && !isOpen) {
    await moveBroadcast(tx, broadcast, 'finished', new Date(now));
    return;
  }
  const nextMs = nextAt === null ? Number.POSITIVE_INFINITY : Number(nextAt);
  const isMore = given > 0 && nextMs <= now;
  const soonMs = isOpen || nextMs <= now ? LOOK_AGAIN_MS : LOOK_AGAIN_MAX_MS;
  const dueAt = isMore ? now : Math.min(Math.max(nextMs, now + LOOK_AGAIN_MS), now + soonMs);
  const pacedFrom = Math.max(now, throttledUntil?.getTime() ?? 0);
  const paced = plan.perMinute === undefined || given === 0 ? null : new Date(pacedFrom + (given * 60_000) / plan.perMinute);
  await dueNext(tx, id, new Date(dueAt), paced);
}

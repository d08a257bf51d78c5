import { randomBytes } from 'node:crypto';
import type { Contacts } from '../contacts/contacts.ts';
import type { Attached } from '../dialogs/dialogs.ts';
import type { Dispatch, DispatchEvent } from '../dispatch/dispatch.ts';
import type { Files } from '../files/files.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createLoop } from '../platform/loop.ts';
import type { Logger } from '../platform/telemetry.ts';
import { checkPlan } from './check-plan.ts';
import { linksOf } from './content.ts';
import { recipientOf } from './keys.ts';
import { createShowPictures, type TakenMessage } from './lines.ts';
import { broadcastOf, readToken } from './links.ts';
import { noteClick, noteStatuses, noteWords } from './noting.ts';
import { createPictureUploads, type PicturesParts } from './pictures.ts';
import { type Broadcast, type BroadcastPlan, type BroadcastState, endOf, type Variant } from './plan.ts';
import { type Preview, preview } from './preview.ts';
import { type PumpParts, pump } from './pump.ts';
import { endWaiting, noteCancelled, restGets, unsentMessages } from './recipients.ts';
import { type Recipient, type Report, recipientsOf, reportOf } from './report.ts';
import { sendTest } from './send-test.ts';
import {
  addBroadcast,
  type BroadcastRow,
  broadcastById,
  changeBroadcast,
  getBroadcast,
  listBroadcasts,
  lockBroadcast,
  moveBroadcast,
  removeDraft,
  setWinner,
} from './store.ts';

export type { Audience, Broadcast, BroadcastPlan, BroadcastState, Trial, Variant, Way } from './plan.ts';
export type { Preview } from './preview.ts';
export { GIVEN_AHEAD_MS } from './pump.ts';
export { REASONS } from './reach.ts';
export type { Recipient, Report } from './report.ts';

/** One text for many people, each by the way that reaches them: docs/decisions/0015. */
export interface Broadcasts {
  /** A draft. Throws `parameter.invalid` for what the account has not got. */
  add(accountId: number, given: { name: string; plan: BroadcastPlan }): Promise<Broadcast>;
  /** Newest first, of ids below; one more than the limit where there is a next page. */
  list(accountId: number, page: { beforeId: number; limit: number }): Promise<readonly Broadcast[]>;
  get(accountId: number, id: number): Promise<Broadcast | null>;
  /** Throws `not.found`, `broadcast.state` where it has begun, and as `add`. */
  change(accountId: number, id: number, change: { name?: string; plan?: BroadcastPlan }): Promise<Broadcast>;
  /** Throws `not.found`, and `broadcast.state` where it is no draft. */
  remove(accountId: number, id: number): Promise<void>;
  /** Throws `not.found`. */
  preview(accountId: number, id: number): Promise<Preview>;
  /** Sends it to one contact, as they would get it; nothing is counted. Throws `not.found`, and `broadcast.unreachable` with the reason. */
  test(accountId: number, id: number, to: { contactId: number; variant: number }): Promise<{ messageId: number; text: string }>;
  /**
   * Begins now, or at a time. Throws `not.found`, `broadcast.state`, and `broadcast.unconfirmed` where more than `CONFIRM_ABOVE` people would
   * get it and `confirmed` is not how many that are.
   */
  start(accountId: number, id: number, options: { startAt?: Date; confirmed?: number }): Promise<Broadcast>;
  /** Nothing more is given out; what was given to a group's line within the last seconds is still sent. */
  pause(accountId: number, id: number): Promise<Broadcast>;
  resume(accountId: number, id: number): Promise<Broadcast>;
  /** For good: what no network has taken is cancelled. */
  stop(accountId: number, id: number): Promise<Broadcast>;
  /** What everybody outside of the trial gets. Throws `parameter.invalid`, `broadcast.state` where there was a choice already. */
  choose(accountId: number, id: number, variant: number): Promise<Broadcast>;
  /** Throws `not.found`. */
  report(accountId: number, id: number): Promise<Report>;
  /** See recipientsOf. Throws `not.found`. */
  recipients(
    accountId: number,
    id: number,
    page: { afterId: number; limit: number; reason?: string },
  ): Promise<readonly Recipient[]>;
  /** Where a short link leads, counted as a click; null for what is none of ours. */
  follow(token: string): Promise<string | null>;
  /** Whom a message of a broadcast went to; null of other messages. */
  contactOf(event: Pick<DispatchEvent, 'clientMessageId'>): number | null;
  /** The pictures that these messages carried, by the message's id; whoever sees its dialog sees them from now on. */
  showPictures(tx: Transaction, taken: readonly TakenMessage[]): Promise<ReadonlyMap<number, readonly Attached[]>>;
  /** What happened to messages; in the transaction that takes the events. */
  noteStatuses(tx: Queryable, events: readonly DispatchEvent[]): Promise<void>;
  /** A person wrote: an answer to what they got lately. */
  noteWords: typeof noteWords;
  run(): void;
  stopRunning(): Promise<void>;
}

export interface BroadcastsParts extends Omit<PumpParts, 'pictures'> {
  connections: PumpParts['connections'] & PicturesParts['connections'];
  files: Pick<Files, 'list' | 'show' | 'upload' | 'uploadedForMany'>;
  dispatch: PumpParts['dispatch'] & Pick<Dispatch, 'cancelAll'>;
  contacts: PumpParts['contacts'] & Pick<Contacts, 'noteRefused'>;
  log: Logger;
}

/** To more people than this nothing is sent without their number being typed. */
export const CONFIRM_ABOVE = 500;
const LINK_KEY_BYTES = 32;
const IDLE_MS = 500;
const EVERY_MS = 100;

export function createBroadcasts(parts: BroadcastsParts): Broadcasts {
  const { database, clock, log, dispatch, contacts } = parts;
  const now = (): Date => new Date(clock.now());
  const loop = createLoop({
    ...{ name: 'broadcasts', clock, log, idleMs: IDLE_MS, everyMs: EVERY_MS },
    step: () => pump({ ...parts, pictures }),
  });
  const pictures = createPictureUploads({ ...parts, onUploaded: loop.wake });

  const found = async (on: Queryable, accountId: number, id: number, read = getBroadcast): Promise<BroadcastRow> => {
    const broadcast = await read(on, accountId, id);
    if (broadcast === null) throw new AppError('not.found', 'this account has no such broadcast');
    return broadcast;
  };
  const locked = async (tx: Queryable, accountId: number, id: number, from: readonly BroadcastState[]): Promise<BroadcastRow> => {
    const broadcast = await found(tx, accountId, id, lockBroadcast);
    if (!from.includes(broadcast.state))
      throw new AppError('broadcast.state', `it is ${broadcast.state}, and must be ${from.join(' or ')}`);
    return broadcast;
  };

  const confirm = async (broadcast: BroadcastRow, confirmed: number | undefined): Promise<void> => {
    const { gets, isWhole } = await preview(parts, broadcast);
    if (gets <= CONFIRM_ABOVE && isWhole) return;
    if (confirmed === gets) return;
    throw new AppError('broadcast.unconfirmed', `${gets}${isWhole ? '' : ' or more'} people would get it`, {
      field: 'confirmed',
    });
  };

  return {
    async add(accountId, { name, plan }) {
      await checkPlan(parts, accountId, plan);
      const linkKey = randomBytes(LINK_KEY_BYTES);
      return shown(await addBroadcast(database, { accountId, name, plan, linkKey, at: now() }));
    },
    list: async (accountId, { beforeId, limit }) => (await listBroadcasts(database, accountId, beforeId, limit + 1)).map(shown),
    async get(accountId, id) {
      const broadcast = await getBroadcast(database, accountId, id);
      return broadcast === null ? null : shown(broadcast);
    },
    async change(accountId, id, { name, plan }) {
      if (plan !== undefined) await checkPlan(parts, accountId, plan);
      return database.transaction(async (tx) => {
        const broadcast = await locked(tx, accountId, id, ['draft']);
        return shown(await changeBroadcast(tx, { accountId, id, name: name ?? broadcast.name, plan: plan ?? broadcast.plan }));
      });
    },
    async remove(accountId, id) {
      if (await removeDraft(database, accountId, id)) return;
      const { state } = await found(database, accountId, id);
      throw new AppError('broadcast.state', `it is ${state}: only drafts can be removed`);
    },
    preview: async (accountId, id) => preview(parts, await found(database, accountId, id)),
    async test(accountId, id, { contactId, variant }) {
      const broadcast = await found(database, accountId, id);
      checkVariant(broadcast, variant);
      return sendTest({ ...parts, pictures }, broadcast, { contactId, variant });
    },
    async start(accountId, id, { startAt, confirmed }) {
      await confirm(await found(database, accountId, id), confirmed);
      const begun = await database.transaction(async (tx) => {
        const broadcast = await locked(tx, accountId, id, ['draft']);
        if (endOf(broadcast, clock.now()) <= (startAt?.getTime() ?? clock.now()))
          throw new AppError('parameter.invalid', 'the broadcast ends before it begins', { field: 'startAt' });
        const isLater = startAt !== undefined && startAt.getTime() > clock.now();
        return moveBroadcast(tx, broadcast, isLater ? 'scheduled' : 'running', isLater ? startAt : now(), startAt ?? null);
      });
      loop.wake();
      return shown(begun);
    },
    pause: (accountId, id) =>
      database.transaction(async (tx) =>
        shown(await moveBroadcast(tx, await locked(tx, accountId, id, ['scheduled', 'running']), 'paused', now())),
      ),
    async resume(accountId, id) {
      const resumed = await database.transaction(async (tx) => {
        const broadcast = await locked(tx, accountId, id, ['paused']);
        const { startedAt, startsAt } = broadcast;
        const isLater = startedAt === null && startsAt !== null && startsAt > now();
        return moveBroadcast(tx, broadcast, isLater ? 'scheduled' : 'running', isLater ? startsAt : now());
      });
      loop.wake();
      return shown(resumed);
    },
    async stop(accountId, id) {
      const stopped = await database.transaction(async (tx) => {
        const broadcast = await locked(tx, accountId, id, ['scheduled', 'running', 'paused']);
        await endWaiting(tx, id, 'stopped', now());
        return moveBroadcast(tx, broadcast, 'stopped', now());
      });
      const { cancelled } = await dispatch.cancelAll(accountId, await unsentMessages(database, id));
      await noteCancelled(database, id, cancelled);
      return shown(stopped);
    },
    async choose(accountId, id, variant) {
      const chosen = await database.transaction(async (tx) => {
        const broadcast = await locked(tx, accountId, id, ['running', 'paused']);
        checkVariant(broadcast, variant);
        if (broadcast.plan.trial === undefined || broadcast.winner !== null)
          throw new AppError('broadcast.state', 'there is no trial, or it has a winner');
        await restGets(tx, id, variant, now());
        return setWinner(tx, broadcast, variant, now());
      });
      loop.wake();
      return shown(chosen);
    },
    async report(accountId, id) {
      await found(database, accountId, id);
      return reportOf(database, accountId, id);
    },
    async recipients(accountId, id, page) {
      await found(database, accountId, id);
      return recipientsOf(database, accountId, id, page);
    },
    async follow(token) {
      const id = broadcastOf(token);
      const broadcast = id === null ? null : await broadcastById(database, id);
      const place = broadcast === null ? null : readToken(token, broadcast.linkKey);
      if (broadcast === null || place === null) return null;
      const url = linksOf(broadcast.plan.variants[place.variant] ?? NO_VARIANT)[place.link];
      if (url === undefined) return null;
      await noteClick(database, broadcast.id, place.contactId, now());
      return url;
    },
    contactOf: ({ clientMessageId }) => recipientOf(clientMessageId)?.contactId ?? null,
    showPictures: createShowPictures(parts),
    noteStatuses: (tx, events) => noteStatuses(tx, contacts, events),
    noteWords,
    run: () => loop.run(),
    async stopRunning() {
      await loop.stop();
      await pictures.stop();
    },
  };
}

function checkVariant({ plan }: Broadcast, variant: number): void {
  if (plan.variants[variant] === undefined)
    throw new AppError('parameter.invalid', 'there is no such variant', { field: 'variant' });
}

const NO_VARIANT: Variant = { text: '' };

function shown({
  linkKey: _,
  audienceCursor: __,
  audienceDone: ___,
  throttledUntil: ____,
  ...broadcast
}: BroadcastRow): Broadcast {
  return broadcast;
}

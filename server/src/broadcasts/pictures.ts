import type { ActionOutcome, OutgoingAttachment } from '@soroka/channels';
import type { Connections } from '../connections/connections.ts';
import type { Files } from '../files/files.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/telemetry.ts';
import { broadcastFailed } from './events.ts';
import type { Broadcast, BroadcastPlan } from './plan.ts';
import type { WayRoute } from './routes.ts';
import { dueNext, pauseForProblem } from './store.ts';

/** What a message carries: by way, then by variant. Empty where no variant has pictures. */
export type Pictures = readonly (readonly (readonly OutgoingAttachment[])[])[];

export interface PicturesParts {
  database: Database;
  clock: Clock;
  log: Logger;
  files: Pick<Files, 'upload' | 'uploadedForMany'>;
  connections: Pick<Connections, 'channel' | 'pause'>;
  /** A broadcast may go on. */
  onUploaded(): void;
}

/** Brings the pictures of broadcasts to the networks, once for all people of a group. */
export interface PictureUploads {
  /** Null where a network has still to be given one. Nothing is said of ways that are paused. */
  ready(on: Queryable, plan: BroadcastPlan, routes: readonly (WayRoute | null)[]): Promise<Pictures | null>;
  /**
   * Gives the networks what they have not got, beside everything else; meanwhile whoever took the broadcast keeps others from it
   * (UPLOADED_WITHIN_MS). A picture that a network refuses pauses the broadcast, with the reason.
   */
  begin(broadcast: Pick<Broadcast, 'id' | 'accountId' | 'plan'>, routes: readonly (WayRoute | null)[]): void;
  /** All of these to one network, as it names them. */
  give(
    accountId: number,
    connectionId: number,
    fileIds: readonly number[],
  ): Promise<ActionOutcome<readonly OutgoingAttachment[]>>;
  /** Ends the uploads under way. */
  stop(): Promise<void>;
}

const UPLOAD_MS_MAX = 300_000;
export const UPLOADED_WITHIN_MS = UPLOAD_MS_MAX + 60_000;
const AGAIN_MS = 10_000;
const REASON_CHARACTERS_MAX = 300;

const picturesIn = ({ variants }: Pick<BroadcastPlan, 'variants'>): readonly number[] => [
  ...new Set(variants.flatMap(({ fileIds = [] }) => fileIds)),
];

export function createPictureUploads({ database, clock, log, files, connections, onUploaded }: PicturesParts): PictureUploads {
  const stopped = new AbortController();
  const underWay = new Set<Promise<void>>();

  const give: PictureUploads['give'] = async (accountId, connectionId, fileIds) => {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(UPLOAD_MS_MAX)]);
    const channel = await connections.channel(connectionId);
    const given: OutgoingAttachment[] = [];
    for (const fileId of fileIds) {
      const outcome = await files.upload(channel, fileId, { accountId, connectionId, peerId: null }, signal);
      if (outcome.kind === 'refused') return { ...outcome, detail: `file ${fileId}: ${outcome.detail}` };
      if (outcome.kind !== 'done') return outcome;
      given.push(outcome.result);
    }
    return { kind: 'done', result: given };
  };

  const giveAll = async (
    { id, accountId, plan }: Pick<Broadcast, 'id' | 'accountId' | 'plan'>,
    routes: readonly (WayRoute | null)[],
  ): Promise<void> => {
    const fileIds = picturesIn(plan);
    let waitMs = 0;
    for (const [index, way] of plan.ways.entries()) {
      const route = routes[index];
      if (way.kind !== 'message' || route == null || route.isPaused) continue;
      const { connectionId } = route.route;
      const outcome = await give(accountId, connectionId, fileIds);
      if (outcome.kind === 'refused') {
        const problem = `${way.group} does not take ${outcome.detail}`.slice(0, REASON_CHARACTERS_MAX);
        return pauseForProblem(database, { id, accountId }, problem);
      }
      if (outcome.kind === 'stopped') await connections.pause(connectionId, outcome.detail.slice(0, REASON_CHARACTERS_MAX));
      if (outcome.kind === 'failed') waitMs = Math.max(waitMs, outcome.retryAfterMs, AGAIN_MS);
    }
    await dueNext(database, id, new Date(clock.now() + waitMs), null);
    if (waitMs === 0) onUploaded();
  };

  return {
    give,
    async ready(on, plan, routes) {
      const fileIds = picturesIn(plan);
      if (fileIds.length === 0) return [];
      const byWay: (readonly (readonly OutgoingAttachment[])[])[] = [];
      for (const [index, way] of plan.ways.entries()) {
        const route = routes[index];
        const isUsed = way.kind === 'message' && route != null && !route.isPaused;
        const known = isUsed ? await files.uploadedForMany(on, fileIds, route.route.connectionId) : null;
        if (known !== null && known.size < fileIds.length) return null;
        byWay.push(plan.variants.map(({ fileIds: own = [] }) => own.flatMap((fileId) => known?.get(fileId) ?? [])));
      }
      return byWay;
    },
    begin(broadcast, routes) {
      const work: Promise<void> = giveAll(broadcast, routes)
        .catch(async (error: unknown) => {
          broadcastFailed(log, { broadcastId: broadcast.id, error });
          await dueNext(database, broadcast.id, new Date(clock.now() + AGAIN_MS), null);
        })
        // The database is away: another process goes on when the time of this one is over.
        .catch((error: unknown) => broadcastFailed(log, { broadcastId: broadcast.id, error }))
        .finally(() => underWay.delete(work));
      underWay.add(work);
    },
    async stop() {
      stopped.abort();
      await Promise.all(underWay);
    },
  };
}

import type { ActionOutcome, Channel } from '@soroka/channels';
import type { Contacts } from '../contacts/contacts.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Files } from '../files/files.ts';
import type { Queryable, Transaction } from '../platform/database.ts';
import type { HttpClient } from '../platform/http-client.ts';
import { type FollowUp, type FollowUpKind, type FollowUpTask, PROFILE_AGE_MAX_MS } from './follow-ups.ts';
import type { RawEvents } from './raw-events.ts';

/** Writes down what the network said, in one transaction with the end of the follow-ups. */
export type Settle = (tx: Transaction) => Promise<void>;

export interface WorkParts {
  dialogs: Pick<Dialogs, 'completeText' | 'learnChat' | 'describeChat' | 'attach'>;
  files: Pick<Files, 'store' | 'show' | 'bytesMax'>;
  httpClient: Pick<HttpClient, 'download'>;
  database: Queryable;
  contacts: Pick<Contacts, 'saveProfiles' | 'unknownProfiles'>;
  rawEvents: Pick<RawEvents, 'wakeWaiting'>;
}

interface Work<Kind extends FollowUpKind> {
  /** Follow-ups of one connection that one call does. */
  batchMax: number;
  /** A definite refusal that settles something too comes back as done. */
  call(
    channel: Channel,
    tasks: readonly Extract<FollowUpTask, { kind: Kind }>[],
    context: { accountId: number; now: Date; signal: AbortSignal },
  ): Promise<ActionOutcome<Settle>>;
}

/** Within the time that the worker gives a call. */
const DOWNLOAD_MS_MAX = 60_000;

const nothing: Settle = async () => {};
const done = (settle: Settle): ActionOutcome<Settle> => ({ kind: 'done', result: settle });
/** Of a channel that has no such call: there will never be more to learn. */
const UNSUPPORTED: ActionOutcome<never> = { kind: 'refused', networkCode: 'none', detail: 'this channel has no such call' };

/** What each kind asks, and what becomes of the answer. */
export function createWork({ database, dialogs, contacts, rawEvents, files, httpClient }: WorkParts): {
  [Kind in FollowUpKind]: Work<Kind>;
} {
  return {
    button: {
      batchMax: 1,
      async call(channel, [task], { signal }) {
        const { press, text } = task as Extract<FollowUpTask, { kind: 'button' }>;
        const answer = text === undefined ? {} : { text };
        const outcome = (await channel.answerButton?.(press, answer, signal)) ?? UNSUPPORTED;
        return outcome.kind === 'done' ? done(nothing) : outcome;
      },
    },
    message: {
      batchMax: 1,
      async call(channel, [task], { signal }) {
        const { dialogId, peerId, networkId } = task as Extract<FollowUpTask, { kind: 'message' }>;
        const outcome = (await channel.message?.({ peerId, networkId }, signal)) ?? UNSUPPORTED;
        if (outcome.kind !== 'done') return outcome;
        return done((tx) => dialogs.completeText(tx, dialogId, networkId, outcome.result));
      },
    },
    chat: {
      batchMax: 1,
      async call(channel, [task], { accountId, now, signal }) {
        const { network, groupId, peerId, userId } = task as Extract<FollowUpTask, { kind: 'chat' }>;
        const outcome = (await channel.chat?.(peerId, signal)) ?? UNSUPPORTED;
        if (outcome.kind === 'failed' || outcome.kind === 'stopped') return outcome;
        // A chat that the network does not show is taken for what nearly all are: one person's.
        const look = outcome.kind === 'done' ? outcome.result : { isGroupChat: network === 'vk', title: null, pictureUrl: null };
        return done(async (tx) => {
          const key = { accountId, network, groupId };
          await dialogs.learnChat(tx, key, peerId, look.isGroupChat ? null : userId, now);
          const { title, pictureUrl } = look;
          const seen = { ...(title !== null && { title }), ...(pictureUrl !== null && { pictureUrl }) };
          if (look.isGroupChat) await dialogs.describeChat(tx, key, peerId, seen);
          await rawEvents.wakeWaiting(tx, accountId, peerId);
        });
      },
    },
    file: {
      batchMax: 1,
      async call(_channel, [task], { accountId, signal }) {
        const { dialogId, eventId, place, name, url } = task as Extract<FollowUpTask, { kind: 'file' }>;
        const got = await httpClient.download({ url, bytesMax: files.bytesMax, timeoutMs: DOWNLOAD_MS_MAX, signal });
        if (got.kind === 'timed_out' || got.kind === 'failed' || (got.kind === 'answered' && got.status >= 500))
          return { kind: 'failed', networkCode: got.kind, retryAfterMs: 0, detail: 'the file could not be fetched' };
        if (got.kind !== 'downloaded' || got.bytes.length === 0)
          return { kind: 'refused', networkCode: got.kind, detail: 'the file is not there, or is larger than we keep' };
        const file = await files.store({ accountId, name, operatorId: null }, inOne(got.bytes));
        return done(async (tx) => {
          await files.show(tx, dialogId, [file.id]);
          await dialogs.attach(tx, { dialogId, eventId, place }, file);
        });
      },
    },
    profile: {
      batchMax: 100, // Channel.profiles
      async call(channel, tasks, { accountId, now, signal }) {
        const [{ network }] = tasks as [Extract<FollowUpTask, { kind: 'profile' }>];
        const asked = tasks.map(({ userId }) => userId);
        // An event that was worked off while the answer to an earlier one came asks once more.
        const checkedSince = new Date(now.getTime() - PROFILE_AGE_MAX_MS);
        const userIds = await contacts.unknownProfiles(database, accountId, network, asked, checkedSince);
        if (userIds.length === 0) return done(nothing);
        const outcome = (await channel.profiles?.(userIds, signal)) ?? UNSUPPORTED;
        if (outcome.kind === 'failed' || outcome.kind === 'stopped') return outcome;
        const found = outcome.kind === 'done' ? outcome.result : [];
        return done((tx) => contacts.saveProfiles(tx, accountId, network, userIds, found, now));
      },
    },
  };
}

async function* inOne(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Follow-ups of one kind and connection in the batches that one call does. */
export function batchesOf(followUps: readonly FollowUp[], batchMax: number): readonly (readonly FollowUp[])[] {
  return Array.from({ length: Math.ceil(followUps.length / batchMax) }, (_, index) =>
    followUps.slice(index * batchMax, (index + 1) * batchMax),
  );
}

import type { ActionOutcome, Channel, HistoryPage, Network } from '@soroka/channels';
import type { Connection, Connections } from '../connections/connections.ts';
import type { Contacts } from '../contacts/contacts.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { describeChat, isGroupChat, learnChat } from './chats.ts';
import { takeWalk, type Walk, type WalkKeeper } from './import-state.ts';
import { openDialogs } from './open.ts';
import { prependHistory } from './prepend.ts';

export interface ImportProgress {
  /** Dialogs gone through. */
  dialogs: number;
  /** Messages that were new to us. */
  messages: number;
  /** Dialogs that the network did not give out. */
  skipped: number;
}

export type ImportOutcome =
  | ({ kind: 'done' } & ImportProgress)
  /** The network, or the signal, ended it before the end; the next run goes on from here. */
  | ({ kind: 'stopped'; reason: string } & ImportProgress)
  /** Nothing was begun. */
  | { kind: 'impossible'; reason: string };

export interface ImportOptions {
  /** Nothing older than so many days is taken. Default: all. */
  days?: number;
  signal: AbortSignal;
  /** After every page. */
  onProgress?(progress: ImportProgress): void;
}

/**
 * Brings what stood in a group's dialogs before it was connected in front of what we have: no bot, callback or forward
 * hears of it. A message is taken once, however often this runs; a run that was cut short is gone on with.
 */
export interface HistoryImport {
  /** Throws `not.found` for a connection that is not there. */
  run(connectionId: number, options: ImportOptions): Promise<ImportOutcome>;
}

export interface ImportParts {
  database: Database;
  connections: Pick<Connections, 'get' | 'channel'>;
  contacts: Pick<Contacts, 'ensureByUser' | 'noteWord'>;
  clock: Clock;
}

// A network's limit is for sending first: VK allows 20 calls a second and token.
const PAUSE_MS = 300;
const CALL_TIMEOUT_MS = 20_000;
const TRIES_MAX = 6;
const FIRST_PAUSE_MS = 1_000;
const DAY_MS = 86_400_000;

/** Ends a run with a sentence for the person who started it. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Whose dialog it is. */
interface Peer {
  peerId: string;
  isChat: boolean;
  /** Of the person, or of the chat itself; undefined where nobody can be told. */
  userId: string | undefined;
  title?: string;
  pictureUrl?: string;
}

type HistoryChannel = Channel & Required<Pick<Channel, 'dialogs' | 'history'>>;

export function createImport(parts: ImportParts): HistoryImport {
  const { database, connections, contacts, clock } = parts;

  /** Waits a passing error out; a definite one comes back as null, a token's ends the run. */
  const ask = async <Result>(
    call: (signal: AbortSignal) => Promise<ActionOutcome<Result>>,
    signal: AbortSignal,
  ): Promise<Result | null> => {
    for (let tries = 1; ; tries += 1) {
      await clock.sleep(PAUSE_MS, signal);
      if (signal.aborted) throw new StoppedError('it was ended');
      const outcome = await call(AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]));
      if (outcome.kind === 'done') return outcome.result;
      if (outcome.kind === 'refused') return null;
      if (outcome.kind === 'stopped' || tries === TRIES_MAX) throw new StoppedError(`the network says: ${outcome.detail}`);
      await clock.sleep(Math.max(outcome.retryAfterMs, FIRST_PAUSE_MS * 2 ** (tries - 1)), signal);
    }
  };

  const peerOf = async (
    { network, peerId }: { network: Network; peerId: string },
    channel: Channel,
    { messages }: HistoryPage,
    signal: AbortSignal,
  ): Promise<Peer> => {
    const isVkPerson = network === 'vk' && !isGroupChat({ network, peerId });
    if (isVkPerson) return { peerId, isChat: false, userId: peerId.startsWith('-') ? undefined : peerId };
    const { chat } = channel;
    const look = chat === undefined ? null : await ask((one) => chat(peerId, one), signal);
    const isChat = look?.isGroupChat ?? isGroupChat({ network, peerId });
    if (!isChat) {
      const writer = messages.find(({ direction }) => direction === 'in')?.userId;
      return { peerId, isChat, userId: writer ?? look?.memberIds[0] };
    }
    const { title, pictureUrl } = look ?? { title: null, pictureUrl: null };
    return { peerId, isChat, userId: peerId, ...(title !== null && { title }), ...(pictureUrl !== null && { pictureUrl }) };
  };

  const store = async (
    tx: Queryable,
    { accountId, network, groupId }: { accountId: number; network: Network; groupId: string },
    peer: Peer & { userId: string },
    messages: HistoryPage['messages'],
  ): Promise<number> => {
    const newest = messages[0];
    if (newest === undefined) return 0;
    const { peerId, userId, isChat } = peer;
    const contactId = isChat ? null : (await contacts.ensureByUser(tx, accountId, network, userId)).contactId;
    const key = { accountId, network, groupId };
    const word = messages.find(({ direction }) => direction === 'in');
    if (word !== undefined && !isChat) await contacts.noteWord(tx, { ...key, userId }, word.at);
    // Screens are not told: a history of years would be one flood, and whoever imports one loads the lists anew.
    const [opened] = await openDialogs(tx, [{ ...key, contactId, userId, peerId, at: newest.at }]);
    const { id } = (opened as NonNullable<typeof opened>).dialog;
    if (network === 'ok') await learnChat(tx, key, peerId, isChat ? null : userId, new Date(clock.now()));
    if (isChat) await describeChat(tx, key, peerId, peer);
    return prependHistory(tx, id, messages, isChat);
  };

  const go = async (
    connection: Connection & { kind: Network; groupId: string },
    channel: HistoryChannel,
    keeper: WalkKeeper,
    { days, signal, onProgress }: ImportOptions,
  ): Promise<Walk> => {
    const { accountId, kind: network, groupId } = connection;
    const since = days === undefined ? new Date(0) : new Date(keeper.walk.startedAt.getTime() - days * DAY_MS);
    let { walk } = keeper;
    let peer: Peer | undefined;
    const step = async (tx: Queryable, next: Partial<Walk>, isFinished = false): Promise<void> => {
      const reached = { ...walk, ...next };
      await keeper.save(tx, reached, isFinished);
      walk = reached;
    };

    for (;;) {
      const [peerId, ...others] = walk.peerIds ?? [];
      if (peerId === undefined) {
        if (walk.peerIds !== null && walk.dialogsCursor === null) break;
        const page = await ask((one) => channel.dialogs(walk.dialogsCursor, one), signal);
        if (page === null) throw new StoppedError('the network does not give the list of dialogs to this token');
        await step(database, { peerIds: page.peerIds, dialogsCursor: page.next });
        continue;
      }
      const page = await ask((one) => channel.history(peerId, walk.historyCursor, one), signal);
      if (page !== null && peer?.peerId !== peerId) peer = await peerOf({ network, peerId }, channel, page, signal);
      const passed = { peerIds: others, historyCursor: null, dialogs: walk.dialogs + 1 };
      const userId = peer?.userId;
      if (page === null || peer === undefined || userId === undefined) {
        await step(database, { ...passed, skipped: walk.skipped + 1 });
      } else {
        const whose = { ...peer, userId };
        const wanted = page.messages.filter(({ at }) => at >= since && at < walk.startedAt);
        const isOver = page.next === null || page.messages.some(({ at }) => at < since);
        await database.transaction(async (tx) => {
          const messages = walk.messages + (await store(tx, { accountId, network, groupId }, whose, wanted));
          await step(tx, isOver ? { ...passed, messages } : { historyCursor: page.next, messages });
        });
      }
      onProgress?.(progressOf(walk));
    }
    await step(database, {}, true);
    return walk;
  };

  return {
    async run(connectionId, options) {
      const connection = await connections.get(connectionId);
      const channel = await connections.channel(connectionId);
      if (connection === null || !isOfGroup(connection) || !canReadHistory(channel)) {
        return { kind: 'impossible', reason: 'only a group of VK or OK that is connected by its own token has a history' };
      }
      const { accountId } = connection;
      const keeper = await takeWalk({ database, clock }, { connectionId, accountId, days: options.days ?? null });
      if (keeper === null) return { kind: 'impossible', reason: 'an import of this connection is under way' };
      let reached = progressOf(keeper.walk);
      const onProgress = (progress: ImportProgress): void => {
        reached = progress;
        options.onProgress?.(progress);
      };
      try {
        return { kind: 'done', ...progressOf(await go(connection, channel, keeper, { ...options, onProgress })) };
      } catch (error) {
        if (!(error instanceof StoppedError)) throw error;
        return { kind: 'stopped', reason: error.message, ...reached };
      } finally {
        await keeper.giveBack();
      }
    },
  };
}

function isOfGroup(connection: Connection): connection is Connection & { kind: Network; groupId: string } {
  return connection.kind !== 'notify' && connection.groupId !== null;
}

function canReadHistory(channel: Channel): channel is HistoryChannel {
  return channel.dialogs !== undefined && channel.history !== undefined;
}

function progressOf({ dialogs, messages, skipped }: Walk): ImportProgress {
  return { dialogs, messages, skipped };
}

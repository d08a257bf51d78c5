import type { Channel, Outgoing, SendOutcome } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import type { SlidingWindow } from '../limits/limits.ts';
import { callBatches } from './call-batches.ts';
import type { ClaimedMessage } from './claim.ts';
import { loopFailed, sendAnswered, templateRefused } from './events.ts';
import { createFloodWaits } from './flood-waits.ts';
import type { LaneIdentity, LaneParts } from './lane.ts';
import type { Line } from './lane-line.ts';
import { storable } from './outcome-text.ts';
import { NOT_LAUNCHED } from './rules-outcomes.ts';
import type { Settlement } from './settle.ts';
import { isLongerThan } from './text-length.ts';

/**
 * The calls of one lane, from the committed intent to the written outcome. Whatever fails in between, every slot comes back
 * and every message gets an outcome: a row that stayed `sending` under a living owner would be found by nobody.
 */
export interface LaneCalls {
  /** Takes the slots and sends, in at most `callsMax` calls; resolves nothing, see `finished`. */
  launch(line: Line, connection: Connection, messages: readonly ClaimedMessage[], callsMax: number): void;
  /** Ids of the messages that were launched and whose outcomes are not written yet. */
  inHand(): readonly number[];
  /** Resolves when the calls under way are answered and their outcomes written. */
  finished(): Promise<void>;
}

const UNANSWERED: SendOutcome = { kind: 'unanswered', detail: 'the channel gave no outcome' };
const NO_CHANNEL: SendOutcome = { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: '' };
// The setting may have changed since the message was accepted, and a reply is not asked for its length then.
const TOO_LONG: SendOutcome = { kind: 'refused', reason: 'content', networkCode: 'text.too.long' };
const NOT_PREPARED: SendOutcome = { kind: 'failed', networkCode: 'not_prepared' };
// A channel gives up at the signal; what it makes of that may take a moment.
const GIVE_UP_GRACE_MS = 500;
// After a token problem that could not be noted down, the next call would only hear of it again.
const STOPPED_PAUSE_MS = 1_000;

interface Prepared {
  message: ClaimedMessage;
  outgoing: Outgoing;
}
interface Answered {
  message: ClaimedMessage;
  outcome: SendOutcome;
  /** Null where no call was made. */
  launchedAt: number | null;
}

export function createLaneCalls(
  parts: Pick<LaneParts, 'clock' | 'channel' | 'outgoing' | 'settler' | 'pauseConnection' | 'sendTimeoutMs'> & {
    identity: LaneIdentity;
    notifications: SlidingWindow;
    mayLaunch(): boolean;
    isLost(): boolean;
    /** Slots began to cool. */
    onFreed(): void;
  },
): LaneCalls {
  const { clock, identity, notifications } = parts;
  const { laneId, epoch } = identity;
  const hand = new Map<number, ClaimedMessage>();
  const underWay = new Set<Promise<void>>();
  const replyTails = new Map<string, Promise<void>>();
  const floods = createFloodWaits(clock);

  const launch: LaneCalls['launch'] = (line, connection, messages, callsMax) => {
    if (messages.length === 0) return;
    const batches = callBatches(messages, { callsMax, batchMax: line.batchMax });
    notifications.take(notificationsIn(messages));
    line.calls?.take(batches.length);
    for (const message of messages) hand.set(message.messageId, message);
    for (const batch of batches) {
      const dialogs = new Set(batch.filter(({ kind }) => kind === 'reply').map(({ recipientId }) => recipientId));
      const before = [...dialogs].map((dialog) => replyTails.get(dialog)).filter((tail) => tail !== undefined);
      const call = Promise.all(before)
        .then(() => send(line, connection, batch))
        .catch((error) => loopFailed({ loop: 'send', error }))
        .finally(() => {
          underWay.delete(call);
          for (const message of batch) if (hand.get(message.messageId) === message) hand.delete(message.messageId);
          for (const dialog of dialogs) if (replyTails.get(dialog) === call) replyTails.delete(dialog);
        });
      underWay.add(call);
      // Replies of one dialog leave in their order, although calls run side by side.
      for (const dialog of dialogs) replyTails.set(dialog, call);
    }
  };

  const send = async (line: Line, connection: Connection, batch: readonly ClaimedMessage[]): Promise<void> => {
    const channel = await parts.channel(connection.id).catch((error: unknown) => {
      loopFailed({ loop: 'channel', error });
      return null;
    });
    const prepared = channel === null ? [] : await prepare(connection, batch);
    // The last moment: after it the network has the message.
    const mayLaunch = parts.mayLaunch();
    const fits = ({ outgoing }: Prepared): boolean =>
      channel !== null && !isLongerThan(outgoing.text, channel.capabilities.textCharactersMax);
    const floodedMs = (message: ClaimedMessage): number => floods.leftMs(personOf(connection, message));
    const launched = prepared.filter(
      (item) => mayLaunch && item.message.expiresAt > clock.now() && fits(item) && floodedMs(item.message) === 0,
    );
    const kept = batch.filter((message) => !launched.some((item) => item.message === message));
    notifications.giveBack(notificationsIn(kept));
    if (launched.length === 0) {
      line.calls?.giveBack(1);
      line.pace.heard([], clock.monotonic());
    }
    const answered = channel === null || launched.length === 0 ? [] : await callAndAnswer(line, connection, channel, launched);
    parts.onFreed();
    // The next owner takes over all of it; an outcome of ours would not be written.
    if (parts.isLost()) return;
    const whyKept = (message: ClaimedMessage): SendOutcome => {
      if (channel === null) return NO_CHANNEL;
      const item = prepared.find((one) => one.message === message);
      if (item === undefined) return NOT_PREPARED;
      if (!fits(item)) return TOO_LONG;
      const retryAfterMs = floodedMs(message);
      return retryAfterMs === 0 ? NOT_LAUNCHED : { kind: 'throttled', scope: 'recipient', retryAfterMs, networkCode: '' };
    };
    const settled = [...answered, ...kept.map((message) => ({ message, outcome: whyKept(message), launchedAt: null }))];
    await parts.settler.settle(settled.map((item) => settlement(item, channel)));
  };

  const callAndAnswer = async (
    line: Line,
    connection: Connection,
    channel: Channel,
    launched: readonly Prepared[],
  ): Promise<readonly Answered[]> => {
    const [launchedAt, launchedMonotonic] = [clock.now(), clock.monotonic()];
    const given = await callNetwork(
      channel,
      launched.map(({ outgoing }) => outgoing),
    );
    const outcomes = launched.map(({ message, outgoing }, index) => {
      const outcome = storable(given[index] ?? UNANSWERED, outgoing.dedupKey);
      return withFloodWait(outcome, personOf(connection, message), launchedMonotonic);
    });
    notifications.answered(notificationsIn(launched.map(({ message }) => message)));
    line.calls?.answered(1);
    line.pace.heard(outcomes, launchedMonotonic);
    for (const [index, { message }] of launched.entries()) tell(connection, message, outcomes[index] ?? UNANSWERED);
    await pauseIfStopped(line, connection, channel, outcomes);
    return launched.map(({ message }, index) => ({ message, outcome: outcomes[index] ?? UNANSWERED, launchedAt }));
  };

  /** By its contract a channel answers for each message in time and never throws; a slot must come back even from one that does not. */
  const callNetwork = async (channel: Channel, batch: readonly Outgoing[]): Promise<readonly SendOutcome[]> => {
    const giveUp = new AbortController();
    const done = new AbortController();
    const deadline = async (): Promise<readonly SendOutcome[]> => {
      await clock.sleep(parts.sendTimeoutMs, done.signal);
      if (done.signal.aborted) return [];
      giveUp.abort(new DOMException('no answer in time', 'TimeoutError'));
      await clock.sleep(GIVE_UP_GRACE_MS, done.signal);
      return [];
    };
    try {
      return await Promise.race([channel.send(batch, giveUp.signal), deadline()]);
    } catch (error) {
      loopFailed({ loop: 'send', error });
      return [];
    } finally {
      done.abort('answered'); // with a reason of our own: Node makes an error with a stack otherwise
    }
  };

  /** What could be made ready; one whose template or sender cannot be read waits alone. */
  const prepare = async (connection: Connection, batch: readonly ClaimedMessage[]): Promise<readonly Prepared[]> => {
    const made = batch.map(async (message): Promise<Prepared[]> => {
      try {
        return [{ message, outgoing: await parts.outgoing(message, identity, connection) }];
      } catch (error) {
        loopFailed({ loop: 'prepare', error });
        return [];
      }
    });
    return (await Promise.all(made)).flat();
  };

  const settlement = ({ message, outcome, launchedAt }: Answered, channel: Channel | null): Settlement => ({
    messageId: message.messageId,
    laneId,
    epoch,
    step: message.step,
    attempt: message.attempt,
    outcome,
    launchedAt,
    dropsRepeats: channel?.capabilities.dropsRepeats ?? false,
    awaitsReceipts: channel?.capabilities.reportsDelivered ?? false,
  });

  const withFloodWait = (outcome: SendOutcome, person: string, launchedMonotonic: number): SendOutcome => {
    if (outcome.kind === 'sent') floods.ended(person);
    if (outcome.kind !== 'throttled' || outcome.scope === 'lane') return outcome;
    return { ...outcome, retryAfterMs: Math.max(outcome.retryAfterMs, floods.struck(person, launchedMonotonic)) };
  };

  const tell = ({ id: connectionId, kind: channel }: Connection, message: ClaimedMessage, outcome: SendOutcome): void => {
    const code = 'networkCode' in outcome ? outcome.networkCode : '';
    const unfit = outcome.kind === 'refused' ? outcome.detail : undefined;
    sendAnswered({ connectionId, channel, outcome: outcome.kind, code, ...(unfit !== undefined && { unfit }) });
    const { accountId, templateId } = message;
    if (outcome.kind === 'refused' && outcome.reason === 'content' && templateId !== null)
      templateRefused({ accountId, templateId, channel, code });
  };

  const pauseIfStopped = async (line: Line, connection: Connection, channel: Channel, outcomes: readonly SendOutcome[]) => {
    const stopped = outcomes.find((outcome) => outcome.kind === 'stopped');
    if (stopped === undefined) return;
    const { networkCode, detail } = stopped;
    try {
      await parts.pauseConnection(connection.id, detail.includes(networkCode) ? detail : `${networkCode}: ${detail}`, channel);
    } catch (error) {
      loopFailed({ loop: 'pause', error });
      line.pace.close(STOPPED_PAUSE_MS);
    }
  };

  return {
    launch,
    inHand: () => [...hand.keys()],
    async finished() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** Whom flood control is about: an upstream knows people by phone, a community by their id. */
const personOf = ({ id }: Connection, { recipientId }: ClaimedMessage): string => `${id}:${recipientId}`;

const notificationsIn = (messages: readonly ClaimedMessage[]): number =>
  messages.filter((message) => message.kind === 'notification').length;

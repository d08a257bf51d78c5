import type { Callbacks } from '../callbacks/callbacks.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { createLoop, type Found } from '../platform/loop.ts';
import { createFollowUpWorker, type FollowUpParts } from './follow-up-worker.ts';
import { createIncoming, type IncomingParts } from './incoming.ts';
import { createOutgoing, type OutgoingParts } from './outgoing.ts';
import type { RawEvents } from './raw-events.ts';
import { createReceipts } from './receipts.ts';
import { sweep } from './sweep.ts';
import { createWorker } from './worker.ts';

export {
  type BodyForm,
  createRawEvents,
  type NewRawEvent,
  type RawEventItem,
  type RawEventState,
  type RawEvents,
  TAG_COPY,
} from './raw-events.ts';
export { dialogKeyOf, eventsOf } from './understand.ts';

export type InboxParts = IncomingParts &
  OutgoingParts &
  Omit<FollowUpParts, 'onSettled'> & {
    dispatch: Dispatch;
    callbacks: Pick<Callbacks, 'wake'>;
    dialogs: Dialogs;
    rawEvents: Pick<RawEvents, 'onStored'>;
  };

/** Works off what came in, in the order of each dialog, and brings what went out into the dialogs. */
export interface Inbox {
  /** There may be something to do; without it the loops look by themselves some times a second. */
  wake(): void;
  run(): void;
  /** Resolves when the transactions under way have ended. */
  stop(): Promise<void>;
}

// Other processes store events too, and wake nobody here.
const IDLE_MS = 250;
const UNMATCHED_IDLE_MS = 200;
// Under load a commit then serves all that came in so many ms; docs/decisions/0008-what-one-message-costs.md has the figures.
/** A person waits for the answer. */
const WORDS_EVERY_MS = 25;
/** Statuses and the lines of what was sent, several of each message: nobody sees the difference, and sending has the processor. */
const STATUSES_EVERY_MS = 150;
const SWEEP_IDLE_MS = 600_000;

export function createInbox(parts: InboxParts): Inbox {
  const { database, dispatch, dialogs, callbacks, rawEvents, clock, log } = parts;
  const outgoing = createOutgoing(parts);
  const worker = createWorker({ database, incoming: createIncoming(parts), clock, log });
  const receipts = createReceipts({ database, dispatch, clock, log });

  let lastSent: Promise<unknown> = Promise.resolve();
  /** Two loops ask for it: the second one must find done what the first one has begun. */
  const workOffSent = (): Promise<Found> => {
    const next = lastSent.then(() => outgoing.workOff());
    lastSent = next.catch(() => {}); // told to whoever asked
    return next;
  };
  const wordsStep = async (signal: AbortSignal): Promise<boolean> => {
    // What was sent comes before what was answered to it: an answer looks for the dialog's last notification.
    const wasReceived = await worker.workOff(signal, workOffSent);
    if (wasReceived) {
      callbacks.wake();
      followUps.wake();
    }
    return wasReceived;
  };
  const sentStep = async (): Promise<Found> => {
    const found = await workOffSent();
    if (found !== false) callbacks.wake();
    return found;
  };
  const loop = (name: string, idleMs: number, everyMs: number, step: (signal: AbortSignal) => Promise<Found>) =>
    createLoop({ name, clock, log, idleMs, everyMs, step });
  const answers = createFollowUpWorker({ ...parts, onSettled: () => words.wake() });
  const followUps = loop('follow_ups', IDLE_MS, WORDS_EVERY_MS, () => answers.workOff());
  const words = loop('inbox', IDLE_MS, WORDS_EVERY_MS, wordsStep);
  const sent = loop('sent', IDLE_MS, STATUSES_EVERY_MS, sentStep);
  const statuses = loop('receipts', IDLE_MS, STATUSES_EVERY_MS, () => receipts.workOff());
  const loops = [
    ...[words, followUps, sent, statuses],
    loop('unmatched_receipts', UNMATCHED_IDLE_MS, STATUSES_EVERY_MS, () => receipts.retryUnmatched()),
    loop('inbox_sweep', SWEEP_IDLE_MS, STATUSES_EVERY_MS, () => sweep(database, dialogs, clock)),
  ];
  rawEvents.onStored((what) => (what === 'statuses' ? statuses : words).wake());

  return {
    wake: () => sent.wake(),
    run() {
      for (const one of loops) one.run();
    },
    async stop() {
      await Promise.all(loops.map((one) => one.stop()));
      await receipts.stop();
      await answers.stop();
    },
  };
}

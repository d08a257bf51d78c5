import type { Callbacks } from '../callbacks/callbacks.ts';
import type { Dialogs } from '../dialogs/dialogs.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { createLoop } from '../platform/loop.ts';
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
const EVERY_MS = 25;
const SWEEP_IDLE_MS = 600_000;

export function createInbox(parts: InboxParts): Inbox {
  const { database, dispatch, dialogs, callbacks, rawEvents, clock, log } = parts;
  const outgoing = createOutgoing(parts);
  const worker = createWorker({ database, incoming: createIncoming(parts), clock, log });
  const receipts = createReceipts({ database, dispatch, clock, log });

  // What was sent comes before what was answered to it: an answer looks for the dialog's last notification.
  const incomingStep = async (signal: AbortSignal): Promise<boolean> => {
    const wasSent = await outgoing.workOff();
    const wasReceived = await worker.workOff(signal);
    if (wasSent || wasReceived) callbacks.wake();
    if (wasReceived) followUpLoop.wake();
    return wasSent || wasReceived;
  };
  const loop = (name: string, idleMs: number, step: (signal: AbortSignal) => Promise<boolean>) =>
    createLoop({ name, clock, log, idleMs, everyMs: EVERY_MS, step });
  const followUps = createFollowUpWorker({ ...parts, onSettled: () => inboxLoop.wake() });
  const followUpLoop = loop('follow_ups', IDLE_MS, () => followUps.workOff());
  const inboxLoop = loop('inbox', IDLE_MS, incomingStep);
  const loops = [
    inboxLoop,
    loop('receipts', IDLE_MS, () => receipts.workOff()),
    loop('unmatched_receipts', UNMATCHED_IDLE_MS, () => receipts.retryUnmatched()),
    followUpLoop,
    loop('inbox_sweep', SWEEP_IDLE_MS, () => sweep(database, dialogs, clock)),
  ] as const;
  const wake = () => {
    for (const one of loops.slice(0, 2)) one.wake();
  };
  rawEvents.onStored(wake);

  return {
    wake,
    run() {
      for (const one of loops) one.run();
    },
    async stop() {
      await Promise.all(loops.map((one) => one.stop()));
      await receipts.stop();
      await followUps.stop();
    },
  };
}

import type { Route, Status } from '@soroka/api';
import type { SendOutcome } from '@soroka/channels';
import type { CourseNote, HistoryEntry } from './contract.ts';
import type { StepPlan } from './plan.ts';

/** What dispatch knows of a message when something happens to it. Times in milliseconds since 1970. */
export interface HeldMessage {
  id: number;
  accountId: number;
  status: Status;
  channel: Route;
  createdAt: number;
  expiresAt: number;
  steps: readonly StepPlan[];
  history: readonly HistoryEntry[];
  /** Null where nothing was noted yet. */
  notes: readonly CourseNote[] | null;
  /** Null when nothing is left to be done. */
  delivery: HeldDelivery | null;
}

export interface HeldDelivery {
  step: number;
  state: 'queued' | 'sending' | 'sent';
  /** Its place in its queue. */
  dueAt: Date;
  attempt: number;
  daySlotAt: Date | null;
  dayPersons: readonly string[] | null;
  /** A call of it had no answer. */
  maybeSent: boolean;
}

/** What came of a claimed message. */
export interface OutcomeFact {
  kind: 'outcome';
  outcome: SendOutcome;
  /** Null where no call was made. */
  launchedAt: number | null;
  dropsRepeats: boolean;
  awaitsReceipts: boolean;
}

export interface ReceiptFact {
  kind: 'receipt';
  step: number;
  status: Exclude<Status, 'QUEUED' | 'CANCELLED'>;
  at: number;
}

/** Something that happened to a message. `at` is when, for facts that others tell us of. */
export type Fact =
  | OutcomeFact
  | { kind: 'unsendable'; reason: 'no_contact' | 'policy' | 'daily_limit' }
  /** Put off by its claim: its hours have not begun, or its person's day is full and the connection waits for a place. */
  | { kind: 'postponed'; reason: 'window' | 'daily_limit'; until: number }
  | ReceiptFact
  | { kind: 'read'; at: number }
  | { kind: 'step_ended' }
  | { kind: 'expired' }
  | { kind: 'cancelled' }
  /** Its owner is gone: the call may or may not have been taken. */
  | { kind: 'orphaned'; dropsRepeats: boolean };

/** What becomes of the message; everything in one transaction. */
export interface Change {
  /** Absent: stays. */
  status?: Status;
  channel?: Route;
  errorCode?: number;
  entry?: HistoryEntry;
  /** What its timeline is to say beside the entry. */
  note?: CourseNote;
  /** Tell the customer and the dialog of `entry`. */
  report: boolean;
  /** Reported instead of the entry's own channel. */
  reportChannel?: Route;
  delivery:
    | 'keep'
    | 'remove'
    | { queue: { step: number; dueAt: number; attempt: number; keepDaySlot: boolean; maybeSent: boolean } }
    | { await: { pollAt: number } }
    | { clearStepEnd: true };
  /** Remember the network's id of what was sent. */
  networkId?: string;
  giveBackDaySlot: boolean;
}

export interface DecideSettings {
  /** How long to wait for a provider's callback before asking it. */
  pollAfterMs: number;
  /** 0 up to 1. */
  random(): number;
}

/** A step on the way to a device. */
export type PushHopName = 'subscription' | 'credentials' | 'address' | 'encryption' | 'service' | 'token' | 'device';

/** What one call came to; `at` is the step where it ended. Details name no token, no address and no word. */
export type PushOutcome =
  | { kind: 'taken' }
  /** The device is subscribed no longer: nothing will ever arrive there. */
  | { kind: 'gone'; at: PushHopName }
  /** The service does not want it as it is. */
  | { kind: 'refused'; at: PushHopName; detail: string }
  /** Passing. */
  | { kind: 'failed'; at: PushHopName; detail: string };

/** What goes to a device: which dialog it is, and words only where the owner of the device wants them there. */
export type PushPayload = { kind: 'test' } | { kind: 'message'; dialogId: number; name?: string | null; text?: string };

/** `topic`: a later sign of the same one takes the place of an earlier one, where the service knows how. */
export interface PushSign {
  payload: PushPayload;
  topic: string;
}

/** An operator who comes back an hour later sees it in the list. */
export const PUSH_LIFE_SECONDS = 3_600;
export const PUSH_TIMEOUT_MS = 10_000;

/** What one call besides a send came to. */
export type ActionOutcome<Result = null> =
  | { kind: 'done'; result: Result }
  /** Definite. `detail` says to an operator what the network did not like; no token, phone or text in it. */
  | { kind: 'refused'; networkCode: string; detail: string }
  /** Passing, or no answer at all: may be tried again. */
  | { kind: 'failed'; networkCode: string; retryAfterMs: number; detail: string }
  /** A token problem: an operator has to act. */
  | { kind: 'stopped'; networkCode: string; detail: string };

/** One finding about a connection, and what to do about a bad one. */
export interface SetUpStep {
  name: 'token' | 'group' | 'permissions' | 'messages' | 'webhook' | 'long-poll' | 'signature';
  state: 'good' | 'bad' | 'unknown';
  /** A sentence; secrets masked. */
  found: string;
  /** What to do; absent where all is well. */
  advice?: string;
}

export interface UploadedFile {
  kind: 'image' | 'file' | 'voice' | 'video';
  /** As the person sees it: `price.pdf`. */
  name: string;
  /** By content, not by name: `image/jpeg`. */
  contentType: string;
  bytes: Uint8Array;
}

export interface UserProfile {
  userId: string;
  name: string;
  pictureUrl: string | null;
}

export interface ChatProfile {
  peerId: string;
  isGroupChat: boolean;
  title: string | null;
  pictureUrl: string | null;
  memberIds: readonly string[];
}

/** What stood in a dialog before we were connected. */
export interface HistoryMessage {
  networkId: string;
  direction: 'in' | 'out';
  /** The writer: a person, or the group itself (empty). */
  userId: string;
  text: string;
  attachments: readonly unknown[];
  at: Date;
}

export interface HistoryPage {
  /** Newest first. */
  messages: readonly HistoryMessage[];
  /** For the next, older page; null at the beginning of the dialog. */
  next: string | null;
}

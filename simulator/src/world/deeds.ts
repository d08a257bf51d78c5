import type { Instant } from './clock.ts';
import type { Keyboard, Message } from './dialogs.ts';
import type { Network } from './groups.ts';

export interface Sending {
  text: string;
  kind: Message['kind'];
  /** The same key from the same group to the same person sends once; the first message is given back. */
  dedupKey?: string;
  keyboard?: Keyboard;
  extra?: Record<string, unknown>;
  /** The upstream's messageId. */
  tag?: string;
  /** Not delivered within this: `expired`. Without it the message waits for ever. */
  ttlMs?: number;
  /** When the call came in; now, if not given. */
  at?: Instant;
}

export interface SayingMore {
  /** Of the button that writes it. */
  payload?: string;
  /** VK `ref` of the link they came by. */
  ref?: string;
  extra?: Record<string, unknown>;
  /** Where they write: under the group's notifications or in its dialog. Not given: under whatever the group sent last. */
  under?: 'notifications' | 'dialog';
}

export type Sent =
  | { ok: true; message: Message; repeated: boolean }
  /** `no_account`: the person is not on this network. `blocked`: they forbade this group to write. */
  | { ok: false; reason: 'no_account' | 'blocked' };

/** What a person did, or why they could not. */
export type Acted<Result> = { ok: true; result: Result } | { ok: false; reason: 'no_account' | 'no_button' };

export interface InboxEntry {
  network: Network;
  group: string;
  text: string;
  kind: Message['kind'];
  /** When the network took it, ms. */
  time: number;
  status: 'received' | 'read' | 'expired';
}

import type { Chat } from './chats.ts';
import type { Dialog } from './dialogs.ts';
import type { Person } from './people.ts';

/** What a person's client shows of the group besides its messages. It passes and is kept nowhere. */
export type Sign =
  /** The group writes or sends something; `activity` as the network names it (`typing`, `photo`, `TYPING_ON` …). */
  | { kind: 'activity'; activity: string }
  /** The group's answer to a press. `nothing` only ends the waiting. */
  | { kind: 'answer'; callbackId: string; answer: PressAnswer };

export type PressAnswer = { kind: 'nothing' } | { kind: 'snackbar'; text: string } | { kind: 'link'; link: string };

export interface ShownSign {
  place: Dialog | Chat;
  /** Whom it is for; null: everybody in the chat. */
  person: Person | null;
  sign: Sign;
  /** Wall time, ms. */
  time: number;
}

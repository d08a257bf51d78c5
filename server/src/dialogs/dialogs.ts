import type { Status } from '@soroka/api';
import type { Keyboard, Network } from '@soroka/channels';
import type { Events } from '../events/events.ts';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { gathered, gatheredOne } from '../platform/gathered.ts';
import { askedForContact } from './asked-for-contact.ts';
import { type Attached, attach, type FetchedFile } from './attached.ts';
import { type ChatKind, type ChatLook, describeChat, knownChat, learnChat } from './chats.ts';
import { completeText, editIncoming, type MessageText } from './edits.ts';
import {
  type DialogItem,
  dialogPlace,
  linesAfter,
  listDialogs,
  listMessages,
  type MessageItem,
  type Page,
  type PageRequest,
  readDialogs,
} from './history.ts';
import { moveToContact } from './move-contact.ts';
import { type DialogPlace, noteChanges } from './noting.ts';
import { openDialogs, openForNotifications } from './open.ts';
import { deleteOutgoing, editOutgoing, type OutgoingLine, outgoingLine } from './own-lines.ts';
import { type LockedDialog, lockDialog } from './place.ts';
import { forgetReadMarks, readBefore, readUpTo } from './read-marks.ts';
import { appendMessages, buttonLabel, changeStatuses, completeIncoming, groupOfMessage } from './record.ts';
import { waitingOfBot } from './waiting.ts';

export { type Attached, coming, type FetchedFile } from './attached.ts';
export { type ChatKind, type ChatLook, isGroupChat, needsChatLookup } from './chats.ts';
export type { MessageText } from './edits.ts';
export type { DialogItem, MessageItem, Page, PageRequest } from './history.ts';
export {
  createImport,
  type HistoryImport,
  type ImportOptions,
  type ImportOutcome,
  type ImportParts,
  type ImportProgress,
} from './import.ts';
export type { DialogPlace } from './noting.ts';
export type { OutgoingLine } from './own-lines.ts';
export type { LockedDialog } from './place.ts';

/** Whose dialog with which group. */
export interface DialogKey {
  accountId: number;
  network: Network;
  groupId: string;
}

/** Where an incoming event belongs. */
export interface Opening extends DialogKey {
  /** Null in a group chat of several people. */
  contactId: number | null;
  /** The network's id of the person, or of the group chat. */
  userId: string;
  /** Where a reply goes. */
  peerId: string;
  at: Date;
}

export interface Dialog {
  id: number;
  /** Our id of the last notification this group sent here. */
  lastNotificationId: number | null;
}

export interface OpenedDialog extends Dialog {
  /** Made just now. */
  isNew: boolean;
  /** The dialog that turned out to be of the same person and became part of this one just now. */
  mergedFrom: number | null;
}

/** A dialog as whoever writes to it needs it. */
export interface PeerPlace extends DialogPlace {
  network: Network;
  kind: 'person' | 'chat';
  /** Null until the first word from there. */
  peerId: string | null;
}

export interface NewMessage {
  dialogId: number;
  /** `system`: something befell the dialog; `payload` says what: {change, …}. `note`: for operators alone, no network sees it. */
  kind?: MessageItem['kind'];
  source: 'person' | 'bot' | 'operator' | 'notification';
  text: string;
  at: Date;
  payload?: string;
  /** The network's id of who wrote: a member of a group chat, an admin in the network's own page. */
  authorId?: string;
  /** Which of our operators wrote or did it. */
  operatorId?: number;
  /** JSON text, as the network gave it. */
  attachmentsJson?: string;
  /** What of it is a file. */
  attached?: readonly Attached[];
  /** Out: what its author's client called it. */
  localId?: string;
  /** Id of the line of this dialog that it answers. */
  replyTo?: number;
  keyboard?: Keyboard;
  /** In: the notification it answers. */
  messageTag?: string;
  /** In: the network's id of the event; a second message with the same one is not recorded. */
  eventId?: string;
  /** Out: our id; a second message with the same one is not recorded in the dialogs of the same network. */
  messageId?: number;
  /**
   * At the network itself, never at a notify upstream: what read marks speak of. Of two lines of the group with the same
   * one a single one stands: ours, where one is. A person's are told apart by their events.
   */
  networkId?: string;
  /** Out. */
  status?: Status;
}

/** What became of one of our messages. */
export interface StatusChange {
  messageId: number;
  network: Network;
  status: Status;
  networkId?: string;
}

/** One of our messages that the person has read. */
export interface ReadMessage {
  accountId: number;
  messageId: number;
  /** When the network told us so. */
  at: Date;
}

/** The history of every account's dialogs: one dialog per group and contact, for ever. */
export interface Dialogs {
  /** The dialog of the person, made where there was none; two that turn out to be one person's are merged into one. */
  open(tx: Transaction, opening: Opening): Promise<OpenedDialog>;
  /** The dialogs of contacts that got a notification, in the order given. Dates are of the notifications. */
  openForNotifications(
    tx: Transaction,
    openings: readonly (DialogKey & { contactId: number; at: Date })[],
  ): Promise<readonly Dialog[]>;
  /** Holds the dialog until the transaction ends, as `open` does: what others do in it comes before or after. Null where there is none. */
  lock(tx: Queryable, dialogId: number): Promise<LockedDialog | null>;
  /** Writes messages at the ends of their dialogs, in the order given; true for each that was new. */
  append(tx: Transaction, messages: readonly NewMessage[]): Promise<readonly boolean[]>;
  /** A person changed a message: it shows the new content, and keeps the words it had. Nothing happens where it is not known. */
  editIncoming(
    tx: Transaction,
    key: DialogKey & { userId: string },
    networkId: string,
    content: MessageText,
    at: Date,
  ): Promise<void>;
  /** A line that went out, to be changed; null where the dialog has no such line, or it came in. */
  outgoingLine(on: Queryable, dialogId: number, lineId: number): Promise<OutgoingLine | null>;
  /** We changed a line in the network: it shows the new words, and keeps those before. */
  editOutgoing(tx: Transaction, lineId: number, text: string, at: Date): Promise<void>;
  /** We took a line back from the network: it shows that it was there, and keeps its words among the earlier ones. */
  deleteOutgoing(tx: Transaction, lineId: number, at: Date): Promise<void>;
  /** A file of a person's line was fetched: it stands at its place there. */
  attach(tx: Transaction, where: { dialogId: number; eventId: string; place: number }, file: FetchedFile): Promise<void>;
  /** The whole of a message that came cut. */
  completeText(tx: Transaction, dialogId: number, networkId: string, content: MessageText): Promise<void>;
  /** What was learnt of a chat whose bodies do not tell; `unknown` also where another person writes than the one it was of. */
  knownChat(tx: Queryable, key: DialogKey, peerId: string, userId: string): Promise<ChatKind>;
  /** `userId` null: a chat of several people. */
  learnChat(tx: Queryable, key: DialogKey, peerId: string, userId: string | null, at: Date): Promise<void>;
  /** Title and picture of a chat of several people, where we have its dialog; what is absent stays. */
  describeChat(tx: Queryable, key: DialogKey, peerId: string, look: ChatLook): Promise<void>;
  /** Learnt after the message was recorded: which notification it answers. */
  completeIncoming(tx: Queryable, dialogId: number, eventId: string, messageTag: string): Promise<void>;
  /** What stood on the button with this payload, when it was shown lately. */
  buttonLabel(tx: Queryable, dialogId: number, payload: string): Promise<string | undefined>;
  /** Whether one of the last lines of the person's dialog had a button that asks for their phone. */
  askedForContact(tx: Queryable, key: DialogKey, userId: string): Promise<boolean>;
  /** The group whose dialog holds a message of ours. */
  groupOfMessage(tx: Queryable, messageId: number, network: Network): Promise<string | null>;
  /** In the order they happened; changes of messages that are in no dialog are passed over. Returns which were found. */
  changeStatuses(tx: Transaction, changes: readonly StatusChange[]): Promise<readonly boolean[]>;
  /**
   * A person has read everything up to this id. Returns our messages that are read by it; those whose network ids are not
   * known yet (the answer to the send was lost, or is on its way) come from `readBefore` when they are.
   */
  readUpTo(tx: Queryable, key: DialogKey & { userId: string }, upToNetworkId: string, at: Date): Promise<readonly ReadMessage[]>;
  /** Which of these messages the person had read before their network ids were known. Ask in the transaction that wrote the ids. */
  readBefore(tx: Queryable, messages: readonly Pick<StatusChange, 'messageId' | 'network'>[]): Promise<readonly ReadMessage[]>;
  /** Removes what `readUpTo` remembered for `readBefore`; up to so many rows. Returns how many there were. */
  forgetReadMarks(before: Date, rowsMax: number): Promise<number>;
  /** Our ids of a bot's answers in the dialog, with this text where it is given, that are not known to be sent. */
  waitingOfBot(tx: Queryable, dialogId: number, text?: string): Promise<readonly number[]>;
  /** As the list shows them, by id. */
  some(accountId: number, dialogIds: readonly number[]): Promise<ReadonlyMap<number, DialogItem>>;
  /** Dialogs of one contact become another one's, where that has none with the same group; all, or these. Returns which. */
  moveToContact(
    tx: Queryable,
    accountId: number,
    from: number,
    to: number,
    dialogIds?: readonly number[],
  ): Promise<readonly number[]>;
  /** Most recent first. Throws `parameter.invalid` for a cursor that is not ours. */
  list(accountId: number, page: PageRequest): Promise<Page<DialogItem>>;
  /** Where a dialog stands, after any merging; null where the account has no such dialog, or not in these groups (null: all). */
  place(accountId: number, dialogId: number, groups: readonly string[] | null): Promise<PeerPlace | null>;
  /** Oldest first, of a dialog that `place` gave; from the beginning where `sequence` is null. */
  linesAfter(dialogId: number, sequence: number | null, limit: number): Promise<readonly MessageItem[]>;
  /** Newest first; null where the account has no such dialog. */
  messages(accountId: number, dialogId: number, page: PageRequest): Promise<Page<MessageItem> | null>;
}

export function createDialogs({ database, events }: { database: Database; events: Pick<Events, 'note'> }): Dialogs {
  return {
    open: gatheredOne(async (tx: Transaction, openings: readonly Opening[]) => {
      const opened = await openDialogs(tx, openings);
      for (const { changes } of opened) noteChanges(events, tx, changes);
      return opened.map(({ dialog }) => dialog);
    }),
    async openForNotifications(tx, openings) {
      const { dialogs, changes } = await openForNotifications(tx, openings);
      noteChanges(events, tx, changes);
      return dialogs;
    },
    lock: lockDialog,
    append: gathered(async (tx: Transaction, messages: readonly NewMessage[]) => {
      const { isNew, changes } = await appendMessages(tx, messages);
      noteChanges(events, tx, changes);
      return isNew;
    }),
    async editIncoming(tx, key, networkId, content, at) {
      noteChanges(events, tx, await editIncoming(tx, key, networkId, content, at));
    },
    outgoingLine,
    async editOutgoing(tx, lineId, text, at) {
      noteChanges(events, tx, await editOutgoing(tx, lineId, text, at));
    },
    async deleteOutgoing(tx, lineId, at) {
      noteChanges(events, tx, await deleteOutgoing(tx, lineId, at));
    },
    async attach(tx, where, file) {
      noteChanges(events, tx, await attach(tx, where, file));
    },
    async completeText(tx, dialogId, networkId, content) {
      noteChanges(events, tx, await completeText(tx, dialogId, networkId, content));
    },
    knownChat,
    learnChat,
    describeChat,
    completeIncoming,
    buttonLabel,
    askedForContact,
    groupOfMessage,
    async changeStatuses(tx, statuses) {
      const { isFound, changes } = await changeStatuses(tx, statuses);
      noteChanges(events, tx, changes);
      return isFound;
    },
    moveToContact,
    readUpTo,
    readBefore,
    waitingOfBot,
    some: (accountId, dialogIds) => readDialogs(database, accountId, dialogIds),
    forgetReadMarks: (before, rowsMax) => forgetReadMarks(database, before, rowsMax),
    list: (accountId, page) => listDialogs(database, accountId, page),
    linesAfter: (dialogId, sequence, limit) => linesAfter(database, dialogId, sequence, limit),
    place: (accountId, dialogId, groups) => dialogPlace(database, accountId, dialogId, groups),
    messages: (accountId, dialogId, page) => listMessages(database, accountId, dialogId, page),
  };
}

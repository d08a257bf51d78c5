import { createHash } from 'node:crypto';
import type { Instant } from './clock.ts';
import type { Group, Network } from './groups.ts';
import type { Ids } from './ids.ts';
import type { People, Person } from './people.ts';

/** A button as a person sees it. */
export interface ShownButton {
  label: string;
  /** JSON text on VK, any text on OK; empty where the button carries none. */
  payload: string;
  /**
   * What pressing does: `say` writes the label (VK text buttons), `tell` only tells the group (callback buttons), `contact` and
   * `location` write what is asked for, `open` leads to `url` and tells nobody.
   */
  does: 'say' | 'tell' | 'contact' | 'location' | 'open';
  /** Of a link. */
  url?: string;
}

export interface Keyboard {
  /** `message`: part of it for ever. `dialog`: under the dialog until another one comes; without buttons it takes the old one away. */
  place: 'message' | 'dialog';
  /** A `dialog` keyboard that goes away once pressed. */
  oneTime: boolean;
  buttons: ShownButton[];
}

/** `pending`: taken by the network, the person was not online yet. */
export type MessageStatus = 'pending' | 'received' | 'read' | 'expired';

export interface Message {
  readonly dialog: Dialog;
  readonly from: 'person' | 'group';
  /** `notification`: by the notify upstream or an application; `message`: written in the dialog. */
  readonly kind: 'notification' | 'message';
  /** VK: `message_id` in decimal, unique within the group. OK: `mid:…`. */
  readonly networkId: string;
  /** VK `conversation_message_id`. */
  readonly numberInDialog: number;
  /** OK `seq`, beyond 2^53 (ok.md 3.5); 0n on VK. */
  readonly seq: bigint;
  /** Wall time when the network took it, ms. On OK exactly `seq >> 16`. */
  readonly time: number;
  /** VK `event_id` of the event that tells the group of it; null where the group wrote it. */
  readonly eventId: string | null;
  /** Notification: the upstream's messageId. From a person: that of the notification which it answers. */
  readonly tag: string | null;
  /** From a person: of the button that wrote it. */
  readonly payload: string | null;
  /** From a person: VK `ref` of the link they came by. */
  readonly ref: string | null;
  text: string;
  keyboard: Keyboard | null;
  /** Whatever else the network keeps of it and gives back (attachments, random_id, reply_to …). */
  extra: Record<string, unknown>;
  status: MessageStatus;
  editedAt: number | null;
  deleted: boolean;
  /** Deleted by the group for itself alone. */
  hiddenFromGroup: boolean;
  /** The person's, by its number on VK. */
  reaction: number | null;
}

/** What one person and one group have written to each other on one network. */
export interface Dialog {
  readonly group: Group;
  readonly person: Person;
  /** Where the group sends to: VK user id, OK `chat:C…`. */
  readonly peerId: string;
  /** Oldest first; only the newest, see `MESSAGES_MAX`. */
  readonly messages: Message[];
  /** The keyboard under it. */
  keyboard: Keyboard | null;
  lastNumber: number;
  /** `numberInDialog` up to which the group has read what the person wrote; 0 where it has not said so. */
  seenUpTo: number;
}

/** What is not derived from the dialog. */
export type NewMessage = Pick<Message, 'from' | 'kind' | 'text' | 'status' | 'tag' | 'payload' | 'ref' | 'keyboard' | 'extra'>;

// All messages of all dialogs together: a load run must not fill the memory. The oldest go first.
const MESSAGES_MAX = 300_000;

// Seed 002 prints this chat for user 123456789012, who is Anna in the demo.
const DEMO_CHAT = { groupId: '70000000000001', userId: '123456789012', chatId: 'chat:C3ecb9d02a600' } as const;

export function idOn(person: Person, network: Network): string | null {
  if (network === 'ok') return person.okId;
  return person.vkId === null ? null : String(person.vkId);
}

function peerIdOf(group: Group, userId: string): string {
  if (group.network === 'vk') return userId;
  if (group.id === DEMO_CHAT.groupId && userId === DEMO_CHAT.userId) return DEMO_CHAT.chatId;
  return `chat:C${createHash('sha1').update(`${group.id} ${userId}`).digest('hex').slice(0, 12)}`;
}

export interface Dialogs {
  /** Opens it where it is not open yet. Throws where the person has no account on the group's network. */
  open(group: Group, person: Person): Dialog;
  find(group: Group, person: Person): Dialog | null;
  /** The dialog with this peer. One that a client knows from an earlier run, or from before a reset, is opened again. */
  byPeer(group: Group, peerId: string): Dialog | null;
  /** The message with this `networkId` in one of the group's dialogs. Looks through all of them. */
  byId(group: Group, networkId: string): Message | null;
  ofGroup(group: Group): Dialog[];
  /** In the order of opening. */
  ofPerson(person: Person): readonly Dialog[];
  add(dialog: Dialog, message: NewMessage, at: Instant): Message;
  /** What groups sent to this person, oldest first. */
  sentTo(person: Person): readonly Message[];
  /** The newest messages of all dialogs, oldest first. */
  newest(count: number): Message[];
  reset(): void;
}

export function createDialogs(ids: Ids, people: People): Dialogs {
  const byGroup = new Map<Group, { byPerson: Map<Person, Dialog>; byPeer: Map<string, Dialog> }>();
  const byPerson = new Map<Person, Dialog[]>();
  const inboxes = new Map<Person, Message[]>();
  let all: Message[] = [];
  let forgotten = 0;

  const ofGroup = (group: Group) => {
    const found = byGroup.get(group);
    if (found !== undefined) return found;
    const made = { byPerson: new Map<Person, Dialog>(), byPeer: new Map<string, Dialog>() };
    byGroup.set(group, made);
    return made;
  };

  const forgetOldest = () => {
    const oldest = all[forgotten];
    if (oldest === undefined) return;
    forgotten += 1;
    oldest.dialog.messages.shift();
    if (oldest.from === 'group') inboxes.get(oldest.dialog.person)?.shift();
    if (forgotten > MESSAGES_MAX / 10) {
      all = all.slice(forgotten);
      forgotten = 0;
    }
  };

  const open = (group: Group, person: Person): Dialog => {
    const own = ofGroup(group);
    const found = own.byPerson.get(person);
    if (found !== undefined) return found;
    const userId = idOn(person, group.network);
    if (userId === null) throw new Error(`a person without an account on ${group.network} cannot have a dialog there`);
    const dialog: Dialog = {
      group,
      person,
      peerId: peerIdOf(group, userId),
      messages: [],
      keyboard: null,
      lastNumber: ids.dialogBase,
      seenUpTo: 0,
    };
    own.byPerson.set(person, dialog);
    own.byPeer.set(dialog.peerId, dialog);
    const ofPerson = byPerson.get(person);
    if (ofPerson === undefined) byPerson.set(person, [dialog]);
    else ofPerson.push(dialog);
    return dialog;
  };

  return {
    open,
    find: (group, person) => byGroup.get(group)?.byPerson.get(person) ?? null,
    byPeer(group, peerId) {
      const known = byGroup.get(group)?.byPeer.get(peerId);
      if (known !== undefined) return known;
      const person = people.known().find((candidate) => {
        const userId = idOn(candidate, group.network);
        return userId !== null && peerIdOf(group, userId) === peerId;
      });
      return person === undefined ? null : open(group, person);
    },
    byId(group, networkId) {
      for (const { messages } of byGroup.get(group)?.byPerson.values() ?? []) {
        const message = messages.findLast((candidate) => candidate.networkId === networkId);
        if (message !== undefined) return message;
      }
      return null;
    },
    ofGroup: (group) => [...(byGroup.get(group)?.byPerson.values() ?? [])],
    ofPerson: (person) => byPerson.get(person) ?? [],
    add(dialog, message, at) {
      const { network, id } = dialog.group;
      const seq = network === 'ok' ? ids.okSeq(at.time) : 0n;
      const networkId =
        network === 'ok' ? `mid:${dialog.peerId.slice('chat:'.length)}.${seq.toString(16)}` : String(ids.vkMessageId(id));
      dialog.lastNumber += 1;
      const added: Message = {
        dialog,
        from: message.from,
        kind: message.kind,
        networkId,
        numberInDialog: dialog.lastNumber,
        seq,
        time: at.time,
        eventId: message.from === 'person' ? ids.eventId() : null,
        tag: message.tag,
        payload: message.payload,
        ref: message.ref,
        text: message.text,
        keyboard: message.keyboard,
        extra: message.extra,
        status: message.status,
        editedAt: null,
        deleted: false,
        hiddenFromGroup: false,
        reaction: null,
      };
      dialog.messages.push(added);
      all.push(added);
      if (added.from === 'group') {
        const inbox = inboxes.get(dialog.person);
        if (inbox === undefined) inboxes.set(dialog.person, [added]);
        else inbox.push(added);
      }
      if (all.length - forgotten > MESSAGES_MAX) forgetOldest();
      return added;
    },
    sentTo: (person) => inboxes.get(person) ?? [],
    newest: (count) => all.slice(Math.max(forgotten, all.length - count)),
    reset() {
      byGroup.clear();
      byPerson.clear();
      inboxes.clear();
      all = [];
      forgotten = 0;
    },
  };
}

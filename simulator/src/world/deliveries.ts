import type { Clock, Instant } from './clock.ts';
import type { Sending, Sent } from './deeds.ts';
import type { Dialog, Dialogs, Message } from './dialogs.ts';
import type { Emit } from './emitter.ts';
import type { Group } from './groups.ts';
import type { Ids } from './ids.ts';
import type { Person } from './people.ts';
import type { Permissions } from './permissions.ts';
import type { Presence } from './presence.ts';

// How long a network remembers a dedup key. VK's present window is not known (vk.md 3.2, [?]): a setting of ours.
const DEDUP_MEMORY_MS = 86_400_000;
const DEDUP_KEYS_MAX = 300_000;

/** The way of a group's message: taken, on the person's device, read; or over. */
export interface Deliveries {
  /** Checks permission and repeated keys. */
  send(group: Group, person: Person, sending: Sending): Sent;
  /** The person reads all of this dialog. Gives what was unread. */
  readAll(dialog: Dialog): readonly Message[];
  /** What waits for a person who has come online reaches them. */
  deliverWaiting(person: Person): void;
  /** What was on its way before never arrives. */
  reset(): void;
}

export interface DeliveryParts {
  clock: Clock;
  ids: Ids;
  dialogs: Dialogs;
  permissions: Permissions;
  presence: Presence;
  emit: Emit;
}

export function createDeliveries({ clock, ids, dialogs, permissions, presence, emit }: DeliveryParts): Deliveries {
  let dedup = new Map<string, { message: Message; mono: number }>();
  // What was scheduled before a reset must not touch the world after it.
  let era = 0;

  const later = (task: () => void, delayMs: number): void => {
    const scheduledIn = era;
    clock.schedule(() => {
      if (era === scheduledIn) task();
    }, delayMs);
  };
  const deliver = (message: Message): void => {
    if (message.status !== 'pending' || !presence.isOnline(message.dialog.person)) return;
    message.status = 'received';
    emit('delivered', message);
    const { readsAfterMs } = message.dialog.person.behaviour;
    if (readsAfterMs !== null) later(() => readAll(message.dialog), readsAfterMs);
  };
  const expire = (message: Message): void => {
    if (message.status !== 'pending') return; // the person came online in time
    message.status = 'expired';
    emit('expired', message);
  };
  const readAll = (dialog: Dialog): readonly Message[] => {
    const unread = dialog.messages.filter((message) => message.from === 'group' && message.status === 'received');
    const upTo = unread.at(-1);
    if (upTo === undefined) return [];
    for (const message of unread) message.status = 'read';
    emit('read', { dialog, upTo, messages: unread, eventId: ids.eventId(), time: clock.now() });
    return unread;
  };
  const remember = (key: string, message: Message, at: Instant): void => {
    dedup.set(key, { message, mono: at.mono });
    const oldest = dedup.size > DEDUP_KEYS_MAX ? dedup.keys().next() : undefined;
    if (oldest?.done === false) dedup.delete(oldest.value);
  };

  return {
    send(group, person, sending) {
      const may = permissions.of(group, person);
      if (may !== 'allowed') return { ok: false, reason: may };
      const at = sending.at ?? { time: clock.now(), mono: clock.monotonic() };
      const key = sending.dedupKey === undefined ? undefined : `${group.network} ${group.id} ${person.phone} ${sending.dedupKey}`;
      const earlier = key === undefined ? undefined : dedup.get(key);
      if (earlier !== undefined && at.mono - earlier.mono < DEDUP_MEMORY_MS)
        return { ok: true, message: earlier.message, repeated: true };

      const dialog = dialogs.open(group, person);
      const { text, kind, tag = null, keyboard = null, extra = {} } = sending;
      const message = dialogs.add(
        dialog,
        { from: 'group', kind, text, tag, keyboard, extra, payload: null, ref: null, status: 'pending' },
        at,
      );
      if (keyboard?.place === 'dialog') dialog.keyboard = keyboard;
      if (key !== undefined) remember(key, message, at);
      emit('sent', message);

      const deliveredAfterMs = presence.deliveredAfterMs(person);
      if (deliveredAfterMs === 0) deliver(message);
      else if (deliveredAfterMs !== null) later(() => deliver(message), deliveredAfterMs);
      else if (sending.ttlMs !== undefined) later(() => expire(message), sending.ttlMs);
      return { ok: true, message, repeated: false };
    },
    readAll,
    deliverWaiting(person) {
      const waits = dialogs.sentTo(person).filter(({ status }) => status === 'pending');
      for (const message of waits) later(() => deliver(message), presence.deliveredAfterMs(person) ?? 0);
    },
    reset() {
      era += 1;
      dedup = new Map();
    },
  };
}

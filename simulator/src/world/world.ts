import { createActs } from './acts.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { type CallLog, createCallLog } from './calls.ts';
import { type Chat, type Chats, createChats } from './chats.ts';
import { type Clock, type Instant, SPEED } from './clock.ts';
import type { Acted, InboxEntry, SayingMore, Sending, Sent } from './deeds.ts';
import { createDeliveries } from './deliveries.ts';
import { createDialogs, type Dialog, type Dialogs, idOn, type Message, type ShownButton } from './dialogs.ts';
import { createEmitter } from './emitter.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGroups, type Group, type Groups, type Network } from './groups.ts';
import { createIds, createRandom, type Ids, type Random } from './ids.ts';
import { createIntents, type Intents } from './intents.ts';
import { createLimits, type Limits } from './limits.ts';
import { createPeople, type People, type Person } from './people.ts';
import { createPermissions } from './permissions.ts';
import { createPresence, type Presence } from './presence.ts';
import type { Shared } from './sharing.ts';
import type { Sign } from './signs.ts';
import type { Disturbance, WorldEvents } from './world-events.ts';

export { type Call, type CallLog, cutList } from './calls.ts';
export type { Chat, ChatAction, ChatActor, ChatMember, ChatMessage, ChatPress, Chats } from './chats.ts';
export {
  type Clock,
  createManualClock,
  createRealClock,
  type Instant,
  type ManualClock,
  type RealClock,
  SPEED,
} from './clock.ts';
export type { Acted, InboxEntry, SayingMore, Sending, Sent } from './deeds.ts';
export { type Dialog, idOn, type Keyboard, type Message, type MessageStatus, type ShownButton } from './dialogs.ts';
export { type CallFaults, type FaultSettings, type Faults, NO_FAULTS, PARTIES, type Party } from './faults.ts';
export { DEMO_SERVICE, type Group, type Groups, NETWORKS, type Network } from './groups.ts';
export type { Ids, Random } from './ids.ts';
export { type Intents, SUBSCRIBED_INTENTS, type SubscribedIntent } from './intents.ts';
export { LIMITS, type LimitKind, type LimitSettings, type Limits, type Violation } from './limits.ts';
export { type OkMessageCreated, okMessageCreated } from './ok-event.ts';
export type { Behaviour, People, Person } from './people.ts';
export { extraOf, type Shared, USUAL_PLACE } from './sharing.ts';
export type { PressAnswer, ShownSign, Sign } from './signs.ts';
export { VK_CLIENT_INFO, type VkMessageNew, vkMessageNew } from './vk-event.ts';
export { DISTURBANCES, type Disturbance, type WorldEvents } from './world-events.ts';

/**
 * The outside world, in memory: who exists on which network, what they allow, what was said, and what the networks enforce.
 * It knows nothing of HTTP; `vk/`, `ok/` and `notify/` speak for it, `control/` and `page/` act for its people.
 */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly people: People;
  readonly groups: Groups;
  readonly limits: Limits;
  readonly faults: Faults;
  readonly calls: CallLog;
  /** What the notify upstream took. */
  readonly arrivals: Arrivals;
  readonly dialogs: Pick<Dialogs, 'open' | 'find' | 'byPeer' | 'byId' | 'ofGroup' | 'ofPerson' | 'newest'>;
  readonly chats: Omit<Chats, 'reset'>;
  readonly presence: Pick<Presence, 'isOnline'>;
  readonly intents: Omit<Intents, 'reset'>;

  /** This moment, to be taken once per call at its receipt. */
  instant(): Instant;
  /** Whether the group may write to the person. */
  permission(group: Group, person: Person): 'allowed' | 'blocked' | 'no_account';

  /** A group writes to a person. Checks permission and repeated keys; limits are the caller's (`limits`). */
  send(group: Group, person: Person, sending: Sending): Sent;
  /** Somebody of the group's staff writes in the network's own page; `admin_author_id` tells who (vk.md 1.4). */
  writeAsAdmin(group: Group, person: Person, admin: Person, text: string): Sent;
  /** The text of a message is changed by who wrote it. */
  edit(message: Message, changes: Partial<Pick<Message, 'text' | 'keyboard' | 'extra'>>): void;
  delete(message: Message): void;

  /** The group has read what the person wrote, up to this number of the dialog. */
  see(dialog: Dialog, upToNumber: number): void;
  /** The clients of those in `place` show it. `person`: the only one it is for. */
  show(place: Dialog | Chat, sign: Sign, person?: Person): void;

  /** A person writes; that lifts their own ban on the group. `tag` of the result is set when it answers a notification. */
  say(group: Group, person: Person, text: string, more?: SayingMore): Acted<Message>;
  /** A person presses a button they can see. `payload` as text; texts of equal JSON are equal. */
  press(group: Group, person: Person, payload: string): Acted<ShownButton>;
  /** A person gives their phone number, or tells where they are: a message without a text. `payload`: of the button that asked. */
  share(group: Group, person: Person, shared: Shared, payload?: string): Acted<Message>;
  /** A person opens the chat by its Start button (VK) or by a link with a text of its own (both; VK hands it on as `ref`). */
  start(group: Group, person: Person, payload?: string): Acted<null>;
  /** A person reads all that the group sent. Gives what was unread. */
  read(group: Group, person: Person): Acted<readonly Message[]>;
  /** What waits for a person reaches them when they come online. */
  setOnline(person: Person, isOnline: boolean): void;
  /** The person's client shows that they are writing. */
  type(group: Group, person: Person): Acted<null>;
  /** Puts a reaction to a message of their dialog, or takes it back (null). */
  react(message: Message, reactionId: number | null): void;
  /** `key` comes back in VK's message_allow. */
  allow(group: Group, person: Person, key?: string): Acted<null>;
  block(group: Group, person: Person): Acted<null>;

  /** Makes VK do now what it does at moments of its own. */
  disturb(group: Group, disturbance: Disturbance): void;

  /** What the person got, oldest first. What waits for an offline person is not there. */
  inbox(person: Person): InboxEntry[];
  /** The group of the newest message that the person got on this network; the demo's where there is none. */
  groupOf(network: Network, person: Person): Group;

  /** The returned function ends it. */
  on<Name extends keyof WorldEvents>(name: Name, listener: (event: WorldEvents[Name]) => void): () => void;
  /**
   * Dialogs, permissions, limits, violations, calls and faults go back to the start, and time runs as fast as real time again;
   * ids go on growing and time never goes back. Subscriptions stay, so that a server running beside does not go deaf, unless
   * `subscriptions` is true.
   */
  reset(options?: { subscriptions?: boolean }): void;
}

export interface WorldOptions {
  clock: Clock;
  /** Makes ids and faults repeatable; the ids of two runs with one seed are the same. */
  seed?: number;
}

export function createWorld({ clock, seed }: WorldOptions): World {
  const random = createRandom(seed ?? clock.now());
  const ids = createIds(clock.now(), seed);
  const people = createPeople();
  const groups = createGroups(clock);
  const limits = createLimits();
  const faults = createFaults(random);
  const calls = createCallLog();
  const arrivals = createArrivals();
  const dialogs = createDialogs(ids, people);
  const presence = createPresence();
  const intents = createIntents();
  const { emit, on } = createEmitter();
  const chats = createChats(ids, clock, {
    said: (message) => emit('chatSaid', message),
    changed: (message) => emit('chatChanged', message),
    pressed: (press) => emit('chatPressed', press),
  });
  const permissions = createPermissions({ clock, ids, emit });
  const deliveries = createDeliveries({ clock, ids, dialogs, permissions, presence, emit });
  const { say, press, share, start } = createActs({ clock, ids, dialogs, permissions, emit });

  return {
    clock,
    random,
    ids,
    people,
    groups,
    limits,
    faults,
    calls,
    arrivals,
    dialogs,
    chats,
    presence,
    intents,
    instant: () => ({ time: clock.now(), mono: clock.monotonic() }),
    permission: permissions.of,
    send: deliveries.send,
    writeAsAdmin(group, person, admin, text) {
      const extra = { admin_author_id: Number(idOn(admin, group.network)) };
      return deliveries.send(group, person, { kind: 'message', text, extra });
    },
    edit(message, changes) {
      Object.assign(message, changes, { editedAt: clock.now() });
      emit('changed', message);
    },
    delete(message) {
      message.deleted = true;
      emit('changed', message);
    },
    see(dialog, upToNumber) {
      if (upToNumber <= dialog.seenUpTo) return;
      dialog.seenUpTo = upToNumber;
      emit('seen', dialog);
    },
    show: (place, sign, person) => emit('shown', { place, person: person ?? null, sign, time: clock.now() }),
    say,
    press,
    share,
    start,
    read(group, person) {
      if (idOn(person, group.network) === null) return { ok: false, reason: 'no_account' };
      const dialog = dialogs.find(group, person);
      return { ok: true, result: dialog === null ? [] : deliveries.readAll(dialog) };
    },
    setOnline(person, isOnline) {
      if (!presence.set(person, isOnline)) return;
      emit('presence', { person, isOnline, time: clock.now() });
      if (isOnline) deliveries.deliverWaiting(person);
    },
    type(group, person) {
      if (idOn(person, group.network) === null) return { ok: false, reason: 'no_account' };
      emit('typed', { group, person, eventId: ids.eventId(), time: clock.now() });
      return { ok: true, result: null };
    },
    react(message, reactionId) {
      message.reaction = reactionId;
      emit('reacted', { message, reactionId, eventId: ids.eventId(), time: clock.now() });
    },
    allow: (group, person, key) => permissions.set(group, person, 'allowed', key),
    block: (group, person) => permissions.set(group, person, 'blocked'),
    inbox: (person) => dialogs.sentTo(person).flatMap(inboxEntry),
    groupOf: (network, person) =>
      // Not every sender is a group that one could write to: OK's applications notify too.
      dialogs.sentTo(person).findLast(({ dialog: { group } }) => groups.byId(network, group.id) === group)?.dialog.group ??
      groups.demo(network),
    disturb: (group, disturbance) => emit('disturbed', { group, disturbance }),
    on,
    reset({ subscriptions = false } = {}) {
      if (clock.speed() > SPEED.min) clock.setSpeed(SPEED.min);
      for (const part of [deliveries, dialogs, chats, intents, permissions, presence, groups, limits, faults, calls, arrivals])
        part.reset();
      emit('reset', { subscriptions });
    },
  };
}

/** What is on its way, or was taken back, is not there. */
function inboxEntry({ dialog, text, kind, time, status, deleted }: Message): InboxEntry[] {
  if (status === 'pending' || deleted) return [];
  return [{ network: dialog.group.network, group: dialog.group.id, text, kind, time, status }];
}

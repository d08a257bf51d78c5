import { findButton } from './buttons.ts';
import { type CallLog, createCallLog } from './calls.ts';
import { type Chat, type Chats, createChats } from './chats.ts';
import { type Clock, type Instant, SPEED } from './clock.ts';
import type { Acted, InboxEntry, SayingMore, Sending, Sent } from './deeds.ts';
import { createDialogs, type Dialog, type Dialogs, idOn, type Message, type ShownButton } from './dialogs.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGroups, type Group, type Groups, type Network } from './groups.ts';
import { createIds, createRandom, type Ids, type Random } from './ids.ts';
import { createIntents, type Intents } from './intents.ts';
import { createLimits, type Limits } from './limits.ts';
import { createPeople, type People, type Person } from './people.ts';
import { createPresence, type Presence } from './presence.ts';
import { extraOf, type Shared, USUAL_PLACE } from './sharing.ts';
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

// How long a network remembers a dedup key. VK's present window is not known (vk.md 3.2, [?]): a setting of ours.
const DEDUP_MEMORY_MS = 86_400_000;
const DEDUP_KEYS_MAX = 300_000;

type Saying = Partial<Pick<Message, 'payload' | 'ref' | 'extra'> & Pick<SayingMore, 'under'>>;

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
  const dialogs = createDialogs(ids, people);
  const permissions = new Map<Group, Map<Person, 'allowed' | 'blocked'>>();
  const listeners = new Map<keyof WorldEvents, Set<(event: never) => void>>();
  let dedup = new Map<string, { message: Message; mono: number }>();
  // What was scheduled before a reset must not touch the world after it.
  let era = 0;

  const presence = createPresence();
  const intents = createIntents();
  const chats = createChats(ids, clock, {
    said: (message) => emit('chatSaid', message),
    changed: (message) => emit('chatChanged', message),
    pressed: (press) => emit('chatPressed', press),
  });

  const instant = (): Instant => ({ time: clock.now(), mono: clock.monotonic() });
  const emit = <Name extends keyof WorldEvents>(name: Name, event: WorldEvents[Name]): void => {
    for (const listener of listeners.get(name) ?? []) (listener as (event: WorldEvents[Name]) => void)(event);
  };
  const later = (task: () => void, delayMs: number): void => {
    const scheduledIn = era;
    clock.schedule(() => {
      if (era === scheduledIn) task();
    }, delayMs);
  };

  const permission: World['permission'] = (group, person) => {
    if (idOn(person, group.network) === null) return 'no_account';
    return permissions.get(group)?.get(person) ?? person.behaviour.permissions[group.network];
  };
  const permit = (group: Group, person: Person, now: 'allowed' | 'blocked', key = ''): Acted<null> => {
    const before = permission(group, person);
    if (before === 'no_account') return { ok: false, reason: before };
    if (before !== now) {
      const ofGroup = permissions.get(group) ?? new Map<Person, 'allowed' | 'blocked'>();
      permissions.set(group, ofGroup.set(person, now));
      emit(now, { group, person, key, eventId: ids.eventId(), time: clock.now() });
    }
    return { ok: true, result: null };
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

  const send: World['send'] = (group, person, sending) => {
    const may = permission(group, person);
    if (may !== 'allowed') return { ok: false, reason: may };
    const at = sending.at ?? instant();
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
  };

  const say: World['say'] = (group, person, text, { payload = null, ref = null, extra = {}, under }: Saying = {}) => {
    const allowed = permit(group, person, 'allowed');
    if (!allowed.ok) return allowed;
    const dialog = dialogs.open(group, person);
    const tag = answeredTag(dialog, under);
    const message = dialogs.add(
      dialog,
      { from: 'person', kind: 'message', text, tag, payload, ref, extra, keyboard: null, status: 'received' },
      instant(),
    );
    emit('said', message);
    return { ok: true, result: message };
  };

  const share: World['share'] = (group, person, shared, payload) =>
    say(group, person, '', {
      extra: extraOf(shared, group.network, person),
      ...(payload === undefined || payload === '' ? {} : { payload }),
    });

  const press: World['press'] = (group, person, payload) => {
    const dialog = dialogs.find(group, person);
    if (dialog === null) return { ok: false, reason: permission(group, person) === 'no_account' ? 'no_account' : 'no_button' };
    const found = findButton(dialog, payload);
    if (found === null) return { ok: false, reason: 'no_button' };
    const { button, shownBy } = found;
    if (shownBy === null && dialog.keyboard?.oneTime === true) dialog.keyboard = null;
    if (button.does === 'say') say(group, person, button.label, button.payload === '' ? {} : { payload: button.payload });
    else if (button.does === 'contact') share(group, person, { kind: 'contact' });
    else if (button.does === 'location') share(group, person, USUAL_PLACE, button.payload);
    else if (button.does === 'tell') {
      emit('pressed', {
        dialog,
        shownBy,
        payload: button.payload,
        eventId: ids.eventId(),
        callbackId: ids.hex(16),
        time: clock.now(),
      });
    }
    return { ok: true, result: button };
  };

  const start: World['start'] = (group, person, payload) => {
    if (group.network === 'vk') {
      // Label and payload of VK's own Start button (vk.md 1.4).
      const more = payload === undefined ? {} : { ref: payload };
      const said = say(group, person, 'Начать', { payload: '{"command":"start"}', ...more });
      return said.ok ? { ok: true, result: null } : said;
    }
    const allowed = permit(group, person, 'allowed');
    if (allowed.ok) emit('started', { dialog: dialogs.open(group, person), payload: payload ?? null, time: clock.now() });
    return allowed;
  };

  const writeAsAdmin: World['writeAsAdmin'] = (group, person, admin, text) =>
    send(group, person, { kind: 'message', text, extra: { admin_author_id: Number(idOn(admin, group.network)) } });

  const isSeen = (message: Message): boolean => message.status !== 'pending' && !message.deleted;

  return {
    clock,
    random,
    ids,
    people,
    groups,
    limits,
    faults,
    calls,
    dialogs,
    chats,
    presence,
    intents,
    instant,
    permission,
    send,
    writeAsAdmin,
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
      return { ok: true, result: dialog === null ? [] : readAll(dialog) };
    },
    setOnline(person, isOnline) {
      if (!presence.set(person, isOnline)) return;
      emit('presence', { person, isOnline, time: clock.now() });
      const waits = isOnline ? dialogs.sentTo(person).filter(({ status }) => status === 'pending') : [];
      for (const message of waits) later(() => deliver(message), presence.deliveredAfterMs(person) ?? 0);
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
    allow: (group, person, key) => permit(group, person, 'allowed', key),
    block: (group, person) => permit(group, person, 'blocked'),
    inbox: (person) =>
      dialogs
        .sentTo(person)
        .filter(isSeen)
        .map(({ dialog, text, kind, time, status }) => ({
          network: dialog.group.network,
          group: dialog.group.id,
          text,
          kind,
          time,
          status: status === 'pending' ? 'received' : status,
        })),
    groupOf: (network, person) =>
      // Not every sender is a group that one could write to: OK's applications notify too.
      dialogs.sentTo(person).findLast(({ dialog: { group } }) => groups.byId(network, group.id) === group)?.dialog.group ??
      groups.demo(network),
    disturb: (group, disturbance) => emit('disturbed', { group, disturbance }),
    on(name, listener) {
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own.add(listener));
      return () => own.delete(listener);
    },
    reset({ subscriptions = false } = {}) {
      era += 1;
      if (clock.speed() > SPEED.min) clock.setSpeed(SPEED.min);
      dialogs.reset();
      chats.reset();
      intents.reset();
      permissions.clear();
      presence.reset();
      groups.reset();
      limits.reset();
      faults.reset();
      calls.reset();
      dedup = new Map();
      emit('reset', { subscriptions });
    },
  };
}

/** The tag of a notification goes to its answer while nothing newer of the group stands under it (vk.md 1.4, message_tag). */
function answeredTag({ messages }: Dialog, under: SayingMore['under']): string | null {
  if (under === 'dialog') return null;
  const answered = messages.findLast(
    ({ from, status, kind }) =>
      from === 'group' && (status === 'received' || status === 'read') && (under === undefined || kind === 'notification'),
  );
  return answered?.kind === 'notification' ? answered.tag : null;
}

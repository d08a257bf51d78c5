import type { Chat, ChatMessage, Group, Instant, Person, World } from '../world/world.ts';
import { type CallbackServers, createCallbackServers } from './callback-servers.ts';
import { type Communities, createCommunities } from './communities.ts';
import { createLongPoll, type LongPoll } from './long-poll.ts';
import { createMedia, type Media } from './media/media.ts';
import { chatPeer, type Place } from './peer-ids.ts';
import type { Right } from './tokens.ts';
import { watchWorld } from './vk-events.ts';
import type { Line } from './vk-message.ts';

/** A press on a callback button, which the group may answer once (messages.sendMessageEventAnswer). */
export interface Press {
  group: Group;
  person: Person;
  peerId: number;
  pressedAt: number;
}

/** What the group has noted about a place. */
export interface Notes {
  /** Number up to which it has marked a chat as read; a dialog's is known to the world (`seenUpTo`). */
  chatReadUpTo: number;
  /** Number up to which it has marked the place as answered. */
  answeredUpTo: number;
  isImportant: boolean;
}

/** What VK knows beyond the world. */
export interface VkNetwork {
  world: World;
  longPoll: LongPoll;
  callbacks: CallbackServers;
  communities: Communities;
  media: Media;
  /** The notes of a place; made where there are none yet. */
  notesOf(place: Place): Notes;
  /** By the `event_id` of the message_event. */
  presses: Map<string, Press>;
  /** What the community wrote to chats under a `random_id`, by that number as it was given. */
  chatKeys: Map<Chat, Map<string, ChatMessage>>;
  /** What the community itself put to messages. */
  ownReactions: Map<Line, number>;
  /** The links to join chats that were asked for. */
  inviteLinks: Map<Chat, string>;
}

/** What every call brings, whoever makes it. */
export interface AnyCall {
  network: VkNetwork;
  /** The minor of `v`: 199 for 5.199. */
  version: number;
  at: Instant;
  /** How the caller reached us, as `http://127.0.0.1:8090`: long poll addresses and pictures begin with it. */
  origin: string;
}

/** A call with a community's token, whose version and rate were found right. */
export interface VkCall extends AnyCall {
  /** Whose token it is. */
  group: Group;
  rights: ReadonlySet<Right>;
}

/** A call with a person's token. */
export interface UserCall extends AnyCall {
  person: Person;
}

// A press can be answered for a minute (docs: callback buttons; contracts/vk.md 1.4).
export const PRESS_ANSWERABLE_MS = 60_000;

/** VK over this world: from here on what happens in it is told to webhooks and long polls. */
export function createVkNetwork(world: World): VkNetwork {
  const notes = new Map<Place, Notes>();
  const network: VkNetwork = {
    world,
    longPoll: createLongPoll(world),
    callbacks: createCallbackServers(world),
    communities: createCommunities(),
    media: createMedia(world),
    notesOf(place) {
      const made = notes.get(place) ?? { chatReadUpTo: 0, answeredUpTo: 0, isImportant: false };
      notes.set(place, made);
      return made;
    },
    presses: new Map(),
    chatKeys: new Map(),
    ownReactions: new Map(),
    inviteLinks: new Map(),
  };
  const remember = (callbackId: string, press: Press): void => {
    network.presses.set(callbackId, press);
    world.clock.schedule(() => network.presses.delete(callbackId), PRESS_ANSWERABLE_MS);
  };
  watchWorld(world, (event) => {
    const copies = world.faults.drawCopies('vk');
    network.longPoll.publish(event, copies);
    network.callbacks.publish(event, copies);
  });
  world.on('pressed', ({ dialog: { group, person, peerId }, callbackId, time }) => {
    if (group.network === 'vk') remember(callbackId, { group, person, peerId: Number(peerId), pressedAt: time });
  });
  world.on('chatPressed', ({ chat, person, callbackId, time }) => {
    if (chat.group.network === 'vk') remember(callbackId, { group: chat.group, person, peerId: chatPeer(chat), pressedAt: time });
  });
  world.on('disturbed', ({ group, disturbance }) => {
    if (group.network !== 'vk') return;
    if (disturbance === 'long_poll_failed_1') network.longPoll.fail(group, 1);
    else if (disturbance === 'long_poll_failed_2') network.longPoll.fail(group, 2);
    else if (disturbance === 'long_poll_failed_3') network.longPoll.fail(group, 3);
    else network.callbacks.changeCode(group, { isOldTaken: disturbance === 'confirmation_code_changed_old_taken' });
  });
  world.on('reset', (options) => {
    network.longPoll.reset(options);
    network.callbacks.reset(options);
    network.communities.reset();
    network.media.reset();
    network.presses.clear();
    network.chatKeys.clear();
    network.ownReactions.clear();
    network.inviteLinks.clear();
    notes.clear();
  });
  return network;
}

import type { Dialog, Group, Instant, Person, World } from '../world/world.ts';
import { type CallbackServers, createCallbackServers } from './callback-servers.ts';
import { createLongPoll, type LongPoll } from './long-poll.ts';
import { type ParameterSpecs, type ParameterValues, readParameters } from './parameters.ts';
import type { VkResult } from './vk-errors.ts';
import { watchWorld } from './vk-events.ts';

/** A press on a callback button, which the group may answer once (messages.sendMessageEventAnswer). */
export interface Press {
  group: Group;
  person: Person;
  pressedAt: number;
}

/** What VK knows beyond the world. */
export interface VkNetwork {
  world: World;
  longPoll: LongPoll;
  callbacks: CallbackServers;
  /** Number in the dialog up to which the group has marked it as read. */
  readByGroup: Map<Dialog, number>;
  /** By the `event_id` of the message_event. */
  presses: Map<string, Press>;
}

/** A call whose token, version and rate were found right. */
export interface VkCall {
  network: VkNetwork;
  /** Whose token it is. */
  group: Group;
  /** The minor of `v`: 199 for 5.199. */
  version: number;
  at: Instant;
  /** How the caller reached us, as `http://127.0.0.1:8090`: long poll addresses begin with it. */
  origin: string;
}

/** One method of the API: reads its parameters by its own table, then does its work. */
export type VkMethod = (given: Readonly<Record<string, string>>, call: VkCall) => VkResult;

/** A method from the table of its parameters and what it does with them. */
export function defineMethod<S extends ParameterSpecs>(
  parameters: S,
  handle: (values: ParameterValues<S>, call: VkCall) => VkResult,
): VkMethod {
  return (given, call) => {
    const read = readParameters(parameters, given);
    return read.ok ? handle(read.values, call) : read;
  };
}

// A press can be answered for a minute (docs: callback buttons; contracts/vk.md 1.4).
export const PRESS_ANSWERABLE_MS = 60_000;

/** VK over this world: from here on what happens in it is told to webhooks and long polls. */
export function createVkNetwork(world: World): VkNetwork {
  const network: VkNetwork = {
    world,
    longPoll: createLongPoll(world),
    callbacks: createCallbackServers(world),
    readByGroup: new Map(),
    presses: new Map(),
  };
  watchWorld(world, (event) => {
    const copies = world.faults.drawCopies('vk');
    network.longPoll.publish(event, copies);
    network.callbacks.publish(event, copies);
  });
  world.on('pressed', ({ dialog: { group, person }, callbackId, time }) => {
    if (group.network !== 'vk') return;
    network.presses.set(callbackId, { group, person, pressedAt: time });
    world.clock.schedule(() => network.presses.delete(callbackId), PRESS_ANSWERABLE_MS);
  });
  world.on('reset', (options) => {
    network.longPoll.reset(options);
    network.callbacks.reset(options);
    network.readByGroup.clear();
    network.presses.clear();
  });
  return network;
}

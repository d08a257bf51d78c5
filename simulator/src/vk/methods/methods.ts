import { refuse, type VkResult } from '../vk-errors.ts';
import type { VkCall, VkMethod } from '../vk-network.ts';
import { CONVERSATION_METHODS } from './conversations.ts';
import { execute } from './execute.ts';
import { MESSAGE_METHODS } from './messages.ts';
import { PEOPLE_METHODS } from './people.ts';
import { SUBSCRIPTION_METHODS } from './subscriptions.ts';

const METHODS: ReadonlyMap<string, VkMethod> = new Map(
  Object.entries({ ...MESSAGE_METHODS, ...CONVERSATION_METHODS, ...PEOPLE_METHODS, ...SUBSCRIPTION_METHODS }),
);

/** Runs one call of the API, `execute` included. Names are case-sensitive, as at VK. */
export function runMethod(name: string, given: Readonly<Record<string, string>>, call: VkCall): VkResult {
  return name === 'execute' ? execute(given, call, runOne) : runOne(name, given, call);
}

function runOne(name: string, given: Readonly<Record<string, string>>, call: VkCall): VkResult {
  const method = METHODS.get(name);
  if (method === undefined) return refuse(3);
  // groups.getById may look at others; everything else a community token does, it does for its own community.
  const { group_id: groupId } = given;
  if (name !== 'groups.getById' && groupId !== undefined && /^\d+$/.test(groupId) && groupId !== call.group.id) {
    return refuse(15, 'the token is not of this group_id');
  }
  return method(given, call);
}

import { VK_METHOD_NAMES } from '../method-names.ts';
import { rightFor } from '../tokens.ts';
import { refuse, type VkResult } from '../vk-errors.ts';
import type { VkMethod } from '../vk-method.ts';
import type { UserCall, VkCall } from '../vk-network.ts';
import { CHANGING_METHODS } from './change-messages.ts';
import { CHAT_METHODS } from './chats.ts';
import { COMMUNITY_METHODS } from './community-settings.ts';
import { CONVERSATION_METHODS } from './conversations.ts';
import { execute } from './execute.ts';
import { FINDING_METHODS } from './find-messages.ts';
import { LINK_METHODS } from './links.ts';
import { MESSAGE_METHODS } from './messages.ts';
import { PEOPLE_METHODS } from './people.ts';
import { PERMISSION_METHODS } from './permissions.ts';
import { REACTION_METHODS } from './reactions.ts';
import { SEARCH_METHODS } from './search.ts';
import { SUBSCRIPTION_METHODS } from './subscriptions.ts';
import { UPLOAD_METHODS } from './uploads.ts';

const METHODS: ReadonlyMap<string, VkMethod> = new Map(
  Object.entries({
    ...MESSAGE_METHODS,
    ...FINDING_METHODS,
    ...SEARCH_METHODS,
    ...CHANGING_METHODS,
    ...REACTION_METHODS,
    ...CONVERSATION_METHODS,
    ...CHAT_METHODS,
    ...PERMISSION_METHODS,
    ...PEOPLE_METHODS,
    ...LINK_METHODS,
    ...COMMUNITY_METHODS,
    ...UPLOAD_METHODS,
    ...SUBSCRIPTION_METHODS,
  }),
);

/** Every method that is simulated, `execute` among them. */
export const SIMULATED_METHODS: readonly string[] = ['execute', ...METHODS.keys()];

/** Whether VK has this method and the simulator has not. */
export function isNotSimulated(name: string): boolean {
  return name !== 'execute' && !METHODS.has(name) && VK_METHOD_NAMES.has(name);
}

/** Runs one call of the API, `execute` included. Names are case-sensitive, as at VK. */
export function runMethod(name: string, given: Readonly<Record<string, string>>, call: VkCall | UserCall): VkResult {
  return name === 'execute' ? execute(given, call, runOne) : runOne(name, given, call);
}

// These may look at other communities than the token's; everything else it does for its own.
const ABOUT_OTHERS: ReadonlySet<string> = new Set(['groups.getById', 'groups.getMembers', 'groups.isMember']);

function runOne(name: string, given: Readonly<Record<string, string>>, call: VkCall | UserCall): VkResult {
  const method = METHODS.get(name);
  if (method === undefined)
    return isNotSimulated(name) ? refuse(3, `${name} is a method of VK that is not simulated`) : refuse(3);
  const fault = call.network.world.faults.drawError('vk', name);
  if (fault !== null) return refuse(Number(fault));
  if (method.by === 'anyone') return method.run(given, call);
  if ('person' in call) {
    return method.by === 'person' ? method.run(given, call) : refuse(5, 'method is unavailable with user auth.');
  }
  if (method.by === 'person') return refuse(27, 'method is unavailable with group auth.');
  const right = rightFor(name);
  if (right !== null && !call.rights.has(right)) return refuse(15, NO_RIGHT, METHOD_PERMISSION_DENIED);
  const { group_id: groupId } = given;
  if (!ABOUT_OTHERS.has(name) && groupId !== undefined && /^\d+$/.test(groupId) && groupId !== call.group.id) {
    return refuse(15, 'the token is not of this group_id');
  }
  return method.run(given, call);
}

// Subcode "method_permission_denied" of the schema's errors.json. [?] VK answers so today and with 7 in older reports.
const METHOD_PERMISSION_DENIED = 1133;
const NO_RIGHT = 'no access to call this method. It cannot be called with current scopes.';

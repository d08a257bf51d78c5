import { type Fields, readFields } from '../body/body.ts';
import type { Subscription } from '../channel.ts';
import type { VkApi, VkParams } from './vk-api.ts';
import { requireResponse } from './vk-calls.ts';

/** A community whose settings we read and write. */
export interface VkGroup {
  api: VkApi;
  groupId: string;
  apiVersion: string;
}

/**
 * The events we work on; one setting of VK each, for webhooks and long poll alike. `message_reply` brings what admins write
 * in VK's own page, and with it every message of our own, which is known by having no author.
 */
export const VK_EVENTS = [
  'message_new',
  'message_reply',
  'message_edit',
  'message_event',
  'message_read',
  'message_allow',
  'message_deny',
] as const;

export const SWITCHED_ON: VkParams = Object.fromEntries(VK_EVENTS.map((event) => [event, 1]));

// Of no use to us and many. Off for our own callback server only: the settings of long poll belong to the whole community,
// and another program may live by them.
export const SWITCHED_OFF: VkParams = { message_typing_state: 0, message_reaction_event: 0 };

/** The callback server with this address; undefined where there is none. Throws `VkCallError`. */
export async function findServer({ api, groupId }: VkGroup, url: string, signal: AbortSignal): Promise<Fields | undefined> {
  return serverAt(await requireResponse(api, 'groups.getCallbackServers', { group_id: groupId }, signal), url);
}

/** The same, out of a response of groups.getCallbackServers. */
export function serverAt(response: unknown, url: string): Fields | undefined {
  const servers = readFields(response, 'response').array('items');
  return servers.map((item, index) => readFields(item, `response.items[${index}]`)).find((server) => server.raw('url') === url);
}

/** What VK's status of a callback server means: schema groups_callback_server. */
export function stateOf(server: Fields | undefined): Subscription['state'] {
  const status = server?.raw('status');
  if (status === 'ok') return 'active';
  return status === 'wait' || status === 'unconfigured' ? 'waiting' : 'failed';
}

/** Our events that these settings of a callback server or of long poll leave off; VK writes 0 and 1. */
export function missingEvents(settings: Fields): string[] {
  const events = settings.object('events');
  return VK_EVENTS.filter((event) => events.raw(event) !== 1 && events.raw(event) !== true);
}

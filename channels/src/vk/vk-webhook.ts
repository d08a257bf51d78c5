import { type Fields, readFields } from '../body/body.ts';
import { requireResponse, type VkApi } from './vk-api.ts';

/** The events we work on; one setting of VK each, for webhooks and long poll alike. */
const VK_EVENTS = ['message_new', 'message_event', 'message_read', 'message_allow', 'message_deny'] as const;

const SWITCHED_ON = Object.fromEntries(VK_EVENTS.map((event) => [event, 1]));

// Of no use to us and many: every message of our own would come back. Off for our own callback server only: the settings
// of long poll belong to the whole community, and another program may live by them.
const SWITCHED_OFF = { message_reply: 0, message_edit: 0, message_typing_state: 0, message_reaction_event: 0 };

// A server in these states is sent nothing until it is set anew; one in `wait` is about to be confirmed.
const BROKEN_STATUSES: readonly unknown[] = ['failed', 'unconfigured'];

// Shown to the community's admins in VK; at most 14 characters.
const TITLE = 'Soroka';

export interface VkGroup {
  api: VkApi;
  groupId: string;
  apiVersion: string;
}

/**
 * Makes VK send its events to `url`: finds the callback server with this address or adds one, gives it the secret, and
 * switches our events on. VK asks `url` for the confirmation text meanwhile. Throws `VkCallError` where VK refuses.
 *
 * Source of the order: vkbottle, callback/bot_callback.py; limits: dev.vk.com/api/callback/getting-started.
 */
export async function subscribeVkWebhook(
  group: VkGroup,
  { url, secret }: { url: string; secret?: string },
  signal: AbortSignal,
): Promise<void> {
  const { api, groupId, apiVersion } = group;
  const server = { group_id: groupId, url, title: TITLE, ...(secret !== undefined && { secret_key: secret }) };
  const found = await findServer(group, url, signal);
  let serverId = found?.id('id');
  if (found === undefined || serverId === undefined) {
    const added = readFields(await requireResponse(api, 'groups.addCallbackServer', server, signal), 'response');
    serverId = added.id('server_id');
  } else if (found.raw('secret_key') !== (secret ?? '') || BROKEN_STATUSES.includes(found.raw('status'))) {
    await requireResponse(api, 'groups.editCallbackServer', { ...server, server_id: serverId }, signal);
  }
  const settings = { group_id: groupId, server_id: serverId, api_version: apiVersion, ...SWITCHED_OFF, ...SWITCHED_ON };
  await requireResponse(api, 'groups.setCallbackSettings', settings, signal);
}

/** Removes the callback server with this address; nothing happens where there is none. */
export async function unsubscribeVkWebhook(group: VkGroup, url: string, signal: AbortSignal): Promise<void> {
  const found = await findServer(group, url, signal);
  if (found === undefined) return;
  await requireResponse(group.api, 'groups.deleteCallbackServer', { group_id: group.groupId, server_id: found.id('id') }, signal);
}

/** What a `confirmation` request must be answered with. VK changes it now and then: ask anew for every such request. */
export async function fetchVkConfirmation({ api, groupId }: VkGroup, signal: AbortSignal): Promise<string> {
  const response = await requireResponse(api, 'groups.getCallbackConfirmationCode', { group_id: groupId }, signal);
  return readFields(response, 'response').text('code');
}

/** Switches long poll on with our events. */
export async function enableVkLongPoll({ api, groupId, apiVersion }: VkGroup, signal: AbortSignal): Promise<void> {
  const settings = { group_id: groupId, enabled: 1, api_version: apiVersion, ...SWITCHED_ON };
  await requireResponse(api, 'groups.setLongPollSettings', settings, signal);
}

async function findServer({ api, groupId }: VkGroup, url: string, signal: AbortSignal): Promise<Fields | undefined> {
  const response = readFields(await requireResponse(api, 'groups.getCallbackServers', { group_id: groupId }, signal), 'response');
  const servers = response.array('items').map((item, index) => readFields(item, `response.items[${index}]`));
  return servers.find((server) => server.raw('url') === url);
}

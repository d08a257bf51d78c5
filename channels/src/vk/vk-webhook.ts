import { setTimeout as pause } from 'node:timers/promises';
import { type Fields, readFields } from '../body/body.ts';
import { stringifyJson } from '../json.ts';
import { requireResponse, type VkApi } from './vk-api.ts';
import type { VkConfirmation } from './vk-confirmation.ts';

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

// [?] How long VK takes to confirm is not known. A look is one of the two calls a second that messages leave.
const LOOKS_MAX = 8;
const LOOK_AGAIN_AFTER_MS = 1_000;

export interface VkGroup {
  api: VkApi;
  groupId: string;
  apiVersion: string;
}

/**
 * Makes VK send its events to `url`: finds the callback server with this address or adds one, gives it the secret, and
 * switches our events on. Resolves when VK has confirmed the address: it sends no event there before, nor later what came
 * meanwhile. VK asks for the confirmation as soon as a server is added or edited, so its text is in `confirmation` by then.
 * Throws `VkCallError` where VK refuses, and an Error where it does not confirm within about ten seconds.
 *
 * Source of the calls: vkbottle, callback/bot_callback.py; limits, and that the text is to be fetched again after adding
 * and editing: dev.vk.com/api/callback/getting-started.
 */
export async function subscribeVkWebhook(
  group: VkGroup,
  { url, secret }: { url: string; secret?: string },
  confirmation: VkConfirmation,
  signal: AbortSignal,
): Promise<void> {
  const { api, groupId, apiVersion } = group;
  const server = { group_id: groupId, url, title: TITLE, ...(secret !== undefined && { secret_key: secret }) };
  const switchOn = async (serverId: string): Promise<void> => {
    const settings = { group_id: groupId, server_id: serverId, api_version: apiVersion, ...SWITCHED_OFF, ...SWITCHED_ON };
    await requireResponse(api, 'groups.setCallbackSettings', settings, signal);
  };
  const found = await findServer(group, url, signal);
  if (found?.raw('secret_key') === (secret ?? '') && !BROKEN_STATUSES.includes(found.raw('status'))) {
    await switchOn(found.id('id'));
    if (found.raw('status') !== 'ok') await confirmed(group, url, signal);
    return;
  }
  try {
    await confirmation.learn(signal);
    let serverId = found?.id('id');
    if (serverId === undefined) {
      const added = await requireResponse(api, 'groups.addCallbackServer', server, signal);
      serverId = readFields(added, 'response').id('server_id');
    } else {
      await requireResponse(api, 'groups.editCallbackServer', { ...server, server_id: serverId }, signal);
    }
    await switchOn(serverId);
    await confirmation.learn(signal);
    await confirmed(group, url, signal);
  } finally {
    confirmation.forget();
  }
}

/** Resolves when VK says `ok` of the server with this address. */
async function confirmed(group: VkGroup, url: string, signal: AbortSignal): Promise<void> {
  for (let look = 1; ; look += 1) {
    const status = (await findServer(group, url, signal))?.raw('status');
    if (status === 'ok') return;
    if (look === LOOKS_MAX) {
      // The address is left out: who knows its last part can send us events.
      throw new Error(
        `VK has not confirmed the webhook (status ${stringifyJson(status ?? 'unknown')}): its address must be open to requests of VK`,
      );
    }
    await pause(LOOK_AGAIN_AFTER_MS, undefined, { signal });
  }
}

/** Removes the callback server with this address; nothing happens where there is none. */
export async function unsubscribeVkWebhook(group: VkGroup, url: string, signal: AbortSignal): Promise<void> {
  const found = await findServer(group, url, signal);
  if (found === undefined) return;
  await requireResponse(group.api, 'groups.deleteCallbackServer', { group_id: group.groupId, server_id: found.id('id') }, signal);
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

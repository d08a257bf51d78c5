import { setTimeout as pause } from 'node:timers/promises';
import { readFields } from '../body/body.ts';
import type { Subscription } from '../channel.ts';
import { requireResponse, VkCallError } from './vk-calls.ts';
import type { VkConfirmation } from './vk-confirmation.ts';
import { findServer, missingEvents, SWITCHED_OFF, SWITCHED_ON, stateOf, type VkGroup } from './vk-group.ts';

// A server in these states is sent nothing until it is set anew; one in `wait` is about to be confirmed.
const BROKEN_STATUSES: readonly unknown[] = ['failed', 'unconfigured'];

// Shown to the community's admins in VK; at most 14 characters.
const TITLE = 'Soroka';
const SECRET_CHARACTERS_MAX = 50; // schema of groups.addCallbackServer

// [?] How long VK takes to confirm is not known. A look is one of the two calls a second that messages leave.
const LOOKS_MAX = 8;
const LOOK_AGAIN_AFTER_MS = 1_000;

/**
 * Makes VK send its events to `url`: finds the callback server with this address or adds one, gives it the secret, and
 * switches our events on; a new one also gets the community's messages and bot capabilities switched on. Resolves when VK
 * has confirmed the address, as `active`: it sends no event there before, nor later what came meanwhile. Where VK does not
 * confirm within about ten seconds the state is `waiting` or `failed`. VK asks for the confirmation as soon as a server is
 * added or edited, so its text is in `confirmation` by then. Throws `VkCallError` where VK refuses or cannot be reached.
 *
 * Source of the calls: vkbottle, callback/bot_callback.py; limits, and that the text is to be fetched again after adding
 * and editing: dev.vk.com/api/callback/getting-started.
 */
export async function subscribeVkWebhook(
  group: VkGroup,
  webhook: { url: string; secret?: string },
  confirmation: VkConfirmation,
  signal: AbortSignal,
): Promise<Subscription> {
  const { url, secret = '' } = webhook;
  if (secret.length > SECRET_CHARACTERS_MAX) {
    throw new VkCallError(
      `the webhook's secret has ${secret.length} characters, VK takes ${SECRET_CHARACTERS_MAX}: give the connection a shorter one`,
    );
  }
  const found = await findServer(group, url, signal);
  if (found?.raw('secret_key') === secret && !BROKEN_STATUSES.includes(found.raw('status'))) {
    const did = await keepEvents(group, found.id('id'), signal);
    return found.raw('status') === 'ok' ? { state: 'active', did } : await waited(group, url, did, signal);
  }
  try {
    await confirmation.learn(signal);
    const server = { group_id: group.groupId, url, title: TITLE, ...(secret !== '' && { secret_key: secret }) };
    const did: string[] = [];
    let serverId = found?.id('id');
    if (serverId === undefined) {
      const added = await requireResponse(group.api, 'groups.addCallbackServer', server, signal);
      serverId = readFields(added, 'response').id('server_id');
      did.push(`Added the callback server “${TITLE}” to the community.`);
    } else {
      await requireResponse(group.api, 'groups.editCallbackServer', { ...server, server_id: serverId }, signal);
      did.push(`Set the callback server “${TITLE}” of the community anew.`);
    }
    did.push(await switchEventsOn(group, serverId, signal));
    await confirmation.learn(signal);
    const subscription = await waited(group, url, did, signal);
    if (found === undefined) did.push(await switchBotOn(group, signal));
    return subscription;
  } finally {
    confirmation.forget();
  }
}

/** Removes the callback server with this address; nothing happens where there is none. */
export async function unsubscribeVkWebhook(group: VkGroup, url: string, signal: AbortSignal): Promise<void> {
  const found = await findServer(group, url, signal);
  if (found === undefined) return;
  await requireResponse(group.api, 'groups.deleteCallbackServer', { group_id: group.groupId, server_id: found.id('id') }, signal);
}

/** Looks until VK says `ok` of the server with this address, for as long as a look may help. */
async function waited(group: VkGroup, url: string, did: string[], signal: AbortSignal): Promise<Subscription> {
  for (let look = 1; ; look += 1) {
    const state = stateOf(await findServer(group, url, signal));
    if (state === 'active') return { state, did };
    if (look === LOOKS_MAX) {
      did.push('VK has not confirmed our address: it must be open to requests from the internet.');
      return { state, did };
    }
    await pause(LOOK_AGAIN_AFTER_MS, undefined, { signal });
  }
}

/** Switches our events on where somebody has switched one off since, or set another version of the API. */
async function keepEvents(group: VkGroup, serverId: string, signal: AbortSignal): Promise<string[]> {
  const named = { group_id: group.groupId, server_id: serverId };
  const settings = readFields(await requireResponse(group.api, 'groups.getCallbackSettings', named, signal), 'response');
  if (missingEvents(settings).length === 0 && settings.raw('api_version') === group.apiVersion) return [];
  return [await switchEventsOn(group, serverId, signal)];
}

async function switchEventsOn({ api, groupId, apiVersion }: VkGroup, serverId: string, signal: AbortSignal): Promise<string> {
  const settings = { group_id: groupId, server_id: serverId, api_version: apiVersion, ...SWITCHED_OFF, ...SWITCHED_ON };
  await requireResponse(api, 'groups.setCallbackSettings', settings, signal);
  return `Switched the events on that it needs, in version ${apiVersion}.`;
}

/** Without these nobody can write to the community and every button is refused with error 912. */
async function switchBotOn({ api, groupId }: VkGroup, signal: AbortSignal): Promise<string> {
  const settings = { group_id: groupId, messages: 1, bots_capabilities: 1 };
  const answer = await api.call('groups.setSettings', settings, signal);
  return answer.kind === 'response'
    ? 'Switched the community’s messages and bot capabilities on.'
    : 'VK did not let the token switch the community’s messages and bot capabilities on: see that both are on in VK, under Manage, Messages (Управление → Сообщения).';
}

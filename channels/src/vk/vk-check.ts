import type { ActionOutcome, SetUpStep } from '../actions.ts';
import { BrokenBodyError, readFields } from '../body/body.ts';
import { act, NOTHING } from './vk-calls.ts';
import { missingEvents, serverAt, stateOf, type VkGroup } from './vk-group.ts';

/** What each right is for; a token has those that were ticked when it was made. */
const RIGHTS: Readonly<Record<string, string>> = {
  messages: 'to send and receive messages',
  photos: 'to send pictures',
  docs: 'to send files and voice messages',
  manage: 'to set up webhooks and long poll',
};

const TOKENS = 'Manage, API usage, Access tokens (Управление → Работа с API → Ключи доступа)';
const CALLBACK = 'Manage, API usage, Callback API (Управление → Работа с API → Callback API)';
const LONG_POLL = 'Manage, API usage, Long Poll API (Управление → Работа с API → Long Poll API)';
const MESSAGES = 'Manage, Messages (Управление → Сообщения)';
const NEW_TOKEN = `Make a new token in VK under ${TOKENS}, tick all four rights (messages, photos, documents, community management), and give it to this connection.`;

/** A cheap call that only a living token is answered. Source: dev.vk.com/method/groups.getTokenPermissions. */
export function keepAlive({ api }: VkGroup, signal: AbortSignal): Promise<ActionOutcome> {
  return act(api, 'groups.getTokenPermissions', {}, signal, NOTHING);
}

/**
 * Says what stands and what does not between us and a community, in sentences for its owner. `webhookUrl` is null where the
 * connection polls. Changes nothing. Never throws. A token that VK does not accept leaves the rest untold.
 */
export async function checkVk(group: VkGroup, webhookUrl: string | null, signal: AbortSignal): Promise<readonly SetUpStep[]> {
  const permissions = await act(group.api, 'groups.getTokenPermissions', {}, signal, readPermissions);
  if (permissions.kind !== 'done') return [tokenNotAccepted(permissions)];
  return [
    { name: 'token', state: 'good', found: 'VK accepts the token.' },
    permissionsStep(permissions.result),
    await groupStep(group, signal),
    await messagesStep(group, signal),
    {
      name: 'messages',
      state: 'unknown',
      found: 'VK tells no token whether the bot capabilities are on, which buttons need.',
      advice: `If VK refuses buttons with error 912, switch the bot capabilities on in VK under ${MESSAGES}, Bot settings (Настройки для бота).`,
    },
    ...(webhookUrl === null ? [] : [await webhookStep(group, webhookUrl, signal)]),
    await longPollStep(group, webhookUrl !== null, signal),
  ];
}

function tokenNotAccepted(outcome: Exclude<ActionOutcome<never>, { kind: 'done' }>): SetUpStep {
  const { detail } = outcome;
  if (outcome.kind === 'failed')
    return {
      name: 'token',
      state: 'unknown',
      found: `VK could not be asked: ${detail}.`,
      advice: 'See that this server reaches the address of VK’s API, and try again.',
    };
  return { name: 'token', state: 'bad', found: `VK does not accept the token: ${detail}.`, advice: NEW_TOKEN };
}

function permissionsStep(granted: readonly string[]): SetUpStep {
  const missing = Object.entries(RIGHTS).filter(([right]) => !granted.includes(right));
  if (missing.length === 0)
    return { name: 'permissions', state: 'good', found: `The token has ${Object.keys(RIGHTS).join(', ')}.` };
  const found = `The token lacks ${missing.map(([right, purpose]) => `${right} (${purpose})`).join(', ')}.`;
  return { name: 'permissions', state: 'bad', found, advice: NEW_TOKEN };
}

async function groupStep({ api, groupId }: VkGroup, signal: AbortSignal): Promise<SetUpStep> {
  // Without an id VK names the community that the token is of.
  const outcome = await act(api, 'groups.getById', {}, signal, readGroup);
  if (outcome.kind !== 'done') return notTold('group', 'which community the token is of', outcome);
  const { id, name } = outcome.result;
  if (id === groupId) return { name: 'group', state: 'good', found: `The token is of the community “${name}” (${id}).` };
  return {
    name: 'group',
    state: 'bad',
    found: `The token is of the community “${name}” (${id}), the connection is for ${groupId}.`,
    advice: `Make the token in the settings of the community ${groupId}, or connect the community ${id} instead.`,
  };
}

async function messagesStep({ api }: VkGroup, signal: AbortSignal): Promise<SetUpStep> {
  const outcome = await act(api, 'messages.getConversations', { count: 1 }, signal, NOTHING);
  if (outcome.kind === 'done')
    return { name: 'messages', state: 'good', found: 'The community’s messages are open to the token.' };
  if (outcome.kind === 'failed') return notTold('messages', 'whether the community’s messages are on', outcome);
  return {
    name: 'messages',
    state: 'bad',
    found: `VK does not open the community’s messages to the token: ${outcome.detail}.`,
    advice: `Switch the community’s messages on in VK under ${MESSAGES}, and see that the token has the right “messages”.`,
  };
}

async function webhookStep(group: VkGroup, url: string, signal: AbortSignal): Promise<SetUpStep> {
  const outcome = await act(group.api, 'groups.getCallbackServers', { group_id: group.groupId }, signal, (response) => {
    const server = serverAt(response, url);
    return server === undefined ? null : { id: server.id('id'), state: stateOf(server) };
  });
  if (outcome.kind !== 'done') return notTold('webhook', 'whether it knows our address', outcome);
  if (outcome.result === null)
    return {
      name: 'webhook',
      state: 'bad',
      found: 'VK has no callback server with our address.',
      advice: 'Start the server: it adds the callback server by itself within half a minute.',
    };
  const { id, state } = outcome.result;
  if (state === 'active') return eventsStep(group, id, signal);
  return {
    name: 'webhook',
    state: 'bad',
    found: WEBHOOK_STATES[state],
    advice: `See that our address can be opened from the internet over https; then press “Confirm” in VK under ${CALLBACK}.`,
  };
}

const WEBHOOK_STATES = {
  waiting: 'VK has not confirmed our address yet and sends nothing to it.',
  failed: 'VK has stopped sending to our address, because it did not answer as VK wants.',
} as const;

async function eventsStep({ api, groupId }: VkGroup, serverId: string, signal: AbortSignal): Promise<SetUpStep> {
  const named = { group_id: groupId, server_id: serverId };
  const outcome = await act(api, 'groups.getCallbackSettings', named, signal, (response) =>
    missingEvents(readFields(response, 'response')),
  );
  if (outcome.kind !== 'done') return notTold('webhook', 'which events it sends', outcome);
  if (outcome.result.length === 0) return { name: 'webhook', state: 'good', found: 'VK sends its events to our address.' };
  return {
    name: 'webhook',
    state: 'bad',
    found: `VK sends to our address, but not ${outcome.result.join(', ')}.`,
    advice: `Tick these event types in VK under ${CALLBACK}, or start the server, which does it by itself.`,
  };
}

async function longPollStep({ api, groupId }: VkGroup, hasWebhook: boolean, signal: AbortSignal): Promise<SetUpStep> {
  const outcome = await act(api, 'groups.getLongPollSettings', { group_id: groupId }, signal, (response) => {
    const settings = readFields(response, 'response');
    if (!settings.has('is_enabled')) throw new BrokenBodyError('response.is_enabled', 'is missing');
    const isOn = settings.raw('is_enabled') === true || settings.raw('is_enabled') === 1;
    return { isOn, missing: isOn ? missingEvents(settings) : [] };
  });
  if (outcome.kind !== 'done') return notTold('long-poll', 'whether long poll is on', outcome);
  const { isOn, missing } = outcome.result;
  if (hasWebhook)
    return { name: 'long-poll', state: 'good', found: `Long poll is ${isOn ? 'on' : 'off'}; events come by webhook.` };
  if (isOn && missing.length === 0) return { name: 'long-poll', state: 'good', found: 'Long poll is on.' };
  return {
    name: 'long-poll',
    state: 'bad',
    found: isOn ? `Long poll is on, but without ${missing.join(', ')}.` : 'Long poll is off: no event can reach us.',
    advice: `Start the server, which switches it on by itself, or do it in VK under ${LONG_POLL}.`,
  };
}

function notTold(name: SetUpStep['name'], what: string, { detail }: Exclude<ActionOutcome<never>, { kind: 'done' }>): SetUpStep {
  return {
    name,
    state: 'unknown',
    found: `VK did not say ${what}: ${detail}.`,
    advice: 'Try again; look at the rights of the token if it stays so.',
  };
}

function readPermissions(response: unknown): string[] {
  return readFields(response, 'response')
    .array('permissions')
    .map((item, index) => readFields(item, `response.permissions[${index}]`).text('name'));
}

/** `{groups: […]}` since a version before 5.199, the bare list until 5.131. */
function readGroup(response: unknown): { id: string; name: string } {
  const groups = Array.isArray(response) ? response : readFields(response, 'response').array('groups');
  const group = readFields(groups[0], 'response.groups[0]');
  return { id: group.id('id'), name: group.text('name') };
}

import type { CallbackServer, CallbackServerFields } from '../callback-servers.ts';
import { EVENT_NAMES, eventFlags, switchEvents } from '../event-settings.ts';
import type { ParameterSpec } from '../parameters.ts';
import { refuse, respond, type VkResult } from '../vk-errors.ts';
import { defineMethod, type VkMethods } from '../vk-method.ts';
import type { VkCall } from '../vk-network.ts';
import { CREATOR_ID } from './people.ts';

const GROUP_ID = { type: 'integer', required: true, min: 1 } as const;
const SERVER_FIELDS = {
  url: { type: 'text', required: true },
  title: { type: 'text', required: true, lengthMax: 14 },
  secret_key: { type: 'text', lengthMax: 50 },
} as const;
const SERVER_ID = { type: 'integer', required: true, min: 0 } as const;
// Not required by the schema; without it there is no such server. [?] VK may mean the only one.
const SERVER_ID_OR_NONE = { type: 'integer', min: 0, default: 0 } as const;
const EVENT_SWITCHES: Record<string, ParameterSpec & { type: 'boolean' }> = Object.fromEntries(
  EVENT_NAMES.map((name) => [name, { type: 'boolean' }]),
);

/** The fields of a server, checked. VK's text for a bad address is not known. */
function readFields(values: { url: string; title: string; secret_key: string | undefined }): CallbackServerFields | VkResult {
  if (!/^https?:\/\/\S+$/.test(values.url) || !URL.canParse(values.url))
    return refuse(100, 'url should be an http or https address');
  return { url: values.url, title: values.title, secretKey: values.secret_key ?? '' };
}

function withServer(call: VkCall, serverId: number, act: (server: CallbackServer) => VkResult): VkResult {
  const server = call.network.callbacks.find(call.group, serverId);
  return server === null ? refuse(104) : act(server);
}

const addCallbackServer = defineMethod({ group_id: GROUP_ID, ...SERVER_FIELDS }, (values, { network, group }) => {
  const fields = readFields(values);
  if ('ok' in fields) return fields;
  const server = network.callbacks.add(group, fields);
  return server === null ? refuse(2000) : respond({ server_id: server.id });
});

const editCallbackServer = defineMethod({ group_id: GROUP_ID, server_id: SERVER_ID, ...SERVER_FIELDS }, (values, call) =>
  withServer(call, values.server_id, (server) => {
    const fields = readFields(values);
    if ('ok' in fields) return fields;
    call.network.callbacks.edit(call.group, server, fields);
    return respond(1);
  }),
);

const deleteCallbackServer = defineMethod({ group_id: GROUP_ID, server_id: SERVER_ID }, (values, call) =>
  withServer(call, values.server_id, (server) => {
    call.network.callbacks.delete(call.group, server);
    return respond(1);
  }),
);

const getCallbackServers = defineMethod(
  { group_id: GROUP_ID, server_ids: { type: 'integers', itemsMax: 100 } },
  (values, { network, group }) => {
    const servers = network.callbacks.list(group).filter(({ id }) => values.server_ids?.includes(id) ?? true);
    return respond({
      count: servers.length,
      items: servers.map(({ id, title, url, secretKey, status }) => ({
        id,
        title,
        creator_id: CREATOR_ID,
        url,
        secret_key: secretKey,
        status,
      })),
    });
  },
);

const getCallbackConfirmationCode = defineMethod({ group_id: GROUP_ID }, (_values, { network, group }) =>
  respond({ code: network.callbacks.confirmationCode(group) }),
);

const getCallbackSettings = defineMethod({ group_id: GROUP_ID, server_id: SERVER_ID_OR_NONE }, (values, call) =>
  withServer(call, values.server_id, ({ events }) => respond({ api_version: events.apiVersion, events: eventFlags(events) })),
);

const setCallbackSettings = defineMethod(
  { group_id: GROUP_ID, server_id: SERVER_ID_OR_NONE, api_version: { type: 'text' }, ...EVENT_SWITCHES },
  (values, call) =>
    withServer(call, Number(values['server_id']), (server) => {
      server.events.apiVersion = String(values['api_version'] ?? server.events.apiVersion);
      switchEvents(server.events, values);
      call.network.callbacks.confirm(call.group, server);
      return respond(1);
    }),
);

const getLongPollServer = defineMethod({ group_id: GROUP_ID }, (_values, { network, group, origin }) => {
  const opened = network.longPoll.open(group);
  if (opened === null) return refuse(100, 'longpoll for this group is not enabled');
  return respond({ key: opened.key, server: `${origin}/vk/longpoll/${group.id}`, ts: opened.ts });
});

const getLongPollSettings = defineMethod({ group_id: GROUP_ID }, (_values, { network, group }) => {
  const settings = network.longPoll.settings(group);
  return respond({ is_enabled: settings.isEnabled, api_version: settings.apiVersion, events: eventFlags(settings) });
});

const setLongPollSettings = defineMethod(
  { group_id: GROUP_ID, enabled: { type: 'boolean' }, api_version: { type: 'text' }, ...EVENT_SWITCHES },
  (values, { network, group }) => {
    const settings = network.longPoll.settings(group);
    settings.isEnabled = values['enabled'] === undefined ? settings.isEnabled : values['enabled'] === true;
    settings.apiVersion = String(values['api_version'] ?? settings.apiVersion);
    switchEvents(settings, values);
    return respond(1);
  },
);

/** How a community is told of its events. Sources: the schema; contracts/vk.md 1.1 and 2. */
export const SUBSCRIPTION_METHODS: VkMethods = {
  'groups.addCallbackServer': addCallbackServer,
  'groups.editCallbackServer': editCallbackServer,
  'groups.deleteCallbackServer': deleteCallbackServer,
  'groups.getCallbackServers': getCallbackServers,
  'groups.getCallbackConfirmationCode': getCallbackConfirmationCode,
  'groups.getCallbackSettings': getCallbackSettings,
  'groups.setCallbackSettings': setCallbackSettings,
  'groups.getLongPollServer': getLongPollServer,
  'groups.getLongPollSettings': getLongPollSettings,
  'groups.setLongPollSettings': setLongPollSettings,
};

import { STORAGE_KEYS_MAX } from '../communities.ts';
import { refuse, respond } from '../vk-errors.ts';
import { defineMethod, defineUserMethod, type VkMethods } from '../vk-method.ts';

const GROUP_ID = { type: 'integer', required: true, min: 1 } as const;
const USER_ID = { type: 'integer', min: 0, default: 0 } as const;
const KEY_CHARACTERS_MAX = 100;
// docs: storage.set; the schema gives no bound for the value.
const VALUE_CHARACTERS_MAX = 4_096;
const KEY = /^[a-zA-Z_\-0-9]+$/;

const SWITCHES = [
  'messages',
  'bots_capabilities',
  'bots_start_button',
  'bots_add_to_chat',
  'bot_online_booking_enabled',
] as const;

const setSettings = defineMethod(
  {
    group_id: GROUP_ID,
    messages: { type: 'boolean' },
    bots_capabilities: { type: 'boolean' },
    bots_start_button: { type: 'boolean' },
    bots_add_to_chat: { type: 'boolean' },
    bot_online_booking_enabled: { type: 'boolean' },
  },
  (values, { network, group }) => {
    const settings = network.communities.settings(group);
    for (const name of SWITCHES) settings[name] = values[name] ?? settings[name];
    return respond(1);
  },
);

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);

/** For the token of an administrator; every person here is taken for one. Source: groups_getSettings_response of the schema. */
const getSettings = defineUserMethod({ group_id: { type: 'text', required: true } }, (values, { network }) => {
  const group = network.world.groups.byId('vk', values.group_id);
  if (group === null) return refuse(125);
  const settings = network.communities.settings(group);
  return respond({
    title: group.name,
    description: '',
    address: `club${group.id}`,
    access: 0,
    wall: 1,
    photos: 1,
    video: 1,
    audio: 1,
    docs: 1,
    topics: 1,
    wiki: 1,
    articles: 1,
    recognize_photo: 0,
    city_id: 0,
    city_name: '',
    rss: '',
    website: '',
    obscene_filter: 0,
    obscene_stopwords: 0,
    obscene_words: [],
    toxic_filter: 0,
    disable_replies_from_groups: 0,
    ...Object.fromEntries(SWITCHES.map((name) => [name, flag(settings[name])])),
  });
});

const enableOnline = defineMethod({ group_id: GROUP_ID }, (_values, { network, group }) => {
  network.communities.settings(group).isOnline = true;
  return respond(1);
});

const disableOnline = defineMethod({ group_id: GROUP_ID }, (_values, { network, group }) => {
  network.communities.settings(group).isOnline = false;
  return respond(1);
});

const getOnlineStatus = defineMethod({ group_id: GROUP_ID }, (_values, { network, group }) =>
  respond({ status: network.communities.settings(group).isOnline ? 'online' : 'none' }),
);

const setStored = defineMethod(
  {
    key: { type: 'text', required: true, lengthMax: KEY_CHARACTERS_MAX },
    value: { type: 'text', default: '', lengthMax: VALUE_CHARACTERS_MAX },
    user_id: USER_ID,
  },
  ({ key, value, user_id: userId }, { network, group }) => {
    if (!KEY.test(key)) return refuse(100, 'key is invalid');
    const storage = network.communities.storage(group, userId);
    // An empty value deletes the key (docs: storage.set).
    if (value === '') storage.delete(key);
    else if (storage.has(key) || storage.size < STORAGE_KEYS_MAX) storage.set(key, value);
    else return refuse(103);
    return respond(1);
  },
);

const getStored = defineMethod(
  {
    key: { type: 'text', lengthMax: KEY_CHARACTERS_MAX },
    keys: { type: 'texts', itemsMax: 1_000 },
    user_id: USER_ID,
  },
  (values, { network, group }) => {
    const keys = values.keys ?? (values.key === undefined ? null : [values.key]);
    if (keys === null) return refuse(100, 'key is undefined');
    const storage = network.communities.storage(group, values.user_id);
    return respond(keys.map((key) => ({ key, value: storage.get(key) ?? '' })));
  },
);

const getStoredKeys = defineMethod(
  {
    user_id: USER_ID,
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 1_000, default: 100 },
  },
  (values, { network, group }) => {
    const keys = [...network.communities.storage(group, values.user_id).keys()];
    return respond(keys.slice(values.offset, values.offset + values.count));
  },
);

/** What a community is set to, and what its bot stores at VK. Sources: the schema; contracts/vk.md 3.5. */
export const COMMUNITY_METHODS: VkMethods = {
  'groups.setSettings': setSettings,
  'groups.getSettings': getSettings,
  'groups.enableOnline': enableOnline,
  'groups.disableOnline': disableOnline,
  'groups.getOnlineStatus': getOnlineStatus,
  'storage.set': setStored,
  'storage.get': getStored,
  'storage.getKeys': getStoredKeys,
};

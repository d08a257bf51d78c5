import type { Group } from '../../world/world.ts';
import { SUBSCRIBED_INTENTS, type SubscribedIntent } from '../../world/world.ts';
import { type Refusal, refuse, respond } from '../vk-errors.ts';
import { defineMethod, defineUserMethod, type VkMethods } from '../vk-method.ts';
import type { UserCall } from '../vk-network.ts';
import { profileOf } from './peers.ts';

const GROUP_ID = { type: 'integer', required: true, min: 1 } as const;

const isMessagesFromGroupAllowed = defineMethod(
  { group_id: GROUP_ID, user_id: { type: 'integer', required: true, min: 1 } },
  (values, { network: { world }, group }) => {
    const person = world.people.byId('vk', String(values.user_id));
    return respond({ is_allowed: person !== null && world.permission(group, person) === 'allowed' ? 1 : 0 });
  },
);

function findGroup({ network: { world } }: UserCall, groupId: number): { ok: true; group: Group } | Refusal {
  const group = world.groups.byId('vk', String(groupId));
  return group === null ? refuse(125) : { ok: true, group };
}

const allowMessagesFromGroup = defineUserMethod({ group_id: GROUP_ID, key: { type: 'text', lengthMax: 256 } }, (values, call) => {
  const found = findGroup(call, values.group_id);
  if (!found.ok) return found;
  call.network.world.allow(found.group, call.person, values.key ?? '');
  return respond(1);
});

const denyMessagesFromGroup = defineUserMethod({ group_id: GROUP_ID }, (values, call) => {
  const found = findGroup(call, values.group_id);
  if (!found.ok) return found;
  call.network.world.block(found.group, call.person);
  return respond(1);
});

const getIntentUsers = defineMethod(
  {
    intent: { type: 'choice', required: true, values: SUBSCRIBED_INTENTS },
    subscribe_id: { type: 'integer', min: 0, max: 100 },
    offset: { type: 'integer', min: 0, default: 0 },
    count: { type: 'integer', min: 0, max: 200, default: 20 },
    extended: { type: 'boolean' },
    fields: { type: 'texts', itemsMax: 1_000 },
  },
  (values, call) => {
    const people = call.network.world.intents.people(call.group, values.intent as SubscribedIntent);
    const page = people.slice(values.offset, values.offset + values.count);
    return respond({
      count: people.length,
      items: page.map(({ vkId }) => vkId),
      ...(values.extended === true ? { profiles: page.map((person) => profileOf(person, call, values.fields)) } : {}),
    });
  },
);

/** Who lets a community write, and what they agreed to. Sources: the schema; contracts/vk.md 3.2 and 3.5. */
export const PERMISSION_METHODS: VkMethods = {
  'messages.isMessagesFromGroupAllowed': isMessagesFromGroupAllowed,
  'messages.allowMessagesFromGroup': allowMessagesFromGroup,
  'messages.denyMessagesFromGroup': denyMessagesFromGroup,
  'messages.getIntentUsers': getIntentUsers,
};

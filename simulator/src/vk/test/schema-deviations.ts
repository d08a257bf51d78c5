import type { Deviation } from './schema.ts';

/** Where VK is known to differ from VKCOM/vk-api-schema v5.199.93, or the schema contradicts itself. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    file: 'base/objects.json',
    at: 'base_error.required',
    change: { set: ['error_code', 'error_msg'] },
    reason: 'no recorded error carries the "inner_type" that is required; all carry a text (contracts/vk.md 3.1)',
  },
  {
    file: 'base/responses.json',
    at: 'base_undefined_response.properties.response',
    change: { set: {} },
    reason: 'says of itself "not defined yet": what execute returns is up to its code',
  },
  {
    file: 'groups/objects.json',
    at: 'groups_group.additionalProperties',
    change: { set: true },
    reason: 'forbids, inside the allOf of groups_group_full, every field that the full group adds',
  },
  {
    file: 'messages/objects.json',
    at: 'messages_keyboard_button.properties.color.enum',
    change: { add: ['secondary'] },
    reason: 'docs:/en/api/bots/development/keyboard has it, and every client uses it (contracts/vk.md 3.3)',
  },
  {
    file: 'messages/objects.json',
    at: 'messages_message_attachment_type.enum',
    change: { add: ['story'] },
    reason: 'the attachment has a property "story", whose type is missing in the list of types',
  },
  {
    file: 'callback/objects.json',
    at: 'callback_message_event.properties.payload.type',
    change: { set: ['string', 'object'] },
    reason: 'an object in recorded bodies (contracts/vk.md 1.4)',
  },
  {
    file: 'callback/objects.json',
    at: 'callback_message_typing_state.properties.state.enum',
    change: { add: ['typing'] },
    reason: 'the value of the docs; the list holds a name of an event and numbers (contracts/vk.md 1.4)',
  },
  {
    file: 'callback/objects.json',
    at: 'callback_type.enum',
    change: { add: ['message_event'] },
    reason: 'missing in the list of events, though it can be switched on (contracts/vk.md 6)',
  },
];

import { type Static, Type } from 'typebox';

export const CHANNEL_KINDS = ['vk', 'ok', 'notify'] as const;
const BUTTON_KINDS = ['text', 'callback', 'link', 'contact', 'location'] as const;
const FILE_KINDS = ['image', 'file', 'voice', 'video'] as const;

/** What a channel can do: what it lacks need not be offered. */
export const Capabilities = Type.Object({
  batchMax: Type.Integer({ description: 'Messages that one call to the network may carry.' }),
  callsPerSecond: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Calls that the network allows; null: it names no limit.',
  }),
  textCharactersMax: Type.Integer(),
  dropsRepeats: Type.Boolean({ description: 'A message sent again after a lost answer does not come twice.' }),
  reportsDelivered: Type.Boolean(),
  reportsRead: Type.Boolean(),
  deliveryPolicies: Type.Boolean({ description: 'Honours a delivery_policy other than any.' }),
  edits: Type.Boolean(),
  deletes: Type.Boolean(),
  showsTyping: Type.Boolean(),
  marksRead: Type.Boolean(),
  readsHistory: Type.Boolean({ description: 'Gives what was written before the group was connected.' }),
  groupChats: Type.Boolean({ description: 'Has chats of several people.' }),
  buttons: Type.Array(Type.Enum(BUTTON_KINDS), { description: 'Shown as they are; the others get a stand-in.' }),
  carousel: Type.Boolean(),
  attachments: Type.Array(Type.Enum(FILE_KINDS)),
  attachmentsMax: Type.Integer(),
});
export type Capabilities = Static<typeof Capabilities>;

const kind = Type.Enum(CHANNEL_KINDS, { description: '`notify`: an upstream that knows people by phone.' });

/** What every kind of channel can do, and each connection of the account with its settings applied. */
export const Channels = Type.Object({
  channels: Type.Array(Type.Object({ kind, capabilities: Capabilities })),
  connections: Type.Array(
    Type.Object({
      id: Type.Integer(),
      kind,
      groupId: Type.Union([Type.String(), Type.Null()], { description: 'Null for an upstream: its senders name their groups.' }),
      capabilities: Capabilities,
    }),
  ),
});
export type Channels = Static<typeof Channels>;

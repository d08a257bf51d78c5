import { type Static, Type } from 'typebox';
import { ROUTES } from './statuses.ts';

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** One line of a dialog's history. */
export const DialogMessage = Type.Object({
  id: Type.Integer(),
  direction: Type.Enum(['in', 'out']),
  text: Type.String(),
  source: Type.Enum(['person', 'bot', 'operator', 'notification']),
  messageTag: Type.Union([Type.String(), Type.Null()], {
    description: 'Id of the notification that an incoming message answers.',
  }),
  createdAt: Type.String({ format: 'date-time' }),
  status: Type.Union([Type.String(), Type.Null()], { description: 'Of an outgoing message, as in GET /vk/messages/{id}.' }),
});
export type DialogMessage = Static<typeof DialogMessage>;

/** One person with one group, for ever. */
export const Dialog = Type.Object({
  id: Type.Integer(),
  channel: Type.Enum(ROUTES),
  groupId: Type.String(),
  contact: Type.Object({ id: Type.Integer(), name: textOrNull, phone: textOrNull }),
  lastMessage: Type.Union([DialogMessage, Type.Null()]),
});
export type Dialog = Static<typeof Dialog>;

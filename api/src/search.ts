import { type Static, Type } from 'typebox';
import { ROUTES } from './statuses.ts';

const textOrNull = Type.Union([Type.String(), Type.Null()]);

export const FoundMessage = Type.Object({
  id: Type.Integer({ description: 'Of the line.' }),
  dialogId: Type.Integer(),
  sequence: Type.Integer({ description: 'Its place in the dialog.' }),
  kind: Type.Enum(['message', 'note']),
  direction: Type.Enum(['in', 'out']),
  source: Type.Enum(['person', 'bot', 'operator']),
  createdAt: Type.String({ format: 'date-time' }),
  excerpt: Type.Object({
    text: Type.String({ description: 'The part where the words stand.' }),
    marks: Type.Array(Type.Object({ from: Type.Integer(), to: Type.Integer() }), {
      description: 'Where in it, in UTF-16 code units; `to` is not included.',
    }),
  }),
});
export type FoundMessage = Static<typeof FoundMessage>;

export const FoundMessages = Type.Object({
  items: Type.Array(FoundMessage),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
  isCut: Type.Boolean({ description: 'The time was up before the page was full; the cursor goes on from there.' }),
});

/** Somebody, by one of their dialogs. */
export const FoundPerson = Type.Object({
  dialogId: Type.Integer(),
  channel: Type.Enum(ROUTES),
  groupId: Type.String(),
  contactId: Type.Integer(),
  name: textOrNull,
  phone: textOrNull,
  pictureUrl: textOrNull,
  lastMessageAt: Type.String({ format: 'date-time' }),
});
export type FoundPerson = Static<typeof FoundPerson>;

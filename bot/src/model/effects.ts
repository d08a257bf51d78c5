import Type, { type Static } from 'typebox';
import { Value } from './events.ts';
import { Attachment, Keyboard } from './keyboard.ts';

const Id = Type.String({ maxLength: 40 });
const Name = Type.String({ minLength: 1, maxLength: 100 });
const CallMethod = Type.Union([
  Type.Literal('GET'),
  Type.Literal('POST'),
  Type.Literal('PUT'),
  Type.Literal('PATCH'),
  Type.Literal('DELETE'),
]);

/** What a message holds. */
export const Content = Type.Object({
  text: Type.String({ maxLength: 4_096 }),
  keyboard: Type.Optional(Keyboard),
  attachments: Type.Optional(Type.Array(Attachment, { maxItems: 10 })),
  typingMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'Shows "is typing" for so long before it.' })),
});
export type Content = Static<typeof Content>;

export const Call = Type.Object({
  method: CallMethod,
  url: Type.String({ maxLength: 2_048 }),
  headers: Type.Record(Type.String(), Type.String()),
  body: Type.Optional(Type.String({ maxLength: 65_536 })),
});
export type Call = Static<typeof Call>;

const ACTIONS = [
  Type.Object({ kind: Type.Literal('say'), ...Content.properties }),
  Type.Object({ kind: Type.Literal('notice'), text: Type.String({ maxLength: 90 }) }),
  Type.Object({ kind: Type.Literal('set'), name: Name, value: Value }),
  Type.Object({
    kind: Type.Literal('label'),
    action: Type.Union([Type.Literal('add'), Type.Literal('remove')]),
    label: Name,
  }),
  Type.Object({
    kind: Type.Literal('handoff'),
    team: Type.Optional(Name),
    note: Type.Optional(Type.String({ maxLength: 1_000 })),
  }),
  Type.Object({ kind: Type.Literal('close') }),
  Type.Object({ kind: Type.Literal('wake'), id: Id, at: Type.Number({ description: 'Milliseconds since 1970.' }) }),
  Type.Object({ kind: Type.Literal('cancelWake'), id: Id }),
  Type.Object({ kind: Type.Literal('unsubscribe') }),
  Type.Object({ kind: Type.Literal('subscribe') }),
] as const;

/** What any bot may ask for. Ids of `wake` are unique within the dialog. */
export const Action = Type.Union([...ACTIONS]);
export type Action = Static<typeof Action>;

/** What is to happen, in this order: an action, or a call whose answer comes back as an event with its id. */
export const Effect = Type.Union([...ACTIONS, Type.Object({ kind: Type.Literal('call'), id: Id, ...Call.properties })]);
export type Effect = Static<typeof Effect>;

/** One thing that was decided, and why. Holds names of rules and steps, never what a person wrote. */
export interface TraceLine {
  at: 'rule' | 'step' | 'guard' | 'scene' | 'event';
  name: string;
  outcome: string;
}

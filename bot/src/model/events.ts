import Type, { type Static } from 'typebox';
import type { Network } from './keyboard.ts';

const Text = Type.String({ maxLength: 65_536 });
const Payload = Type.Optional(Text);

/** What happened in a dialog. Ids of timers and calls are those that the effects `wake` and `call` gave. */
export const BotEvent = Type.Union([
  Type.Object({
    kind: Type.Literal('message'),
    text: Text,
    payload: Payload,
    ref: Type.Optional(Text),
    attachments: Type.Array(Type.String({ maxLength: 40 }), {
      description: 'Kinds: image, file, voice, video, sticker, location …',
    }),
    contact: Type.Optional(
      Type.Object({ phone: Text, name: Type.Optional(Text) }, { description: 'Shared by a contact button.' }),
    ),
  }),
  Type.Object({
    kind: Type.Literal('started'),
    payload: Payload,
    ref: Type.Optional(Text),
    refSource: Type.Optional(Text),
  }),
  Type.Object({ kind: Type.Literal('button'), payload: Text }),
  Type.Object({ kind: Type.Literal('subscribed') }),
  Type.Object({ kind: Type.Literal('unsubscribed') }),
  Type.Object({ kind: Type.Literal('timer'), id: Text }),
  Type.Object({
    kind: Type.Literal('callResult'),
    id: Text,
    ok: Type.Boolean({ description: 'False without an answer in time, and for any status but 2xx.' }),
    status: Type.Optional(Type.Integer()),
    body: Type.Optional(Type.Unknown({ description: 'Parsed JSON, or text.' })),
  }),
  Type.Object({
    kind: Type.Literal('noReply'),
    forMs: Type.Number({ minimum: 0, description: 'How long the person has not answered.' }),
  }),
  Type.Object({ kind: Type.Literal('labelAdded'), label: Text }),
]);
export type BotEvent = Static<typeof BotEvent>;
export type EventKind = BotEvent['kind'];

export const Value = Type.Union([Type.String({ maxLength: 4_096 }), Type.Number(), Type.Boolean()]);
/** Of a variable. */
export type Value = Static<typeof Value>;

/** What is known when the event comes. Handed in, so that the step knows no clock, chance or database. */
export interface Facts {
  /** Milliseconds since 1970, UTC. */
  now: number;
  /** IANA name, `Europe/Moscow`; dates that people name are of this zone. */
  timeZone: string;
  /** From 0 up to, and without, 1. */
  random(): number;
  network: Network;
  groupId: string;
  person: {
    name?: string;
    /** Digits of E.164 without plus. */
    phone?: string;
    variables: Readonly<Record<string, Value>>;
    labels: readonly string[];
  };
  isWorkingHours: boolean;
  /** Whose turn it is: while it is not the bot's, only rules that name `dialog` speak. */
  owner: 'bot' | 'queue' | 'human';
  /** The person's first event in this dialog. */
  isNewDialog: boolean;
  isGroupChat: boolean;
  /** Segments of the account, by name: whether the person is in it. */
  segments: Readonly<Record<string, boolean>>;
}

import { type Static, Type } from 'typebox';

/** Bounds of what operators write; the network of a dialog may take less. */
export const REPLY_LIMITS = { textCharactersMax: 9_000, filesMax: 10, aheadDaysMax: 365 } as const;

const text = Type.String({
  maxLength: REPLY_LIMITS.textCharactersMax,
  description: 'What the person reads; may be empty where there are files. /v1/channels says how long it may be.',
  examples: ['Курьер выехал, будет через 20 минут.'],
});
const fileIds = Type.Array(Type.Integer({ minimum: 1 }), {
  maxItems: REPLY_LIMITS.filesMax,
  uniqueItems: true,
  description: 'Of POST /v1/files, in the order in which they are shown.',
});
const sendAt = Type.String({
  format: 'date-time',
  description: 'Not before; absent: at once. At most a year ahead.',
  examples: ['2026-12-31T09:00:00+03:00'],
});

export const NewReply = Type.Object(
  {
    text: Type.Optional(text),
    fileIds: Type.Optional(fileIds),
    replyTo: Type.Optional(Type.Integer({ minimum: 1, description: 'Id of the line of this dialog that it answers.' })),
    sendAt: Type.Optional(sendAt),
  },
  { additionalProperties: false, examples: [{ text: 'Здравствуйте! Чем помочь?' }] },
);
export type NewReply = Static<typeof NewReply>;

/** What is absent stays. */
export const ScheduledPatch = Type.Object(
  { text: Type.Optional(text), fileIds: Type.Optional(fileIds), sendAt: Type.Optional(sendAt) },
  { additionalProperties: false, minProperties: 1, examples: [{ text: 'Здравствуйте! Заказ готов.' }] },
);
export type ScheduledPatch = Static<typeof ScheduledPatch>;

export const REPLY_STATES = ['scheduled', 'preparing', 'given', 'cancelled', 'failed'] as const;

export const Reply = Type.Object({
  messageId: Type.Integer({ description: 'The `messageTag` of its line in the history.' }),
  dialogId: Type.Integer(),
  state: Type.Enum(REPLY_STATES, {
    description:
      '`scheduled`: waits for its time. `preparing`: its files go to the network, or those of a reply before it. `given`: in the queue of its group; its line has the status from there on.',
  }),
  text: Type.String(),
  fileIds: Type.Array(Type.Integer()),
  replyTo: Type.Union([Type.Integer(), Type.Null()]),
  sendAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  operatorId: Type.Union([Type.Integer(), Type.Null()], { description: 'Null: a program with a key.' }),
  localId: Type.String({ description: 'The Idempotency-Key that it came with.' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Why it failed, for people.' }),
  createdAt: Type.String({ format: 'date-time' }),
});
export type Reply = Static<typeof Reply>;

/** The new words of a line; its files and buttons stay. */
export const LinePatch = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: REPLY_LIMITS.textCharactersMax }) },
  { additionalProperties: false, examples: [{ text: 'Курьер будет через 30 минут.' }] },
);
export type LinePatch = Static<typeof LinePatch>;

export const LineChange = Type.Object({ id: Type.Integer({ description: 'Of the line.' }), changed: Type.Boolean() });

export const TypingAnswer = Type.Object({ shown: Type.Boolean({ description: 'False where the network cannot show it.' }) });

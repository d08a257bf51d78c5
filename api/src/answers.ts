import { type Static, type TSchema, Type } from 'typebox';
import { ERRORS, type ErrorCode } from './errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

/** Why one message, or a whole request, was refused. */
export const Reason = Type.Object({
  key: Type.Enum(codes),
  field: Type.Optional(Type.String({ description: 'Path of the field: `steps[0].route`.' })),
  message: Type.Optional(Type.String({ description: 'For people; may change.' })),
  position: Type.Optional(
    Type.Integer({
      description: 'invalid.json: offset of the first character that cannot be read, in UTF-16 code units from 0.',
    }),
  ),
  line: Type.Optional(Type.Integer({ description: 'invalid.json: from 1.' })),
  column: Type.Optional(Type.Integer({ description: 'invalid.json: from 1.' })),
});
export type Reason = Static<typeof Reason>;

export const Rejected = Type.Object({ code: Type.Literal('REJECTED'), reasons: Type.Array(Reason, { minItems: 1 }) });
export type Rejected = Static<typeof Rejected>;

/** The answer of POST /vk/messages: one item per message, in the request's order. */
export const SendAnswer = Type.Object({
  result: Type.Array(
    Type.Union([
      Type.Object({
        code: Type.Literal('OK'),
        messageId: Type.Integer({ description: 'Below 2^53: exact as a double.', examples: [1000001] }),
      }),
      Rejected,
    ]),
  ),
});
export type SendAnswer = Static<typeof SendAnswer>;

/** A whole request under /vk refused: the same envelope with one item. */
export const RequestRejected = Type.Object({ result: Type.Array(Rejected, { minItems: 1, maxItems: 1 }) });

/** Errors of every other route. */
export const ErrorAnswer = Type.Object({
  error: Type.Object({
    code: Type.Enum(codes),
    field: Type.Union([Type.String(), Type.Null()]),
    message: Type.String(),
    hint: Type.String({ description: 'What to do next.' }),
    position: Type.Optional(Type.Integer()),
    line: Type.Optional(Type.Integer()),
    column: Type.Optional(Type.Integer()),
  }),
});
export type ErrorAnswer = Static<typeof ErrorAnswer>;

export const LIST_LIMIT_MAX = 1_000;
export const LIST_LIMIT_DEFAULT = 100;

/** A list that events keep up to date: nothing up to `asOf` is missing from it. */
export function snapshotOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
    asOf: Type.Integer({ description: 'The number of an event; GET /v1/events?after= tells what changed since.' }),
  });
}

/** Lists everywhere: newest first, `nextCursor` null at the end. */
export function listOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
}

import { type Static, Type } from 'typebox';
import { SEND_LIMITS } from './messages.ts';

const messageIds = (description: string) => Type.Array(Type.Integer(), { description });

/** Which messages to cancel: exactly one of the three. */
export const CancelRequest = Type.Object(
  {
    messageIds: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: SEND_LIMITS.messagesMax })),
    idempotencyKey: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Of the request that they came with, within 24 hours.' }),
    ),
    phone: Type.Optional(Type.String({ description: 'Everything that waits for this number.', examples: ['79999999999'] })),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);
export type CancelRequest = Static<typeof CancelRequest>;

/** What became of them; each is in one list. */
export const CancelAnswer = Type.Object({
  cancelled: messageIds('Cancelled now or before.'),
  alreadySent: messageIds('Sent, or final otherwise.'),
  notFound: messageIds('Not of this account.'),
});
export type CancelAnswer = Static<typeof CancelAnswer>;

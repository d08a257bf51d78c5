import { type Static, Type } from 'typebox';
import { ROUTES } from './statuses.ts';

/** An approved name that messages are sent under. */
export const Sender = Type.Object({
  service: Type.String({ description: 'Its name, `service` of a message.' }),
  routes: Type.Array(
    Type.Object({
      channel: Type.Enum(ROUTES),
      provider: Type.Enum(['notify', 'community'], {
        description: 'By phone through an upstream, or as a message of the group.',
      }),
      groupId: Type.String(),
    }),
  ),
  budgetPerDay: Type.Union([Type.Integer(), Type.Null()], { description: 'Messages a day; null: as many as come.' }),
  pausedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description: 'Since when its messages wait.' }),
});
export type Sender = Static<typeof Sender>;

export const SenderName = Type.Object(
  { service: Type.String({ minLength: 1, maxLength: 200, examples: ['Group_name'] }) },
  { additionalProperties: false },
);
export type SenderName = Static<typeof SenderName>;

import { type Static, Type } from 'typebox';
import { Reason, Rejected } from './answers.ts';
import { ROUTES } from './statuses.ts';

const time = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });
const waiting = Type.Integer({ description: 'Messages before it in the line of the group.' });
const perSecond = Type.Number({ description: 'What the group is sent at most in a second.' });

/** A person who has had, or would have had by then, all notifications of the day from a group. */
const MetCap = Type.Object({
  channel: Type.Enum(ROUTES),
  groupId: Type.String(),
  max: Type.Integer({ description: 'Notifications to one person in any 24 hours.' }),
  follows: Type.Enum(['next_route', 'refused', 'waits'], {
    description: 'Goes to the next route; ends with RATELIMIT; or waits for a free place, as the connection is set.',
  }),
});

/** What would become of one message that was given now. */
export const MessageForecast = Type.Object({
  channel: Type.Enum(ROUTES, { description: 'The route that would be used.' }),
  groupId: Type.String(),
  outcome: Type.Enum(['SENT', 'RATELIMIT', 'UNDELIVERABLE', 'EXPIRED']),
  paused: Type.Boolean({ description: 'The sender or the connection is paused: the times count as if it were not.' }),
  dueAt: Type.String({ format: 'date-time', description: 'Not before: sendAt, windows, quiet hours, a free place of the day.' }),
  sentBy: time('When it would have been sent; null where it would not be.'),
  waiting,
  perSecond,
  dailyCaps: Type.Array(MetCap),
});
export type MessageForecast = Static<typeof MessageForecast>;

/** The answer of POST /vk/messages?dryRun=true: no item has a messageId, for nothing is stored. */
export const DryRunAnswer = Type.Object({
  result: Type.Array(
    Type.Union([
      Type.Object({
        code: Type.Literal('OK'),
        text: Type.String({ description: 'As rendered.' }),
        forecast: MessageForecast,
      }),
      Rejected,
    ]),
  ),
});

/** The answer of POST /v1/forecast. Indexes are those of the request. */
export const Forecast = Type.Object({
  messages: Type.Integer(),
  sent: Type.Integer({ description: 'How many would be sent.' }),
  endsAt: time('When the last one would have been sent; null where none would be.'),
  groups: Type.Array(
    Type.Object({
      channel: Type.Enum(ROUTES),
      groupId: Type.String(),
      messages: Type.Integer(),
      waiting: Type.Integer({ description: 'Messages before the first one of this request.' }),
      perSecond,
      paused: Type.Boolean(),
      endsAt: Type.String({ format: 'date-time' }),
    }),
  ),
  dailyCaps: Type.Array(Type.Object({ index: Type.Integer(), ...MetCap.properties }), {
    description: 'Who would meet the limit of the day. What waits already from other requests is not counted.',
  }),
  notSent: Type.Array(
    Type.Object({
      index: Type.Integer(),
      channel: Type.Enum(ROUTES),
      outcome: Type.Enum(['RATELIMIT', 'UNDELIVERABLE', 'EXPIRED']),
    }),
    { description: 'Would be taken and end without being sent.' },
  ),
  refused: Type.Array(Type.Object({ index: Type.Integer(), reasons: Type.Array(Reason, { minItems: 1 }) })),
});
export type Forecast = Static<typeof Forecast>;

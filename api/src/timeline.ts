import { type Static, Type } from 'typebox';
import { CALLBACK_STATES } from './callbacks.ts';
import { ROUTES, STATUSES } from './statuses.ts';

const at = Type.String({ format: 'date-time' });
const channel = Type.Enum(ROUTES);

/** What happened to a message, in the order in which it was learnt of, and what is to come. */
export const TimelineEntry = Type.Union([
  Type.Object(
    {
      at,
      kind: Type.Literal('accepted'),
      routes: Type.Array(
        Type.Object({
          channel,
          provider: Type.Enum(['notify', 'community']),
          groupId: Type.String(),
          timeout: Type.Union([Type.Integer(), Type.Null()], {
            description: 'Seconds until the next one; null: only when refused.',
          }),
          success: Type.Union([Type.String(), Type.Null()], {
            description: 'The status that keeps the next one from being used.',
          }),
        }),
        { description: 'In the order of use; those without a group in the template or the sender are left out.' },
      ),
      windows: Type.Unknown({ description: 'Allowed hours, without quiet hours, with their zones; null: any.' }),
    },
    { description: 'What was decided when it was taken.' },
  ),
  Type.Object({
    at,
    kind: Type.Literal('status'),
    channel,
    status: Type.Enum(STATUSES),
    errorCode: Type.Integer(),
    late: Type.Boolean({ description: 'Came too late to count: kept, not called back.' }),
  }),
  Type.Object({
    at,
    kind: Type.Literal('taken'),
    channel,
    networkId: Type.String({ description: "The network's or upstream's id." }),
  }),
  Type.Object({
    at,
    kind: Type.Literal('callback'),
    callbackId: Type.Integer({ description: 'Of GET /v1/callbacks/{callbackId}.' }),
    url: Type.String({ description: 'Without what stands behind its path.' }),
    state: Type.Enum(CALLBACK_STATES),
    tries: Type.Integer(),
    problem: Type.Union([Type.String(), Type.Null()]),
    settledAt: Type.Union([at, Type.Null()]),
  }),
  Type.Object({
    at,
    kind: Type.Literal('call'),
    callbackId: Type.Integer(),
    attempt: Type.Integer(),
    outcome: Type.String(),
    answerStatus: Type.Union([Type.Integer(), Type.Null()]),
    durationMs: Type.Integer(),
  }),
  Type.Object(
    {
      at,
      kind: Type.Literal('next'),
      channel,
      what: Type.Enum(['send', 'answer', 'status', 'next_route', 'expiry'], {
        description: 'Will be sent, not before; is being sent; the provider is asked; the next route starts; the ttl ends.',
      }),
      attempts: Type.Integer({ description: 'Calls so far on this route.' }),
      paused: Type.Boolean({ description: 'Its sender is paused.' }),
    },
    { description: 'What is still to come.' },
  ),
]);
export type TimelineEntry = Static<typeof TimelineEntry>;

export const Timeline = Type.Object({ messageId: Type.Integer(), items: Type.Array(TimelineEntry) });
export type Timeline = Static<typeof Timeline>;

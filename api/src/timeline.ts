import { type Static, Type } from 'typebox';
import { CALLBACK_STATES } from './callbacks.ts';
import { Window } from './messages.ts';
import { ROUTES, STATUSES } from './statuses.ts';

const at = Type.String({ format: 'date-time' });
const channel = Type.Enum(ROUTES);
const follows = Type.Enum(['again', 'next_route', 'end', 'goes_on'], {
  description: 'It is tried again; the next route is used; nothing more is done; what was to be done anyway.',
});
const DECISION_REASONS = [
  'no_contact',
  'no_such_user',
  'refused_by_user',
  'policy',
  'content',
  'provider',
  'daily_limit',
  'not_prepared',
  'flood',
  'window',
  'repeated_under_same_key',
  'repeated',
  'unknown_outcome',
  'time_out',
  'refused',
  'earlier_route',
] as const;

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
      windows: Type.Union([Type.Array(Window), Type.Null()], {
        description: 'Allowed hours outside of the quiet ones, with their zones; null: any.',
      }),
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
  Type.Object(
    {
      at,
      kind: Type.Literal('attempt'),
      channel,
      attempt: Type.Integer({ description: 'On this route, from 1; a call that the network put off does not count.' }),
      answeredAt: Type.String({ format: 'date-time', description: 'When its outcome was written, right after the answer.' }),
      outcome: Type.Enum(['sent', 'refused', 'throttled', 'failed', 'unanswered', 'stopped'], {
        description: 'Taken; refused for good; put off; a passing error; no answer; a token that was refused.',
      }),
      networkCode: Type.Union([Type.String(), Type.Null()], { description: "The network's or upstream's own." }),
      answer: Type.Union([Type.String(), Type.Null()], { description: 'The head of what it said, without secrets.' }),
      follows,
      notBefore: Type.Union([at, Type.Null()], { description: 'Where it is tried again.' }),
    },
    { description: 'A call to the network or upstream, at its launch.' },
  ),
  Type.Object(
    {
      at,
      kind: Type.Literal('decision'),
      channel,
      what: Type.Enum(['skipped', 'held', 'taken_over', 'step_ended'], {
        description:
          'This route was not used; it waits; the process that was sending it was gone, and nobody knows the answer; the route gave way.',
      }),
      reason: Type.Enum(DECISION_REASONS),
      follows,
      notBefore: Type.Union([at, Type.Null()]),
    },
    { description: 'What was decided without a call, and why.' },
  ),
  Type.Object(
    { at, kind: Type.Literal('left_out'), count: Type.Integer() },
    { description: 'So many attempts and decisions are not kept: of very many, the first five and the last fifteen are.' },
  ),
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

import { type Static, Type } from 'typebox';

/** Seconds that GET /v1/events may wait for something to happen. */
export const EVENT_WAIT_SECONDS_MAX = 30;

const sequence = Type.Integer({
  minimum: 0,
  description: 'Below 2^53. Numbers belong to the account, begin with 1 and leave none out.',
});

/** One thing that happened. */
export const EventEntry = Type.Object({
  kind: Type.String({
    description: 'What happened; docs/real-time.md lists the kinds. Pass over those you do not know.',
    examples: ['message.added'],
  }),
  dialogId: Type.Optional(Type.Integer()),
  body: Type.Record(Type.String(), Type.Unknown(), {
    description: 'How it is now, never by how much it changed: applying it twice does no harm.',
  }),
});
export type EventEntry = Static<typeof EventEntry>;

export const HelloFrame = Type.Object({
  type: Type.Literal('hello'),
  asOf: Type.Integer({ minimum: 0, description: 'The number of the last event when the line was opened.' }),
  version: Type.String({ description: 'Of the server.' }),
  heartbeatMs: Type.Integer({ description: 'A socket on which nothing comes for twice as long is dead.' }),
});

export const EventFrame = Type.Object({
  type: Type.Literal('event'),
  sequence: Type.Integer({ minimum: 0, description: 'The cursor from now on.' }),
  after: Type.Integer({ minimum: 0, description: 'The cursor before: with another one of your own, something is missing.' }),
  entries: Type.Array(EventEntry, { description: 'Empty where only the cursor moves, or as a sign of life.' }),
});
export type EventFrame = Static<typeof EventFrame>;

export const ResetFrame = Type.Object({
  type: Type.Literal('reset'),
  asOf: sequence,
  reason: Type.Enum(['expired', 'ahead'], {
    description:
      '`expired`: events after the cursor are kept no longer. `ahead`: the cursor is of another history, the database was restored.',
  }),
});
export type ResetFrame = Static<typeof ResetFrame>;

/** What comes over a socket, one to a message, and in the answer of a long poll. */
export const Frame = Type.Union([HelloFrame, EventFrame, ResetFrame]);
export type Frame = Static<typeof Frame>;

export const Frames = Type.Object({ frames: Type.Array(Frame) });
export type Frames = Static<typeof Frames>;

export const EventTicket = Type.Object({
  ticket: Type.String({ description: 'For `?ticket=`, once.' }),
  expiresAt: Type.String({ format: 'date-time' }),
});
export type EventTicket = Static<typeof EventTicket>;

/** Why the server closes a socket. Source of the numbers: RFC 6455, 7.4; those from 4000 on are ours. */
export const EVENT_CLOSE_CODES = {
  1001: 'The server is being stopped: open another socket at once.',
  1008: 'The client sent something: nothing is expected from it.',
  4001: 'After 15 minutes: open another socket from the last cursor, with a new ticket. What you may see is looked at anew.',
  4008: 'The client reads more slowly than events come: open another socket from the last cursor.',
} as const;

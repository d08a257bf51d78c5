import { type Static, Type } from 'typebox';

const time = Type.String({ format: 'date-time' });
const timeOrNull = (description: string) => Type.Union([time, Type.Null()], { description });

export const ENDPOINT_STATES = ['working', 'failing', 'paused', 'disabled'] as const;

/** Where callbacks of an account go: one host, whatever its paths. */
export const Endpoint = Type.Object({
  id: Type.Integer(),
  origin: Type.String({ description: 'Scheme, host and port.', examples: ['https://your.website.com'] }),
  state: Type.Enum(ENDPOINT_STATES, {
    description:
      '`failing`: the last call failed. `paused`: most of the latest did, and none goes there until `pausedUntil`. `disabled`: nothing but failures for five days; its callbacks are parked until it is enabled.',
  }),
  failures: Type.Integer({ description: 'Calls that failed since the last success.' }),
  failingSince: timeOrNull('The first of them.'),
  pausedUntil: timeOrNull('Then one call at a time, until one succeeds.'),
  disabledAt: timeOrNull('Null unless it is disabled.'),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Of the last failure.' }),
  createdAt: time,
});
export type Endpoint = Static<typeof Endpoint>;

export const CALLBACK_STATES = ['waiting', 'delivered', 'parked'] as const;

/** One status or incoming message on its way to the customer. */
export const Callback = Type.Object({
  id: Type.Integer(),
  endpointId: Type.Integer(),
  url: Type.String(),
  form: Type.Enum(['status', 'incoming'], {
    description: 'An item of an array of statuses, or an incoming message, which is a body of its own.',
  }),
  messageId: Type.Union([Type.String(), Type.Null()], { description: 'Of a status.' }),
  dialogId: Type.Union([Type.Integer(), Type.Null()], { description: 'Of an incoming message.' }),
  status: Type.Enum(CALLBACK_STATES, { description: '`parked`: given up after its last try, or at a disabled endpoint.' }),
  tries: Type.Integer(),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Of the last try; null once it is delivered.' }),
  createdAt: time,
  nextTryAt: timeOrNull('Null while it is being tried, and when it is settled.'),
  settledAt: timeOrNull('When it was delivered or parked.'),
});
export type Callback = Static<typeof Callback>;

/** One call of the customer's URL. */
export const CallbackCall = Type.Object({
  attempt: Type.Integer({ description: '1 is the first; a replay counts anew.' }),
  outcome: Type.Enum(['delivered', 'refused', 'forbidden', 'timed_out', 'failed'], {
    description: '`refused`: any status but 2xx. `forbidden`: not called, the URL or what it leads to is not allowed.',
  }),
  problem: Type.Union([Type.String(), Type.Null()]),
  startedAt: time,
  durationMs: Type.Integer(),
  request: Type.Object({
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String(), { description: 'Without the signature.' }),
    body: Type.Union([Type.String(), Type.Null()], {
      description: 'With all callbacks that went in this call. Null where some of them are not kept any more.',
    }),
  }),
  answer: Type.Union(
    [Type.Object({ status: Type.Integer(), body: Type.String({ description: 'Its first 16 KB.' }) }), Type.Null()],
    { description: 'Null where no whole answer came.' },
  ),
});

export const CallbackDetails = Type.Object({
  ...Callback.properties,
  body: Type.String({ description: 'JSON of this callback.' }),
  calls: Type.Array(CallbackCall, { description: 'Every call that it went in, oldest first.' }),
});
export type CallbackDetails = Static<typeof CallbackDetails>;

export const UrlTrial = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: 'Absent: where callbacks go of messages that name no status_url.',
        examples: ['https://your.website.com/statuses'],
      }),
    ),
  },
  { additionalProperties: false, examples: [{}] },
);
export type UrlTrial = Static<typeof UrlTrial>;

/** What came of a call that carries no statuses. */
export const TriedUrl = Type.Object({
  url: Type.String(),
  outcome: CallbackCall.properties.outcome,
  problem: CallbackCall.properties.problem,
  durationMs: CallbackCall.properties.durationMs,
  answer: CallbackCall.properties.answer,
});
export type TriedUrl = Static<typeof TriedUrl>;

export const CallbackReplay = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Made at or after this time.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Made before this time.' })),
    endpoint: Type.Optional(Type.Integer({ minimum: 1, description: 'Id of the endpoint.' })),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ from: '2026-01-31T09:00:00+03:00' }] },
);
export type CallbackReplay = Static<typeof CallbackReplay>;

export const CallbackReplayAnswer = Type.Object({
  replayed: Type.Integer({ description: 'Parked callbacks that wait again: the oldest, at most 10000 at once.' }),
  isMore: Type.Boolean({ description: 'There may be more: send the same request again.' }),
});

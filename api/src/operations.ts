import { type TSchema, Type } from 'typebox';
import { Account, AccountPatch, CallbackSecret, CallbackSecretRotation } from './account.ts';
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, listOf, SendAnswer } from './answers.ts';
import { CALLBACK_STATES, Callback, CallbackDetails, CallbackReplay, CallbackReplayAnswer, Endpoint } from './callbacks.ts';
import { CancelAnswer, CancelRequest } from './cancelling.ts';
import { Channels } from './channels.ts';
import { Dialog, DialogMessage, RAW_EVENT_STATES, RawEvent, RawEventReplay } from './dialogs.ts';
import type { ErrorCode } from './errors.ts';
import { DryRunAnswer, Forecast } from './forecast.ts';
import { MessageDetails, SendRequest } from './messages.ts';
import { Sender, SenderName } from './senders.ts';
import { STATUSES } from './statuses.ts';
import { Timeline } from './timeline.ts';

/** What an API key may be allowed to do. */
export const API_SCOPES = ['send', 'read', 'admin'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** One route of the public API: the server registers from this table, and the OpenAPI document is written from it. */
export interface Operation {
  method: 'GET' | 'POST' | 'PATCH';
  /** With `{name}` where a parameter stands. */
  path: string;
  /** Null: open to everybody. */
  scope: ApiScope | null;
  /** How refusals of the whole request look: `{"result":[…]}` or `{"error":{…}}`. */
  refusals: 'result' | 'error';
  tag: 'Messages' | 'Account' | 'Callbacks' | 'Dialogs' | 'Service';
  summary: string;
  description?: string;
  pathParameters?: Readonly<Record<string, TSchema>>;
  query?: Readonly<Record<string, TSchema>>;
  headers?: Readonly<Record<string, TSchema>>;
  body?: TSchema;
  answer: { description: string; schema: TSchema };
  /** Codes that refuse the request, beside those of every route with a scope. */
  errors: readonly ErrorCode[];
}

const cursor = Type.String({ description: 'nextCursor of the page before.' });
const limit = Type.Integer({ minimum: 1, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT_DEFAULT });
const time = (description: string) => Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:00:00+03:00'] });
const callbackId = { callbackId: Type.Integer({ minimum: 1 }) };
const messageId = { messageId: Type.Integer({ minimum: 1, examples: [1000001] }) };

export const OPERATIONS = {
  sendMessages: {
    method: 'POST',
    path: '/vk/messages',
    scope: 'send',
    refusals: 'result',
    tag: 'Messages',
    summary: 'Send notifications',
    description:
      'A bare array of 1 to 1000 messages, or the older form. The answer has one item per message in the order of the request; OK means stored durably. Refusals of single messages travel inside the 200.',
    headers: {
      'Idempotency-Key': Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'The same key and body within 24 hours give the stored answer.',
      }),
    },
    query: {
      dryRun: Type.Boolean({
        description:
          'true: checks, renders and forecasts; nothing is stored, and items have `text` and `forecast` in place of an id.',
      }),
    },
    body: SendRequest,
    answer: { description: 'One item per message.', schema: Type.Union([SendAnswer, DryRunAnswer]) },
    errors: [
      'content.type.invalid',
      'request.too.large',
      'invalid.json',
      'messages.invalid',
      'messages.empty',
      'too.many.messages',
      'service.not.found',
      'idempotency.key.invalid',
      'idempotency.key.conflict',
      'idempotency.key.running',
      'overloaded',
      'parameter.invalid',
    ],
  },
  forecast: {
    method: 'POST',
    path: '/v1/forecast',
    scope: 'send',
    refusals: 'error',
    tag: 'Messages',
    summary: 'Forecast a batch',
    description: 'When it would end and who would meet the limit of the day, if it were given now. Nothing is stored.',
    body: SendRequest,
    answer: { description: 'The forecast of the batch.', schema: Forecast },
    errors: [
      'content.type.invalid',
      'request.too.large',
      'invalid.json',
      'messages.invalid',
      'messages.empty',
      'too.many.messages',
      'service.not.found',
    ],
  },
  listMessages: {
    method: 'GET',
    path: '/vk/messages',
    scope: 'read',
    refusals: 'result',
    tag: 'Messages',
    summary: 'List messages',
    description: 'Newest first.',
    query: {
      status: Type.Enum(STATUSES),
      phone: Type.String(),
      sender: Type.String({ description: 'Name of the sender (service).' }),
      from: time('Accepted at or after this time.'),
      to: time('Accepted before this time.'),
      limit,
      cursor,
    },
    answer: { description: 'A page of messages.', schema: listOf(MessageDetails) },
    errors: ['parameter.invalid'],
  },
  getMessage: {
    method: 'GET',
    path: '/vk/messages/{messageId}',
    scope: 'read',
    refusals: 'result',
    tag: 'Messages',
    summary: 'Get one message',
    pathParameters: messageId,
    answer: { description: 'The message.', schema: MessageDetails },
    errors: ['parameter.invalid', 'not.found'],
  },
  cancelMessage: {
    method: 'POST',
    path: '/vk/messages/{messageId}/cancel',
    scope: 'send',
    refusals: 'result',
    tag: 'Messages',
    summary: 'Cancel a message that still waits',
    pathParameters: messageId,
    answer: { description: 'The message, cancelled.', schema: MessageDetails },
    errors: ['parameter.invalid', 'not.found', 'message.already.sent'],
  },
  cancelMessages: {
    method: 'POST',
    path: '/v1/messages/cancel',
    scope: 'send',
    refusals: 'error',
    tag: 'Messages',
    summary: 'Cancel what still waits of a batch, or for a phone',
    description: 'By ids, by the Idempotency-Key that they came with, or everything for one number.',
    body: CancelRequest,
    answer: { description: 'What became of them.', schema: CancelAnswer },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'not.found'],
  },
  getTimeline: {
    method: 'GET',
    path: '/v1/messages/{messageId}/timeline',
    scope: 'read',
    refusals: 'error',
    tag: 'Messages',
    summary: 'Why a message took its route',
    description:
      'What was decided, what the networks took, every status, callback and call with its time, and what is still to come.',
    pathParameters: messageId,
    answer: { description: 'In the order in which it was learnt of.', schema: Timeline },
    errors: ['parameter.invalid', 'not.found'],
  },
  listSenders: {
    method: 'GET',
    path: '/v1/senders',
    scope: 'read',
    refusals: 'error',
    tag: 'Account',
    summary: 'List senders',
    answer: { description: 'All senders of the account.', schema: listOf(Sender) },
    errors: [],
  },
  pauseSender: {
    method: 'POST',
    path: '/v1/senders/pause',
    scope: 'admin',
    refusals: 'error',
    tag: 'Account',
    summary: 'Pause a sender',
    description: 'Its notifications are taken and wait, and their ttl runs; what a network has already is not called back.',
    body: SenderName,
    answer: { description: 'The sender, paused.', schema: Sender },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'not.found'],
  },
  resumeSender: {
    method: 'POST',
    path: '/v1/senders/resume',
    scope: 'admin',
    refusals: 'error',
    tag: 'Account',
    summary: 'Let a paused sender go on',
    description: 'What waited goes on in its order.',
    body: SenderName,
    answer: { description: 'The sender, no longer paused.', schema: Sender },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'not.found'],
  },
  getAccount: {
    method: 'GET',
    path: '/v1/account',
    scope: 'admin',
    refusals: 'error',
    tag: 'Account',
    summary: 'Get the account',
    answer: { description: 'The account of the key.', schema: Account },
    errors: [],
  },
  patchAccount: {
    method: 'PATCH',
    path: '/v1/account',
    scope: 'admin',
    refusals: 'error',
    tag: 'Account',
    summary: "Set the account's URLs and quiet hours",
    body: AccountPatch,
    answer: { description: 'The account as it is now.', schema: Account },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid'],
  },
  rotateCallbackSecret: {
    method: 'POST',
    path: '/v1/account/callback-secret/rotate',
    scope: 'admin',
    refusals: 'error',
    tag: 'Account',
    summary: 'Change the secret that signs callbacks',
    description: 'Callbacks carry two signatures until the old secret ends, so that the receiver may change over in between.',
    body: CallbackSecretRotation,
    answer: { description: 'The new secret.', schema: CallbackSecret },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'rotation.running'],
  },
  listEndpoints: {
    method: 'GET',
    path: '/v1/endpoints',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'List the endpoints that callbacks went to',
    query: { limit, cursor },
    answer: { description: 'A page of endpoints, newest first.', schema: listOf(Endpoint) },
    errors: ['parameter.invalid'],
  },
  enableEndpoint: {
    method: 'POST',
    path: '/v1/endpoints/{endpointId}/enable',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'Call an endpoint again',
    description:
      'Forgets what failed there, also where it was only paused. Parked callbacks stay parked until they are replayed.',
    pathParameters: { endpointId: Type.Integer({ minimum: 1 }) },
    answer: { description: 'The endpoint as it is now.', schema: Endpoint },
    errors: ['parameter.invalid', 'not.found'],
  },
  listCallbacks: {
    method: 'GET',
    path: '/v1/callbacks',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'List callbacks',
    description: 'What waits, what was delivered and what was parked, while it is kept. Newest first.',
    query: {
      endpoint: Type.Integer({ minimum: 1, description: 'Id of the endpoint.' }),
      status: Type.Enum(CALLBACK_STATES),
      from: time('Made at or after this time.'),
      to: time('Made before this time.'),
      limit,
      cursor,
    },
    answer: { description: 'A page of callbacks.', schema: listOf(Callback) },
    errors: ['parameter.invalid'],
  },
  getCallback: {
    method: 'GET',
    path: '/v1/callbacks/{callbackId}',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'Get one callback with its calls',
    pathParameters: callbackId,
    answer: { description: 'The callback, and every request and answer.', schema: CallbackDetails },
    errors: ['parameter.invalid', 'not.found'],
  },
  replayCallback: {
    method: 'POST',
    path: '/v1/callbacks/{callbackId}/replay',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'Try a parked callback again',
    description: 'From the first try, behind what is new. One that is not parked stays as it is.',
    pathParameters: callbackId,
    answer: { description: 'The callback as it is now.', schema: Callback },
    errors: ['parameter.invalid', 'not.found', 'endpoint.disabled'],
  },
  replayCallbacks: {
    method: 'POST',
    path: '/v1/callbacks/replay',
    scope: 'admin',
    refusals: 'error',
    tag: 'Callbacks',
    summary: 'Try parked callbacks again',
    description: 'Of a time, of an endpoint, or both. Those of disabled endpoints stay parked.',
    body: CallbackReplay,
    answer: { description: 'How many wait again.', schema: CallbackReplayAnswer },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'not.found', 'endpoint.disabled'],
  },
  listChannels: {
    method: 'GET',
    path: '/v1/channels',
    scope: 'read',
    refusals: 'error',
    tag: 'Account',
    summary: 'What the channels can do',
    description: 'Every kind of channel, and each connection of the account with its own settings.',
    answer: { description: 'What they can do.', schema: Channels },
    errors: [],
  },
  listDialogs: {
    method: 'GET',
    path: '/v1/dialogs',
    scope: 'read',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'List dialogs',
    description: 'The one with the newest message first.',
    query: { limit, cursor },
    answer: { description: 'A page of dialogs.', schema: listOf(Dialog) },
    errors: ['parameter.invalid'],
  },
  listDialogMessages: {
    method: 'GET',
    path: '/v1/dialogs/{dialogId}/messages',
    scope: 'read',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'History of a dialog',
    description: 'Every message in and out, notifications included, newest first.',
    pathParameters: { dialogId: Type.Integer({ minimum: 1 }) },
    query: { limit, cursor },
    answer: { description: 'A page of messages.', schema: listOf(DialogMessage) },
    errors: ['parameter.invalid', 'not.found'],
  },
  listRawEvents: {
    method: 'GET',
    path: '/v1/raw-events',
    scope: 'admin',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'List what the networks sent',
    description: 'Bodies as they came, newest first; the failed ones are kept with their error.',
    query: { limit, cursor, state: Type.Enum(RAW_EVENT_STATES) },
    answer: { description: 'A page of events.', schema: listOf(RawEvent) },
    errors: ['parameter.invalid'],
  },
  replayRawEvent: {
    method: 'POST',
    path: '/v1/raw-events/{eventId}/replay',
    scope: 'admin',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'Work a failed event off once more',
    description: 'As it came, or with a mended body in its place.',
    pathParameters: { eventId: Type.Integer({ minimum: 1 }) },
    body: RawEventReplay,
    answer: {
      description: 'It waits to be worked off.',
      schema: Type.Object({ id: Type.Integer(), state: Type.Literal('waiting') }),
    },
    errors: ['content.type.invalid', 'request.too.large', 'invalid.json', 'parameter.invalid', 'not.found'],
  },
  live: {
    method: 'GET',
    path: '/livez',
    scope: null,
    refusals: 'error',
    tag: 'Service',
    summary: 'Whether the process answers',
    answer: { description: 'It does.', schema: Type.Object({ status: Type.Literal('live') }) },
    errors: [],
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    scope: null,
    refusals: 'error',
    tag: 'Service',
    summary: 'Whether the process can take messages',
    answer: { description: 'It can.', schema: Type.Object({ status: Type.Literal('ready') }) },
    errors: ['unavailable'],
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;

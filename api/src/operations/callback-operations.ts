import { Type } from 'typebox';
import { listOf } from '../answers.ts';
import { CALLBACK_STATES, Callback, CallbackDetails, CallbackReplay, CallbackReplayAnswer, Endpoint } from '../callbacks.ts';
import { BODY_ERRORS, cursor, limit, type Operation, time } from './operation.ts';

const callbackId = { callbackId: Type.Integer({ minimum: 1 }) };

/** What was called back, and to whom. */
export const CALLBACK_OPERATIONS = {
  listEndpoints: {
    method: 'GET',
    path: '/v1/endpoints',
    right: 'account',
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
    right: 'account',
    refusals: 'error',
    audit: { action: 'endpoint.enabled', object: 'endpoint:{endpointId}' },
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
    right: 'account',
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
    right: 'account',
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
    right: 'account',
    refusals: 'error',
    audit: { action: 'callback.replayed', object: 'callback:{callbackId}' },
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
    right: 'account',
    refusals: 'error',
    audit: { action: 'callbacks.replayed', object: 'callbacks' },
    tag: 'Callbacks',
    summary: 'Try parked callbacks again',
    description: 'Of a time, of an endpoint, or both. Those of disabled endpoints stay parked.',
    body: CallbackReplay,
    answer: { description: 'How many wait again.', schema: CallbackReplayAnswer },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'not.found', 'endpoint.disabled'],
  },
} as const satisfies Record<string, Operation>;

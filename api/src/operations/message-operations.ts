import { Type } from 'typebox';
import { listOf, SendAnswer } from '../answers.ts';
import { CancelAnswer, CancelRequest } from '../cancelling.ts';
import { DryRunAnswer, Forecast } from '../forecast.ts';
import { MessageDetails, SendRequest } from '../messages.ts';
import { STATUSES } from '../statuses.ts';
import { Timeline } from '../timeline.ts';
import { BODY_ERRORS, cursor, limit, type Operation, time } from './operation.ts';

const messageId = { messageId: Type.Integer({ minimum: 1, examples: [1000001] }) };

/** Sending messages and what became of them. */
export const MESSAGE_OPERATIONS = {
  sendMessages: {
    method: 'POST',
    path: '/vk/messages',
    right: 'send',
    refusals: 'result',
    audit: 'nothing',
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
      ...BODY_ERRORS,
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
    right: 'send',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Messages',
    summary: 'Forecast a batch',
    description: 'When it would end and who would meet the limit of the day, if it were given now. Nothing is stored.',
    body: SendRequest,
    answer: { description: 'The forecast of the batch.', schema: Forecast },
    errors: [...BODY_ERRORS, 'messages.invalid', 'messages.empty', 'too.many.messages', 'service.not.found'],
  },
  listMessages: {
    method: 'GET',
    path: '/vk/messages',
    right: 'messages',
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
    right: 'messages',
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
    right: 'send',
    refusals: 'result',
    audit: 'nothing',
    tag: 'Messages',
    summary: 'Cancel a message that still waits',
    pathParameters: messageId,
    answer: { description: 'The message, cancelled.', schema: MessageDetails },
    errors: ['parameter.invalid', 'not.found', 'message.already.sent'],
  },
  cancelMessages: {
    method: 'POST',
    path: '/v1/messages/cancel',
    right: 'send',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Messages',
    summary: 'Cancel what still waits of a batch, or for a phone',
    description: 'By ids, by the Idempotency-Key that they came with, or everything for one number.',
    body: CancelRequest,
    answer: { description: 'What became of them.', schema: CancelAnswer },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'not.found'],
  },
  getTimeline: {
    method: 'GET',
    path: '/v1/messages/{messageId}/timeline',
    right: 'messages',
    refusals: 'error',
    tag: 'Messages',
    summary: 'Why a message took its route',
    description:
      'What was decided, what the networks took, every status, callback and call with its time, and what is still to come.',
    pathParameters: messageId,
    answer: { description: 'In the order in which it was learnt of.', schema: Timeline },
    errors: ['parameter.invalid', 'not.found'],
  },
} as const satisfies Record<string, Operation>;

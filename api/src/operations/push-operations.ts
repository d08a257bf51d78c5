import { Type } from 'typebox';
import { listOf } from '../answers.ts';
import { Removed } from '../operators.ts';
import { NewPushSubscription, PushSettings, PushSubscription, PushTest } from '../push.ts';
import { BODY_ERRORS, type Operation } from './operation.ts';

const subscriptionId = { subscriptionId: Type.Integer({ minimum: 1 }) };

/** Signs to devices of operators, while nobody looks. */
export const PUSH_OPERATIONS = {
  getPush: {
    method: 'GET',
    path: '/v1/push',
    right: 'self',
    refusals: 'error',
    tag: 'Profile',
    summary: 'What a device needs to subscribe',
    answer: { description: 'The public key of this installation, and what it can tell.', schema: PushSettings },
    errors: [],
  },
  listPushSubscriptions: {
    method: 'GET',
    path: '/v1/push/subscriptions',
    right: 'self',
    refusals: 'error',
    tag: 'Profile',
    summary: 'List your devices that are told',
    answer: { description: 'All of them.', schema: listOf(PushSubscription) },
    errors: [],
  },
  addPushSubscription: {
    method: 'POST',
    path: '/v1/push/subscriptions',
    right: 'self',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Profile',
    summary: 'Have a device told',
    description:
      'A browser with `endpoint` and `keys`, a phone with its `kind` and `token`. The same one again is the same subscription, of whoever gave it last.',
    body: NewPushSubscription,
    answer: { description: 'The subscription.', schema: PushSubscription },
    errors: [...BODY_ERRORS, 'parameter.invalid'],
  },
  removePushSubscription: {
    method: 'DELETE',
    path: '/v1/push/subscriptions/{subscriptionId}',
    right: 'self',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Profile',
    summary: 'Have a device told no longer',
    pathParameters: subscriptionId,
    answer: { description: 'It is gone.', schema: Removed },
    errors: ['parameter.invalid', 'not.found'],
  },
  testPushSubscription: {
    method: 'POST',
    path: '/v1/push/subscriptions/{subscriptionId}/test',
    right: 'self',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Profile',
    summary: 'Send a sign to a device and see how each step goes',
    pathParameters: subscriptionId,
    answer: { description: 'The steps, up to the one that failed.', schema: PushTest },
    errors: ['parameter.invalid', 'not.found'],
  },
} as const satisfies Record<string, Operation>;

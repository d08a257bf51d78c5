import { Type } from 'typebox';
import { listOf, snapshotOf } from '../answers.ts';
import { Dialog, DialogMessage, RAW_EVENT_STATES, RawEvent, RawEventReplay } from '../dialogs.ts';
import { BODY_ERRORS, cursor, limit, type Operation } from './operation.ts';

/** What people wrote, and what the networks sent. */
export const DIALOG_OPERATIONS = {
  listDialogs: {
    method: 'GET',
    path: '/v1/dialogs',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'List dialogs',
    description: 'The one with the newest message first.',
    query: { limit, cursor },
    answer: { description: 'A page of dialogs.', schema: snapshotOf(Dialog) },
    errors: ['parameter.invalid'],
  },
  listDialogMessages: {
    method: 'GET',
    path: '/v1/dialogs/{dialogId}/messages',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'History of a dialog',
    description: 'Every message in and out, notifications included, newest first.',
    pathParameters: { dialogId: Type.Integer({ minimum: 1 }) },
    query: { limit, cursor },
    answer: { description: 'A page of messages.', schema: snapshotOf(DialogMessage) },
    errors: ['parameter.invalid', 'not.found'],
  },
  listRawEvents: {
    method: 'GET',
    path: '/v1/raw-events',
    right: 'account',
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
    right: 'account',
    refusals: 'error',
    audit: { action: 'event.replayed', object: 'event:{eventId}' },
    tag: 'Dialogs',
    summary: 'Work a failed event off once more',
    description: 'As it came, or with a mended body in its place.',
    pathParameters: { eventId: Type.Integer({ minimum: 1 }) },
    body: RawEventReplay,
    answer: {
      description: 'It waits to be worked off.',
      schema: Type.Object({ id: Type.Integer(), state: Type.Literal('waiting') }),
    },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'not.found'],
  },
} as const satisfies Record<string, Operation>;

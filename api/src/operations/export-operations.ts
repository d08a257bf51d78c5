import { Type } from 'typebox';
import type { Operation } from './operation.ts';

/** Dialogs to take away. */
export const EXPORT_OPERATIONS = {
  exportDialog: {
    method: 'GET',
    path: '/v1/dialogs/{dialogId}/export',
    right: 'dialogs',
    refusals: 'error',
    tag: 'Dialogs',
    summary: 'Take a dialog away as one file',
    description:
      'All lines, oldest first: as a page that needs nothing else to be read, or as JSON, `{"dialogId", "channel", "groupId", "messages"}` with lines as the history has them.',
    pathParameters: { dialogId: Type.Integer({ minimum: 1 }) },
    query: { form: Type.Enum(['html', 'json'], { default: 'html' }) },
    answer: { description: 'A download.', schema: Type.String(), type: 'text/html' },
    errors: ['parameter.invalid', 'not.found'],
  },
} as const satisfies Record<string, Operation>;

import { ACCOUNT_OPERATIONS } from './account-operations.ts';
import { BOT_OPERATIONS } from './bot-operations.ts';
import { BROADCAST_OPERATIONS } from './broadcast-operations.ts';
import { CALLBACK_OPERATIONS } from './callback-operations.ts';
import { CONNECTION_OPERATIONS } from './connection-operations.ts';
import { CONTACT_OPERATIONS } from './contact-operations.ts';
import { DESK_OPERATIONS } from './desk-operations.ts';
import { DESK_RULE_OPERATIONS } from './desk-rule-operations.ts';
import { DIALOG_OPERATIONS } from './dialog-operations.ts';
import { EVENT_OPERATIONS } from './event-operations.ts';
import { EXPORT_OPERATIONS } from './export-operations.ts';
import { FILE_OPERATIONS } from './file-operations.ts';
import { KEY_OPERATIONS } from './key-operations.ts';
import { MESSAGE_OPERATIONS } from './message-operations.ts';
import { OPERATOR_OPERATIONS } from './operator-operations.ts';
import { PUSH_OPERATIONS } from './push-operations.ts';
import { REPLY_OPERATIONS } from './reply-operations.ts';
import { SEARCH_OPERATIONS } from './search-operations.ts';
import { SERVICE_OPERATIONS } from './service-operations.ts';
import { SESSION_OPERATIONS } from './session-operations.ts';
import { TEMPLATE_OPERATIONS } from './template-operations.ts';

export type { Operation } from './operation.ts';

/** Every route of the public API. */
export const OPERATIONS = {
  ...MESSAGE_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...CONNECTION_OPERATIONS,
  ...TEMPLATE_OPERATIONS,
  ...CALLBACK_OPERATIONS,
  ...DIALOG_OPERATIONS,
  ...DESK_OPERATIONS,
  ...DESK_RULE_OPERATIONS,
  ...CONTACT_OPERATIONS,
  ...BROADCAST_OPERATIONS,
  ...FILE_OPERATIONS,
  ...REPLY_OPERATIONS,
  ...SEARCH_OPERATIONS,
  ...EXPORT_OPERATIONS,
  ...PUSH_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...OPERATOR_OPERATIONS,
  ...BOT_OPERATIONS,
  ...SERVICE_OPERATIONS,
} as const;

export type OperationId = keyof typeof OPERATIONS;

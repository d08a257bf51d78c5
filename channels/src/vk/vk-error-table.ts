import type { RefusalReason } from '../channel.ts';

/** What dispatch, or the caller of an action, is to do about an error. */
export type VkErrorMeaning =
  | { kind: 'refused'; reason: RefusalReason }
  | { kind: 'throttled'; scope: 'lane' | 'recipient'; retryAfterMs: number; limit?: 'rate' | 'quota' }
  | { kind: 'failed' }
  /** Parts of the call may have run. */
  | { kind: 'unanswered' }
  | { kind: 'stopped' };

export interface VkErrorRow {
  /** VK's own. */
  text: string;
  meaning: VkErrorMeaning;
  /** What an operator can do; of a stopped connection without one: give it another token. */
  advice?: string;
}

const refused = (reason: RefusalReason): VkErrorMeaning => ({ kind: 'refused', reason });
const FAILED: VkErrorMeaning = { kind: 'failed' };
const UNANSWERED: VkErrorMeaning = { kind: 'unanswered' };
const STOPPED: VkErrorMeaning = { kind: 'stopped' };
const PROVIDER = refused('provider');
const CONTENT = refused('content');
const POLICY = refused('policy');
const NO_SUCH_USER = refused('no_such_user');
const REFUSED_BY_USER = refused('refused_by_user');
const RATE: VkErrorMeaning = { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, limit: 'rate' };
const QUOTA: VkErrorMeaning = { kind: 'throttled', scope: 'lane', retryAfterMs: 60_000, limit: 'quota' };
const FLOOD: VkErrorMeaning = { kind: 'throttled', scope: 'recipient', retryAfterMs: 1_000 };

const SCOPES =
  'see that the token has all four rights (messages, photos, docs, manage), in VK under Manage, API usage, Access tokens (Управление → Работа с API → Ключи доступа)';
const CONFIRM = 'sign in to VK as the owner of the token and do what VK asks there';
const UPDATE = 'check the address and the version of the API that this connection is set to';

/**
 * One reaction per error: all that VK calls global, those of messages.send, and those of the other methods we call. Texts:
 * VKCOM/vk-api-schema, errors.json. The reactions are our own. [?] So are the waits after 6, 9 and 29: VK documents none; how they grow, dispatch says.
 */
export const VK_ERRORS: Readonly<Record<number, VkErrorRow>> = {
  1: { text: 'Unknown error occurred', meaning: FAILED },
  2: { text: 'Application is disabled. Enable your application or use test mode', meaning: STOPPED },
  3: { text: 'Unknown method passed', meaning: STOPPED, advice: UPDATE },
  4: { text: 'Incorrect signature', meaning: STOPPED },
  5: { text: 'User authorization failed', meaning: STOPPED },
  6: { text: 'Too many requests per second', meaning: RATE },
  7: { text: 'Permission to perform this action is denied', meaning: PROVIDER, advice: SCOPES },
  8: { text: 'Invalid request', meaning: STOPPED, advice: UPDATE },
  9: { text: 'Flood control', meaning: FLOOD }, // may last hours: who sends waits longer each time
  10: { text: 'Internal server error', meaning: FAILED },
  11: { text: 'In test mode application should be disabled or user should be authorized', meaning: STOPPED },
  12: { text: 'Unable to compile code', meaning: PROVIDER },
  13: { text: 'Runtime error occurred during code invocation', meaning: UNANSWERED },
  14: { text: 'Captcha needed', meaning: STOPPED, advice: CONFIRM }, // there is nobody here to solve one
  15: { text: 'Access denied', meaning: PROVIDER, advice: SCOPES },
  16: { text: 'HTTP authorization failed', meaning: STOPPED, advice: UPDATE },
  17: { text: 'Validation required', meaning: STOPPED, advice: CONFIRM },
  18: { text: 'User was deleted or banned', meaning: NO_SUCH_USER },
  19: { text: 'Content blocked', meaning: CONTENT },
  20: { text: 'Permission to perform this action is denied for non-standalone applications', meaning: PROVIDER },
  21: {
    text: 'Permission to perform this action is allowed only for standalone and OpenAPI applications',
    meaning: PROVIDER,
  },
  22: { text: 'Upload error', meaning: FAILED },
  23: { text: 'This method was disabled', meaning: PROVIDER },
  24: { text: 'Confirmation required', meaning: STOPPED, advice: CONFIRM },
  25: { text: 'Token confirmation required', meaning: STOPPED, advice: CONFIRM },
  27: { text: 'Group authorization failed', meaning: STOPPED },
  28: { text: 'Application authorization failed', meaning: STOPPED },
  29: { text: 'Rate limit reached', meaning: QUOTA }, // of one method
  30: { text: 'This profile is private', meaning: REFUSED_BY_USER },
  33: { text: 'Not implemented yet', meaning: PROVIDER },
  34: { text: 'Client version deprecated', meaning: STOPPED, advice: UPDATE },
  35: { text: 'Client update needed', meaning: STOPPED, advice: UPDATE },
  36: { text: 'Method execution was interrupted due to timeout', meaning: UNANSWERED },
  37: { text: 'User was banned', meaning: NO_SUCH_USER },
  38: { text: 'Unknown application', meaning: STOPPED },
  39: { text: 'Unknown user', meaning: NO_SUCH_USER },
  40: { text: 'Unknown group', meaning: PROVIDER },
  41: { text: 'Additional signup required', meaning: STOPPED, advice: CONFIRM },
  42: { text: 'IP is not allowed', meaning: STOPPED, advice: 'allow this server’s address where the token was made' },
  43: { text: 'This section is temporary unavailable', meaning: FAILED },
  100: { text: 'One of the parameters specified was missing or invalid', meaning: PROVIDER },
  101: { text: 'Invalid application API ID', meaning: STOPPED },
  103: { text: 'Out of limits', meaning: PROVIDER },
  104: { text: 'Not found', meaning: PROVIDER },
  105: { text: "Couldn't save file", meaning: PROVIDER, advice: 'VK may not take files of this kind: try another' },
  113: { text: 'Invalid user id', meaning: NO_SUCH_USER },
  // Of a file that went to a server that has forgotten it by now: the whole upload is done again.
  114: { text: 'Invalid album id', meaning: PROVIDER },
  118: { text: 'Invalid server', meaning: PROVIDER },
  121: { text: 'Invalid hash', meaning: PROVIDER },
  125: { text: 'Invalid group id', meaning: PROVIDER },
  150: { text: 'Invalid timestamp', meaning: PROVIDER },
  200: { text: 'Access denied', meaning: PROVIDER },
  201: { text: 'Access denied', meaning: PROVIDER },
  203: { text: 'Access to group denied', meaning: PROVIDER },
  300: { text: 'This album is full', meaning: PROVIDER },
  500: { text: 'Permission denied. You must enable votes processing in application settings', meaning: PROVIDER },
  600: {
    text: 'Permission denied. You have no access to operations specified with given object(s)',
    meaning: PROVIDER,
  },
  603: { text: 'Some ads error occurs', meaning: PROVIDER },
  900: { text: "Can't send messages for users from blacklist", meaning: REFUSED_BY_USER },
  901: { text: "Can't send messages for users without permission", meaning: REFUSED_BY_USER },
  902: { text: "Can't send messages to this user due to their privacy settings", meaning: REFUSED_BY_USER },
  909: { text: "Can't edit this message, because it's too old", meaning: PROVIDER },
  910: { text: "Can't sent this message, because it's too big", meaning: CONTENT },
  911: { text: 'Keyboard format is invalid', meaning: CONTENT },
  912: {
    text: 'This is a chat bot feature, change this status in settings',
    meaning: PROVIDER,
    advice:
      'switch the bot capabilities on: in VK, Manage, Messages, Bot settings (Управление → Сообщения → Настройки для бота → Возможности ботов)',
  },
  913: { text: 'Too many forwarded messages', meaning: CONTENT },
  914: { text: 'Message is too long', meaning: CONTENT },
  917: { text: "You don't have access to this chat", meaning: REFUSED_BY_USER },
  920: { text: "Can't edit this kind of message", meaning: PROVIDER },
  921: { text: "Can't forward these messages", meaning: CONTENT },
  922: { text: 'You left this chat', meaning: REFUSED_BY_USER },
  924: { text: "Can't delete this message for everybody", meaning: PROVIDER },
  925: { text: 'You are not admin of this chat', meaning: REFUSED_BY_USER },
  927: { text: 'Chat does not exist', meaning: NO_SUCH_USER },
  931: { text: "You can't change invite link for this chat", meaning: PROVIDER },
  932: { text: "Your community can't interact with this peer", meaning: REFUSED_BY_USER },
  935: { text: 'User not found in chat', meaning: NO_SUCH_USER },
  936: { text: 'Contact not found', meaning: NO_SUCH_USER },
  940: { text: 'Too many posts in messages', meaning: CONTENT },
  943: { text: 'Cannot use this intent', meaning: POLICY },
  944: { text: 'Limits overflow for this intent', meaning: POLICY },
  945: { text: 'Chat was disabled', meaning: REFUSED_BY_USER },
  946: { text: 'Chat not supported', meaning: REFUSED_BY_USER },
  949: { text: "Can't edit pinned message yet", meaning: PROVIDER },
  950: { text: "Can't send message, reply timed out", meaning: POLICY }, // outside the reply window without an intent
  962: { text: "You can't access donut chat without subscription", meaning: REFUSED_BY_USER },
  969: { text: 'Message cannot be forwarded', meaning: CONTENT },
  985: { text: 'Cannot write to notifications only groups', meaning: REFUSED_BY_USER },
  987: { text: 'Need message request', meaning: REFUSED_BY_USER },
  988: { text: 'Pending message request', meaning: REFUSED_BY_USER },
  1012: { text: 'Writing is disabled for this chat', meaning: REFUSED_BY_USER },
  1114: { text: 'Anonymous token has expired', meaning: STOPPED },
  1116: { text: 'Anonymous token is invalid', meaning: STOPPED },
  1117: { text: 'Access token has expired', meaning: STOPPED },
  1118: { text: 'Anonymous token ip mismatch', meaning: STOPPED },
  2000: {
    text: 'Servers number limit is reached',
    meaning: PROVIDER,
    advice:
      'a community has at most 10 callback servers: delete one that is no longer used, in VK under Manage, API usage, Callback API (Управление → Работа с API → Callback API), and try again',
  },
  3300: { text: 'Recaptcha needed', meaning: STOPPED, advice: CONFIRM },
  3301: { text: 'Phone validation needed', meaning: STOPPED, advice: CONFIRM },
  3302: { text: 'Password validation needed', meaning: STOPPED, advice: CONFIRM },
  3303: { text: 'Otp app validation needed', meaning: STOPPED, advice: CONFIRM },
  3304: { text: 'Email confirmation needed', meaning: STOPPED, advice: CONFIRM },
  3305: { text: 'Assert votes', meaning: PROVIDER },
  3609: { text: 'Token extension required', meaning: STOPPED },
  3610: { text: 'User is deactivated', meaning: NO_SUCH_USER },
  3611: { text: 'Service is deactivated for user', meaning: REFUSED_BY_USER },
  9999: { text: 'Not supported http method', meaning: PROVIDER },
  11500: { text: 'CheckUserAction confirmation required', meaning: STOPPED, advice: CONFIRM },
};

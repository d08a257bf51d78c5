/**
 * Texts of VK's errors, by code. Source: VKCOM/vk-api-schema errors.json, tag v5.199.93 (MIT), those that the simulator or
 * its faults can answer.
 */
export const VK_ERRORS: Readonly<Record<number, string>> = {
  1: 'Unknown error occurred',
  2: 'Application is disabled. Enable your application or use test mode',
  3: 'Unknown method passed',
  4: 'Incorrect signature',
  5: 'User authorization failed',
  6: 'Too many requests per second',
  7: 'Permission to perform this action is denied',
  8: 'Invalid request',
  9: 'Flood control',
  10: 'Internal server error',
  12: 'Unable to compile code',
  13: 'Runtime error occurred during code invocation',
  14: 'Captcha needed',
  15: 'Access denied',
  18: 'User was deleted or banned',
  27: 'Group authorization failed',
  28: 'Application authorization failed',
  29: 'Rate limit reached',
  36: 'Method execution was interrupted due to timeout',
  42: 'IP is not allowed',
  43: 'This section is temporary unavailable',
  100: 'One of the parameters specified was missing or invalid',
  103: 'Out of limits',
  104: 'Not found',
  113: 'Invalid user id',
  125: 'Invalid group id',
  900: "Can't send messages for users from blacklist",
  901: "Can't send messages for users without permission",
  902: "Can't send messages to this user due to their privacy settings",
  909: "Can't edit this message, because it's too old",
  910: "Can't sent this message, because it's too big",
  911: 'Keyboard format is invalid',
  912: 'This is a chat bot feature, change this status in settings',
  913: 'Too many forwarded messages',
  914: 'Message is too long',
  917: "You don't have access to this chat",
  921: "Can't forward these messages",
  925: 'You are not admin of this chat',
  927: 'Chat does not exist',
  932: "Your community can't interact with this peer",
  936: 'Contact not found',
  940: 'Too many posts in messages',
  943: 'Cannot use this intent',
  944: 'Limits overflow for this intent',
  945: 'Chat was disabled',
  946: 'Chat not supported',
  950: "Can't send message, reply timed out",
  962: "You can't access donut chat without subscription",
  969: 'Message cannot be forwarded',
  985: 'Cannot write to notifications only groups',
  987: 'Need message request',
  988: 'Pending message request',
  1012: 'Writing is disabled for this chat',
  1114: 'Anonymous token has expired',
  1117: 'Access token has expired',
  2000: 'Servers number limit is reached',
};

/** A refusal before it is written: VK's code, and what VK puts behind its text after a colon. */
export interface VkError {
  code: number;
  detail?: string;
}

/** A call inside `execute` that was refused, as its answer lists it. */
export interface ExecuteError {
  method: string;
  error_code: number;
  error_msg: string;
}

/** What a method gives back. Refusals are values: `execute` goes on after one. */
export type VkResult = { ok: true; response: unknown; executeErrors?: ExecuteError[] } | { ok: false; error: VkError };

export function respond(response: unknown): VkResult {
  return { ok: true, response };
}

export function refuse(code: number, detail?: string): { ok: false; error: VkError } {
  return { ok: false, error: detail === undefined ? { code } : { code, detail } };
}

/** VK's text of an error: the one of its table, and the detail after a colon. */
export function errorText({ code, detail }: VkError): string {
  const text = VK_ERRORS[code] ?? VK_ERRORS[1];
  return detail === undefined ? `${text}` : `${text}: ${detail}`;
}

/** Never written back in `request_params`, as at VK. */
const HIDDEN_PARAMETERS: ReadonlySet<string> = new Set(['access_token']);

/**
 * The body of a refused call, for HTTP 200. `request_params` repeats the call's parameters without the token, with the
 * method's name first.
 *
 * Source: base_error of the schema; contracts/vk.md 3.1.
 */
export function errorBody(error: VkError, method: string, parameters: Readonly<Record<string, string>>): object {
  const shown = Object.entries(parameters).filter(([name]) => !HIDDEN_PARAMETERS.has(name));
  return {
    error: {
      error_code: error.code,
      error_msg: errorText(error),
      request_params: [['method', method], ...shown].map(([key, value]) => ({ key, value })),
    },
  };
}

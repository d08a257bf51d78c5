import { VK_ERRORS } from './error-texts.ts';

/** A refusal before it is written: VK's code, and what VK puts behind its text after a colon. */
export interface VkError {
  code: number;
  detail?: string;
  /** `error_subcode` of the schema, where VK tells more. */
  subcode?: number;
}

/** A call inside `execute` that was refused, as its answer lists it. */
export interface ExecuteError {
  method: string;
  error_code: number;
  error_msg: string;
}

/** What a method gives back. Refusals are values: `execute` goes on after one. */
export type VkResult = { ok: true; response: unknown; executeErrors?: ExecuteError[] } | Refusal;

export interface Refusal {
  ok: false;
  error: VkError;
}

export function respond(response: unknown): VkResult {
  return { ok: true, response };
}

export function refuse(code: number, detail?: string, subcode?: number): Refusal {
  return {
    ok: false,
    error: { code, ...(detail === undefined ? {} : { detail }), ...(subcode === undefined ? {} : { subcode }) },
  };
}

/** VK's text of an error: the one of its table, and the detail after a colon. */
export function errorText({ code, detail }: VkError): string {
  const text = VK_ERRORS[code] ?? VK_ERRORS[1];
  return detail === undefined ? `${text}` : `${text}: ${detail}`;
}

/** What some errors carry beside code and text, so that a client can go on. Sources: contracts/vk.md 3.6 (captcha since 2025). */
const FURTHER_FIELDS: Readonly<Record<number, Readonly<Record<string, unknown>>>> = {
  14: {
    captcha_sid: '239633676097',
    captcha_img: 'https://api.vk.ru/captcha.php?sid=239633676097',
    captcha_ts: 1_760_000_000,
    captcha_attempt: 1,
    redirect_uri: 'https://id.vk.com/not_robot_captcha?domain=vk.com&session_token=simulated',
  },
  17: { redirect_uri: 'https://m.vk.com/login?act=authcheck' },
  24: { confirmation_text: 'Confirm the action' },
};

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
      ...(error.subcode === undefined ? {} : { error_subcode: error.subcode }),
      error_msg: errorText(error),
      ...FURTHER_FIELDS[error.code],
      request_params: [['method', method], ...shown].map(([key, value]) => ({ key, value })),
    },
  };
}

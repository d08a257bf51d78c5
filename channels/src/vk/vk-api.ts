import { createHttp, type HttpAnswer } from '../http/http.ts';
import { parseJson } from '../json.ts';

/** What one call of a VK method came to. */
export type VkAnswer =
  | { kind: 'response'; response: unknown }
  /** VK's own error; codes: dev.vk.com/reference/errors. */
  | { kind: 'error'; code: number; message: string }
  | { kind: 'unsent'; code: string }
  | { kind: 'unanswered'; detail: string };

export interface VkApi {
  /** Calls one method; the token and the version are added. Never throws. */
  call(method: string, params: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<VkAnswer>;
  /** One long poll: a plain GET on the server that VK named, which takes no token. */
  get(url: string, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface VkApiOptions {
  /** Root before `/method/…`: `https://api.vk.ru`. */
  baseUrl: string;
  token: string;
  /** Version of the API, as `5.199`. */
  apiVersion: string;
  /** Of one whole call. */
  timeoutMs: number;
}

/** A client of one community's token. Source: dev.vk.com/ru/api/api-requests (JSON bodies are not taken: a form is). */
export function createVkApi({ baseUrl, token, apiVersion, timeoutMs }: VkApiOptions): VkApi {
  const http = createHttp({ timeoutMs });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
  return {
    async call(method, params, signal) {
      const form = new URLSearchParams({ v: apiVersion });
      for (const [name, value] of Object.entries(params)) form.set(name, String(value));
      const answer = await http.call(
        { method: 'POST', url: `${baseUrl}/method/${method}`, headers, body: form.toString() },
        signal,
      );
      return answer.kind === 'answered' ? readAnswer(answer.status, answer.text) : answer;
    },
    get: (url, pollTimeoutMs, signal) => http.call({ method: 'GET', url, timeoutMs: pollTimeoutMs }, signal),
    close: () => http.close(),
  };
}

// A page of a proxy, an empty body or a cut one says nothing of whether the method ran, whatever the status.
function readAnswer(status: number, text: string): VkAnswer {
  const unreadable: VkAnswer = { kind: 'unanswered', detail: `status ${status} without an answer of VK in it` };
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return unreadable;
  }
  if (typeof body !== 'object' || body === null) return unreadable;
  if ('error' in body) {
    const { error } = body;
    if (typeof error !== 'object' || error === null || !('error_code' in error) || typeof error.error_code !== 'number')
      return unreadable;
    return { kind: 'error', code: error.error_code, message: 'error_msg' in error ? String(error.error_msg) : '' };
  }
  return 'response' in body ? { kind: 'response', response: body.response } : unreadable;
}

/** The response of a call that must succeed. Throws an Error that names the method, VK's error and what to do. */
export async function requireResponse(
  api: VkApi,
  method: string,
  params: Record<string, string | number>,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await api.call(method, params, signal);
  if (answer.kind === 'response') return answer.response;
  if (answer.kind === 'error') {
    throw new VkCallError(
      `VK refused ${method} with error ${answer.code} (${answer.message}): see dev.vk.com/reference/errors`,
      answer.code,
    );
  }
  throw new VkCallError(
    `VK did not answer ${method} (${answer.kind === 'unsent' ? answer.code : answer.detail}): check the connection's address and try again`,
  );
}

export class VkCallError extends Error {
  override readonly name = 'VkCallError';
  /** VK's error code; undefined where no answer came. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

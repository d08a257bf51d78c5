import { createHttp, type HttpAnswer, retryAfterMs } from '../http/http.ts';
import { parseJson } from '../json.ts';

/** What one call of a VK method came to. */
export type VkAnswer =
  /** `executeErrors`: of the calls within an `execute`, in their order. */
  | { kind: 'response'; response: unknown; executeErrors?: readonly VkError[] }
  /** VK's own error; codes: dev.vk.com/reference/errors. */
  | ({ kind: 'error' } & VkError)
  /** Something before VK asks to wait: 429, or 503 with a time. */
  | { kind: 'throttled'; retryAfterMs: number; status: number }
  | { kind: 'unsent'; code: string }
  | { kind: 'unanswered'; detail: string };

export interface VkError {
  code: number;
  message: string;
}

export type VkParams = Readonly<Record<string, string | number>>;

export interface VkApi {
  /** Calls one method; the token and the version are added. Never throws. */
  call(method: string, params: VkParams, signal: AbortSignal): Promise<VkAnswer>;
  /** One long poll: a plain GET on the server that VK named, which takes no token. */
  get(url: string, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer>;
  /** The bytes of a file, as a form, to the address that VK named for them; it takes no token either. */
  post(url: string, form: FormData, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer>;
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
      return answer.kind === 'answered' ? readAnswer(answer) : answer;
    },
    get: (url, pollTimeoutMs, signal) => http.call({ method: 'GET', url, timeoutMs: pollTimeoutMs }, signal),
    async post(url, form, uploadTimeoutMs, signal) {
      const encoded = new Response(form);
      const type = encoded.headers.get('content-type') ?? '';
      const body = new Uint8Array(await encoded.arrayBuffer());
      return http.call({ method: 'POST', url, headers: { 'content-type': type }, body, timeoutMs: uploadTimeoutMs }, signal);
    },
    close: () => http.close(),
  };
}

const THROTTLED_MS = 1_000;

// A page of a proxy, an empty body or a cut one says nothing of whether the method ran, whatever the status.
function readAnswer({ status, text, header }: Extract<HttpAnswer, { kind: 'answered' }>): VkAnswer {
  const waitMs = retryAfterMs(header('retry-after'));
  const unreadable: VkAnswer =
    status === 429 || (status === 503 && waitMs !== undefined)
      ? { kind: 'throttled', retryAfterMs: waitMs ?? THROTTLED_MS, status }
      : { kind: 'unanswered', detail: `status ${status} without an answer of VK in it` };
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    return unreadable;
  }
  if (typeof body !== 'object' || body === null) return unreadable;
  if ('error' in body) {
    const error = readError(body.error);
    return error === undefined ? unreadable : { kind: 'error', ...error };
  }
  if (!('response' in body)) return unreadable;
  const { response } = body;
  if (!('execute_errors' in body) || !Array.isArray(body.execute_errors)) return { kind: 'response', response };
  const executeErrors = body.execute_errors.map(readError).filter((error) => error !== undefined);
  return { kind: 'response', response, executeErrors };
}

function readError(error: unknown): VkError | undefined {
  if (typeof error !== 'object' || error === null || !('error_code' in error) || typeof error.error_code !== 'number')
    return undefined;
  return { code: error.error_code, message: 'error_msg' in error ? String(error.error_msg) : '' };
}

import { createHttp, type HttpAnswer, type HttpRequest } from '../../http/http.ts';
import { type OkAnswer, readOkAnswer } from '../ok-answer.ts';

type Query = Readonly<Record<string, string | number>>;

export interface OkGraph {
  /** Reads `/graph/{path}`. Never throws. */
  get(path: string, query: Query, signal: AbortSignal, timeoutMs?: number): Promise<OkAnswer>;
  /** Writes to `/graph/{path}`. Never throws. */
  post(path: string, body: unknown, signal: AbortSignal, query?: Query): Promise<OkAnswer>;
  /** Hands a form with a file over to the address that OK gave for it. Never throws. */
  upload(url: string, form: FormData, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface OkGraphOptions {
  /** Root before `/graph/…`: `https://api.ok.ru`. */
  baseUrl: string;
  /** The group's key from its message settings, `tkn…:C…`. */
  graphToken: string;
  /** Of one whole call. */
  timeoutMs: number;
}

const JSON_HEADERS = { 'content-type': 'application/json;charset=utf-8' };

/**
 * A client of the Graph API for one group. The token stands in the address, where OK wants it: keep addresses out of logs.
 * Source: apiok.ru/en/dev/graph_api.
 */
export function createOkGraph({ baseUrl, graphToken, timeoutMs }: OkGraphOptions): OkGraph {
  const http = createHttp({ timeoutMs });
  const call = async (path: string, query: Query, request: Omit<HttpRequest, 'url'>, signal: AbortSignal) => {
    const search = new URLSearchParams({ access_token: graphToken });
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    return readOkAnswer(await http.call({ ...request, url: `${baseUrl}/graph/${path}?${search}` }, signal));
  };
  return {
    get: (path, query, signal, callTimeoutMs) =>
      call(path, query, { method: 'GET', ...(callTimeoutMs !== undefined && { timeoutMs: callTimeoutMs }) }, signal),
    post: (path, body, signal, query = {}) =>
      call(path, query, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(body) }, signal),
    async upload(url, form, signal) {
      const encoded = new Response(form); // writes multipart/form-data with its boundary
      const headers = { 'content-type': encoded.headers.get('content-type') ?? 'multipart/form-data' };
      return http.call({ method: 'POST', url, headers, body: await encoded.bytes() }, signal);
    },
    close: () => http.close(),
  };
}

/** An id as one segment of a path. Ids come from outside: none may lead to another edge. */
export function pathSegment(id: string): string {
  return encodeURIComponent(id.toWellFormed()).replaceAll('%3A', ':');
}

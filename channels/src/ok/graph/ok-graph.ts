import { createHttp, type HttpRequest } from '../../http/http.ts';
import { type OkAnswer, readOkAnswer } from '../ok-answer.ts';

export interface OkGraph {
  /** Reads `/graph/{path}`. Never throws. */
  get(path: string, query: Readonly<Record<string, string | number>>, signal: AbortSignal, timeoutMs?: number): Promise<OkAnswer>;
  /** Writes to `/graph/{path}`. Never throws. */
  post(path: string, body: unknown, signal: AbortSignal): Promise<OkAnswer>;
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

/**
 * A client of the Graph API for one group. The token stands in the address, where OK wants it: keep addresses out of logs.
 * Source: apiok.ru/en/dev/graph_api.
 */
export function createOkGraph({ baseUrl, graphToken, timeoutMs }: OkGraphOptions): OkGraph {
  const http = createHttp({ timeoutMs });
  const call = async (
    path: string,
    query: Readonly<Record<string, string | number>>,
    request: Omit<HttpRequest, 'url'>,
    signal: AbortSignal,
  ) => {
    const search = new URLSearchParams({ access_token: graphToken });
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    return readOkAnswer(await http.call({ ...request, url: `${baseUrl}/graph/${path}?${search}` }, signal));
  };
  const headers = { 'content-type': 'application/json;charset=utf-8' };
  return {
    get: (path, query, signal, callTimeoutMs) =>
      call(path, query, { method: 'GET', ...(callTimeoutMs !== undefined && { timeoutMs: callTimeoutMs }) }, signal),
    post: (path, body, signal) => call(path, {}, { method: 'POST', headers, body: JSON.stringify(body) }, signal),
    close: () => http.close(),
  };
}

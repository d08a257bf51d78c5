import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { type AddressGuard, createAddressGuard } from './address-guard.ts';

export type PostResult =
  /** Any status, redirects included: they are not followed. `bodyHead` is at most 16 KB of the answer as UTF-8. */
  | { kind: 'answered'; status: number; bodyHead: string }
  /** Not called: the URL or an address behind its name is not allowed. `reason` ends a sentence about the URL. */
  | { kind: 'forbidden'; reason: string }
  /** Called or not, no whole answer came in time. */
  | { kind: 'timed_out' }
  /** No connection, a broken one, a certificate that cannot be trusted, a broken answer; or aborted by the caller. */
  | { kind: 'failed'; code: string };

export interface PostRequest {
  url: string;
  /** POST where it is absent. */
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Empty: none is sent. */
  body: string | Buffer;
  headers: Readonly<Record<string, string>>;
  /** From the call to the last byte of the answer, name lookup and connection included. */
  timeoutMs: number;
  signal?: AbortSignal;
}

export type DownloadResult =
  | { kind: 'downloaded'; bytes: Buffer }
  /** There, and not what was asked for: any status but a good one. */
  | { kind: 'answered'; status: number }
  | { kind: 'too_large' }
  | Exclude<PostResult, { kind: 'answered' }>;

export interface DownloadRequest {
  url: string;
  bytesMax: number;
  /** For all of it, redirects included. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Calls URLs that customers gave us, and never what lies behind our walls. */
export interface HttpClient {
  /** Why this URL must not be called, as the end of a sentence about it; null when form and literal address are fine. No DNS. */
  refusal(url: string): string | null;
  /** Never rejects: whatever the other side does is a value. */
  post(request: PostRequest): Promise<PostResult>;
  /** The whole of what is there. Follows a few redirects, each through the guard. Never rejects. */
  download(request: DownloadRequest): Promise<DownloadResult>;
  /** Breaks what is under way and closes all connections. */
  close(): Promise<void>;
}

const ANSWER_BYTES_MAX = 16 * 1024;
const REDIRECTS_MAX = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const CONNECT_TIMEOUT_MS = 5_000;
// A name is looked up anew at least this often, however busy its connections are.
const CONNECTION_LIFE_MAX_MS = 60_000;

class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
}

/**
 * The guard stands at four places, because each alone can be passed (reliability.md 0.4, 1.2): the literal address of the URL
 * (literals are never looked up), every answer of the resolver, the address of the connected socket, and no redirects, or each one as a URL of its own.
 *
 * `allowCidrs`: ranges that may be called although they are not public. `lookup`: another resolver than the system's.
 */
export function createHttpClient({
  allowCidrs,
  lookup = systemLookup,
}: {
  allowCidrs: readonly string[];
  lookup?: LookupFunction;
}): HttpClient {
  const guard = createAddressGuard(allowCidrs);
  const agent = new Agent({
    connect: guardedConnector(guard, lookup),
    allowH2: false,
    pipelining: 1, // a later POST must not wait behind a slow one on the same connection
    clientTtl: CONNECTION_LIFE_MAX_MS,
    // One deadline per call stands for both, so that an answer that drips cannot outlive it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    refusal: guard.refusalOfUrl,
    post: (request) => {
      const reason = guard.refusalOfUrl(request.url);
      return reason === null ? post(agent, request) : Promise.resolve({ kind: 'forbidden', reason });
    },
    download: (request) => download(agent, guard, request),
    close: () => agent.destroy(),
  };
}

function guardedConnector(guard: AddressGuard, lookup: LookupFunction): buildConnector.connector {
  const guardedLookup: LookupFunction = (hostname, options, callback) =>
    lookup(hostname, options, (error, answer, family) => {
      if (error !== null) return callback(error, answer, family);
      const addresses = typeof answer === 'string' ? [answer] : answer.map(({ address }) => address);
      // One forbidden answer refuses the name: which of them the socket takes is not ours to choose, nor is the next lookup.
      const reason = addresses.map(guard.refusalOfAddress).find((refusal) => refusal !== null);
      if (reason === undefined) callback(null, answer, family);
      else callback(new ForbiddenAddressError(reason), answer, family);
    });
  const connect = buildConnector({ lookup: guardedLookup, timeout: CONNECT_TIMEOUT_MS, allowH2: false });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const reason = guard.refusalOfAddress(remoteAddress(socket));
      if (reason === null) return callback(null, socket);
      socket.destroy();
      callback(new ForbiddenAddressError(reason), null);
    });
}

/** Empty, which the guard refuses, when the other side has hung up already. */
function remoteAddress(socket: Socket): string {
  return socket.remoteAddress ?? '';
}

async function post(agent: Agent, request: PostRequest): Promise<PostResult> {
  const result = await call(agent, request, ANSWER_BYTES_MAX);
  return result.kind === 'called' ? { kind: 'answered', status: result.status, bodyHead: result.body.toString('utf8') } : result;
}

async function download(agent: Agent, guard: AddressGuard, request: DownloadRequest): Promise<DownloadResult> {
  const { bytesMax, timeoutMs, signal } = request;
  const endsAt = performance.now() + timeoutMs;
  let { url } = request;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const reason = guard.refusalOfUrl(url);
    if (reason !== null) return { kind: 'forbidden', reason };
    const leftMs = Math.max(1, endsAt - performance.now());
    const get = {
      url,
      method: 'GET',
      body: '',
      headers: {},
      timeoutMs: leftMs,
      ...(signal !== undefined && { signal }),
    } as const;
    const result = await call(agent, get, bytesMax);
    if (result.kind !== 'called') return result;
    const { status, location, body, isCut } = result;
    if (REDIRECTS.includes(status) && location !== undefined && URL.canParse(location, url)) {
      url = new URL(location, url).href;
      continue;
    }
    if (status !== 200) return { kind: 'answered', status };
    return isCut ? { kind: 'too_large' } : { kind: 'downloaded', bytes: body };
  }
  return { kind: 'failed', code: 'TOO_MANY_REDIRECTS' };
}

type Called =
  /** `body`: its first `bytesMax` bytes; `isCut` where there were more. */
  | { kind: 'called'; status: number; location: string | undefined; body: Buffer; isCut: boolean }
  | Exclude<PostResult, { kind: 'answered' }>;

function call(
  agent: Agent,
  { url, method = 'POST', body, headers, timeoutMs, signal }: PostRequest,
  bytesMax: number,
): Promise<Called> {
  return new Promise((resolve) => {
    const { origin, pathname, search } = new URL(url);
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let status = 0;
    let location: string | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;

    const settle = (result: Called): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const answered = () => settle({ kind: 'called', status, location, body: Buffer.concat(chunks), isCut: bytes > bytesMax });
    const giveUp = (result: Called): void => {
      settle(result);
      controller?.abort(new Error('given up'));
    };
    const onAbort = () => giveUp({ kind: 'failed', code: 'ABORTED' });
    const timer = setTimeout(() => giveUp({ kind: 'timed_out' }), timeoutMs);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        // It waited for its connection longer than its deadline: nobody wants the answer any more.
        if (settled) controller.abort(new Error('given up'));
      },
      onResponseStart(_controller, statusCode, told) {
        status = statusCode;
        location = typeof told['location'] === 'string' ? told['location'] : undefined;
      },
      onResponseData(current, chunk) {
        chunks.push(chunk.subarray(0, bytesMax - bytes));
        bytes += chunk.length;
        if (bytes <= bytesMax) return;
        answered();
        current.abort(new Error('the answer is longer than anybody reads'));
      },
      onResponseEnd: answered,
      onResponseError: (_controller, error) => settle(failure(error)),
    };
    agent.dispatch({ origin, path: pathname + search, method, headers, body: body === '' ? null : body }, handler);
  });
}

function failure(error: Error & { code?: unknown }): Exclude<Called, { kind: 'called' }> {
  if (error instanceof ForbiddenAddressError) return { kind: 'forbidden', reason: error.message };
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'timed_out' };
  return { kind: 'failed', code: typeof error.code === 'string' ? error.code : error.name };
}

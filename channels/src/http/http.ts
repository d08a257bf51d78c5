import { Agent, type Dispatcher } from 'undici';

/** One call to a network. `timeoutMs` replaces the client's own, for calls that wait on purpose. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH';
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  timeoutMs?: number;
}

/** How a call ended. The difference between the last two decides whether a message may be sent again. */
export type HttpAnswer =
  | { kind: 'answered'; status: number; header: (name: string) => string | undefined; text: string }
  /** It went out, or may have; no whole answer came back. */
  | { kind: 'unanswered'; detail: string }
  /** Not a byte of it left this machine; `code` is the system's reason, such as ECONNREFUSED, or our own: timeout, given_up. */
  | { kind: 'unsent'; code: string };

export interface Http {
  /** Never throws and never follows a redirect. */
  call(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Ends the kept connections; calls under way are answered as `unanswered`. */
  close(): Promise<void>;
}

/** What a network answers is small; more is a fault or an attack and must not fill our memory. */
export const ANSWER_BYTES_MAX = 8 * 1_048_576;

/** A client with kept connections to whatever hosts it is asked to call. `timeoutMs` bounds one whole call. */
export function createHttp({ timeoutMs }: { timeoutMs: number }): Http {
  // HTTP/1.1 without pipelining: on a shared or pipelined connection one failure leaves several messages in doubt.
  const agent = new Agent({ allowH2: false, pipelining: 1, connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    call: (request, signal) => callOnce(agent, request, request.timeoutMs ?? timeoutMs, signal),
    close: () => agent.destroy(),
  };
}

function callOnce(agent: Agent, request: HttpRequest, timeoutMs: number, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let answer: { status: number; headers: Record<string, string | string[] | undefined> } | undefined;
    let stopped: StoppedError | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;

    const end = (result: HttpAnswer): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    };
    // `onRequestStart` comes when a connection stands and before the first byte is written: without it nothing was sent.
    const fail = (error: unknown): void =>
      end(controller === undefined ? { kind: 'unsent', code: codeOf(error) } : { kind: 'unanswered', detail: codeOf(error) });
    const stop = (code: string): void => {
      stopped = new StoppedError(code);
      fail(stopped);
      controller?.abort(stopped);
    };
    const giveUp = (): void => stop('given_up');
    // A timer of our own, ended with the call: AbortSignal.timeout would stay for its whole time after every quick answer.
    const timer = setTimeout(() => stop('timeout'), timeoutMs);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) return giveUp();

    try {
      const { origin, pathname, search } = new URL(request.url);
      const { method, headers, body } = request;
      agent.dispatch(
        { origin, path: pathname + search, method, headers, body },
        {
          onRequestStart(started) {
            if (stopped !== undefined) started.abort(stopped);
            else controller = started;
          },
          onResponseStart(_, status, received) {
            answer = { status, headers: received };
          },
          onResponseData(_, chunk) {
            bytes += chunk.length;
            if (bytes > ANSWER_BYTES_MAX) stop('answer_too_large');
            else chunks.push(chunk);
          },
          onResponseEnd() {
            if (answer === undefined) return fail(new StoppedError('no_status'));
            const { status, headers: received } = answer;
            end({
              kind: 'answered',
              status,
              header: (name) => [received[name]].flat()[0],
              text: Buffer.concat(chunks).toString('utf8'),
            });
          },
          onResponseError: (_, error) => fail(error),
        },
      );
    } catch (error) {
      fail(error);
    }
  });
}

/** A call that we end ourselves, and why. */
class StoppedError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the call was ended: ${code}`);
    this.code = code;
  }
}

/** The code alone: messages of errors may hold addresses with a token in them. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** The wait that a `Retry-After` header asks for, in milliseconds (seconds or a date); undefined without a usable one. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

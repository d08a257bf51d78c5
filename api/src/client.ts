import type { Static, TSchema } from 'typebox';
import type { ErrorAnswer, RequestRejected } from './answers.ts';
import type { ErrorCode } from './errors.ts';
import { OPERATIONS, type Operation, type OperationId } from './operations/operations.ts';

type Schemas = Readonly<Record<string, TSchema>>;
type Values<Of extends Schemas> = { [Name in keyof Of]: Static<Of[Name]> };

/** What a call is given: what its operation has, and nothing else. */
export type GivenOf<Op> = (Op extends { pathParameters: infer Of extends Schemas } ? { path: Values<Of> } : unknown) &
  (Op extends { query: infer Of extends Schemas } ? { query?: Partial<Values<Of>> } : unknown) &
  (Op extends { headers: infer Of extends Schemas } ? { headers?: Partial<Values<Of>> } : unknown) &
  (Op extends { bodyType: string }
    ? { body: Uint8Array | string }
    : Op extends { body: infer Of extends TSchema }
      ? { body: Static<Of> }
      : unknown);

/** JSON as its schema says, or the bytes of what is no JSON. */
export type AnswerOf<Op> = Op extends { answer: { type: string } }
  ? Uint8Array
  : Op extends { answer: { schema: infer Of extends TSchema } }
    ? Static<Of>
    : never;

type Call<Op> =
  Record<never, never> extends GivenOf<Op>
    ? (given?: GivenOf<Op>, signal?: AbortSignal) => Promise<AnswerOf<Op>>
    : (given: GivenOf<Op>, signal?: AbortSignal) => Promise<AnswerOf<Op>>;

/** One method for each operation. They throw an `ApiError` for what is refused, and what `fetch` throws where no answer comes. */
export type Client = { [Id in OperationId]: Call<(typeof OPERATIONS)[Id]> };

/** A request that was refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Of `ERRORS`; null where something between answered that is not the server. */
  readonly code: ErrorCode | null;
  /** Path of the field that is wrong, `steps[0].route`. */
  readonly field: string | null;

  constructor(status: number, refusal: { code: ErrorCode | null; field?: string | null | undefined; message: string }) {
    super(refusal.message);
    this.status = status;
    this.code = refusal.code;
    this.field = refusal.field ?? null;
  }
}

export interface ClientOptions {
  /** Where the server is, `https://soroka.example`. */
  baseUrl: string;
  /** An API key, or the token of an operator's session; neither: only what is open to everybody. */
  key?: string;
  session?: string;
  fetch?: typeof fetch;
}

interface AnyGiven {
  path?: Readonly<Record<string, unknown>>;
  query?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, unknown>>;
  body?: unknown;
}

/** A client of the whole API, typed by the schemas that the server checks by. */
export function createClient({ baseUrl, key, session, fetch: send = fetch }: ClientOptions): Client {
  const root = baseUrl.replace(/\/+$/, '');
  const authorization = key !== undefined ? `Key ${key}` : session !== undefined ? `Bearer ${session}` : undefined;

  const call = async (operation: Operation, given: AnyGiven, signal: AbortSignal | undefined): Promise<unknown> => {
    const { method, path, body, bodyType = 'application/json', answer } = operation;
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given.path?.[name])));
    const query = new URLSearchParams(textsOf(given.query));
    const response = await send(`${root}${address}${query.size === 0 ? '' : `?${query}`}`, {
      method,
      headers: {
        ...textsOf(given.headers),
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': bodyType }),
      },
      ...(body === undefined
        ? {}
        : { body: bodyType === 'application/json' ? JSON.stringify(given.body) : (given.body as string) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw await refusalOf(response);
    return answer.type === undefined ? response.json() : new Uint8Array(await response.arrayBuffer());
  };

  const methods = Object.entries<Operation>(OPERATIONS).map(([id, operation]) => [
    id,
    (given: AnyGiven = {}, signal?: AbortSignal) => call(operation, given, signal),
  ]);
  return Object.fromEntries(methods) as Client;
}

function textsOf(values: AnyGiven['query'] = {}): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

async function refusalOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const answer = JSON.parse(text) as Partial<ErrorAnswer & Static<typeof RequestRejected>>;
    if (answer.error !== undefined) return new ApiError(response.status, answer.error);
    const reason = answer.result?.[0]?.reasons[0];
    if (reason !== undefined)
      return new ApiError(response.status, { code: reason.key, field: reason.field, message: reason.message ?? reason.key });
  } catch {
    // no JSON: told below
  }
  return new ApiError(response.status, { code: null, message: `the answer is no answer of the server: HTTP ${response.status}` });
}

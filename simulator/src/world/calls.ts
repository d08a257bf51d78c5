import type { Party } from './faults.ts';

/** One call that a network took, as `GET /control/calls` shows it. */
export interface Call {
  /** Grows by one with every call of the run. */
  readonly id: number;
  /** Wall time of its receipt, ms. */
  time: number;
  /** The same on the monotonic scale, ms: what limits are counted by. */
  mono: number;
  network: Party;
  /** As the network names it: `messages.send`, `me/messages`, `POST /notify/vk/messages`. */
  method: string;
  /** Id of the group whose token was used; with notify the service of the first message. */
  group: string | null;
  /** HTTP status; 0 where no answer was given, or not yet. */
  status: number;
  /** The network's own error code; null where it did what was asked. */
  code: string | null;
  durationMs: number;
  /** What a reader should know beyond the code: that VK has the method and the simulator has not. */
  note?: string;
  /** What was asked, secrets masked, long lists cut. */
  request: unknown;
  /** The body of the answer as it went over the wire, secrets masked, a long one cut; null while there is none, and of older calls. */
  answer: string | null;
}

/** A call at its receipt. */
export type NewCall = Omit<Call, 'id' | 'answer'>;

const CALLS_MAX = 100_000;
const LIST_ITEMS_MAX = 20;
// Answers are kept of the newest calls only, and of a long one the beginning: a load run makes calls by the hundred thousand.
const ANSWERS_MAX = 5_000;
const ANSWER_CHARACTERS_MAX = 8_000;
const SECRETS = new Set([
  'access_token',
  'authorization',
  'client_secret',
  'key',
  'password',
  'refresh_token',
  'secret',
  'secret_key',
  'session_key',
  'session_secret_key',
  'sig',
  'token',
]);

/** Cuts a long list, so that a batch of 1000 is not kept alive by the log. */
export function cutList(request: unknown): unknown {
  if (!Array.isArray(request) || request.length <= LIST_ITEMS_MAX) return request;
  return [...request.slice(0, LIST_ITEMS_MAX), `and ${request.length - LIST_ITEMS_MAX} more`];
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value === 'bigint') return value.toString(); // the log is plain JSON
  if (typeof value !== 'object' || value === null) return value;
  // `code` opens an account where OAuth asks for a token; elsewhere it is VK's execute program.
  const isSecret = (name: string): boolean => SECRETS.has(name.toLowerCase()) || (name === 'code' && 'grant_type' in value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isSecret(name) ? '***' : mask(inner)]));
}

const NAMES = [...SECRETS].join('|');
// A text may be cut off in the middle of a secret. VK repeats parameters as pairs of "key" and "value": there the name is none.
const SECRET_IN_TEXT = new RegExp(`("(?:${NAMES})"\\s*:\\s*)"[^"]*(?:"(?!\\s*,\\s*"value")|$)`, 'gi');
const SECRET_PAIR_IN_TEXT = new RegExp(`("key"\\s*:\\s*"(?:${NAMES})"\\s*,\\s*"value"\\s*:\\s*)"[^"]*"?`, 'gi');

const maskText = (text: string): string => text.replaceAll(SECRET_PAIR_IN_TEXT, '$1"***"').replaceAll(SECRET_IN_TEXT, '$1"***"');

/** The newest 100,000 calls, in the order of their receipt. */
export interface CallLog {
  /** Keeps a call at its receipt; what is known later (status, code …) is written into the entry that comes back. */
  record(call: NewCall): Call;
  /** Keeps what was answered, as it goes over the wire. */
  answered(call: Call, body: string): void;
  /** Calls received after `sinceMs` (wall time), oldest first, secrets masked. */
  since(sinceMs: number): Call[];
  /** The newest calls with an id above `id`, oldest first, at most `max`; as `since` gives them. */
  after(id: number, max: number): Call[];
  byId(id: number): Call | null;
  reset(): void;
}

export function createCallLog(): CallLog {
  let calls: Call[] = [];
  let lastId = 0;
  const show = (call: Call): Call => ({
    ...call,
    request: mask(call.request),
    answer: call.answer === null ? null : maskText(call.answer),
  });
  const placeOf = (id: number): number => id - (lastId - calls.length) - 1;
  return {
    record(call) {
      lastId += 1;
      const entry: Call = { id: lastId, ...call, answer: null };
      calls.push(entry);
      const forgotten = calls.at(-1 - ANSWERS_MAX);
      if (forgotten !== undefined) forgotten.answer = null;
      // Cut seldom and much: shifting one by one would move the whole list at every call.
      if (calls.length > CALLS_MAX * 1.1) calls = calls.slice(-CALLS_MAX);
      return entry;
    },
    answered(call, body) {
      call.answer = body.slice(0, ANSWER_CHARACTERS_MAX);
    },
    since: (sinceMs) =>
      calls
        .slice(-CALLS_MAX)
        .filter((call) => call.time > sinceMs)
        .map(show),
    after: (id, max) =>
      calls
        .slice(Math.max(0, placeOf(id) + 1))
        .slice(-max)
        .map(show),
    byId(id) {
      const call = calls[placeOf(id)];
      return call === undefined ? null : show(call);
    },
    reset() {
      calls = [];
    },
  };
}

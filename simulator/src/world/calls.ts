import type { Party } from './faults.ts';

/** One call that a network took, as `GET /control/calls` shows it. */
export interface Call {
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
}

const CALLS_MAX = 100_000;
const LIST_ITEMS_MAX = 20;
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

/** The newest 100,000 calls, in the order of their receipt. */
export interface CallLog {
  /** Keeps a call at its receipt; what is known later (status, code …) is written into the entry that comes back. */
  record(call: Call): Call;
  /** Calls received after `sinceMs` (wall time), oldest first, secrets masked. */
  since(sinceMs: number): Call[];
  reset(): void;
}

export function createCallLog(): CallLog {
  let calls: Call[] = [];
  return {
    record(call) {
      calls.push(call);
      // Cut seldom and much: shifting one by one would move the whole list at every call.
      if (calls.length > CALLS_MAX * 1.1) calls = calls.slice(-CALLS_MAX);
      return call;
    },
    since: (sinceMs) =>
      calls
        .slice(-CALLS_MAX)
        .filter((call) => call.time > sinceMs)
        .map((call) => ({ ...call, request: mask(call.request) })),
    reset() {
      calls = [];
    },
  };
}

import { BrokenBodyError, type InboundEvent, parseJson, stringifyJson } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import { type BodyForm, dialogKeyOf, eventsOf, type NewRawEvent } from '../inbox/inbox.ts';

/** How a body came. */
export interface Arrival {
  connection: Connection;
  form: BodyForm;
  source: 'webhook' | 'long-poll';
  body: Buffer;
  at: Date;
  /** Of the connection; cut out of what is stored. */
  secret?: string;
  /** Stands in where the body names no group and the connection has none. */
  groupId?: string;
}

/** A body read far enough to be stored under its event's id, and to be refused. */
export interface ReadBody {
  raw: NewRawEvent;
  /** The one event of the body; absent where it could not be read, or is a status callback. */
  event?: InboundEvent;
}

/** One for each event in the body: only the upstream may send several at once. What cannot be read comes back with its error. */
export function readBody(arrival: Arrival): ReadBody[] {
  let json: unknown;
  try {
    json = parseJson(arrival.body.toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [unreadable(arrival, `the body is not valid JSON: ${error.message}`)];
  }
  const isBatch = arrival.form === 'notify-incoming' && Array.isArray(json);
  if (!isBatch) return [readOne(arrival, json)];
  return (json as unknown[]).map((item) => readItem(arrival, item));
}

function readItem(arrival: Arrival, item: unknown): ReadBody {
  let body: Buffer;
  try {
    body = Buffer.from(stringifyJson(item), 'utf8');
  } catch (error) {
    // Read by the fast parser, which goes deeper than the writer; the whole is kept in its place.
    if (!(error instanceof RangeError)) throw error;
    return unreadable(arrival, 'an item is nested too deeply to be kept by itself');
  }
  return readOne({ ...arrival, body }, item);
}

function readOne(arrival: Arrival, json: unknown): ReadBody {
  const { connection, form, at } = arrival;
  if (form === 'notify-statuses') return { raw: rawOf(arrival, null) };
  try {
    const [event] = eventsOf(form, json, connection.groupId ?? arrival.groupId ?? null, at);
    return event === undefined ? { raw: rawOf(arrival, null) } : { raw: rawOf(arrival, event), event };
  } catch (error) {
    if (!(error instanceof BrokenBodyError)) throw error;
    return unreadable(arrival, error.message);
  }
}

function unreadable(arrival: Arrival, error: string): ReadBody {
  return { raw: { ...rawOf(arrival, null), error } };
}

function rawOf(arrival: Arrival, event: InboundEvent | null): NewRawEvent {
  const { connection, form, source, body, secret } = arrival;
  const network = event?.network ?? (connection.kind === 'notify' ? null : connection.kind);
  const groupId = event?.groupId ?? connection.groupId ?? arrival.groupId ?? null;
  return {
    accountId: connection.accountId,
    connectionId: connection.id,
    form,
    source,
    network,
    groupId,
    eventId: event?.eventId ?? null,
    dialogKey: event === null ? null : dialogKeyOf(event, groupId ?? ''),
    body: secret === undefined ? body : withoutSecret(body, secret),
  };
}

// A quote inside a JSON text has a backslash before it, so this finds keys only, whatever people write in their messages.
const SECRET_FIELD = /"secret"\s*:\s*("(?:[^"\\]|\\.)*")/g;

function withoutSecret(body: Buffer, secret: string): Buffer {
  if (!body.includes('"secret"')) return body;
  const masked = body
    .toString('utf8')
    .replace(SECRET_FIELD, (field, value: string) => (isText(value, secret) ? '"secret":"[hidden]"' : field));
  return Buffer.from(masked, 'utf8');
}

function isText(json: string, text: string): boolean {
  try {
    return JSON.parse(json) === text;
  } catch {
    return false;
  }
}

import { createHash } from 'node:crypto';
import type { Network } from '@soroka/channels';
import type { Page, PageRequest } from '../dialogs/dialogs.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, isDatabaseAway, type Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';

/** Whose shape a body has. */
export type BodyForm = 'vk' | 'ok' | 'notify-incoming' | 'notify-statuses';

/** One body as it came, with what tells it from others. */
export interface NewRawEvent {
  accountId: number;
  connectionId: number;
  form: BodyForm;
  source: 'webhook' | 'long-poll';
  /** Null where the body does not say. */
  network: Network | null;
  groupId: string | null;
  /** The network's id of the event; null: the body's hash stands in. */
  eventId: string | null;
  /** Events of one person with one group have the same; null: in no order with others. */
  dialogKey: string | null;
  body: Buffer;
  /** Why it cannot be worked off as it is. */
  error?: string;
}

export type RawEventState = 'waiting' | 'done' | 'failed';

/** A stored body as administrators see it. */
export interface RawEventItem {
  id: number;
  connectionId: number;
  form: BodyForm;
  source: 'webhook' | 'long-poll';
  state: RawEventState;
  error: string | null;
  tries: number;
  receivedAt: Date;
  /** As it came, without the webhook's secret. */
  body: string;
}

export interface RawEvents {
  /**
   * Stores each under its event id, durably; true for each that was new. Calls that come while one is being written share
   * the next write. Throws where the database is away.
   */
  store(events: readonly NewRawEvent[]): Promise<readonly boolean[]>;
  /** Newest first. Throws `parameter.invalid` for a cursor that is not ours. */
  list(accountId: number, filter: PageRequest & { state?: RawEventState }): Promise<Page<RawEventItem>>;
  /** Works a failed event off once more, with `body` in its place where one is given. False where the account has no such failed event. */
  replay(accountId: number, id: number, body?: string): Promise<boolean>;
  /** Events that waited until a chat is known can be worked off. */
  wakeWaiting(tx: Queryable, accountId: number, peerId: string): Promise<void>;
  /** Called whenever there is something new to work off. */
  onStored(listener: (what: Stored) => void): void;
}

/** What was stored: status callbacks, or anything that is worked off in the order of its dialog. */
export type Stored = 'statuses' | 'events';

/** Events are worked off shard by shard, each shard by one process at a time. */
export const SHARDS = 64;
/** Of status callbacks: their order does not matter, a message's statuses only go forward. */
export const RECEIPTS_SHARD = -1;

/**
 * Stands before the event id of a second copy that names the notification it answers, where the first copy did not: the
 * upstream knows the tag, the network itself need not.
 */
export const TAG_COPY = 'tag:';

// A longer id, or one that the database cannot hold, is replaced by its hash.
const EVENT_ID_CHARACTERS_MAX = 200;
// Bounds one statement to some megabytes of ordinary bodies.
const WRITE_MAX = 500;

const SQL = {
  insert: {
    name: 'raw_event_insert',
    text: `
      insert into raw_event (
        account_id, connection_id, form, source, network, group_id, dedup_key, dialog_hash, shard, body, error, state, received_at, due_at
      )
      select e.*, case when e.error is null then 'waiting' else 'failed' end, $12, $12
      from unnest(
        $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::smallint[],
        $10::bytea[], $11::text[]
      ) as e(account_id, connection_id, form, source, network, group_id, dedup_key, dialog_hash, shard, body, error)
      on conflict (account_id, network, group_id, dedup_key) do nothing
      returning account_id as "accountId", network, group_id as "groupId", dedup_key as "dedupKey"`,
  },
  list: {
    name: 'raw_event_list',
    text: `
      select
        id, connection_id as "connectionId", form, source, state, error, tries, received_at as "receivedAt", body
      from raw_event
      where account_id = $1 and ($2::text is null or state = $2) and ($3::bigint is null or id < $3)
      order by id desc
      limit $4`,
  },
  replay: {
    name: 'raw_event_replay',
    text: `
      update raw_event set state = 'waiting', tries = 0, due_at = $3, body = coalesce($4, body)
      where account_id = $1 and id = $2 and state = 'failed'
      returning form`,
  },
  wakeWaiting: {
    name: 'raw_event_wake_waiting',
    text: "update raw_event set due_at = $3 where account_id = $1 and waits_for_peer = $2 and state = 'waiting'",
  },
} as const;

interface StoredKey {
  accountId: number;
  network: string;
  groupId: string;
  dedupKey: string;
}

interface Waiting {
  events: readonly NewRawEvent[];
  resolve: (isNew: readonly boolean[]) => void;
  reject: (error: unknown) => void;
}

export function createRawEvents({ database, clock }: { database: Database; clock: Clock }): RawEvents {
  const listeners: ((what: Stored) => void)[] = [];
  const tellStored = (forms: Iterable<BodyForm>) => {
    const stored = new Set([...forms].map((form): Stored => (form === 'notify-statuses' ? 'statuses' : 'events')));
    for (const what of stored) for (const listener of listeners) listener(what);
  };
  let waiting: Waiting[] = [];
  let isWriting = false;

  const insert = async (events: readonly NewRawEvent[]): Promise<readonly boolean[]> => {
    const keys = events.map(keyOf);
    const rows = await database.rows<StoredKey>(SQL.insert, [...columnsOf(events, keys), new Date(clock.now())]);
    const added = new Set(rows.map(textOf));
    // Of two alike in one write, the first is the new one.
    return keys.map((key) => added.delete(textOf(key)));
  };

  const writeOne = async ({ events, resolve, reject }: Waiting): Promise<void> => {
    try {
      resolve(await insert(events));
    } catch (error) {
      reject(error);
    }
  };

  const writeTogether = async (batch: readonly Waiting[]): Promise<void> => {
    if (batch.length === 1) return writeOne(batch[0] as Waiting);
    try {
      let isNew = await insert(batch.flatMap(({ events }) => events));
      for (const { events, resolve } of batch) {
        resolve(isNew.slice(0, events.length));
        isNew = isNew.slice(events.length);
      }
    } catch (error) {
      // A database that is away is away for all; anything else is one caller's, and the others must not suffer from it.
      if (isDatabaseAway(error)) for (const { reject } of batch) reject(error);
      else for (const one of batch) await writeOne(one);
    }
  };

  const writeAll = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const batch = takeUpTo(waiting, WRITE_MAX);
      waiting = waiting.slice(batch.length);
      await writeTogether(batch);
      tellStored(batch.flatMap(({ events }) => events.map(({ form }) => form)));
    }
    isWriting = false;
  };

  return {
    store(events) {
      if (events.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        waiting.push({ events, resolve, reject });
        void writeAll();
      });
    },
    async list(accountId, { state, cursor, limit }) {
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
        throw new AppError('parameter.invalid', 'give nextCursor of the page before, unchanged', { field: 'cursor' });
      }
      const values = [accountId, state ?? null, cursor === undefined ? null : Number(cursor), limit + 1];
      const rows = await database.rows<Omit<RawEventItem, 'body'> & { body: Buffer }>(SQL.list, values);
      const items = rows.slice(0, limit).map((row) => ({ ...row, body: row.body.toString('utf8') }));
      return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
    },
    async replay(accountId, id, body) {
      const mended = body === undefined ? null : Buffer.from(body, 'utf8');
      const [replayed] = await database.rows<{ form: BodyForm }>(SQL.replay, [accountId, id, new Date(clock.now()), mended]);
      if (replayed !== undefined) tellStored([replayed.form]);
      return replayed !== undefined;
    },
    async wakeWaiting(tx, accountId, peerId) {
      await tx.run(SQL.wakeWaiting, [accountId, peerId, new Date(clock.now())]);
    },
    onStored: (listener) => void listeners.push(listener),
  };
}

/** At least one caller, then as many as fit. */
function takeUpTo(callers: readonly Waiting[], eventsMax: number): readonly Waiting[] {
  let count = 0;
  const end = callers.findIndex(({ events }, index) => {
    count += events.length;
    return index > 0 && count > eventsMax;
  });
  return end === -1 ? callers : callers.slice(0, end);
}

function columnsOf(events: readonly NewRawEvent[], keys: readonly StoredKey[]): unknown[] {
  const hashes = events.map(({ dialogKey }, index) => hashOf(dialogKey ?? textOf(keys[index] as StoredKey)));
  return [
    events.map(({ accountId }) => accountId),
    events.map(({ connectionId }) => connectionId),
    events.map(({ form }) => form),
    events.map(({ source }) => source),
    keys.map(({ network }) => network),
    keys.map(({ groupId }) => groupId),
    keys.map(({ dedupKey }) => dedupKey),
    hashes,
    events.map(({ form }, index) => (form === 'notify-statuses' ? RECEIPTS_SHARD : (hashes[index] as number) % SHARDS)),
    events.map(({ body }) => body),
    events.map(({ error }) => error?.replaceAll('\0', '') ?? null),
  ];
}

function keyOf({ accountId, network, groupId, eventId, body }: NewRawEvent): StoredKey {
  const dedupKey = eventId === null ? `body:${sha256(body).toString('hex')}` : storableId(eventId);
  return { accountId, network: network ?? '', groupId: groupId === null ? '' : storableId(groupId), dedupKey };
}

function storableId(id: string): string {
  const fits = id.length <= EVENT_ID_CHARACTERS_MAX && id.isWellFormed() && !id.includes('\0');
  return fits ? id : `id:${sha256(id).toString('hex')}`;
}

function textOf({ accountId, network, groupId, dedupKey }: StoredKey): string {
  return `${accountId} ${network} ${groupId} ${dedupKey}`;
}

/** 48 bits, which a number holds exactly; two keys with one hash only wait for each other. */
function hashOf(key: string): number {
  return sha256(key).readUIntBE(0, 6);
}

function sha256(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

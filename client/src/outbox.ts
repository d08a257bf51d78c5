import { backOffMs } from './back-off.ts';
import type { Clock, Random } from './ports.ts';

/** `asking`: it has waited for so long that its author is asked first. `refused`: the server will not take it as it is. */
export type OutboxItemState = 'queued' | 'sending' | 'asking' | 'refused';

export interface OutboxItem {
  /** Made by `newLocalId`; the idempotency key of every try. */
  localId: string;
  dialogId: number;
  text: string;
  /** Of files that are uploaded already. */
  fileIds?: readonly number[];
  /** Id of the line that it answers. */
  replyTo?: number;
  /** Milliseconds since 1970. */
  createdAtMs: number;
  attempts: number;
  /** Not before. */
  nextAtMs: number;
  state: OutboxItemState;
  /** The code of the refusal. */
  refusal: string | null;
}

/** Where the outbox outlives the app: the whole of it is read once, and written at each change. */
export interface OutboxStorage {
  load(): Promise<readonly OutboxItem[]>;
  save(items: readonly OutboxItem[]): Promise<void>;
}

/** `unknown`: nobody knows whether it arrived; the same key finds out. */
export type SendOutcome =
  | { kind: 'sent'; messageId: number }
  | { kind: 'refused'; code: string }
  | { kind: 'unknown'; retryAfterMs?: number };

export interface OutboxParts {
  storage: OutboxStorage;
  clock: Clock;
  random: Random;
  newLocalId: () => string;
  /** One try, with the item's local id as Idempotency-Key. */
  send(item: OutboxItem): Promise<SendOutcome>;
  /** After every change; `sent` where one has just arrived. */
  onChange(items: readonly OutboxItem[], sent?: { localId: string; messageId: number }): void;
}

/** What operators wrote and the server has not taken yet: in the order of each dialog, through dead networks and restarts. */
export interface Outbox {
  add(dialogId: number, text: string, more?: Pick<OutboxItem, 'fileIds' | 'replyTo'>): Promise<string>;
  /** False where it is being sent or has been. */
  edit(localId: string, text: string): Promise<boolean>;
  remove(localId: string): Promise<boolean>;
  /** Sends, after all, what is asked about or was refused. */
  sendAgain(localId: string): Promise<boolean>;
  /** Tries at once: the network is back. */
  wake(): void;
  /** Loads what was left, and works until it is stopped. */
  run(): Promise<void>;
  stop(): void;
}

const ASK_AFTER_MS = 24 * 3_600_000;
const IDLE_MS = 60_000;

export function createOutbox({ storage, clock, random, send, newLocalId, onChange }: OutboxParts): Outbox {
  const stopped = new AbortController();
  let items: readonly OutboxItem[] = [];
  let pause = new AbortController();
  /** Of the storage: what cannot be kept must not be promised. */
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure = error;
    pause.abort();
  };

  const keep = async (next: readonly OutboxItem[], sent?: { localId: string; messageId: number }): Promise<void> => {
    items = next;
    await storage.save(items);
    onChange(items, sent);
    pause.abort();
  };
  const replace = (localId: string, changes: Partial<OutboxItem>): Promise<void> =>
    keep(items.map((item) => (item.localId === localId ? { ...item, ...changes } : item)));
  const changeable = (localId: string): OutboxItem | undefined =>
    items.find((item) => item.localId === localId && item.state !== 'sending');

  /** The first of each dialog that waits: a later word is not said before it. One that was refused holds nobody up. */
  const firsts = (): OutboxItem[] => {
    const waiting = items.filter(({ state }) => state !== 'refused');
    return waiting.filter((item, index) => waiting.findIndex(({ dialogId }) => dialogId === item.dialogId) === index);
  };
  const sendOne = async (item: OutboxItem): Promise<void> => {
    const { localId, attempts } = item;
    if (clock.now() - item.createdAtMs > ASK_AFTER_MS) return replace(localId, { state: 'asking' });
    await replace(localId, { state: 'sending', attempts: attempts + 1 });
    const outcome = await send({ ...item, attempts: attempts + 1 }).catch((): SendOutcome => ({ kind: 'unknown' }));
    if (outcome.kind === 'sent') {
      const { messageId } = outcome;
      return keep(
        items.filter((other) => other.localId !== localId),
        { localId, messageId },
      );
    }
    if (outcome.kind === 'refused') return replace(localId, { state: 'refused', refusal: outcome.code });
    const nextAtMs = clock.now() + Math.max(outcome.retryAfterMs ?? 0, backOffMs(attempts, random));
    return replace(localId, { state: 'queued', nextAtMs });
  };

  return {
    async add(dialogId, text, more = {}) {
      const now = clock.now();
      const localId = newLocalId();
      const item = {
        localId,
        dialogId,
        text,
        ...more,
        createdAtMs: now,
        attempts: 0,
        nextAtMs: now,
        state: 'queued',
        refusal: null,
      } as const;
      await keep([...items, item]);
      return localId;
    },
    async edit(localId, text) {
      if (changeable(localId) === undefined) return false;
      await replace(localId, { text });
      return true;
    },
    async remove(localId) {
      if (changeable(localId) === undefined) return false;
      await keep(items.filter((item) => item.localId !== localId));
      return true;
    },
    async sendAgain(localId) {
      const item = changeable(localId);
      if (item === undefined || item.state === 'queued') return false;
      const now = clock.now();
      await replace(localId, { state: 'queued', refusal: null, createdAtMs: now, nextAtMs: now });
      return true;
    },
    wake() {
      const now = clock.now();
      items = items.map((item) => ({ ...item, nextAtMs: Math.min(item.nextAtMs, now) }));
      pause.abort();
    },
    async run() {
      // Whether one that was being sent has arrived is found out by its key.
      const left = (await storage.load()).map((item) =>
        item.state === 'sending' ? { ...item, state: 'queued' as const } : item,
      );
      await keep([...left, ...items]);
      while (!stopped.signal.aborted) {
        pause = new AbortController();
        const waiting = firsts().filter(({ state }) => state === 'queued');
        const due = waiting.filter(({ nextAtMs }) => nextAtMs <= clock.now());
        for (const item of due) sendOne(item).catch(fail);
        if (due.length > 0) continue; // what is being sent is no longer due
        if (failure !== undefined) throw failure;
        const nextAtMs = Math.min(...waiting.map((item) => item.nextAtMs), clock.now() + IDLE_MS);
        await clock.sleep(nextAtMs - clock.now(), AbortSignal.any([pause.signal, stopped.signal]));
      }
    },
    stop: () => stopped.abort(),
  };
}

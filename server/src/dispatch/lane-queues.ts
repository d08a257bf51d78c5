import { REPLY_PRIORITY, weightOf } from './classes.ts';

/** Up to where a queue was looked at: due rows come in the order of time and id, and what is before it was claimed. */
export interface Cursor {
  /** Ms since 1970. */
  dueAt: number;
  messageId: number;
}

/** What one account sends in one class on one connection of the lane. */
export interface QueueName {
  connectionId: number;
  priority: number;
  accountId: number;
}

/** What a queue may send in the next claim. */
export interface QueueShare extends QueueName {
  limit: number;
  /** Null: from its beginning. */
  after: Cursor | null;
}

/** What a claim found in a queue. */
export interface Looked {
  found: number;
  /** Null where nothing was found. */
  last: Cursor | null;
}

/**
 * The queues of one lane, in memory: which may have due messages, how far each was looked at, and whose turn it is. Accounts get
 * equal shares of the lane's slots, one message a turn; an account's classes share what it gets by their weights; replies go before
 * all of that. Rows are never looked at twice, but for what became due behind the cursor: a wake says from when.
 */
export interface LaneQueues {
  /** There is work on this queue, from there on. */
  wake(queue: QueueName, first: Cursor): void;
  /** On which anything may be due. */
  hotConnections(): ReadonlySet<number>;
  /** Whether notifications may be due on any of these connections. */
  hasNotifications(connectionIds: Iterable<number>): boolean;
  /** Until it is woken again: nothing may be sent on this connection now. */
  cool(connectionId: number): void;
  /** Divides the group's free slots, and the messages that each connection has room for. */
  share(rooms: ReadonlyMap<number, number>, slots: number): ReadonlyMap<number, readonly QueueShare[]>;
  /** What became of a share; null: its claim failed. */
  looked(share: QueueShare, looked: Looked | null): void;
  /** Queues with nothing due when they were looked at, and up to where that was. */
  cold(): readonly (QueueName & { after: Cursor | null })[];
}

// No slots bound replies; people write less than this at once.
const REPLIES_PER_CLAIM_MAX = 100;

interface Queue extends QueueName {
  isHot: boolean;
  /** In a claim that has not come back. */
  isUnderWay: boolean;
  after: Cursor | null;
  /** The earliest wake since its last share. */
  wokenFrom: Cursor | null;
  /** Messages sent, each by one through the weight of its class. */
  served: number;
}

export function createLaneQueues(): LaneQueues {
  /** By account, in the order of their turns. */
  const turns = new Map<number, Map<string, Queue>>();
  /** Turns that accounts were given for queues in which nothing was left, by account. */
  const owed = new Map<number, number>();

  const queueOf = ({ connectionId, priority, accountId }: QueueName): Queue => {
    const own = turns.get(accountId) ?? new Map<string, Queue>();
    if (own.size === 0) turns.set(accountId, own);
    const key = `${connectionId}:${priority}`;
    const known = own.get(key);
    if (known !== undefined) return known;
    const queue: Queue = {
      connectionId,
      priority,
      accountId,
      isHot: false,
      isUnderWay: false,
      after: null,
      wokenFrom: null,
      served: 0,
    };
    own.set(key, queue);
    return queue;
  };
  const heat = (queue: Queue): void => {
    const wasAway = !queue.isHot && !queue.isUnderWay;
    queue.isHot = true;
    if (!wasAway) return;
    // There is no claim to the turns of that time.
    const others = [...(turns.get(queue.accountId)?.values() ?? [])].filter((other) => other.isHot && other !== queue);
    if (others.length > 0) queue.served = Math.max(queue.served, Math.min(...others.map(({ served }) => served)));
  };
  const queuesThat = (fits: (queue: Queue) => boolean): Queue[] =>
    [...turns.values()].flatMap((own) => [...own.values()].filter(fits));

  /** Gives one message after the other to the accounts in turn, as long as there is room; `left` and `counts` are brought up to date. */
  const give = (
    takesPart: (queue: Queue) => boolean,
    slots: number,
    left: Map<number, number>,
    counts: Map<Queue, number>,
  ): void => {
    const hasRoom = ({ connectionId }: Queue): boolean => (left.get(connectionId) ?? 0) > 0;
    const servedBy = (queue: Queue): number => queue.served + (counts.get(queue) ?? 0) / weightOf(queue.priority);
    const waiting = [...turns].flatMap(([accountId, own]) => {
      const queues = [...own.values()].filter((queue) => queue.isHot && takesPart(queue) && hasRoom(queue));
      return queues.length === 0 ? [] : [{ accountId, queues }];
    });
    const [only, another] = waiting.length === 1 ? (waiting[0]?.queues ?? []) : [];
    if (only !== undefined && another === undefined) {
      const room = left.get(only.connectionId) ?? 0;
      const count = Math.min(slots, room); // nobody to share with
      if (count > 0) counts.set(only, count);
      left.set(only.connectionId, room - count);
      return;
    }
    for (let given = 0; given < slots; ) {
      const turn = waiting.shift();
      if (turn === undefined) return;
      const open = turn.queues.filter(hasRoom);
      const [first] = open.sort((a, b) => servedBy(a) - servedBy(b));
      if (first === undefined) continue;
      given += 1;
      counts.set(first, (counts.get(first) ?? 0) + 1);
      left.set(first.connectionId, (left.get(first.connectionId) ?? 0) - 1);
      waiting.push({ accountId: turn.accountId, queues: open });
      const own = turns.get(turn.accountId) as Map<string, Queue>;
      turns.delete(turn.accountId);
      turns.set(turn.accountId, own);
    }
  };

  return {
    wake(name, first) {
      const queue = queueOf(name);
      heat(queue);
      if (queue.wokenFrom === null || isBefore(first, queue.wokenFrom)) queue.wokenFrom = first;
      rewind(queue);
    },
    hotConnections: () => new Set(queuesThat(({ isHot }) => isHot).map(({ connectionId }) => connectionId)),
    hasNotifications(connectionIds) {
      const among = new Set(connectionIds);
      const waits = ({ isHot, priority, connectionId }: Queue): boolean =>
        isHot && priority !== REPLY_PRIORITY && among.has(connectionId);
      return queuesThat(waits).length > 0;
    },
    cool(connectionId) {
      for (const queue of queuesThat((one) => one.connectionId === connectionId)) queue.isHot = false;
    },
    share(rooms, slots) {
      const left = new Map(rooms);
      const counts = new Map<Queue, number>();
      give(({ priority }) => priority === REPLY_PRIORITY, REPLIES_PER_CLAIM_MAX, left, counts);
      // What one class of an account has no messages for is its other classes', and not everybody's.
      let free = slots;
      for (const [accountId, turnsOwed] of owed) {
        const before = notificationsIn(counts);
        const isOwn = (queue: Queue): boolean => queue.accountId === accountId && queue.priority !== REPLY_PRIORITY;
        give(isOwn, Math.min(turnsOwed, free), left, counts);
        free -= notificationsIn(counts) - before;
      }
      owed.clear();
      give(({ priority }) => priority !== REPLY_PRIORITY, free, left, counts);
      const shares = [...counts].map(([queue, limit]): QueueShare => {
        const { connectionId, priority, accountId, after } = queue;
        Object.assign(queue, { isHot: false, isUnderWay: true, wokenFrom: null }); // what comes while it is looked at makes it hot again
        return { connectionId, priority, accountId, limit, after };
      });
      return Map.groupBy(shares, ({ connectionId }) => connectionId);
    },
    looked(share, looked) {
      const queue = queueOf(share);
      queue.isUnderWay = false;
      queue.isHot ||= looked === null || looked.found === share.limit;
      if (looked === null) return;
      queue.served += looked.found / weightOf(queue.priority);
      const { accountId, priority, limit } = share;
      if (priority !== REPLY_PRIORITY) owed.set(accountId, (owed.get(accountId) ?? 0) + limit - looked.found);
      if (looked.last !== null) queue.after = looked.last;
      rewind(queue);
    },
    cold: () => queuesThat(({ isHot }) => !isHot),
  };
}

const notificationsIn = (counts: ReadonlyMap<Queue, number>): number =>
  [...counts].reduce((sum, [{ priority }, count]) => (priority === REPLY_PRIORITY ? sum : sum + count), 0);

const isBefore = (a: Cursor, b: Cursor): boolean => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.messageId < b.messageId);

/** Back to before what it was woken with. */
function rewind(queue: Queue): void {
  const { after, wokenFrom } = queue;
  if (after === null || wokenFrom === null || isBefore(after, wokenFrom)) return;
  queue.after = { dueAt: wokenFrom.dueAt, messageId: Math.max(0, wokenFrom.messageId - 1) };
}

import { expect, test } from 'vitest';
import { type MessageClass, PRIORITY_OF_CLASS, REPLY_PRIORITY } from './classes.ts';
import { createLaneQueues, type LaneQueues, type QueueName } from './lane-queues.ts';

const CONNECTION = 7;
const queue = (accountId: number, name: MessageClass | 'reply' = 'service', connectionId = CONNECTION): QueueName => ({
  ...{ accountId, connectionId, priority: name === 'reply' ? REPLY_PRIORITY : PRIORITY_OF_CLASS[name] },
});
const nameOf = ({ accountId, priority, connectionId }: QueueName): string => `${connectionId}:${accountId}:${priority}`;

/** Sends as long as slots go: every queue has `waiting` messages, without end where it is not named. Returns how many each sent, in order. */
function send(queues: LaneQueues, slots: readonly number[], waiting = new Map<string, number>()): Map<string, number> {
  const sent = new Map<string, number>();
  const rooms = new Map([CONNECTION, CONNECTION + 1].map((id) => [id, 1_000]));
  for (const free of slots) {
    for (let left = free, shares = queues.share(rooms, left); shares.size > 0; shares = queues.share(rooms, left)) {
      for (const share of [...shares.values()].flat()) {
        const key = nameOf(share);
        const found = Math.min(share.limit, waiting.get(key) ?? Number.POSITIVE_INFINITY);
        if (waiting.has(key)) waiting.set(key, (waiting.get(key) as number) - found);
        queues.looked(share, { found, last: found === 0 ? null : { dueAt: 1, messageId: 1 } });
        sent.set(key, (sent.get(key) ?? 0) + found);
        left -= found;
      }
    }
  }
  return sent;
}
const wakeAll = (queues: LaneQueues, names: readonly QueueName[]): void => {
  for (const name of names) queues.wake(name, { dueAt: 0, messageId: 0 });
};

test('every account that waits gets the same share, however slots become free and whatever class it sends', () => {
  const queues = createLaneQueues();
  const names = [queue(1, 'broadcast'), queue(2, 'transactional'), queue(3), queue(4, 'service', CONNECTION + 1)];
  wakeAll(queues, names);
  const sent = send(queues, [50, 1, 1, 3, 7, 1, 1, 2, 50, 34, 50]);
  expect(names.map((name) => sent.get(nameOf(name)))).toEqual([50, 50, 50, 50]);
});

test('an account’s classes share what it gets as 4 to 2 to 1', () => {
  const queues = createLaneQueues();
  const names = [queue(1, 'broadcast'), queue(1, 'service'), queue(1, 'transactional')];
  wakeAll(queues, names);
  const sent = send(queues, [1, 1, 1, 1, 30, 36]);
  expect(names.map((name) => sent.get(nameOf(name)))).toEqual([10, 20, 40]);
});

test('who has little to send leaves its slots to the others, and saves no turns for later', () => {
  const queues = createLaneQueues();
  wakeAll(queues, [queue(1), queue(1, 'broadcast'), queue(2)]);
  const waiting = new Map([[nameOf(queue(2)), 3]]);
  expect(send(queues, [40], waiting).get(nameOf(queue(2)))).toBe(3);
  send(queues, [299]);
  queues.wake(queue(1, 'transactional'), { dueAt: 0, messageId: 0 });
  queues.wake(queue(2), { dueAt: 0, messageId: 0 });
  const sent = send(queues, [28]);
  expect(sent.get(nameOf(queue(2)))).toBe(14);
  expect(sent.get(nameOf(queue(1, 'transactional')))).toBe(8);
});

test('one message of a quiet account goes with the next slot but one, behind a million of another', () => {
  const queues = createLaneQueues();
  wakeAll(queues, [queue(1)]);
  send(queues, [500]);
  queues.wake(queue(2), { dueAt: 0, messageId: 0 });
  expect(send(queues, [1, 1]).get(nameOf(queue(2)))).toBe(1);
});

test('replies go first and need no slots; a connection gets no more than it has room for', () => {
  const queues = createLaneQueues();
  wakeAll(queues, [queue(1), queue(1, 'reply'), queue(2, 'service', CONNECTION + 1)]);
  const shares = queues.share(
    new Map([
      [CONNECTION, 3],
      [CONNECTION + 1, 1],
    ]),
    0,
  );
  expect([...shares.values()].flat()).toMatchObject([{ priority: REPLY_PRIORITY, limit: 3 }]);
  expect(queues.hasNotifications([CONNECTION])).toBe(true);
  expect(queues.hotConnections()).toEqual(new Set([CONNECTION, CONNECTION + 1]));
});

test('a queue is looked at from where it was left, and from further back when something became due there meanwhile', () => {
  const queues = createLaneQueues();
  const one = queue(1);
  const shareOf = () => {
    const [share] = queues.share(new Map([[CONNECTION, 10]]), 10).get(CONNECTION) ?? [];
    if (share === undefined) throw new Error('nothing is hot');
    return share;
  };
  queues.wake(one, { dueAt: 500, messageId: 0 });
  expect(shareOf()).toMatchObject({ limit: 10, after: null });
  queues.looked({ ...one, limit: 10, after: null }, { found: 2, last: { dueAt: 600, messageId: 9 } });
  expect(queues.cold()).toMatchObject([{ accountId: 1, after: { dueAt: 600, messageId: 9 } }]);
  queues.wake(one, { dueAt: 700, messageId: 0 });
  const share = shareOf();
  expect(share.after).toEqual({ dueAt: 600, messageId: 9 });
  queues.wake(one, { dueAt: 550, messageId: 0 }); // while the claim is under way
  queues.looked(share, { found: 1, last: { dueAt: 700, messageId: 12 } });
  expect(shareOf().after).toEqual({ dueAt: 550, messageId: 0 });
  queues.looked(share, { found: 1, last: { dueAt: 700, messageId: 12 } });
  queues.wake(one, { dueAt: 700, messageId: 5 });
  expect(shareOf().after).toEqual({ dueAt: 700, messageId: 4 });
});

test('a claim that failed is asked for again from the same place, and a paused connection for nothing until it is woken', () => {
  const queues = createLaneQueues();
  const rooms = new Map([[CONNECTION, 10]]);
  wakeAll(queues, [queue(1)]);
  const [share] = queues.share(rooms, 10).get(CONNECTION) ?? [];
  queues.looked(share as NonNullable<typeof share>, null);
  expect(queues.share(rooms, 10).get(CONNECTION)).toEqual([share]);
  wakeAll(queues, [queue(1)]);
  queues.cool(CONNECTION);
  expect(queues.share(rooms, 10).size).toBe(0);
});

test('what one class of an account does not need goes to its other classes, and not to everybody', () => {
  const queues = createLaneQueues();
  wakeAll(queues, [queue(1, 'broadcast'), queue(1, 'transactional'), queue(2, 'broadcast'), queue(3, 'broadcast')]);
  const sent = send(queues, [45], new Map([[nameOf(queue(1, 'transactional')), 1]]));
  expect(sent.get(nameOf(queue(1, 'broadcast')))).toBe(14);
  expect([sent.get(nameOf(queue(2, 'broadcast'))), sent.get(nameOf(queue(3, 'broadcast')))]).toEqual([15, 15]);
});

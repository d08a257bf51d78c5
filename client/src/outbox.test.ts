import { expect, test } from 'vitest';
import { createVirtualTime, seededRandom } from '../test/virtual-time.ts';
import { createOutbox, newLocalId, type OutboxItem, type SendOutcome } from './client.ts';

/** A server that knows what it took by its key, an app that can be killed, and a storage that outlives it. */
function startApp(answer: (item: OutboxItem) => SendOutcome | 'answer lost' = () => ({ kind: 'sent', messageId: 0 })) {
  const clock = createVirtualTime();
  const world = { answer, stored: [] as readonly OutboxItem[], taken: new Map<string, string>(), tries: 0, sent: [] as string[] };
  let made = 0;
  const open = () => {
    const outbox = createOutbox({
      ...{ clock, random: seededRandom(3) },
      storage: {
        load: async () => structuredClone(world.stored),
        save: async (items) => {
          world.stored = structuredClone(items);
        },
      },
      newLocalId() {
        made += 1;
        return newLocalId(clock.now(), new Uint8Array(10).fill(made));
      },
      async send(item) {
        world.tries += 1;
        const outcome = world.answer(item);
        if (outcome !== 'answer lost' && outcome.kind !== 'sent') return outcome;
        if (!world.taken.has(item.localId)) world.taken.set(item.localId, item.text);
        if (outcome === 'answer lost') throw new Error('connection lost');
        return outcome;
      },
      onChange: (_, sent) => sent !== undefined && world.sent.push(sent.localId),
    });
    const running = outbox.run();
    return Object.assign(outbox, {
      async kill() {
        outbox.stop();
        await running;
      },
    });
  };
  return { clock, world, open, texts: () => [...world.taken.values()] };
}

test('words of a dialog go in their order, each once, however often its answer is lost', async () => {
  let tries = 0;
  const { clock, world, open, texts } = startApp(() => (++tries % 3 === 0 ? { kind: 'sent', messageId: tries } : 'answer lost'));
  const outbox = open();
  for (const text of ['one', 'two', 'three']) await outbox.add(7, text);
  await clock.runUntil(() => world.sent.length === 3);
  expect(texts()).toEqual(['one', 'two', 'three']);
  expect(world.stored).toEqual([]);
});

test('a dialog whose words do not pass does not hold up another one', async () => {
  const { clock, world, open, texts } = startApp(({ dialogId }) =>
    dialogId === 7 ? { kind: 'unknown' } : { kind: 'sent', messageId: 1 },
  );
  const outbox = open();
  await outbox.add(7, 'stuck');
  await outbox.add(8, 'through');
  await clock.runUntil(() => world.sent.length === 1);
  expect(texts()).toEqual(['through']);
});

test('what was not sent, or was being sent, is sent after the app was killed and opened again', async () => {
  const { clock, world, open, texts } = startApp(() => 'answer lost');
  const first = open();
  const localId = await first.add(7, 'hello');
  await first.add(7, 'again');
  await clock.runUntil(() => world.tries === 1);
  await first.kill();
  world.stored = world.stored.map((item) => (item.localId === localId ? { ...item, state: 'sending' } : item));
  world.answer = () => ({ kind: 'sent', messageId: 1 });
  open();
  await clock.runUntil(() => world.sent.length === 2);
  expect(texts()).toEqual(['hello', 'again']);
});

test('what waits can be changed and taken back; what is sent cannot', async () => {
  const { clock, world, open, texts } = startApp(() => ({ kind: 'unknown', retryAfterMs: 5_000 }));
  const outbox = open();
  const first = await outbox.add(7, 'helo');
  const second = await outbox.add(7, 'nonsense');
  await clock.runUntil(() => world.stored[0]?.attempts === 1 && world.stored[0].state === 'queued');
  expect(await outbox.edit(first, 'hello')).toBe(true);
  expect(await outbox.remove(second)).toBe(true);
  world.answer = () => ({ kind: 'sent', messageId: 1 });
  const before = clock.now();
  await clock.runUntil(() => world.sent.length === 1);
  expect(clock.now() - before).toBeGreaterThanOrEqual(4_000); // as long as the server asked for
  expect(texts()).toEqual(['hello']);
  expect([await outbox.edit(first, 'too late'), await outbox.remove(first)]).toEqual([false, false]);
});

test('after a day its author is asked first', async () => {
  const { clock, world, open, texts } = startApp(() => ({ kind: 'unknown' }));
  const first = open();
  const localId = await first.add(7, 'good morning');
  await clock.runUntil(() => world.tries === 1);
  await first.kill();
  world.stored = world.stored.map((item) => ({ ...item, createdAtMs: clock.now() - 24 * 3_600_000 - 1 }));
  world.answer = () => ({ kind: 'sent', messageId: 1 });
  const later = open();
  await clock.runUntil(() => world.stored[0]?.state === 'asking');
  expect(texts()).toEqual([]);
  expect(await later.sendAgain(localId)).toBe(true);
  await clock.runUntil(() => world.sent.length === 1);
  expect(texts()).toEqual(['good morning']);
});

test('what the server refuses stays with its reason, and what comes after it goes', async () => {
  const { clock, world, open, texts } = startApp(({ text }) =>
    text === 'bad' ? { kind: 'refused', code: 'text.too.long' } : { kind: 'sent', messageId: 1 },
  );
  const outbox = open();
  await outbox.add(7, 'bad');
  await outbox.add(7, 'good');
  await clock.runUntil(() => world.sent.length === 1);
  expect(texts()).toEqual(['good']);
  expect(world.stored).toMatchObject([{ text: 'bad', state: 'refused', refusal: 'text.too.long' }]);
});

test('local ids are UUIDs of version 7, and later ones sort later', () => {
  const ids = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000].map((now) =>
    newLocalId(now, new Uint8Array(10).fill(255)),
  );
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000);
});

import { expect, test } from 'vitest';
import { eventually, type Json, someone, startTown } from './town.ts';

// Alone on the machine, after all others: what is held here is a rate.

test('500 messages to 500 phones of one group: never over 50 in any second by the simulator’s clock, and at least 48 per second', async () => {
  await using town = await startTown();
  const messages = Array.from(
    { length: 500 },
    (_, index): Json => ({
      phone: someone(index),
      service: 'Group_name',
      templateId: 4,
      tmpl_data: { name: 'Анна', pizza: 'Маргарита' },
      routes: ['VK'],
    }),
  );
  const { result } = await town.post(messages);
  expect(result.every(({ code }) => code === 'OK')).toBe(true);
  // One look at a time: five hundred of them would keep the simulator from taking messages.
  await eventually(async () => (await town.inbox(someone(499))).length === 1, 30_000);
  const times = await eventually(async () => {
    const inboxes = await Promise.all(messages.map(({ phone }) => town.inbox(phone as string)));
    const received = inboxes.flatMap((entries) => entries.map(({ time }) => time));
    return received.length === 500 && received.sort((a, b) => a - b);
  }, 30_000);
  const worst = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  expect(worst).toBeLessThanOrEqual(50);
  expect((500 - 50) / (((times[499] as number) - (times[50] as number)) / 1_000)).toBeGreaterThanOrEqual(48);
  expect(await town.violations()).toEqual([]);
});

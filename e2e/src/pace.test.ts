import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runSoroka } from './command-line.ts';
import { eventually, type Json, someone, startTown, type Town } from './town.ts';

// Alone on the machine, after all others: what is held here is a rate.

const PEOPLE = 500;

const notificationsOf = (service: string): Json[] =>
  Array.from({ length: PEOPLE }, (_, index) => ({
    phone: someone(index),
    service,
    templateId: 4,
    tmpl_data: { name: 'Анна', pizza: 'Маргарита' },
    routes: ['VK'],
  }));

/** When each person got the message, by the simulator's clock, oldest first. */
async function timesOfArrival(town: Town, messages: readonly Json[]): Promise<number[]> {
  const { result } = await town.post(messages);
  expect(result.every(({ code }) => code === 'OK')).toBe(true);
  // One look at a time: five hundred of them would keep the simulator from taking messages.
  await eventually(async () => (await town.inbox(someone(PEOPLE - 1))).length === 1, 40_000);
  return eventually(async () => {
    const inboxes = await Promise.all(messages.map(({ phone }) => town.inbox(phone as string)));
    const received = inboxes.flatMap((entries) => entries.map(({ time }) => time));
    return received.length === PEOPLE && received.sort((a, b) => a - b);
  }, 30_000);
}

function expectFullPace(times: readonly number[]): void {
  const worst = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  expect(worst).toBeLessThanOrEqual(50);
  const seconds = ((times[PEOPLE - 1] as number) - (times[50] as number)) / 1_000;
  expect((PEOPLE - 50) / seconds).toBeGreaterThanOrEqual(48);
}

test('500 messages to 500 phones of one group: never over 50 in any second by the simulator’s clock, and at least 48 per second', async () => {
  await using town = await startTown();
  expectFullPace(await timesOfArrival(town, notificationsOf('Group_name')));
  expect(await town.violations()).toEqual([]);
});

test('500 messages by a VK community reach the same pace, although its token has 20 calls a second', async () => {
  await using town = await startTown();
  const rows = Array.from({ length: PEOPLE }, (_, index) => `${someone(index)},${500_000_000 + index},test`);
  const file = join(town.dataFolder, 'people.csv');
  await writeFile(file, ['phone,vk,consent', ...rows].join('\n'));
  const imported = await runSoroka(['contact', 'import', file, '--account', 'demo'], { SOROKA_DATA: town.dataFolder });
  expect(imported.code, imported.note).toBe(0);
  expectFullPace(await timesOfArrival(town, notificationsOf('Community')));
  expect(await town.violations()).toEqual([]);
});

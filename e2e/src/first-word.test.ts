import { expect, test } from 'vitest';
import { sorokaJson } from './command-line.ts';
import { ANNA, eventually, startTown, type Town } from './town.ts';

const NETWORKS = ['vk', 'ok'] as const;
const ANSWERED_WITHIN_MS = 10_000;

const sayTo = (town: Town, text: string) =>
  Promise.all(NETWORKS.map((network) => town.control(`/people/${ANNA}/say`, { network, text })));

/** What the bot wrote to Anna, by network. */
async function repliesOf(town: Town) {
  const inbox = (await town.inbox(ANNA)).filter(({ kind }) => kind === 'message');
  return NETWORKS.map((network) => inbox.filter((entry) => entry.network === network).map(({ text }) => text));
}
/** The replies once the bot has thanked on both networks: whatever it will ever say to what came earlier stands before that. */
async function repliesUpToThanks(town: Town) {
  await sayTo(town, 'спасибо');
  return eventually(async () => {
    const replies = await repliesOf(town);
    return replies.every((texts) => texts.at(-1)?.startsWith('Пожалуйста!')) && replies.map((texts) => texts.slice(0, -1));
  }, ANSWERED_WITHIN_MS);
}
const GREETED_ONCE = [expect.stringMatching(/^Здравствуйте! Это пиццерия/)];

test('what Anna writes as soon as the demo has started is answered once on each network', async () => {
  await using town = await startTown();
  await sayTo(town, 'привет');
  await eventually(async () => (await repliesOf(town)).every(({ length }) => length > 0), ANSWERED_WITHIN_MS);
  expect(await repliesUpToThanks(town)).toEqual([GREETED_ONCE, GREETED_ONCE]);
  expect(await town.violations()).toEqual([]);
});

test('the same by long poll', async () => {
  await using town = await startTown();
  const env = { SOROKA_DATA: town.dataFolder };
  const connections = await sorokaJson<{ id: number; kind: string }[]>(['connection', 'list'], env);
  for (const { id, kind } of connections) {
    if (kind !== 'notify') await sorokaJson(['connection', 'set', String(id), '--receive', 'long-poll'], env);
  }
  await town.server.end('SIGTERM');
  await town.startServer();
  await sayTo(town, 'привет');
  await eventually(async () => (await repliesOf(town)).every(({ length }) => length > 0), ANSWERED_WITHIN_MS);
  expect(await repliesUpToThanks(town)).toEqual([GREETED_ONCE, GREETED_ONCE]);
  expect(await town.violations()).toEqual([]);
});

test('without its networks the demo starts all the same, and says that the bot is not heard yet', async () => {
  await using town = await startTown();
  await town.server.end('SIGTERM');
  await town.simulator.end('SIGTERM');
  const server = await town.startServer();
  expect(server.output()).toContain('The networks have not taken our addresses yet');
});

import type { ActionOutcome, Channel, Subscription } from '@soroka/channels';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { registry } from '../platform/telemetry.ts';
import { createHealth, createReception, readHealth } from './intake.ts';

const HOUR_MS = 3_600_000;

/** A town whose reception lives in a time of its own, with a network that answers as told. */
async function startWatchedTown(receive: 'webhook' | 'long-poll' | 'off' = 'webhook') {
  const town = await startIncomingTown();
  const clock = createManualClock(Date.now());
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const network = {
    subscription: { state: 'active', did: ['The address was added.'] } as Subscription | Error,
    token: { kind: 'done', result: null } as ActionOutcome,
    asked: 0,
    keptAlive: 0,
  };
  const channel: Partial<Channel> = {
    async subscribeWebhook() {
      network.asked += 1;
      if (network.subscription instanceof Error) throw network.subscription;
      return network.subscription;
    },
    async keepAlive() {
      network.keptAlive += 1;
      return network.token;
    },
    async poll() {
      throw new Error('VK is away');
    },
  };
  const { ok } = town.connectionIds;
  await town.connections.setReceive(ok, receive);
  const connections = {
    ...town.connections,
    channel: async () => channel as Channel,
    list: async () => (await town.connections.list(town.account.id)).filter(({ id }) => id === ok),
  };
  const health = createHealth({ database: town.database, clock, log });
  const parts = { database: town.database, connections, rawEvents: town.rawEvents, health, webhookCheckMs: 300_000, clock, log };
  const reception = createReception(parts);
  reception.run();
  /** Lets so much time pass, in steps small enough for every loop to have its turns. */
  const pass = async (ms: number, until: () => Promise<unknown> | unknown): Promise<void> => {
    const end = clock.now() + ms;
    const stepMs = Math.max(60_000, ms / 50);
    await eventually(async () => {
      await clock.advance(clock.now() < end ? Math.min(stepMs, end - clock.now()) : 10_000);
      return clock.now() >= end && until();
    }, 15_000);
  };
  return {
    ...town,
    network,
    clock,
    ok,
    pass,
    events: (name: string) => lines.filter(({ event }) => event === name),
    state: () => readHealth(town.database, ok),
    async alarming(): Promise<unknown[]> {
      const { values } = (await registry.getSingleMetric('soroka_connections_alarming')?.get()) ?? { values: [] };
      return values.map(({ labels, value }) => ({ ...labels, value }));
    },
    async [Symbol.asyncDispose]() {
      await reception.stop();
      await town[Symbol.asyncDispose]();
    },
  };
}

test('a webhook that the network has lost is made again within minutes, and that is told', async () => {
  await using town = await startWatchedTown();
  await eventually(async () => (await town.state())?.subscribedAt);
  expect(town.events('webhook_made_again')).toEqual([]);
  town.network.subscription = { state: 'active', did: [] };
  const before = town.network.asked;
  await town.pass(300_000, () => town.network.asked > before);
  expect(town.events('webhook_made_again')).toEqual([]);
  town.network.subscription = { state: 'active', did: ['The address was added again.'] };
  await town.pass(300_000, () => town.events('webhook_made_again').length > 0);
  expect(town.events('webhook_made_again')[0]).toMatchObject({ connectionId: town.ok, did: ['The address was added again.'] });
  expect(await town.state()).toMatchObject({ problem: null, alarmHours: 0 });
});

test('a webhook that cannot be made again raises alarms after 1, 4 and 7 hours, each once, until it stands', async () => {
  await using town = await startWatchedTown();
  await eventually(async () => (await town.state())?.subscribedAt);
  town.network.subscription = new Error('OK answered 404');
  await town.pass(300_000, async () => (await town.state())?.problem === 'webhook');
  expect(town.events('connection_alarm')).toEqual([]);
  expect(await town.alarming()).toEqual([]);
  for (const [hours, passing] of [
    [1, 1],
    [4, 3],
    [7, 3],
  ] as const) {
    await town.pass(passing * HOUR_MS, async () => (await town.state())?.alarmHours === hours);
  }
  expect(town.events('connection_alarm').map(({ hours, level }) => [hours, level])).toEqual([
    [1, 50],
    [4, 50],
    [7, 50],
  ]);
  expect(await town.state()).toMatchObject({ problem: 'webhook', detail: 'OK answered 404' });
  expect(await town.alarming()).toEqual([{ kind: 'ok', problem: 'webhook', value: 1 }]);
  town.network.subscription = { state: 'active', did: ['The address was added again.'] };
  await town.pass(60_000, async () => (await town.state())?.problem === null);
  expect(await town.state()).toMatchObject({ since: null, alarmHours: 0 });
  await town.pass(20_000, async () => (await town.alarming()).length === 0);
  expect(town.events('connection_problem_over')).toHaveLength(1);
});

test('an address that the network has yet to confirm is a problem, not a webhook', async () => {
  await using town = await startWatchedTown();
  town.network.subscription = { state: 'waiting', did: ['VK asks for the confirmation.'] };
  await town.pass(0, async () => (await town.state())?.problem === 'webhook');
  expect(await town.state()).toMatchObject({ subscribedAt: null, detail: expect.stringContaining('waiting') });
});

test('a long poll that fails for an hour is an alarm, and none once nothing is to be received', async () => {
  await using town = await startWatchedTown('long-poll');
  await town.pass(HOUR_MS, async () => (await town.state())?.alarmHours === 1);
  expect(await town.state()).toMatchObject({ problem: 'long-poll', detail: 'VK is away' });
  await town.connections.setReceive(town.ok, 'off');
  await town.pass(20_000, async () => (await town.state())?.problem === null);
});

test('every token is used once a day, also where nothing is received; a refused one pauses its connection at once', async () => {
  await using town = await startWatchedTown('off');
  await town.pass(0, () => town.network.keptAlive === 1);
  await town.pass(23 * HOUR_MS, () => true);
  expect(town.network.keptAlive).toBe(1);
  await town.pass(HOUR_MS, () => town.network.keptAlive === 2);
  town.network.token = { kind: 'stopped', networkCode: '102', detail: 'the key was made anew, or is dead' };
  await town.pass(24 * HOUR_MS, async () => (await town.state())?.problem === 'token');
  expect((await town.connections.get(town.ok))?.pausedReason).toBe('the key was made anew, or is dead');
  expect(await town.state()).toMatchObject({ detail: 'the key was made anew, or is dead' });
  expect(town.events('connection_problem')).toMatchObject([{ level: 50, problem: 'token' }]);
  await town.pass(20_000, async () => (await town.alarming()).length === 1);

  await town.connections.change(town.ok, { credentials: { token: 'new' } });
  await town.pass(20_000, async () => (await town.state())?.problem === null);
  expect(town.events('connection_problem_over')).toHaveLength(1);
});

test('a webhook that cannot be had because the token was made anew is told as a token within minutes', async () => {
  await using town = await startWatchedTown();
  await eventually(async () => (await town.state())?.subscribedAt);
  await town.pass(60_000, () => town.network.keptAlive === 1);
  town.network.subscription = new Error('OK refused me/subscriptions with error 103');
  town.network.token = { kind: 'stopped', networkCode: '103', detail: 'the key was made anew' };
  await town.pass(10 * 60_000, async () => (await town.state())?.problem === 'token');
  expect((await town.connections.get(town.ok))?.pausedReason).toBe('the key was made anew');
});

test('a token that could not be asked about is asked about again in minutes', async () => {
  await using town = await startWatchedTown('off');
  town.network.token = { kind: 'failed', networkCode: '1', retryAfterMs: 1_000, detail: 'passing' };
  await town.pass(0, () => town.network.keptAlive === 1);
  await town.pass(11 * 60_000, () => town.network.keptAlive === 2);
  expect(await town.state()).toMatchObject({ problem: null, keptAliveAt: null });
});

test('the time of the last event is known at once, whatever it was', async () => {
  await using town = await startIncomingTown();
  await town.health.look(await town.connections.list(town.account.id));
  expect((await readHealth(town.database, town.connectionIds.vk))?.lastEventAt).toBeNull();
  await town.post('vk', '{"broken');
  const lastEventAt = async () => (await readHealth(town.database, town.connectionIds.vk))?.lastEventAt?.getTime();
  const at = await eventually(lastEventAt);
  expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
});

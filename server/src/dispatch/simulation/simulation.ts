import type { Outgoing } from '@soroka/channels';
import type { Connection, Connections } from '../../connections/connections.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import type { Logger } from '../../platform/telemetry.ts';
import type { Templates } from '../../templates/templates.ts';
import type { ProviderReceipt } from '../contract.ts';
import { createDispatch, type Dispatch } from '../dispatch.ts';
import { LANES_CHANNEL } from '../lane-notices.ts';
import { type FaultRates, NO_FAULTS } from './faults.ts';
import { createNetworks } from './network.ts';
import { type CrashPhase, createProcess, type SimulatedProcess, type Surroundings, WALL_START } from './process.ts';
import { drawScenario, type Scenario, type SimulatedConnection, type SimulatedMessage } from './scenario.ts';
import { createSeededRandom } from './seeded-random.ts';
import { createMemoryStore, type Twin } from './store/memory-store.ts';
import type { Tables } from './store/tables.ts';
import { write } from './store/transactions.ts';
import { createTimeline } from './timeline.ts';
import { createWatch } from './watch.ts';

/** A fault put into the core on purpose, by its ports: what the invariants must find. */
export interface Mutation {
  twins?: Readonly<Record<string, Twin>>;
  clock?(clock: Clock): Clock;
  keyOf?(outgoing: Outgoing): string;
  outcomes?: 'unanswered-is-refused';
  /** Puts the callbacks elsewhere than into the transaction given. */
  enqueue?(tx: Queryable, database: Database, add: (on: Queryable) => Promise<void>): Promise<void>;
}

export interface Run {
  seed: number;
  scenario?: Scenario;
  /** The process that makes this call of a port, counted from 0 over all, dies at it. */
  crashes?: readonly { point: number; phase: CrashPhase }[];
  mutation?: Mutation;
  /** Gets a line for everything that happens. */
  trace?(line: string): void;
}

export interface Outcome {
  seed: number;
  /** Empty: all invariants held. The run ends with the first. */
  violations: readonly string[];
  /** Of everything that happened: the same seed gives the same. */
  hash: string;
  events: number;
  virtualMs: number;
  /** Calls of ports until nothing was left to be done. */
  points: number;
  sends: number;
  deaths: number;
}

const LAST_FAULT_TO_END_MS = 60_000;
const STOPPED_AFTER_MS = 20_000;
const DONE_LOOK_EVERY_MS = 500;
const ACCOUNT_ID = 1;
const STATUS_POLL_AFTER_MS = 3_000;
const RECEIPT_TRIES_MAX = 10;
// What the faults themselves say; anything else that a loop of the core fails with is a fault of core or simulation.
const EXPECTED_ERRORS = /Connection terminated|could not serialize|deadlock detected|counted by another process/;

/** Runs the dispatch core of one seed from acceptance to end, on virtual time, with processes that die and networks that fail. */
export async function simulate(run: Run): Promise<Outcome> {
  const scenario = run.scenario ?? drawScenario(run.seed);
  const random = createSeededRandom(run.seed ^ 0x5eed);
  const timeline = createTimeline(random, run.trace);
  const databaseNow = (): number => WALL_START + timeline.now();
  const alive = new Map<string, { process: SimulatedProcess; dispatch: Dispatch }>();
  const workerIds = new Map<string, string>();
  const pausedUntil = new Map<number, number>();
  const lastEndMs = Math.max(...scenario.messages.map(({ acceptedAtMs, ttlMs }) => acceptedAtMs + ttlMs));
  const mourners = new Map<string, () => void>();
  let points = 0;
  let deaths = 0;
  let faults: FaultRates = scenario.faults;
  let isOver = false;

  const store = createMemoryStore({
    now: databaseNow,
    twins: { ...worldTwins(scenario), ...run.mutation?.twins },
    onCommit: (tx, changes) => watch.onCommit(tx, changes),
    onStatement: (tx, name, rows) => watch.onStatement(tx, name, rows),
  });
  const { tables } = store;
  const watch = createWatch({
    ...{ scenario, tables, databaseNow, now: timeline.now, note: timeline.note },
    ownerOf: (name) => workerIds.get(name) ?? '',
  });
  const networks = createNetworks({
    ...{ scenario, timeline, random, watch, faults: () => faults, report: (receipt) => report(receipt, 1) },
    now: () => new Date(databaseNow()),
    keyOf: run.mutation?.keyOf ?? (({ dedupKey }) => dedupKey),
  });

  const surroundings: Surroundings = {
    ...{ timeline, random, store, leaseMs: scenario.leaseMs, faults: () => faults },
    crashAtNextPoint() {
      points += 1;
      const planned = run.crashes?.find(({ point }) => point === points - 1);
      if (planned !== undefined) return planned.phase;
      return random.chance(faults.crash) ? random.pick(['before', 'unanswered', 'answered'] as const) : null;
    },
    onDeath({ name }) {
      deaths += 1;
      alive.delete(name);
      mourners.get(name)?.();
      timeline.after(random.between(50, 1_500), 'supervisor', 'starts a process', startProcess);
    },
  };

  const connections: readonly SimulatedConnection[] = [scenario.upstream, ...scenario.groups.map(({ community }) => community)];
  const log = createLog((error) => watch.violated('core', error));
  let started = 0;
  const startProcess = (): void => {
    if (isOver) return;
    started += 1;
    const name = `process ${started}`;
    workerIds.set(name, `00000000-0000-0000-0000-${String(started).padStart(12, '0')}`);
    const process = createProcess(name, surroundings);
    const clock = run.mutation?.clock?.(process.clock) ?? process.clock;
    const dispatch = createDispatch({
      ...{ database: process.database, clock, log, random: random.fraction, workerId: workerIds.get(name) as string },
      accounts: { urls: async () => null as never, quietHours: async () => null },
      connections: connectionsFor(process),
      templates: templatesFor(process),
      contacts: {
        byPhones: async () => new Map(),
        ofPhones: async (tx, asked) => {
          const phones = asked.map(({ phone }) => phone);
          const rows = await tx.rows<{ phone: string }>({ name: 'simulation.contacts', text: '' }, [phones]);
          return phones.map((phone) => (rows.find((row) => row.phone === phone) as never) ?? null);
        },
      },
      callbacks: {
        async enqueue(tx, callbacks) {
          const values = [callbacks.map(({ orderKey }) => orderKey), callbacks.map(({ body }) => body)];
          const add = async (on: Queryable): Promise<void> => {
            await on.run({ name: 'simulation.callbacks', text: '' }, values);
          };
          await (run.mutation?.enqueue?.(tx, process.database, add) ?? add(tx));
        },
        wake() {},
      },
      ...{ sendTimeoutMs: scenario.sendTimeoutMs, laneLeaseMs: scenario.leaseMs, statusPollAfterMs: STATUS_POLL_AFTER_MS },
    });
    alive.set(name, { process, dispatch });
    dispatch.run();
  };

  const connectionsFor = (process: SimulatedProcess): Connections => {
    const of = (id: number): SimulatedConnection => connections.find((one) => one.id === id) as SimulatedConnection;
    const known: Pick<Connections, 'get' | 'channel' | 'pause'> = {
      get: (id) =>
        process.call('reads a connection', async (): Promise<Connection> => {
          const { kind, settings } = of(id);
          const pausedReason = (pausedUntil.get(id) ?? 0) > timeline.now() ? 'the token was refused' : null;
          return { id, accountId: ACCOUNT_ID, kind, groupId: null, baseUrl: '', receive: 'off', settings, pausedReason };
        }),
      channel: async (id) => {
        const channel = networks.channel(process, of(id));
        if (run.mutation?.outcomes === undefined) return channel;
        const send: typeof channel.send = async (batch, signal) =>
          (await channel.send(batch, signal)).map((outcome) =>
            outcome.kind === 'unanswered' ? { kind: 'refused', reason: 'provider', networkCode: '' } : outcome,
          );
        return { ...channel, send };
      },
      pause: (id) =>
        process.call('pauses a connection', async () => {
          // An operator gives it another token soon.
          pausedUntil.set(id, timeline.now() + random.between(1_000, 4_000));
        }),
    };
    return known as Connections;
  };

  const accept = (message: SimulatedMessage): void => {
    const id = tables.nextId();
    const tx = store.begin('acceptance');
    void (async () => {
      watch.stored(id, message);
      await insert(tx, tables, id, message, databaseNow());
      // A process may die between commit and answer: what it stored counts, what it answered for counts more.
      const isAnswered = random.chance(0.9);
      if (!isAnswered && random.chance(0.5)) return store.rollBack(tx);
      const [step] = message.steps;
      if (random.chance(0.7)) tx.notices.push(`${LANES_CHANNEL} ${step?.laneId}:${step?.connectionId}`);
      store.commit(tx);
      if (isAnswered) watch.promised(id, message);
    })();
  };

  /** At least once, to any process, until one has taken it in; receipts of unknown messages come back. */
  const report = (receipt: ProviderReceipt, tries: number): void => {
    const again = (ms: number): void => {
      if (tries < RECEIPT_TRIES_MAX) timeline.after(ms, 'inbox', 'tries a receipt again', () => report(receipt, tries + 1));
    };
    const candidates = [...alive.values()];
    if (candidates.length === 0) {
      again(1_000);
      return;
    }
    const { process, dispatch } = random.pick(candidates);
    let isTaken = false;
    process.hear(() => {
      dispatch.takeReceipts([receipt]).then(
        (unknown) => {
          isTaken = true;
          if (unknown.length > 0) again(700);
        },
        () => {},
      );
    });
    timeline.after(3_000, 'inbox', 'looks after a receipt', () => {
      if (!isTaken) again(0);
    });
  };

  for (const { laneId: id, network, groupId } of scenario.groups) {
    const tx = store.begin('scenario');
    await write(tx, tables.lane, id, { id, network, groupId, owner: null, epoch: 0, leaseUntil: null, quietUntil: null });
    store.commit(tx);
  }
  for (let index = 0; index < scenario.processes; index += 1)
    timeline.after(random.between(0, 300), 'supervisor', 'starts a process', startProcess);
  for (const message of scenario.messages)
    timeline.after(message.acceptedAtMs, 'customer', 'sends a message', () => accept(message));
  for (let second = 1; second * 1_000 < scenario.faultsEndMs; second += 1) {
    timeline.after(second * 1_000, 'world', 'turns', () => {
      const running = [...alive.values()];
      if (running.length === 0) return;
      const { process, dispatch } = random.pick(running);
      if (random.chance(faults.clockStep)) process.stepClock(random.between(-5_000, 5_000));
      if (!random.chance(faults.restart)) return;
      timeline.note(process.name, 'is asked to stop');
      alive.delete(process.name);
      startProcess();
      void dispatch.stop().catch(() => {});
    });
  }
  timeline.after(scenario.faultsEndMs, 'world', 'faults end', () => {
    faults = NO_FAULTS;
  });

  const openDeliveries = (): number => [...tables.delivery.cells.values()].filter(({ committed }) => committed !== null).length;
  const dying = (name: string): Promise<void> => new Promise((resolve) => mourners.set(name, resolve));
  const finish = (): void => {
    const stopping = [...alive].map(([name, { dispatch }]) => Promise.race([dispatch.stop(), dying(name)]));
    isOver = true;
    void Promise.all(stopping).then(() => {
      // Leases of the dead run out meanwhile, and whoever was asked to stop before has stopped.
      timeline.after(STOPPED_AFTER_MS, 'world', 'ends', () => {
        watch.ended(openDeliveries());
        hasEnded = true;
      });
    });
    timeline.after(2 * STOPPED_AFTER_MS, 'world', 'waits no longer', () => {
      watch.violated('L1', 'a process did not stop');
    });
  };
  let hasEnded = false;
  const look = (): void => {
    const isDone = timeline.now() > scenario.faultsEndMs && timeline.now() > lastAcceptedMs(scenario) && openDeliveries() === 0;
    if (isDone || timeline.now() > Math.max(lastEndMs, scenario.faultsEndMs) + LAST_FAULT_TO_END_MS) finish();
    else timeline.after(DONE_LOOK_EVERY_MS, 'world', 'looks', look);
  };
  timeline.after(DONE_LOOK_EVERY_MS, 'world', 'looks', look);

  await timeline.run(() => hasEnded || watch.violations.length > 0);
  return {
    ...{ seed: run.seed, violations: watch.violations, hash: timeline.hash(), events: timeline.count() },
    ...{ virtualMs: Math.round(timeline.now()), points, sends: watch.launches, deaths },
  };
}

const lastAcceptedMs = ({ messages }: Scenario): number => Math.max(...messages.map(({ acceptedAtMs }) => acceptedAtMs));

/** Statements of other modules that take part in dispatch's transactions. */
function worldTwins(scenario: Scenario): Record<string, Twin> {
  const people = new Map(scenario.messages.map(({ person }) => [person.phone, person]));
  return {
    async 'simulation.contacts'(_tx, _tables, [phones]) {
      return (phones as string[]).flatMap((phone) => people.get(phone) ?? []);
    },
    async 'simulation.callbacks'(tx, tables, [orderKeys, bodies]) {
      for (const [index, orderKey] of (orderKeys as string[]).entries()) {
        const id = tables.nextId();
        await write(tx, tables.callback, id, { id, orderKey, body: (bodies as string[])[index] as string });
      }
      return [];
    },
  };
}

function templatesFor(process: SimulatedProcess): Templates {
  const template = { intent: null, id: 4, name: 'base', upstream: {} };
  const known = { byId: () => process.call('reads a template', async () => template) };
  return known as unknown as Templates;
}

/** What acceptance writes (insert-accepted.ts). */
async function insert(
  tx: Parameters<typeof write>[0],
  tables: Tables,
  id: number,
  { kind, person, steps, dueInMs, ttlMs }: SimulatedMessage,
  now: number,
): Promise<void> {
  const [step] = steps;
  if (step === undefined) throw new Error('a message without a route');
  const isReply = kind === 'reply';
  const [dueAt, expiresAt] = [now + dueInMs, now + ttlMs];
  await write(tx, tables.message, id, {
    ...{
      id,
      accountId: ACCOUNT_ID,
      kind,
      dialogId: isReply ? 1 : null,
      service: isReply ? null : 's',
      templateId: isReply ? null : 4,
    },
    ...{ phone: isReply ? null : person.phone, peerId: isReply ? person.phone : null, text: 't', keyboard: null },
    ...{ templateDataJson: isReply ? null : '{}', deliveryPolicy: 'any', steps, windows: null, callbackDataJson: null },
    ...{ statusUrl: isReply ? null : 'http://example.org/', createdAt: now, expiresAt, status: 'QUEUED', channel: step.route },
    ...{ errorCode: 0, history: [], notes: null },
  });
  await write(tx, tables.delivery, id, {
    ...{ messageId: id, accountId: ACCOUNT_ID, laneId: step.laneId, connectionId: step.connectionId, priority: isReply ? 0 : 1 },
    ...{ step: 0, state: 'queued', attempt: 0, dueAt, expiresAt, epoch: 0, daySlotAt: null, dayPersons: null, maybeSent: false },
    stepEndsAt: step.timeoutSeconds === undefined ? null : dueAt + step.timeoutSeconds * 1_000,
  });
}

/** Dispatch logs what its loops fail with and goes on; here whatever no fault explains is a finding. */
function createLog(onUnexpected: (error: string) => void): Logger {
  const ignore = (): void => {};
  const error = ({ event, error: message }: { event: string; error?: string }): void => {
    if (event === 'loop_failed' && message !== undefined && !EXPECTED_ERRORS.test(message)) onUnexpected(message);
  };
  return { debug: ignore, info: ignore, warn: ignore, error } as unknown as Logger;
}

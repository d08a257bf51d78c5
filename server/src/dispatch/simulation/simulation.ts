import { createCoreFactory, type Mutation, worldTwins } from './core-ports.ts';
import { createCustomerWatch } from './customer-watch.ts';
import { createCustomers } from './customers.ts';
import { drawScenario } from './draw-scenario.ts';
import { type FaultRates, NO_FAULTS } from './faults.ts';
import { createFleet } from './fleet.ts';
import { createNetworks } from './network.ts';
import { type CrashPhase, WALL_START } from './process.ts';
import { createProviderInbox } from './provider-inbox.ts';
import type { Scenario } from './scenario.ts';
import { createSeededRandom } from './seeded-random.ts';
import { createMemoryStore, type MemoryStore } from './store/memory-store.ts';
import type { MessageRow } from './store/tables.ts';
import { write } from './store/transactions.ts';
import { createTimeline } from './timeline.ts';
import { createWatch } from './watch.ts';

export type { Mutation } from './core-ports.ts';

export interface Run {
  seed: number;
  scenario?: Scenario;
  /** The process that makes this call of a port, counted from 0 over all, dies at it. */
  crashes?: readonly { point: number; phase: CrashPhase }[];
  mutation?: Mutation;
  /** Hears of each message that is sent, with the time since the beginning. */
  onLaunch?(row: MessageRow, atMs: number): void;
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

const LAST_FAULT_TO_END_MS = 120_000;
const STOPPED_AFTER_MS = 20_000;
const DONE_LOOK_EVERY_MS = 500;

/** Runs the dispatch core of one seed from acceptance to end, on virtual time, with processes that die and networks that fail. */
export async function simulate(run: Run): Promise<Outcome> {
  const scenario = run.scenario ?? drawScenario(run.seed);
  const random = createSeededRandom(run.seed ^ 0x5eed);
  const timeline = createTimeline(random, run.trace);
  const databaseNow = (): number => WALL_START + timeline.now();
  const mutation = run.mutation ?? {};
  let points = 0;
  let faults: FaultRates = scenario.faults;

  const store = createMemoryStore({
    now: databaseNow,
    twins: { ...worldTwins(scenario), ...mutation.twins },
    onCommit: (tx, changes) => watch.onCommit(tx, changes),
    onStatement: {
      'dispatch.claim.due': (tx, rows, values) => watch.onClaim(tx, rows, values),
      'dispatch.settle.ours': (tx, rows) => watch.onSettle(tx, rows),
    },
  });
  const { tables } = store;
  const violated = (rule: string, what: string): void => watch.violated(rule, what);
  const customerWatch = createCustomerWatch({ scenario, tables, violated });
  const watch = createWatch({
    ...{ scenario, tables, databaseNow, now: timeline.now, note: timeline.note, customers: customerWatch },
    onLaunch: (row) => run.onLaunch?.(row, timeline.now()),
    ownerOf: (name) => fleet.workerIdOf(name),
  });
  const someProcess = () => fleet.some();
  const networks = createNetworks({
    ...{ scenario, timeline, random, watch, faults: () => faults },
    report: createProviderInbox({ timeline, random, someProcess }),
    now: () => new Date(databaseNow()),
    keyOf: mutation.keyOf ?? (({ dedupKey }) => dedupKey),
  });
  const fleet = createFleet({
    surroundings: {
      ...{ timeline, random, store, leaseMs: scenario.leaseMs, faults: () => faults },
      crashAtNextPoint() {
        points += 1;
        const planned = run.crashes?.find(({ point }) => point === points - 1);
        if (planned !== undefined) return planned.phase;
        return random.chance(faults.crash) ? random.pick(['before', 'unanswered', 'answered'] as const) : null;
      },
    },
    dispatchOf: createCoreFactory({
      ...{ scenario, timeline, random, mutation, channel: networks.channel, faults: () => faults },
      onUnexpected: (error) => watch.violated('core', error),
    }),
  });
  const customers = createCustomers({ scenario, timeline, random, tables, watch: customerWatch, now: databaseNow, fleet });

  addLanes(store, scenario);
  for (let index = 0; index < scenario.processes; index += 1)
    timeline.after(random.between(0, 300), 'supervisor', 'starts a process', fleet.start);
  customers.begin();
  const turn = (): void => {
    const member = fleet.some();
    if (member !== null && random.chance(faults.clockStep)) member.process.stepClock(random.between(-5_000, 5_000));
    if (member !== null && random.chance(faults.restart)) fleet.restart(member);
    if (timeline.now() < scenario.faultsEndMs) timeline.after(1_000 + fleet.asleepForMs(), 'world', 'turns', turn);
  };
  timeline.after(1_000, 'world', 'turns', turn);
  const { night } = scenario;
  if (night !== null) timeline.after(night.atMs, 'world', 'goes to sleep', () => fleet.sleep(night.forMs));
  timeline.after(scenario.faultsEndMs, 'world', 'faults end', () => {
    faults = NO_FAULTS;
  });

  let hasEnded = false;
  const openDeliveries = (): number => [...tables.delivery.cells.values()].filter(({ committed }) => committed !== null).length;
  const finish = (): void => {
    void fleet.stopAll().then(() => {
      // Leases of the dead run out meanwhile, and whoever was asked to stop before has stopped.
      timeline.after(STOPPED_AFTER_MS, 'world', 'ends', () => {
        if (!customers.haveEnded()) violated('L1', 'a customer still waits for an answer');
        watch.ended(openDeliveries());
        hasEnded = true;
      });
    });
    timeline.after(2 * STOPPED_AFTER_MS, 'world', 'waits no longer', () => violated('L1', 'a process did not stop'));
  };
  const look = (): void => {
    const isDone = timeline.now() > scenario.faultsEndMs && customers.haveEnded() && openDeliveries() === 0;
    if (isDone || timeline.now() > scenario.faultsEndMs + LAST_FAULT_TO_END_MS) finish();
    else timeline.after(DONE_LOOK_EVERY_MS, 'world', 'looks', look);
  };
  timeline.after(scenario.faultsEndMs, 'world', 'looks', look);

  await timeline.run(() => hasEnded || watch.violations.length > 0);
  return {
    ...{ seed: run.seed, violations: watch.violations, hash: timeline.hash(), events: timeline.count() },
    ...{ virtualMs: Math.round(timeline.now()), points, sends: watch.launches, deaths: fleet.deaths },
  };
}

function addLanes(store: MemoryStore, { groups }: Scenario): void {
  for (const { laneId: id, network, groupId } of groups) {
    const tx = store.begin('scenario');
    void write(tx, store.tables.lane, id, { id, network, groupId, owner: null, epoch: 0, leaseUntil: null, quietUntil: null });
    store.commit(tx);
  }
}

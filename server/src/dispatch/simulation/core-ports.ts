import type { Channel, Outgoing } from '@soroka/channels';
import type { Connection, Connections } from '../../connections/connections.ts';
import type { ContactOfPhone } from '../../contacts/contacts.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import type { Logger } from '../../platform/telemetry.ts';
import { createDispatch, type Dispatch } from '../dispatch.ts';
import type { FaultRates } from './faults.ts';
import { ASKED_IN_VAIN, BROKEN_CHANNEL } from './network.ts';
import { connectionLost, type SimulatedProcess } from './process.ts';
import { NOBODY, type Scenario, type SimulatedConnection, UNTIL_MIDNIGHT } from './scenario.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Twin } from './store/memory-store.ts';
import { write } from './store/transactions.ts';
import { templatesFor } from './template-shelf.ts';
import type { Timeline } from './timeline.ts';

/** A fault put into the core on purpose, by its ports: what the invariants must find. */
export interface Mutation {
  twins?: Readonly<Record<string, Twin>>;
  clock?(clock: Clock): Clock;
  keyOf?(outgoing: Outgoing): string;
  outcomes?: 'unanswered-is-refused';
  /** Puts the callbacks elsewhere than into the transaction given. */
  enqueue?(tx: Queryable, database: Database, add: (on: Queryable) => Promise<void>): Promise<void>;
}

const STATUS_POLL_AFTER_MS = 3_000;
// What the faults themselves say; anything else that a loop of the core fails with is a fault of core or simulation.
const EXPECTED_ERRORS = new RegExp(
  `Connection terminated|could not serialize|could not extend file|deadlock detected|counted by another process|${BROKEN_CHANNEL}|is gone|${ASKED_IN_VAIN}`,
);

/** Starts the core in a process: everything that it asks for passes the process, the timeline or the seed. */
export function createCoreFactory(parts: {
  scenario: Scenario;
  timeline: Timeline;
  random: SeededRandom;
  mutation: Mutation;
  faults(): FaultRates;
  channel(process: SimulatedProcess, connection: SimulatedConnection): Channel;
  /** The core failed with something that no fault explains. */
  onUnexpected(error: string): void;
}): (process: SimulatedProcess, workerId: string) => Dispatch {
  const { scenario, timeline, random, mutation } = parts;
  const pausedUntil = new Map<number, number>();
  const log = createLog(parts.onUnexpected);
  const of = (id: number): SimulatedConnection => scenario.connections.find((one) => one.id === id) as SimulatedConnection;
  const senders = new Map(scenario.requests.flatMap(({ items }) => items.map(({ sender }) => [sender.name, sender])));

  /** Connections, templates and channels are made from what the database says. */
  const perhapsRefused = (): void => {
    if (random.chance(parts.faults().statementRefused)) throw connectionLost();
  };
  const connectionsFor = (process: SimulatedProcess): Connections => {
    const known: Pick<Connections, 'get' | 'channel' | 'pause' | 'senderByName' | 'senders'> = {
      get: (id) =>
        process.call('reads a connection', async (): Promise<Connection> => {
          perhapsRefused();
          const { accountId, kind, settings } = of(id);
          const pausedReason = (pausedUntil.get(id) ?? 0) > timeline.now() ? 'the token was refused' : null;
          return { id, accountId, kind, groupId: null, baseUrl: '', receive: 'off', settings, pausedReason };
        }),
      channel: async (id) => {
        perhapsRefused();
        const channel = parts.channel(process, of(id));
        if (mutation.outcomes === undefined) return channel;
        const send: typeof channel.send = async (batch, signal) =>
          (await channel.send(batch, signal)).map((outcome) =>
            outcome.kind === 'unanswered' ? { kind: 'refused', reason: 'provider', networkCode: '' } : outcome,
          );
        return { ...channel, send };
      },
      pause: (id) =>
        process.call('pauses a connection', async () => {
          perhapsRefused();
          // An operator gives it another token soon.
          pausedUntil.set(id, timeline.now() + random.between(1_000, 4_000));
        }),
      senderByName: async (_, name) => (name === NOBODY ? null : (senders.get(name) ?? null)),
      senders: async () => [...senders.values()],
    };
    return known as Connections;
  };

  return (process, workerId) =>
    createDispatch({
      ...{ database: process.database, log, random: random.fraction, workerId },
      clock: mutation.clock?.(process.clock) ?? process.clock,
      accounts: {
        urls: async () => null as never,
        quietHours: async (id) => (id === scenario.quietAccountId ? UNTIL_MIDNIGHT : null),
      },
      connections: connectionsFor(process),
      templates: templatesFor(process, { scenario, timeline, perhapsRefused }),
      contacts: contactsFor(process),
      callbacks: {
        async enqueue(tx, callbacks) {
          const values = [callbacks.map(({ orderKey }) => orderKey), callbacks.map(({ body }) => body)];
          const add = async (on: Queryable): Promise<void> => {
            await on.run({ name: 'simulation.callbacks', text: '' }, values);
          };
          await (mutation.enqueue?.(tx, process.database, add) ?? add(tx));
        },
        wake() {},
      },
      ...{ sendTimeoutMs: scenario.sendTimeoutMs, laneLeaseMs: scenario.leaseMs, statusPollAfterMs: STATUS_POLL_AFTER_MS },
    });
}

/** Statements of other modules that take part in dispatch's transactions. */
export function worldTwins({ requests, replies }: Scenario): Record<string, Twin> {
  const everybody = [...requests.flatMap(({ items }) => items), ...replies].map(({ person }) => person);
  const people = new Map(everybody.map((person) => [person.phone, person]));
  return {
    'simulation.contacts'(_tx, _tables, [phones]) {
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

function contactsFor(process: SimulatedProcess) {
  const read = (tx: Queryable | null, phones: readonly string[]): Promise<ContactOfPhone[]> =>
    (tx ?? process.database).rows<ContactOfPhone>({ name: 'simulation.contacts', text: '' }, [phones]);
  return {
    async byPhones(tx: Queryable | null, _accountId: number, phones: readonly string[]) {
      return new Map((await read(tx, phones)).map((contact) => [contact.phone, contact]));
    },
    async ofPhones(tx: Queryable, asked: readonly { phone: string }[]) {
      const phones = asked.map(({ phone }) => phone);
      const found = new Map((await read(tx, phones)).map((contact) => [contact.phone, contact]));
      return phones.map((phone) => found.get(phone) ?? null);
    },
  };
}

/** Dispatch logs what its loops fail with and goes on; here whatever no fault explains is a finding. */
function createLog(onUnexpected: (error: string) => void): Logger {
  const ignore = (): void => {};
  const error = ({ event, error: message }: { event: string; error?: string }): void => {
    if (event === 'loop_failed' && message !== undefined && !EXPECTED_ERRORS.test(message)) onUnexpected(message);
  };
  return { debug: ignore, info: ignore, warn: ignore, error } as unknown as Logger;
}

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type CallbackParts, type Callbacks, createCallbacks, type NewCallback } from '../src/callbacks/callbacks.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { createHttpClient } from '../src/platform/http-client.ts';
import { testDatabase } from './database.ts';
import { createManualClock } from './manual-clock.ts';

export const SECRET = 'whsec_c29yb2thLXRlc3Qtc2VjcmV0LW9uZQ==';

export interface ReceivedCall {
  /** By the town's clock. */
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A customer's server. `answer` gives the status of each call; `null` never answers. */
export interface Receiver {
  url: string;
  calls: ReceivedCall[];
  answer: (call: ReceivedCall, count: number) => number | null | Promise<number | null>;
  /** Headers of every answer. */
  headers: Record<string, string>;
  /** Body of every answer. */
  text: string;
  /** Answers 200 to all calls that were left without an answer. */
  release(): void;
  /** Calls that are open now, and the most there ever were. */
  open: { now: number; most: number };
}

export interface CallbackRow {
  id: number;
  state: string;
  attempt: number;
  dueAt: Date;
  problem: string | null;
}

/** The callbacks engine on a real database, with receivers over real HTTP and the time in the test's hands. */
export async function startCallbacksTown() {
  const { url, drop } = await testDatabase();
  const database = openDatabase(url, { connectionsMax: 8 });
  const clock = createManualClock(Date.now()); // signatures are fresh to whoever checks them
  const httpClient = createHttpClient({ allowCidrs: ['127.0.0.0/8'] });
  const engines: Callbacks[] = [];
  const closings: (() => void)[] = [];
  const logLines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => logLines.push(line) });

  const engine = (options: Partial<CallbackParts> = {}): Callbacks => {
    const accounts = { signingSecrets: async () => [SECRET] };
    const created = createCallbacks({
      database,
      accounts,
      httpClient,
      clock,
      log,
      timeoutMs: 2_000,
      batchAbove: 0,
      random: () => 0.5,
      ...options,
    });
    engines.push(created);
    return created;
  };

  const receiver = async (answer: Receiver['answer'] = () => 200): Promise<Receiver> => {
    const unanswered: ServerResponse[] = [];
    const release = () => {
      for (const response of unanswered.splice(0)) response.end();
    };
    const state: Receiver = { url: '', calls: [], answer, headers: {}, text: '', open: { now: 0, most: 0 }, release };
    const answerCall = async (call: ReceivedCall, response: ServerResponse) => {
      const status = await state.answer(call, state.calls.length);
      if (status === null) unanswered.push(response);
      else response.writeHead(status, state.headers).end(state.text);
    };
    const server = createServer(async (request, response) => {
      state.open.now += 1;
      state.open.most = Math.max(state.open.most, state.open.now);
      response.on('close', () => {
        state.open.now -= 1;
      });
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = {
        at: clock.now(),
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      state.calls.push(call);
      await answerCall(call, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closings.push(() => {
      server.close();
      server.closeAllConnections();
    });
    state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return state;
  };

  return {
    database,
    clock,
    engine,
    receiver,
    logLines,
    /** What is not delivered yet, oldest first. */
    rows: () =>
      database.rows<CallbackRow>({
        name: 'test_callback_rows',
        text: `select id, case when held_until is null or attempt = 0 then state else 'claimed' end as state, attempt, due_at as "dueAt", problem
          from callback order by id`,
      }),
    /** How many the log of delivered callbacks holds. */
    async delivered(): Promise<number> {
      const [row] = await database.rows<{ count: number }>({
        name: 'test_delivered',
        text: 'select count(*) from callback_delivered',
      });
      return row?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      for (const close of closings) close();
      await Promise.all(engines.map((each) => each.stop()));
      await httpClient.close();
      await database.close();
      await drop();
    },
  };
}

/** A status of message `id`, the engine's usual freight. */
export function status(id: number, name: string, more: { url: string } & Partial<NewCallback>): NewCallback {
  return { accountId: 1, form: 'status', orderKey: `message:${id}`, body: `{"messageId":"${id}","status":"${name}"}`, ...more };
}

/** Enqueues in a transaction of its own and wakes the engine, as dispatch does. */
export async function commit(town: { database: Database }, engine: Callbacks, callbacks: readonly NewCallback[]): Promise<void> {
  await town.database.transaction((tx) => engine.enqueue(tx, callbacks));
  engine.wake();
}

/** `messageId status` of everything a receiver was sent, in order. */
export function statusesOf(receiver: Receiver): string[] {
  return receiver.calls.flatMap(({ body }) =>
    (JSON.parse(body) as { messageId: string; status: string }[]).map((item) => `${item.messageId} ${item.status}`),
  );
}

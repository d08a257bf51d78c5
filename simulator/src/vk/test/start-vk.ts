import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect } from 'vitest';
import {
  type Clock,
  createManualClock,
  createRealClock,
  createWorld,
  type Group,
  type ManualClock,
  type Person,
  type World,
} from '../../world/world.ts';
import { registerVk } from '../vk.ts';

export const ANNA = '79999999999';
export const VERA = '79990000002';
export const GROUP_ID = '213243638';

export interface SimulatedVk {
  world: World;
  group: Group;
  url: string;
  person(phone: string): Person;
  /** Calls a method with the demo group's token and v 5.199 and gives the whole answer. */
  call(method: string, parameters?: Record<string, string | number>): Promise<VkAnswer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Either of the two shapes; a test looks only at what it expects. */
export interface VkAnswer {
  response?: never;
  error?: { error_code: number; error_msg: string; request_params: { key: string; value: string }[] };
  execute_errors?: { method: string; error_code: number; error_msg: string }[];
}

/** VK alone on a free port. */
export async function startVk(clock: Clock = createRealClock()): Promise<SimulatedVk> {
  const world = createWorld({ clock, seed: 1 });
  const app = Fastify({ forceCloseConnections: true });
  await registerVk(app, world);
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/vk`;
  return {
    world,
    group: world.groups.demo('vk'),
    url,
    person(phone) {
      const person = world.people.byPhone(phone);
      if (person === null) throw new Error(`nobody has the phone ${phone}`);
      return person;
    },
    async call(method, parameters = {}) {
      const given = Object.entries({ access_token: 'vk1.demo', v: '5.199', ...parameters });
      const body = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
      const answer = await fetch(`${url}/method/${method}`, { method: 'POST', body });
      return (await answer.json()) as VkAnswer;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

export interface ReceivedCallback {
  body: Record<string, unknown> & { type: string; event_id: string; object: Record<string, unknown> };
  headers: IncomingHttpHeaders;
}

export interface CallbackReceiver {
  url: string;
  /** In the order of arrival. */
  received: ReceivedCallback[];
  /** Tells how to answer from now on: status, body, headers; null never answers. */
  answer: (callback: ReceivedCallback) => { status?: number; body: string; headers?: Record<string, string> } | null;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A bot's webhook on a free port. It answers `ok` until told otherwise. */
export async function startReceiver(): Promise<CallbackReceiver> {
  const receiver: CallbackReceiver = {
    url: '',
    received: [],
    answer: () => ({ body: 'ok' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const callback = { body: JSON.parse(text), headers: request.headers };
    receiver.received.push(callback);
    const answer = receiver.answer(callback);
    if (answer !== null) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}

/** A clock moved by hand that also tells for how long things were put off. */
export function createWatchedClock(): ManualClock & { delays: number[] } {
  const clock = createManualClock();
  const delays: number[] = [];
  return {
    ...clock,
    delays,
    schedule(task, delayMs) {
      delays.push(delayMs);
      return clock.schedule(task, delayMs);
    },
  };
}

/** An expectation that comes true in time: what crosses real sockets takes as long as the machine needs. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000, interval: 5 });

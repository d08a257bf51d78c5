import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect } from 'vitest';
import { parseExact } from '../../wire/wire.ts';
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
import { registerOk } from '../ok.ts';
import type { OkSettingValues } from '../ok-settings.ts';
import { signatureOf } from '../ok-signature.ts';

export const ANNA = { phone: '79999999999', id: '123456789012', chat: 'chat:C3ecb9d02a600' } as const;
export const BORIS = { phone: '79990000001', id: '123456789013' } as const;
export const DINA = { phone: '79990000004', id: '123456789016' } as const;

/** What tests look at in an event; which of it is there depends on its kind. */
export interface OkEventBody {
  webhookType: string;
  timestamp: number;
  message: { text: string; seq: bigint; mid: string };
}

/** What tests look at in an answer; which of it is there depends on the call. */
export interface OkBody {
  error_code?: number;
  error_msg?: string;
  recipient_id: string;
  message_id: string;
  success: boolean[];
  messages: OkEventBody[];
  updates: OkEventBody[];
  marker: string;
  chats: unknown[];
  subscriptions: unknown[];
}

/** One answer as it came over the wire; `body` keeps integers beyond 2^53 as bigints. */
export interface OkReply {
  status: number;
  headers: Headers;
  text: string;
  body: OkBody;
}

export interface SimulatedOk {
  world: World;
  /** Changes settings, and gives back what `/control/ok` answers. */
  set(changes: Partial<OkSettingValues>): Promise<OkReply>;
  /** `POST /control/ok/<name>`. */
  control(name: string, body: unknown): Promise<OkReply>;
  group: Group;
  url: string;
  person(phone: string): Person;
  get(path: string, query?: Record<string, string | number>): Promise<OkReply>;
  post(path: string, body: unknown, query?: Record<string, string>): Promise<OkReply>;
  /** A REST call signed with `secret`; by `fb.do`, so `method` is a parameter and signed. */
  rest(parameters: Record<string, string>, secret: string): Promise<OkReply>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** OK alone on a free port. Graph calls carry the demo group's token. */
export async function startOk(clock: Clock = createRealClock()): Promise<SimulatedOk> {
  const world = createWorld({ clock, seed: 1 });
  const app = Fastify({ forceCloseConnections: true });
  await registerOk(app, world);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `${origin}/ok`;
  const control = (name: string, body: unknown): Promise<OkReply> =>
    read(fetch(`${origin}/control/ok/${name}`, { method: 'POST', body: JSON.stringify(body) }));
  const group = world.groups.demo('ok');
  const graphUrl = (path: string, query: Record<string, string | number>): string =>
    `${url}/graph/${path}?${new URLSearchParams(
      Object.entries({ access_token: group.token, ...query }).map(([name, value]): [string, string] => [name, String(value)]),
    )}`;
  return {
    world,
    set: (changes) => control('settings', changes),
    control,
    group,
    url,
    person(phone) {
      const person = world.people.byPhone(phone);
      if (person === null) throw new Error(`nobody has the phone ${phone}`);
      return person;
    },
    get: (path, query = {}) => read(fetch(graphUrl(path, query))),
    post: (path, body, query = {}) =>
      read(
        fetch(graphUrl(path, query), {
          method: 'POST',
          headers: { 'content-type': 'application/json;charset=utf-8' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    rest(parameters, secret) {
      const signed = { application_key: 'CBADEMOKEY', format: 'json', ...parameters };
      const body = new URLSearchParams({ ...signed, sig: signatureOf(signed, secret) });
      return read(fetch(`${url}/fb.do`, { method: 'POST', body }));
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

export async function read(answer: Promise<Response>): Promise<OkReply> {
  const {
    status,
    headers,
    text: readText,
  } = await answer.then(async (response) => ({
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  }));
  const isJson = headers.get('content-type')?.includes('json') === true;
  return { status, headers, text: readText, body: (isJson ? parseExact(readText) : {}) as OkBody };
}

export interface ReceivedWebhook {
  text: string;
  body: OkEventBody;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** The status to answer with; null never answers. */
  status: (webhook: ReceivedWebhook) => number | null;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A bot's webhook on a free port. It answers 200 until told otherwise. */
export async function startWebhook(): Promise<WebhookReceiver> {
  const receiver: WebhookReceiver = {
    url: '',
    received: [],
    status: () => 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const webhook = { text, body: parseExact(text) as OkEventBody };
    receiver.received.push(webhook);
    const status = receiver.status(webhook);
    if (status !== null) response.writeHead(status).end();
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

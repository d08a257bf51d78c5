import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { type LoadLane, type LoadShape, requestOf } from './lanes.ts';

/** One message that a customer has sent, and what was said to it. */
export interface Order {
  lane: LoadLane;
  phone: string;
  /** ms since 1970. */
  sentAt: number;
  /** Null where it was not answered OK: it may have been taken all the same. */
  messageId: number | null;
}

export interface Load {
  orders: readonly Order[];
  /** Forgets that it was accepted: the database has been set back. */
  disown(order: Order): void;
  /** Why requests got no OK, one by one. */
  failed(): readonly string[];
  /** No more requests; resolves when the last is answered. */
  stop(): Promise<void>;
}

const TICK_MS = 5;
const RUNNING_TRIES = 10;
const RUNNING_PAUSE_MS = 300;

/**
 * A customer who sends requests to `url` at a fixed rate, each with a message of every lane and under an Idempotency-Key, whether
 * or not earlier ones were answered.
 */
export function startLoad(shape: LoadShape, { url, callbackUrl }: { url: string; callbackUrl: string }): Load {
  const requestsPerSecond = shape.messagesPerSecond / shape.lanes.length;
  const agent = new Agent({ keepAlive: true });
  const orders: Order[] = [];
  const failures: string[] = [];
  const run = crypto.randomUUID();
  let stopping = false;

  const send = async (index: number): Promise<void> => {
    const { messages, json } = requestOf(shape, index, callbackUrl);
    const own = messages.map((message): Order => ({ ...message, sentAt: Date.now(), messageId: null }));
    orders.push(...own);
    try {
      const result = await post(`${run}-${index}`, json);
      for (const [place, order] of own.entries()) order.messageId = result[place]?.messageId ?? null;
      const refused = result.find(({ messageId }) => messageId === undefined);
      if (refused !== undefined) failures.push(JSON.stringify(refused));
    } catch (error) {
      failures.push((error as Error).message);
    }
  };
  const post = async (key: string, json: string): Promise<{ messageId?: number }[]> => {
    for (let attempt = 1; ; attempt += 1) {
      const { status, body } = await call(agent, `${url}/vk/messages`, key, json);
      if (status === 200) return (JSON.parse(body) as { result: { messageId?: number }[] }).result;
      // The proxy has asked a second server while the first is still at it.
      const isRunning = status === 409 && body.includes('idempotency.key.running') && attempt < RUNNING_TRIES;
      if (!isRunning) throw new Error(`${status} ${body.slice(0, 200)}`);
      await wait(RUNNING_PAUSE_MS);
    }
  };
  const going = (async () => {
    const startedAt = performance.now();
    const sent: Promise<void>[] = [];
    while (!stopping) {
      const due = Math.min(shape.requestsMax, ((performance.now() - startedAt) * requestsPerSecond) / 1_000);
      while (sent.length < due) sent.push(send(sent.length));
      await wait(TICK_MS);
    }
    await Promise.all(sent);
    agent.destroy();
  })();
  return {
    orders,
    disown(order) {
      order.messageId = null;
    },
    failed: () => failures,
    stop: () => {
      stopping = true;
      return going;
    },
  };
}

function call(agent: Agent, url: string, key: string, json: string): Promise<{ status: number; body: string }> {
  const headers = {
    Authorization: 'Key demo',
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(json),
    'Idempotency-Key': key,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: 'POST', headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(json);
  });
}

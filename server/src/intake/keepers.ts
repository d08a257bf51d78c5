import type { Channel } from '@soroka/channels';
import type { Connection, Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/telemetry.ts';
import { receptionFailed, receptionWorked } from './events.ts';
import type { Health } from './health.ts';
import { webhookMadeAgain } from './health-events.ts';
import type { Storage } from './storage.ts';

/** One connection's reception, kept until the signal. */
export interface Keeper {
  connection: Connection;
  connections: Pick<Connections, 'channel' | 'credentials' | 'webhookUrl'>;
  storage: Storage;
  health: Health;
  /** How often the network is asked whether it still has the webhook. */
  webhookCheckMs: number;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** Where the long poll stands; null: from now on. */
  state: string | null;
  /** Stores where the long poll stands, unless another process has taken over. */
  save(state: string | null): Promise<void>;
  /** Told after every round that worked: from the first on the connection is heard. */
  onWorked(): void;
}

const CALLS_TIMEOUT_MS = 15_000;
// dev.vk.com/api/bots-long-poll: 25 is the recommendation, proxies cut at 30. OK names no number.
const WAIT_SECONDS = 25;
const LAST_WAIT_SECONDS = 1;
const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 10_000;
const SUBSCRIBE_PAUSE_MS_MAX = 60_000;

/**
 * Registers the webhook and looks again and again whether it stands: OK drops it after 8 hours without a positive answer,
 * VK stops at a server that failed several times. Never rejects.
 */
export async function keepWebhook(keeper: Keeper): Promise<void> {
  const { connection, connections, health, log, signal, webhookCheckMs } = keeper;
  let { state } = keeper;
  await repeat(
    keeper,
    { everyMs: webhookCheckMs, pauseMsMax: Math.min(SUBSCRIBE_PAUSE_MS_MAX, webhookCheckMs) },
    async (channel) => {
      const stoodBefore = (await health.of(connection.id))?.subscribedAt != null;
      const did = await subscribe(channel);
      const { id: connectionId, kind } = connection;
      if (stoodBefore && did.length > 0) webhookMadeAgain(log, { connectionId, kind, did });
      await health.works(connection, 'webhook');
      if (state === null) return;
      // What came between the last poll and the webhook waits in the long poll only.
      await pollOnce(keeper, channel, state, LAST_WAIT_SECONDS);
      await keeper.save(null);
      state = null;
    },
  );

  async function subscribe(channel: Channel): Promise<readonly string[]> {
    const url = await connections.webhookUrl(connection.id);
    const { webhookSecret: secret } = await connections.credentials(connection.id);
    const webhook = { url, ...(secret !== undefined && { secret }) };
    const timed = AbortSignal.any([signal, AbortSignal.timeout(CALLS_TIMEOUT_MS)]);
    const subscription = await channel.subscribeWebhook?.(webhook, timed);
    if (subscription === undefined || subscription.state === 'active') return subscription?.did ?? [];
    const found = subscription.did.join(' ');
    throw new Error(`the network has not confirmed our webhook (${subscription.state}): ${found}`);
  }
}

/** Polls, and once it does takes the webhook back. Never rejects. */
export async function keepPolling(keeper: Keeper): Promise<void> {
  const { connection, connections, health, signal } = keeper;
  let { state } = keeper;
  let isWebhookGone = false;
  await repeat(keeper, { everyMs: 0, pauseMsMax: PAUSE_MS_MAX }, async (channel) => {
    // The first poll is short: until the webhook is gone everything comes twice and is stored once.
    state = await pollOnce(keeper, channel, state, isWebhookGone ? WAIT_SECONDS : LAST_WAIT_SECONDS);
    await keeper.save(state);
    await health.works(connection, 'long-poll');
    if (isWebhookGone) return;
    const url = await connections.webhookUrl(connection.id);
    await channel.unsubscribeWebhook?.(url, AbortSignal.any([signal, AbortSignal.timeout(CALLS_TIMEOUT_MS)]));
    await health.unsubscribed(connection);
    isWebhookGone = true;
  });
}

/** Stores what one poll brings; returns where it stands then. */
async function pollOnce(
  { connection, storage, clock, signal }: Keeper,
  channel: Channel,
  state: string | null,
  waitSeconds: number,
): Promise<string> {
  if (channel.poll === undefined) throw new Error(`a ${connection.kind} connection cannot be polled: set it to webhook`);
  const { bodies, state: next } = await channel.poll(state, waitSeconds, signal);
  const form = connection.kind === 'vk' ? 'vk' : 'ok';
  const at = new Date(clock.now());
  await storage.store(
    ...bodies.map((body) => ({ connection, form, source: 'long-poll', body: Buffer.from(body, 'utf8'), at }) as const),
  );
  return next;
}

/** Calls `work` again and again, `everyMs` apart and after failures with growing pauses, until the signal. */
async function repeat(
  { connection, connections, health, clock, log, signal, onWorked }: Keeper,
  { everyMs, pauseMsMax }: { everyMs: number; pauseMsMax: number },
  work: (channel: Channel) => Promise<void>,
): Promise<void> {
  const { id: connectionId, kind, receive } = connection;
  let pauseMs = FIRST_PAUSE_MS;
  const noteFailure = async (detail: string): Promise<void> => {
    // A database that is away is what failed here, and no trouble of the connection.
    await health.fails(connection, receive === 'webhook' ? 'webhook' : 'long-poll', detail).catch(() => {});
  };
  while (!signal.aborted) {
    try {
      await work(await connections.channel(connectionId));
      receptionWorked({ kind, receive });
      onWorked();
      pauseMs = FIRST_PAUSE_MS;
      await clock.sleep(everyMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      receptionFailed(log, { connectionId, kind, receive, error: message, againInMs: pauseMs });
      await noteFailure(message);
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }
}

import { type Channel, createNotifyChannel, createOkChannel, createVkChannel } from '@soroka/channels';
import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from './connections.ts';
import type { Credentials } from './credentials.ts';

/** Everything a channel is made of. */
export interface ChannelSource {
  connection: Connection;
  credentials: Credentials;
  webhookUrl: string;
}

export interface LiveChannels {
  get(connectionId: number): Promise<Channel>;
  /** Whether this channel, else the one that was given out last, is that of `source`; true where nothing is known. */
  isMadeOf(source: ChannelSource, channel?: Channel): boolean;
  /** Something changed: the next `get` of each compares before it answers. */
  check(): void;
  close(): Promise<void>;
}

const AGE_MAX_MS = 5_000;
// Whoever got the old channel just before the change may still begin a call on it, or be in a long poll.
const RETIREMENT_MS = 60_000;

/** One channel per connection, since a channel keeps sockets open; replaced when what it was made of is different. */
export function createLiveChannels(parts: {
  clock: Clock;
  sendTimeoutMs: number;
  read: (connectionId: number) => Promise<ChannelSource>;
}): LiveChannels {
  const { clock, sendTimeoutMs, read } = parts;
  const made = new Map<number, { channel: Channel; madeOf: string }>();
  const retired = new Set<Channel>();
  const madeOfAny = new WeakMap<Channel, string>();
  const stopping = new AbortController();
  const checked = createAgedCache<Channel>({ clock, maxAgeMs: AGE_MAX_MS });

  const current = async (connectionId: number): Promise<Channel> => {
    const source = await read(connectionId);
    const madeOf = wholeOf(source);
    const before = made.get(connectionId);
    if (before?.madeOf === madeOf) return before.channel;
    const channel = makeChannel(source, sendTimeoutMs);
    made.set(connectionId, { channel, madeOf });
    madeOfAny.set(channel, madeOf);
    if (before !== undefined) void retire(before.channel);
    return channel;
  };
  const retire = async (channel: Channel): Promise<void> => {
    retired.add(channel);
    await clock.sleep(RETIREMENT_MS, stopping.signal);
    if (retired.delete(channel)) await channel.close?.();
  };

  return {
    async get(connectionId) {
      return (await checked.get(String(connectionId), () => current(connectionId))) as Channel;
    },
    isMadeOf(source, channel) {
      const own = channel === undefined ? undefined : madeOfAny.get(channel);
      const madeOf = own ?? made.get(source.connection.id)?.madeOf;
      return madeOf === undefined || madeOf === wholeOf(source);
    },
    check: () => checked.clear(),
    async close() {
      const channels = [...made.values()].map(({ channel }) => channel).concat(...retired);
      made.clear();
      retired.clear();
      checked.clear();
      stopping.abort();
      await Promise.all(channels.map((channel) => channel.close?.()));
    },
  };
}

function wholeOf({ connection: { baseUrl, settings }, credentials, webhookUrl }: ChannelSource): string {
  return JSON.stringify([baseUrl, settings, credentials, webhookUrl]);
}

function makeChannel({ connection, credentials, webhookUrl }: ChannelSource, timeoutMs: number): Channel {
  const { kind, baseUrl, settings } = connection;
  if (kind === 'notify') {
    const { dedup = false } = settings;
    return createNotifyChannel({ baseUrl, key: credentials.token, statusUrl: `${webhookUrl}/statuses`, dedup, timeoutMs });
  }
  const { callsPerSecond, textCharactersMax } = settings;
  const common = {
    baseUrl,
    groupId: connection.groupId as string, // the table's check: only notify has none
    timeoutMs,
    ...(callsPerSecond === undefined ? {} : { callsPerSecond }),
    ...(textCharactersMax === undefined ? {} : { textCharactersMax }),
  };
  if (kind === 'vk') return createVkChannel({ ...common, token: credentials.token });
  const { applicationKey, applicationSecret } = credentials;
  const hasApplication = applicationKey !== undefined && applicationSecret !== undefined;
  return createOkChannel({
    ...common,
    graphToken: credentials.token,
    ...(hasApplication && { application: { applicationKey, applicationSecret } }),
  });
}

import { findGroupOfToken, type GroupOfToken, type Network } from '@soroka/channels';
import type { Connection } from '../connections/connections.ts';
import { sentenceOf } from '../platform/sentence.ts';
import { type Surroundings, UsageError, type Work } from './command.ts';
import type { Workplace } from './workplace.ts';

const NETWORK_NAMES: Readonly<Record<Network, string>> = { vk: 'VK', ok: 'OK' };
const CALLS_TIMEOUT_MS = 30_000;
const LIVE_TIMEOUT_MS = 5_000;
const POLL_SECONDS = 1;

/**
 * The group that a token is of; null where the network could not be asked and `group` was given instead. Throws a sentence for
 * a token that the network does not accept, and for one of another group than `group`.
 */
export async function identify(
  network: Network,
  { baseUrl, token, group, timeoutMs }: { baseUrl: string; token: string; group: string | undefined; timeoutMs: number },
): Promise<GroupOfToken | null> {
  const name = NETWORK_NAMES[network];
  const question = { baseUrl: baseUrl.replace(/\/+$/, ''), token, timeoutMs };
  const outcome = await findGroupOfToken(network, question, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  if (outcome.kind === 'failed') {
    if (group !== undefined) return null;
    throw new Error(
      `${name} could not be asked which group the token is of (${outcome.detail}): try again, or give --group and --offline.`,
    );
  }
  if (outcome.kind !== 'done') {
    throw new Error(
      `${name} does not accept the token (${outcome.detail}): make a new one in the settings of the group, and copy all of it.`,
    );
  }
  const { groupId, name: title } = outcome.result;
  if (group !== undefined && group !== groupId) {
    throw new UsageError(
      `--group is ${group}, the token is of the group "${title}" (${groupId}): leave --group out, or take the token of ${group}.`,
    );
  }
  return outcome.result;
}

export function namedGroup(network: Network, { groupId, name }: GroupOfToken): string {
  return `${NETWORK_NAMES[network]} group “${name}” (${groupId})`;
}

/**
 * Makes the network send its events as the connection says, where that can be done from here, and looks at the connection from
 * the network's side. Never throws for what the network does: that is among what is left.
 */
export async function setUp(place: Workplace, connection: Connection, { tell }: Pick<Surroundings, 'tell'>): Promise<Work> {
  const { receive } = connection;
  tell(`Asking ${connection.kind === 'notify' ? 'the upstream' : NETWORK_NAMES[connection.kind]} ...`);
  const received = await RECEPTIONS[receive](place, connection).catch(
    (error: unknown): Work => ({ did: [], left: [sentenceOf(error)] }),
  );
  const looked = await look(place, connection, received.left.length === 0);
  return {
    did: [...received.did, ...looked.did],
    left: [...received.left, ...looked.left],
  };
}

const RECEPTIONS: Readonly<Record<Connection['receive'], (place: Workplace, connection: Connection) => Promise<Work>>> = {
  webhook: subscribe,
  'long-poll': beginPolling,
  off: async () => ({ did: [], left: [] }),
};

async function subscribe({ connections, publicUrl }: Workplace, { id }: Connection): Promise<Work> {
  const channel = await connections.channel(id);
  if (channel.subscribeWebhook === undefined) return { did: [], left: [] };
  const isUp = await fetch(`${publicUrl}/livez`, { signal: AbortSignal.timeout(LIVE_TIMEOUT_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isUp) {
    return {
      did: [],
      left: [
        `The server does not answer at ${publicUrl}. Start it ("soroka serve"): it sets the webhook up by itself. If it is up, set SOROKA_PUBLIC_URL to the address that networks reach it by.`,
      ],
    };
  }
  const { webhookSecret: secret } = await connections.credentials(id);
  const webhook = { url: await connections.webhookUrl(id), ...(secret !== undefined && { secret }) };
  const { state, did, left = [] } = await channel.subscribeWebhook(webhook, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  if (state === 'active') return { did, left };
  const why = state === 'waiting' ? 'has not confirmed our address yet' : 'could not confirm our address';
  return { did, left: [`The network ${why}: see that ${publicUrl} can be opened from the internet. The server goes on trying.`] };
}

// The first poll subscribes and switches on; from then on a server with the role intake polls.
async function beginPolling({ connections }: Workplace, { id }: Connection): Promise<Work> {
  const channel = await connections.channel(id);
  await channel.poll?.(null, POLL_SECONDS, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  return { did: ['Long polling is on; the server polls while it runs ("soroka serve").'], left: [] };
}

/** What the network itself says; that its side of the reception is not there yet is told once. */
async function look({ connections }: Workplace, { id, receive }: Connection, isReceiving: boolean): Promise<Work> {
  const channel = await connections.channel(id);
  const url = receive === 'webhook' ? await connections.webhookUrl(id) : null;
  const steps = (await channel.check?.(url, AbortSignal.timeout(CALLS_TIMEOUT_MS))) ?? [];
  const told = steps.filter(({ name }) => (isReceiving && receive !== 'off' ? true : name !== 'webhook' && name !== 'long-poll'));
  return {
    did: told.filter(({ state }) => state === 'good').map(({ found }) => found),
    left: told
      .filter(({ state }) => state === 'bad')
      .map(({ found, advice }) => (advice === undefined ? found : `${found} ${advice}`)),
  };
}

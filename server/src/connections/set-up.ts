import { findGroupOfToken, type GroupOfToken, type Network } from '@soroka/channels';
import { sentenceOf } from '../platform/sentence.ts';
import type { Connection, Connections } from './connections.ts';

export const NETWORK_NAMES: Readonly<Record<Network, string>> = { vk: 'VK', ok: 'OK' };
const CALLS_TIMEOUT_MS = 30_000;
const POLL_SECONDS = 1;

/** What was done at a network, and what is left to do for the person. Sentences, without secrets. */
export interface SetUpWork {
  did: readonly string[];
  left: readonly string[];
}

/** Whose token it is. */
export type Identified =
  | { kind: 'found'; group: GroupOfToken }
  /** The network does not take the token; `detail` is what it said. */
  | { kind: 'refused'; detail: string }
  /** It could not be asked. */
  | { kind: 'unreachable'; detail: string };

/** Asks the network for the group that a token is of. One call; never throws. */
export async function identifyGroup(
  network: Network,
  { baseUrl, token, timeoutMs }: { baseUrl: string; token: string; timeoutMs: number },
): Promise<Identified> {
  const question = { baseUrl: baseUrl.replace(/\/+$/, ''), token, timeoutMs };
  const outcome = await findGroupOfToken(network, question, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  if (outcome.kind === 'done') return { kind: 'found', group: outcome.result };
  const detail = outcome.detail.replaceAll(token, '****');
  return outcome.kind === 'failed' ? { kind: 'unreachable', detail } : { kind: 'refused', detail };
}

export function namedGroup(network: Network, { groupId, name }: GroupOfToken): string {
  return `${NETWORK_NAMES[network]} group “${name}” (${groupId})`;
}

export interface SetUpParts {
  connections: Pick<Connections, 'channel' | 'credentials' | 'webhookUrl'>;
  /** What keeps the network from reaching us, as a sentence; null where nothing is known to. */
  whyUnreachable(): Promise<string | null>;
}

/**
 * Makes the network send its events as the connection says, where that can be done from here, and looks at the connection from
 * the network's side. Never throws for what the network does: that is among what is left.
 */
export async function setUpConnection(parts: SetUpParts, connection: Connection): Promise<SetUpWork> {
  const received = await RECEPTIONS[connection.receive](parts, connection).catch(
    (error: unknown): SetUpWork => ({ did: [], left: [sentenceOf(error)] }),
  );
  const looked = await look(parts, connection, received.left.length === 0);
  const { token } = await parts.connections.credentials(connection.id);
  const masked = (sentences: readonly string[]) => sentences.map((sentence) => sentence.replaceAll(token, '****'));
  return { did: masked([...received.did, ...looked.did]), left: masked([...received.left, ...looked.left]) };
}

const RECEPTIONS: Readonly<Record<Connection['receive'], (parts: SetUpParts, connection: Connection) => Promise<SetUpWork>>> = {
  webhook: subscribe,
  'long-poll': beginPolling,
  off: async () => ({ did: [], left: [] }),
};

async function subscribe({ connections, whyUnreachable }: SetUpParts, { id }: Connection): Promise<SetUpWork> {
  const channel = await connections.channel(id);
  if (channel.subscribeWebhook === undefined) return { did: [], left: [] };
  const problem = await whyUnreachable();
  if (problem !== null) return { did: [], left: [problem] };
  const { webhookSecret: secret } = await connections.credentials(id);
  const url = await connections.webhookUrl(id);
  const webhook = { url, ...(secret !== undefined && { secret }) };
  const { state, did, left = [] } = await channel.subscribeWebhook(webhook, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  if (state === 'active') return { did, left };
  const why = state === 'waiting' ? 'has not confirmed our address yet' : 'could not confirm our address';
  const { origin } = new URL(url);
  return { did, left: [`The network ${why}: see that ${origin} can be opened from the internet. The server goes on trying.`] };
}

// The first poll subscribes and switches on; from then on a server with the role intake polls.
async function beginPolling({ connections }: SetUpParts, { id }: Connection): Promise<SetUpWork> {
  const channel = await connections.channel(id);
  await channel.poll?.(null, POLL_SECONDS, AbortSignal.timeout(CALLS_TIMEOUT_MS));
  return { did: ['Long polling is on; the server polls while it runs ("soroka serve").'], left: [] };
}

/** What the network itself says; that its side of the reception is not there yet is told once. */
async function look({ connections }: SetUpParts, { id, receive }: Connection, isReceiving: boolean): Promise<SetUpWork> {
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

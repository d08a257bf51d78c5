import type { GroupOfToken, Network } from '@soroka/channels';
import { type Connection, identifyGroup, NETWORK_NAMES, setUpConnection } from '../connections/connections.ts';
import { type Surroundings, UsageError, type Work } from './command.ts';
import type { Workplace } from './workplace.ts';

const LIVE_TIMEOUT_MS = 5_000;

/**
 * The group that a token is of; null where the network could not be asked and `group` was given instead. Throws a sentence for
 * a token that the network does not accept, and for one of another group than `group`.
 */
export async function identify(
  network: Network,
  { baseUrl, token, group, timeoutMs }: { baseUrl: string; token: string; group: string | undefined; timeoutMs: number },
): Promise<GroupOfToken | null> {
  const name = NETWORK_NAMES[network];
  const identified = await identifyGroup(network, { baseUrl, token, timeoutMs });
  if (identified.kind === 'unreachable') {
    if (group !== undefined) return null;
    throw new Error(
      `${name} could not be asked which group the token is of (${identified.detail}): try again, or give --group and --offline.`,
    );
  }
  if (identified.kind === 'refused') {
    throw new Error(
      `${name} does not accept the token (${identified.detail}): make a new one in the settings of the group, and copy all of it.`,
    );
  }
  const { groupId, name: title } = identified.group;
  if (group !== undefined && group !== groupId) {
    throw new UsageError(
      `--group is ${group}, the token is of the group "${title}" (${groupId}): leave --group out, or take the token of ${group}.`,
    );
  }
  return identified.group;
}

/** Sets the connection up at its network where our server can be reached, and says so to the person who waits. */
export async function setUp(place: Workplace, connection: Connection, { tell }: Pick<Surroundings, 'tell'>): Promise<Work> {
  tell(`Asking ${connection.kind === 'notify' ? 'the upstream' : NETWORK_NAMES[connection.kind]} ...`);
  return setUpConnection({ connections: place.connections, whyUnreachable: () => whyServerIsAway(place.publicUrl) }, connection);
}

async function whyServerIsAway(publicUrl: string): Promise<string | null> {
  const isUp = await fetch(`${publicUrl}/livez`, { signal: AbortSignal.timeout(LIVE_TIMEOUT_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (isUp) return null;
  return `The server does not answer at ${publicUrl}. Start it ("soroka serve"): it sets the webhook up by itself. If it is up, set SOROKA_PUBLIC_URL to the address that networks reach it by.`;
}

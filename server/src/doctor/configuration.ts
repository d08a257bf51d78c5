import type { Connection, Connections } from '../connections/connections.ts';
import type { Config } from '../platform/config.ts';
import { bad, type Finding, good } from './finding.ts';

/** Whether a URL leads to this machine alone. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

/** Whether networks can know the way to us. `receiving`: those that hear by webhook. */
export function checkPublicUrl(publicUrl: string, config: Config, receiving: readonly Connection[]): Finding {
  const about = { group: 'configuration', name: 'public-url' } as const;
  const isGiven = config.SOROKA_PUBLIC_URL !== undefined;
  const outside = receiving.filter(({ baseUrl }) => !isLoopback(baseUrl));
  const way = 'Set SOROKA_PUBLIC_URL to the https address under which this server can be opened from the internet.';
  if (outside.length === 0) {
    const found = isGiven
      ? `Others reach us at ${publicUrl}.`
      : `We are at ${publicUrl}; no network has to reach us from outside.`;
    return good(about, found);
  }
  if (isLoopback(publicUrl))
    return bad(
      about,
      `SOROKA_PUBLIC_URL is ${isGiven ? publicUrl : 'not set'}: no network can send events to this machine's own address.`,
      way,
    );
  if (!publicUrl.startsWith('https:'))
    return bad(
      about,
      `SOROKA_PUBLIC_URL is ${publicUrl}, without encryption: messages of people would be open to all on the way.`,
      way,
    );
  return good(about, `Others reach us at ${publicUrl}.`);
}

/** Whether SOROKA_SECRET_KEY is the one that the secrets of these connections were sealed with. */
export async function checkSecretKey(
  connections: Pick<Connections, 'credentials' | 'userCredentials'>,
  ids: { groups: readonly number[]; users: readonly number[] },
): Promise<Finding> {
  const about = { group: 'configuration', name: 'secret-key' } as const;
  const opens = async (id: number, open: (id: number) => Promise<unknown>) =>
    open(id).then(
      () => null,
      () => id,
    );
  const tried = await Promise.all([
    ...ids.groups.map((id) => opens(id, connections.credentials)),
    ...ids.users.map((id) => opens(id, connections.userCredentials)),
  ]);
  const closed = tried.filter((id) => id !== null);
  if (tried.length === 0) return good(about, 'No connection was found whose secrets it would have to open.');
  if (closed.length === 0) return good(about, 'The secret key opens the secrets of every connection.');
  const whose = closed.length === 1 ? `connection ${closed[0]}` : `connections ${closed.join(', ')}`;
  return bad(
    about,
    `SOROKA_SECRET_KEY does not open the secrets of ${whose}: they were sealed with another key.`,
    `Give the server the key that it had. Where that is lost, enter the tokens anew: "soroka connection set ${closed[0]} --token-file FILE".`,
  );
}

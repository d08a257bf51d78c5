import type { SetUpStep } from '@soroka/channels';
import type { Connection, Connections, UserConnection } from '../connections/connections.ts';
import { type ConnectionHealth, readHealth } from '../intake/intake.ts';
import type { OAuth } from '../oauth/oauth.ts';
import type { Queryable } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { sentenceOf } from '../platform/sentence.ts';
import { bad, type Finding, good, unknown } from './finding.ts';
import { checkHook } from './outside.ts';
import { checkApplication } from './signature.ts';

// VK's calls of set-up are two a second; a check makes up to six of them.
const CHECK_TIMEOUT_MS = 20_000;

/** What the network says of a connection, and what our servers have noted about it. */
export async function checkConnection(
  connection: Connection,
  parts: { connections: Pick<Connections, 'channel' | 'webhookUrl' | 'credentials'>; database: Queryable; secrets: Secrets },
): Promise<Finding[]> {
  const { connections, database } = parts;
  const { id, receive } = connection;
  const url = receive === 'webhook' ? await connections.webhookUrl(id) : null;
  const [steps, signature, health, hook] = await Promise.all([
    askNetwork(connection, connections, url),
    connections.credentials(id).then((credentials) => checkApplication(connection, credentials)),
    receive === 'off' ? null : readHealth(database, id),
    url === null ? [] : [await checkHook(connection, parts)],
  ]);
  return [
    ...checkPause(connection),
    ...steps.filter(({ name }) => name !== 'signature' && (receive !== 'off' || !RECEPTION.includes(name))),
    ...(signature === null ? [] : [signature]),
    ...hook,
    checkReception(connection, health),
  ];
}
const RECEPTION: readonly string[] = ['webhook', 'long-poll'] satisfies SetUpStep['name'][];

/** One look at the network with the token of the connection; changes nothing. Never rejects. */
async function askNetwork(
  { id: connectionId }: Connection,
  connections: Pick<Connections, 'channel'>,
  webhookUrl: string | null,
): Promise<Finding[]> {
  try {
    const channel = await connections.channel(connectionId);
    const steps = (await channel.check?.(webhookUrl, AbortSignal.timeout(CHECK_TIMEOUT_MS))) ?? [];
    return steps.map(({ name, state, found, advice }) => ({
      ...{ group: 'connection', connectionId, name, state, found, advice: advice ?? null },
    }));
  } catch (error) {
    const about = { group: 'connection', connectionId, name: 'token' } as const;
    return [bad(about, sentenceOf(error), 'See the finding about the secret key.')];
  }
}

function checkPause({ id: connectionId, pausedReason }: Pick<Connection, 'id' | 'pausedReason'>): Finding[] {
  if (pausedReason === null) return [];
  const about = { group: 'connection', connectionId, name: 'paused' } as const;
  const advice = `Give it a working token: "soroka connection set ${connectionId} --token-file FILE", or go on with --resume.`;
  return [bad(about, `It is paused, and its messages wait: ${pausedReason}`, advice)];
}

function checkReception({ id: connectionId, receive }: Connection, health: ConnectionHealth | null): Finding {
  const about = { group: 'connection', connectionId, name: 'events' } as const;
  if (receive === 'off') {
    const advice = `To hear what people write: "soroka connection set ${connectionId} --receive webhook", or long-poll without an address of your own.`;
    return unknown(about, 'It receives nothing: it was told so (receive is off).', advice);
  }
  if (health === null) return unknown(about, 'No server has looked at it yet.', 'Start the server: "soroka serve".');
  if (health.problem !== null) {
    const since = health.since === null ? '' : ` since ${health.since.toISOString()}`;
    const detail = health.detail ?? 'it does not say why';
    return bad(
      about,
      `The server has had trouble with its ${health.problem}${since}: ${detail}`,
      'Mend what stands above, then run this again: the server tries by itself.',
    );
  }
  if (health.lastEventAt === null)
    return unknown(about, 'No event has come yet.', 'Write to the group from an account of your own, and run this again.');
  return good(about, `The last event came at ${health.lastEventAt.toISOString()}.`);
}

/** Whether the access in the name of a person still works. */
export async function checkUserConnection(
  { id: connectionId, pausedReason }: UserConnection,
  oauth: Pick<OAuth, 'profile'>,
): Promise<Finding[]> {
  const about = (name: string) => ({ group: 'connection', connectionId, name }) as const;
  const askAgain = `Ask the person again: "soroka connection authorize ${connectionId}".`;
  const ability = good(
    about('messages'),
    'It sends no messages: OK gives applications no right to write in the name of a person.',
  );
  if (pausedReason !== null) return [bad(about('token'), `The access is over: ${pausedReason}`, askAgain), ability];
  const outcome = await oauth.profile(connectionId, AbortSignal.timeout(CHECK_TIMEOUT_MS));
  switch (outcome.kind) {
    case 'done':
      return [good(about('token'), `OK takes the token: it is that of ${outcome.result.name}.`), ability];
    case 'failed':
      return [unknown(about('token'), `OK could not be asked: ${outcome.detail}`, 'Try again.'), ability];
    default:
      return [bad(about('token'), `OK does not take the token: ${outcome.detail}`, askAgain), ability];
  }
}

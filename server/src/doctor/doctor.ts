import type { Connection, Connections, UserConnection } from '../connections/connections.ts';
import type { OAuth } from '../oauth/oauth.ts';
import type { Config } from '../platform/config.ts';
import type { Database } from '../platform/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import { sentenceOf } from '../platform/sentence.ts';
import { checkDatabaseClock, checkNetworkClock } from './clock.ts';
import { checkPublicUrl, checkSecretKey } from './configuration.ts';
import { checkConnection, checkUserConnection } from './connections.ts';
import { checkDatabase } from './database.ts';
import { bad, type Finding, GROUPS, type GroupName } from './finding.ts';
import { checkNetworks, reachNetworks } from './networks.ts';
import { checkProxy, checkPublicAddress } from './outside.ts';
import { checkSigning } from './signature.ts';

export { type Finding, GROUPS, type GroupName } from './finding.ts';
export { isProbe, registerProbe } from './probe.ts';
export { explainSignature } from './signature.ts';

export interface DoctorParts {
  config: Config;
  database: Database;
  databaseUrl: string;
  secrets: Secrets;
  publicUrl: string;
  connections: Pick<Connections, 'channel' | 'webhookUrl' | 'credentials' | 'userCredentials'>;
  oauth: Pick<OAuth, 'profile'>;
}

/** Whom to look at beside the server itself. */
export interface Patients {
  groups: readonly Connection[];
  users: readonly UserConnection[];
}

/** Looks and changes nothing. `onBegin` is told each group as it is begun. Findings come in the order of `GROUPS`, secrets masked. */
export async function examine(
  parts: DoctorParts,
  { groups, users }: Patients,
  onBegin: (what: string) => void = () => {},
): Promise<Finding[]> {
  const { config, database, databaseUrl, secrets, publicUrl, connections, oauth } = parts;
  const receiving = groups.filter(({ receive }) => receive === 'webhook');
  const ids = { groups: groups.map(({ id }) => id), users: users.map(({ id }) => id) };
  onBegin('the networks');
  const reached = await reachNetworks([...groups, ...users].map(({ baseUrl }) => baseUrl));
  const findings: Finding[] = [];

  const look = async (group: GroupName, work: () => Promise<readonly Finding[]>, connectionId: number | null = null) => {
    onBegin(connectionId === null ? GROUPS[group].toLowerCase() : `connection ${connectionId}`);
    try {
      findings.push(...(await work()));
    } catch (error) {
      findings.push(bad({ group, name: 'look', connectionId }, sentenceOf(error), 'Mend this first, and run the doctor again.'));
    }
  };
  await look('clock', async () => [await checkDatabaseClock(database), checkNetworkClock(reached)]);
  await look('database', () => checkDatabase(database, databaseUrl));
  await look('configuration', async () => [checkPublicUrl(publicUrl, config, receiving), await checkSecretKey(connections, ids)]);
  await look('networks', async () => checkNetworks(reached));
  await look('signature', async () => [checkSigning()]);
  if (receiving.length > 0) {
    await look('outside', () => Promise.all([checkPublicAddress(publicUrl), checkProxy(publicUrl, config, secrets)]));
  }
  for (const group of groups)
    await look('connection', () => checkConnection(group, { connections, database, secrets }), group.id);
  for (const user of users) await look('connection', () => checkUserConnection(user, oauth), user.id);
  const mask = await masking(connections, ids);
  return findings.map((finding) => ({
    ...finding,
    found: mask(finding.found),
    advice: finding.advice === null ? null : mask(finding.advice),
  }));
}

/** What is found at one connection alone, secrets masked. Asks its network, and changes nothing. */
export async function examineConnection(
  parts: Pick<DoctorParts, 'database' | 'secrets'> & { connections: Pick<Connections, 'channel' | 'webhookUrl' | 'credentials'> },
  connection: Connection,
): Promise<Pick<Finding, 'name' | 'state' | 'found' | 'advice'>[]> {
  const credentials = async () => {
    throw new Error('a group acts for nobody');
  };
  const mask = await masking({ ...parts.connections, userCredentials: credentials }, { groups: [connection.id], users: [] });
  const findings = await checkConnection(connection, parts);
  return findings.map(({ name, state, found, advice }) => ({
    ...{ name, state, found: mask(found) },
    advice: advice === null ? null : mask(advice),
  }));
}

// A short one, of the demo world, is no secret and would cut words in two.
const SECRET_CHARACTERS_MIN = 8;

/** What networks and errors say may repeat what they were given. */
async function masking(
  connections: Pick<Connections, 'credentials' | 'userCredentials'>,
  ids: { groups: readonly number[]; users: readonly number[] },
): Promise<(text: string) => string> {
  const opened = await Promise.allSettled([
    ...ids.groups.map(async (id) => {
      const { token, webhookSecret, intakeToken, applicationSecret } = await connections.credentials(id);
      return [token, webhookSecret, intakeToken, applicationSecret];
    }),
    ...ids.users.map(async (id) => {
      const { accessToken, refreshToken, sessionSecret, applicationSecret } = await connections.userCredentials(id);
      return [accessToken, refreshToken, sessionSecret, applicationSecret];
    }),
  ]);
  const secrets = opened
    .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    .filter((secret) => typeof secret === 'string' && secret.length >= SECRET_CHARACTERS_MIN);
  return (text) => secrets.reduce<string>((masked, secret) => masked.replaceAll(String(secret), '****'), text);
}

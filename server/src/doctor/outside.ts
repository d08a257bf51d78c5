import type { Connection, Connections } from '../connections/connections.ts';
import type { Config } from '../platform/config.ts';
import type { Secrets } from '../platform/secrets.ts';
import { isLoopback } from './configuration.ts';
import { bad, type Finding, good, unknown } from './finding.ts';
import { PROBE_PATH, probeHeaders, readArrival } from './probe.ts';
import { type Call, describeStuck, type Reached, reach } from './reach.ts';

const TIMEOUT_MS = 5_000;
const PROVES_LITTLE = 'That is a look from inside, which proves little: what the networks say stands with each connection.';
const START = 'Start the server ("soroka serve"), and see that SOROKA_PUBLIC_URL and the proxy before it lead there.';

/** Calls that a hook answers without keeping anything, and what it answers where everything is right. */
const HOOK_PROBES: Readonly<
  Record<Connection['kind'], { end: string; call: Omit<Call, 'timeoutMs'>; statuses: readonly number[] }>
> = {
  vk: { end: '', call: { method: 'POST', body: '{}' }, statuses: [403] }, // names no group
  ok: { end: '', call: { method: 'POST', body: '{"webhookType":"CONFIRMATION"}' }, statuses: [200, 403] }, // 403: none is set
  notify: { end: '/incoming', call: { method: 'GET' }, statuses: [405] },
};

/** Whether our public address leads to a server of ours. */
export async function checkPublicAddress(publicUrl: string): Promise<Finding> {
  const about = { group: 'outside', name: 'public-address' } as const;
  const url = `${publicUrl}/livez`;
  const reached = await reach(url, { timeoutMs: TIMEOUT_MS });
  if (reached.kind === 'stuck') {
    const { found, advice } = describeStuck(url, reached);
    return bad(about, found, `${advice} ${START}`);
  }
  if (reached.status === 200 && reached.text.includes('live')) return good(about, `${url} answers. ${PROVES_LITTLE}`);
  return bad(
    about,
    `${url} answers with HTTP ${reached.status}: something else stands there, or nothing behind the proxy.`,
    START,
  );
}

/** Whether the server sees who really calls: OK's webhooks are taken from OK's addresses alone. */
export async function checkProxy(publicUrl: string, config: Config, secrets: Secrets): Promise<Finding> {
  const about = { group: 'outside', name: 'proxy' } as const;
  const headers = probeHeaders(secrets, Date.now());
  const reached = await reach(`${publicUrl}${PROBE_PATH}`, { headers, timeoutMs: TIMEOUT_MS });
  const arrival = reached.kind === 'answered' && reached.status === 200 ? readArrival(reached.text) : null;
  if (arrival === null) {
    const found = 'The server could not be asked how requests arrive at it.';
    return unknown(about, found, 'See that it runs, in this version, and with the same SOROKA_SECRET_KEY.');
  }
  const { socketAddress, forwardedFor, callerAddress } = arrival;
  const trusted = config.SOROKA_TRUSTED_PROXIES.join(', ');
  if (forwardedFor === null) {
    if (trusted === '') return good(about, `Requests come straight to the server; it saw this one come from ${callerAddress}.`);
    const found = `This request came straight to the server, not by the proxies of SOROKA_TRUSTED_PROXIES (${trusted}).`;
    return unknown(about, found, 'That is all right where the proxy stands only before requests from outside.');
  }
  const isBelieved = callerAddress !== socketAddress;
  if (isBelieved)
    return good(about, `A proxy at ${socketAddress} is trusted: the server saw this request come from ${callerAddress}.`);
  return bad(
    about,
    `A proxy at ${socketAddress} passes requests on, and the server does not believe what it says of their origin (X-Forwarded-For: ${forwardedFor}). Every request seems to come from the proxy, and OK's webhooks are refused with 403.`,
    `Set SOROKA_TRUSTED_PROXIES=${withoutIPv4Clothes(socketAddress)} and start the server anew.`,
  );
}

/** Whether the address that the network was given leads to the server that has this connection. */
export async function checkHook(
  { id: connectionId, kind, baseUrl }: Pick<Connection, 'id' | 'kind' | 'baseUrl'>,
  { connections, secrets }: { connections: Pick<Connections, 'webhookUrl'>; secrets: Secrets },
): Promise<Finding> {
  const about = { group: 'connection', connectionId, name: 'hook' } as const;
  const { end, call, statuses } = HOOK_PROBES[kind];
  const url = `${await connections.webhookUrl(connectionId)}${end}`;
  const reached = await reach(url, { ...call, headers: probeHeaders(secrets, Date.now()), timeoutMs: TIMEOUT_MS });
  const finding = describeHook(about, url, reached, statuses);
  const isFar = isLoopback(url) && !isLoopback(baseUrl);
  if (finding.state === 'bad' || !isFar) return finding;
  return bad(
    about,
    'Our address for its events is one of this machine alone: the network cannot reach it.',
    'Set SOROKA_PUBLIC_URL, or receive by --receive long-poll.',
  );
}

function describeHook(
  about: Pick<Finding, 'group' | 'connectionId' | 'name'>,
  url: string,
  reached: Reached,
  statuses: readonly number[],
): Finding {
  if (reached.kind === 'stuck') {
    const { found, advice } = describeStuck(url, reached);
    return bad(about, found, `${advice} ${START}`);
  }
  if (statuses.includes(reached.status)) return good(about, 'Our address for its events leads to the server.');
  if (reached.status === 404)
    return bad(
      about,
      'The server at our address does not know this connection.',
      'See that it runs on the same database as this command, and has the role intake.',
    );
  return bad(about, `Our address for its events answers with HTTP ${reached.status}.`, START);
}

function withoutIPv4Clothes(address: string): string {
  return address.replace(/^::ffff:/, '');
}

import type { SetUpStep } from '../actions.ts';
import { readFields } from '../body/body.ts';
import { CAPABILITIES } from '../capabilities.ts';
import type { Channel, Outgoing, Receipt, SendOutcome, Subscription } from '../channel.ts';
import { createHttp, type Http, type HttpAnswer } from '../http/http.ts';
import { parseJson } from '../json.ts';
import { outcomesOfAnswer } from './notify-answer.ts';
import { receiptOf } from './notify-events.ts';
import { createPostTogether, type Item } from './post-together.ts';

export interface NotifyChannelOptions {
  /** Root before `/vk/messages`. */
  baseUrl: string;
  /** The API key, sent as `Authorization: Key …`. */
  key: string;
  /** Where the upstream calls back to; sent with every message. */
  statusUrl: string;
  /** Whether the upstream honours `clientMessageId`, so that a repeat sends nothing twice. */
  dedup: boolean;
  /** Of one whole call. */
  timeoutMs: number;
}

export type NotifyChannel = Channel & Required<Pick<Channel, 'receipts' | 'subscribeWebhook' | 'check' | 'close'>>;

// The limit of our own gateway, which may be the upstream.
const REQUEST_BYTES_MAX = 4 * 1_048_576;
// A group's slots are taken until the answer: it must not wait for a thousand messages of others. More would save next to nothing.
const TOGETHER_MAX = 100;

/**
 * The upstream that knows people by phone: the vendor of POST /vk/messages, or another gateway of this contract.
 * Source: docs.devino.online/en/http/vk_ok.
 */
export function createNotifyChannel({ baseUrl, key, statusUrl, dedup, timeoutMs }: NotifyChannelOptions): NotifyChannel {
  const upstream: Upstream = {
    http: createHttp({ timeoutMs }),
    url: `${baseUrl}/vk/messages`,
    headers: { authorization: `Key ${key}`, 'content-type': 'application/json' },
  };
  const post = createPostTogether((items, signal) => sendItems(upstream, items, signal), TOGETHER_MAX);
  return {
    kind: 'notify',
    capabilities: { ...CAPABILITIES.notify, dropsRepeats: dedup },
    async send(batch, signal) {
      const items = batch.map((message) => itemOf(message, statusUrl, dedup));
      const outcomes = await post(
        items.filter((item) => item !== undefined),
        signal,
      );
      let taken = 0;
      return items.map((item) => (item === undefined ? undefined : outcomes[taken++]) ?? NO_NOTIFICATION);
    },
    receipts: (networkId, signal) => fetchReceipts(upstream, networkId, signal),
    subscribeWebhook: ({ url }, signal) => askForIncoming(upstream, `${baseUrl}/v1/account`, `${url}/incoming`, signal),
    check: (_, signal) => checkKey(upstream, `${baseUrl}/v1/account`, signal),
    close: () => upstream.http.close(),
  };
}

interface Upstream {
  http: Http;
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** The upstream renders from a template: a message with a text alone is nothing to it. */
const NO_NOTIFICATION: SendOutcome = { kind: 'refused', reason: 'provider', networkCode: 'notification.missing' };

/** The template's data goes in with the bytes the customer gave. */
function itemOf({ network, recipientId, notification, dedupKey }: Outgoing, statusUrl: string, dedup: boolean): Item | undefined {
  if (notification === undefined) return undefined;
  const { service, templateId, tmpl, templateData, deliveryPolicy, ttlSeconds } = notification;
  const fields = {
    phone: recipientId,
    routes: [network.toUpperCase()],
    service,
    templateId,
    tmpl,
    delivery_policy: deliveryPolicy,
    ttl: ttlSeconds,
    status_url: statusUrl,
    ...(dedup && { clientMessageId: dedupKey }),
  };
  return `${JSON.stringify(fields).slice(0, -1)},"tmpl_data":${templateData}}`;
}

async function sendItems(upstream: Upstream, items: readonly Item[], signal: AbortSignal): Promise<SendOutcome[]> {
  const body = `[${items.join(',')}]`;
  if (Buffer.byteLength(body) > REQUEST_BYTES_MAX && items.length > 1) return sendHalves(upstream, items, signal);
  const answer = await upstream.http.call({ method: 'POST', url: upstream.url, headers: upstream.headers, body }, signal);
  if (isRefusedForItsItems(answer)) {
    if (items.length > 1) return sendHalves(upstream, items, signal);
    if (answer.status === 413) return [{ kind: 'refused', reason: 'content', networkCode: 'request.too.large' }];
  }
  return outcomesOfAnswer(answer, items.length);
}

/** Nothing of it was taken, wherever on the way that was said; without one of the items the others may be. */
function isRefusedForItsItems(answer: HttpAnswer): answer is HttpAnswer & { kind: 'answered' } {
  return answer.kind === 'answered' && (answer.status === 400 || answer.status === 413);
}

async function sendHalves(upstream: Upstream, items: readonly Item[], signal: AbortSignal): Promise<SendOutcome[]> {
  const middle = Math.ceil(items.length / 2);
  const first = await sendItems(upstream, items.slice(0, middle), signal);
  return [...first, ...(await sendItems(upstream, items.slice(middle), signal))];
}

async function fetchReceipts({ http, url, headers }: Upstream, networkId: string, signal: AbortSignal): Promise<Receipt[]> {
  const answer = await http.call({ method: 'GET', url: `${url}/${encodeURIComponent(networkId)}`, headers }, signal);
  if (answer.kind !== 'answered') {
    throw new Error(
      `the upstream did not answer for the status of a message (${answer.kind === 'unsent' ? answer.code : answer.detail}): ask again`,
    );
  }
  if (answer.status === 404) return [];
  if (answer.status !== 200)
    throw new Error(`the upstream answered with status ${answer.status} for the status of a message: ask again later`);
  const history = readFields(parseJson(answer.text), "the upstream's message").array('history');
  return history.flatMap((line, index) => receiptOf(readFields(line, `history[${index}]`), networkId));
}

/**
 * Another gateway of ours takes the address of incoming messages by API. The vendor takes it by its support ("contact your account
 * manager": seed 001) and has no such route: its 404 or 405 is no failure, the address was or will be arranged by people.
 */
async function askForIncoming(
  { http, headers }: Upstream,
  url: string,
  incomingUrl: string,
  signal: AbortSignal,
): Promise<Subscription> {
  // Looked at again and again: to tell it each time would read as if it had been lost.
  const before = await http.call({ method: 'GET', url, headers }, signal);
  if (before.kind === 'answered' && before.status === 200 && accountOf(before)?.incomingUrl === incomingUrl)
    return { state: 'active', did: [] };
  const answer = await http.call({ method: 'PATCH', url, headers, body: JSON.stringify({ incomingUrl }) }, signal);
  if (answer.kind !== 'answered') throw new Error('the upstream did not answer when told where incoming messages go: try again');
  if (answer.status === 200) {
    if (accountOf(answer)?.incomingUrl === incomingUrl)
      return { state: 'active', did: ['The upstream was told where incoming messages go.'] };
    throw new Error(
      'the upstream answered with something else than its account when told where incoming messages go: check its address and try again',
    );
  }
  if (answer.status === 404 || answer.status === 405) return { state: 'active', did: [], left: [ARRANGED_BY_PEOPLE] };
  throw new Error(
    `the upstream answered with status ${answer.status} when told where incoming messages go: check the key's rights`,
  );
}

const ARRANGED_BY_PEOPLE =
  'The upstream takes no address by its API: ask its support to send incoming messages to the address of this connection.';

/** The vendor has no route that only looks: there the first message tells. */
async function checkKey({ http, headers }: Upstream, url: string, signal: AbortSignal): Promise<readonly SetUpStep[]> {
  const answer = await http.call({ method: 'GET', url, headers }, signal);
  if (answer.kind !== 'answered') {
    const advice = 'Check the address of the upstream, and whether this machine may reach it.';
    return [{ name: 'token', state: 'unknown', found: 'The upstream did not answer.', advice }];
  }
  switch (answer.status) {
    case 200: {
      if (accountOf(answer) !== null) return [{ name: 'token', state: 'good', found: 'The upstream knows the key.' }];
      const found = 'Asked about the key, the upstream answered with something else than its account.';
      const advice = 'Check the address of the upstream: another program, or a front before it, may answer there.';
      return [{ name: 'token', state: 'unknown', found, advice }];
    }
    case 401:
      return [
        {
          name: 'token',
          state: 'bad',
          found: 'The upstream does not know the key.',
          advice: 'Give the connection a key that is valid.',
        },
      ];
    case 403:
      return [{ name: 'token', state: 'good', found: 'The upstream knows the key, which may not read the account.' }];
    default: {
      const found = `The upstream cannot be asked about the key: it answered with status ${answer.status}.`;
      return [{ name: 'token', state: 'unknown', found, advice: 'Send one message and look at its status.' }];
    }
  }
}

/** The account of the key, as another gateway of ours shows it; null for anything else, which a front may give with 200 as well. */
function accountOf({ text }: Pick<HttpAnswer & { kind: 'answered' }, 'text'>): { incomingUrl: string | null } | null {
  try {
    const incomingUrl = readFields(parseJson(text)).raw('incomingUrl');
    return incomingUrl === null || typeof incomingUrl === 'string' ? { incomingUrl } : null;
  } catch {
    return null;
  }
}

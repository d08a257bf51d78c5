import { APPLICATION_SENDER, OK_APPLICATION } from './application.ts';
import type { Updates } from './updates.ts';
import type { Webhooks } from './webhooks.ts';

/** What the settings page of an application says of a webhook. `problem` says what was expected. */
export type Confirmation = { isConfirmed: true } | { isConfirmed: false; problem: string };

/** Events of the application itself, of games and apps (contracts/ok.md 4.4). [?] Which events there are is not documented. */
export interface ApplicationEvents {
  /** Somebody enters the address in the application's settings and presses "Confirm"; once confirmed, events go there. */
  confirm(url: string): Promise<Confirmation>;
  /** Something happened: to the confirmed address, and to events.updates. `body` is sent as it is. */
  publish(body: object): void;
  reset(options: { subscriptions: boolean }): void;
}

/** The browser page that asks for confirmation: its address must be allowed by CORS. */
const SETTINGS_ORIGIN = 'https://nap.okapps.ru';
const CONFIRMATION_TYPES: readonly string[] = ['application/html', 'application/text'];
const ANSWER_WITHIN_MS = 5_000;
const EVENT = 'APPLICATION_EVENT';

export function createApplicationEvents(webhooks: Webhooks, updates: Updates): ApplicationEvents {
  updates.subscribe(APPLICATION_SENDER, [EVENT]);
  return {
    async confirm(url) {
      if (!/^https?:\/\/\S+$/.test(url) || !URL.canParse(url))
        return { isConfirmed: false, problem: 'url should be an http or https address' };
      const problem = (await preflightProblem(url)) ?? (await answerProblem(url));
      if (problem !== null) return { isConfirmed: false, problem };
      for (const known of webhooks.list(APPLICATION_SENDER)) webhooks.remove(APPLICATION_SENDER, known.url);
      webhooks.add(APPLICATION_SENDER, url, [EVENT]);
      return { isConfirmed: true };
    },
    publish(body) {
      const event = { group: APPLICATION_SENDER, type: EVENT, chatId: '', body };
      webhooks.publish(event, 1);
      updates.publish(event, 1);
    },
    reset({ subscriptions }) {
      if (subscriptions) updates.subscribe(APPLICATION_SENDER, [EVENT]);
    },
  };
}

/** Asks as a browser does before it posts JSON to another site. */
async function preflightProblem(url: string): Promise<string | null> {
  const answer = await ask(url, {
    method: 'OPTIONS',
    headers: {
      origin: SETTINGS_ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  if (answer === null) return 'OPTIONS was not answered within 5 s';
  if (!answer.ok) return `OPTIONS was answered with ${answer.status}; a browser goes on only after a 2xx`;
  const headers = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase();
  if (headers !== '*' && !headers.split(',').some((name) => name.trim() === 'content-type')) {
    return 'Access-Control-Allow-Headers of the answer to OPTIONS should name content-type';
  }
  return originProblem(answer, 'OPTIONS');
}

async function answerProblem(url: string): Promise<string | null> {
  const answer = await ask(url, {
    method: 'POST',
    headers: { origin: SETTINGS_ORIGIN, 'content-type': 'application/json' },
    body: JSON.stringify({ webhookType: 'CONFIRMATION' }),
  });
  if (answer === null) return 'the POST was not answered within 5 s';
  if (answer.status !== 200) return `the POST was answered with ${answer.status}, not with 200`;
  const type = (answer.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  if (!CONFIRMATION_TYPES.includes(type)) return `Content-Type is "${type}", it should be ${CONFIRMATION_TYPES.join(' or ')}`;
  if (answer.text !== OK_APPLICATION.confirmation)
    return 'the body is not the confirmation string of the settings, and nothing else';
  return originProblem(answer, 'POST');
}

interface Answer {
  ok: boolean;
  status: number;
  headers: Headers;
  text: string;
}

function originProblem({ headers }: Answer, method: string): string | null {
  const allowed = headers.get('access-control-allow-origin') ?? '';
  return allowed === '*' || allowed === SETTINGS_ORIGIN
    ? null
    : `Access-Control-Allow-Origin of the answer to ${method} should be ${SETTINGS_ORIGIN}`;
}

async function ask(url: string, init: RequestInit): Promise<Answer | null> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { ok: response.ok, status: response.status, headers: response.headers, text: await response.text() };
  } catch {
    return null; // refused, reset or too slow
  }
}

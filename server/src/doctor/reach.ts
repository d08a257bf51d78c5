import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';

export type Stage = 'name' | 'connection' | 'tls' | 'answer';

/** How far a call came. Times in milliseconds, each from the end of the stage before. */
export type Reached =
  | {
      kind: 'answered';
      status: number;
      /** The beginning of the body. */
      text: string;
      stagesMs: Readonly<Partial<Record<Stage, number>>>;
      /** How much our clock is ahead of the answer's Date, within a second; null where it has none. */
      aheadMs: number | null;
    }
  | { kind: 'stuck'; at: Stage; code: string };

export interface Call {
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
}

const TEXT_CHARACTERS_MAX = 2_000;

/** One call on a connection of its own, with what each stage took. Never rejects; redirects are not followed. */
export function reach(url: string, { method = 'GET', headers = {}, body, timeoutMs }: Call): Promise<Reached> {
  return new Promise((resolve) => {
    const isSecure = url.startsWith('https:');
    const stagesMs: Partial<Record<Stage, number>> = {};
    const sentAt = Date.now();
    let at: Stage = isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) === 0 ? 'name' : 'connection';
    let since = performance.now();
    const pass = (next: Stage): void => {
      const now = performance.now();
      stagesMs[at] = Math.round(now - since);
      [at, since] = [next, now];
    };
    const stick = (code: string): void => {
      clearTimeout(timer);
      call.destroy();
      resolve({ kind: 'stuck', at, code });
    };
    const options: RequestOptions = { method, headers: { ...headers, connection: 'close' }, agent: false };
    const call: ClientRequest = isSecure ? httpsRequest(url, options) : httpRequest(url, options);
    const timer = setTimeout(() => stick('timeout'), timeoutMs);

    call.on('socket', (socket) => {
      socket.on('lookup', (error) => {
        if (error === null) pass('connection');
      });
      socket.on('connect', () => pass(isSecure ? 'tls' : 'answer'));
      socket.on('secureConnect', () => pass('answer'));
    });
    call.on('response', (answer: IncomingMessage) => {
      pass('answer');
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, TEXT_CHARACTERS_MAX);
      });
      answer.on('error', (error: NodeJS.ErrnoException) => stick(error.code ?? error.name));
      answer.on('end', () => {
        clearTimeout(timer);
        resolve({ kind: 'answered', status: answer.statusCode ?? 0, text, stagesMs, aheadMs: aheadOf(answer, sentAt) });
      });
    });
    call.on('error', (error: NodeJS.ErrnoException) => stick(error.code ?? error.name));
    call.end(body);
  });
}

// The header knows whole seconds only, those that had passed: half of one is added.
function aheadOf(answer: IncomingMessage, sentAt: number): number | null {
  const date = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(date) ? null : (sentAt + Date.now()) / 2 - (date + 500);
}

const STUCK: Readonly<Record<Stage, (host: string, code: string) => { found: string; advice: string }>> = {
  name: (host, code) => ({
    found: `The name ${host} cannot be looked up (${code}).`,
    advice: 'Look at the name servers of this machine (/etc/resolv.conf), and whether the address is spelled right.',
  }),
  connection: (host, code) => ({
    found: `${host} takes no connection (${code}).`,
    advice: 'Look at the firewall and the way out of this machine, and whether something listens there.',
  }),
  tls: (host, code) => ({
    found: `${host} takes the connection, but its certificate or its encryption is not accepted (${code}).`,
    advice:
      'Look at the clock of this machine, at its list of certificate authorities (ca-certificates), and at a proxy that opens encrypted connections.',
  }),
  answer: (host, code) => ({
    found: `${host} takes the connection and gives no answer (${code}).`,
    advice: 'Try again; if it stays so, look at a proxy or firewall between.',
  }),
};

/** What it means and what to do, for people. */
export function describeStuck(url: string, { at, code }: Extract<Reached, { kind: 'stuck' }>): { found: string; advice: string } {
  return STUCK[at](new URL(url).host, code);
}

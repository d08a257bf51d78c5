import { createHttp } from '../../http/http.ts';
import { type OkAnswer, readOkAnswer } from '../ok-answer.ts';
import { OK_SETTINGS, type OkSettings } from '../ok-settings.ts';
import { createOkNotifications, type OkNotifications } from './ok-notifications.ts';
import { signOkCall } from './ok-signature.ts';
import { createOkUsers, type OkUsers } from './ok-users.ts';

export interface OkRestOptions {
  /** Root before `/fb.do`: `https://api.ok.ru`. */
  baseUrl: string;
  /** The application's public key, `CBA…`. */
  applicationKey: string;
  applicationSecret: string;
  /** Of one whole call. */
  timeoutMs: number;
  /** `fb.do?method=users.getInfo`, or `api/users/getInfo`, where the method is no parameter and is not signed. */
  callForm?: 'fb.do' | 'api';
  /** Whether calls carry a growing `call_id`. */
  numbersCalls?: boolean;
  settings?: Partial<OkSettings>;
  now?: () => Date;
}

/** On behalf of a person. `sessionSecret` is there after client OAuth and then signs in place of the application's secret. */
export interface OkSession {
  accessToken: string;
  sessionSecret?: string;
}

export interface OkCallOptions {
  /** Some methods require one, some forbid it: errors 453 and 451. */
  session?: OkSession;
  /** In place of the client's own, for a call that waits on purpose. */
  timeoutMs?: number;
}

/** Calls one method; the application's key, the format and the signature are added. Never throws. */
export type OkCall = (
  method: string,
  params: Readonly<Record<string, string>>,
  signal: AbortSignal,
  options?: OkCallOptions,
) => Promise<OkAnswer>;

export interface OkRest extends OkNotifications, OkUsers {
  call: OkCall;
  close(): Promise<void>;
}

/** A client of the REST API for one application. Source: apiok.ru/en/dev/methods. */
export function createOkRest({
  baseUrl,
  applicationKey,
  applicationSecret,
  timeoutMs,
  callForm = 'fb.do',
  numbersCalls = false,
  settings: given,
  now = () => new Date(),
}: OkRestOptions): OkRest {
  const settings = { ...OK_SETTINGS, ...given };
  const http = createHttp({ timeoutMs });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  let lastCallId = 0;

  const call: OkCall = async (method, params, signal, { session, timeoutMs: callTimeoutMs } = {}) => {
    const signed = {
      ...params,
      application_key: applicationKey,
      format: 'json',
      ...(callForm === 'fb.do' && { method }),
      ...(numbersCalls && { call_id: String(++lastCallId) }),
    };
    const sig = signOkCall(signed, { applicationSecret, ...session });
    const form = new URLSearchParams({ ...signed, sig, ...(session && { access_token: session.accessToken }) });
    const url = callForm === 'fb.do' ? `${baseUrl}/fb.do` : `${baseUrl}/api/${method.replace('.', '/')}`;
    const request = { method: 'POST', url, headers, body: form.toString() } as const;
    return readOkAnswer(
      await http.call({ ...request, ...(callTimeoutMs !== undefined && { timeoutMs: callTimeoutMs }) }, signal),
    );
  };
  return {
    call,
    ...createOkNotifications(call, settings, now),
    ...createOkUsers(call, settings),
    close: () => http.close(),
  };
}

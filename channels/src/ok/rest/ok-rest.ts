import type { SendOutcome } from '../../channel.ts';
import { createHttp } from '../../http/http.ts';
import { OK_ERRORS, type OkAnswer, outcomeOfProblem, readOkAnswer } from '../ok-answer.ts';
import { signOkCall } from './ok-signature.ts';

export interface OkRestOptions {
  /** Root before `/fb.do`: `https://api.ok.ru`. */
  baseUrl: string;
  /** The application's public key, `CBA…`. */
  applicationKey: string;
  applicationSecret: string;
  /** Of one whole call. */
  timeoutMs: number;
}

/** A notification of the application, not a message of a group: at most 100 characters, 5 a day for one person. */
export interface OkSimpleNotification {
  /** The person's id, without prefix. */
  uid: string;
  text: string;
  /** Comes back as `custom_args` when it is clicked. */
  mark?: string;
}

export interface OkRest {
  /** Calls one method; the application's key, the format and the signature are added. Never throws. */
  call(
    method: string,
    params: Readonly<Record<string, string>>,
    signal: AbortSignal,
    session?: { accessToken: string },
  ): Promise<OkAnswer>;
  /** `notifications.sendSimple`, which forbids a session. Never throws; `networkId` is what OK answered with. */
  sendSimple(notification: OkSimpleNotification, signal: AbortSignal): Promise<SendOutcome>;
  close(): Promise<void>;
}

// Here 11 does not pass by itself: the person has not opened the application for 14 days, or has had 5 today.
// apiok.ru/en/dev/methods/rest/notifications/notifications.sendSimple
const SEND_SIMPLE_ERRORS: typeof OK_ERRORS = { ...OK_ERRORS, 11: { kind: 'refused', reason: 'daily_limit' } };

/** A client of the REST API for one application. Source: apiok.ru/en/dev/methods. */
export function createOkRest({ baseUrl, applicationKey, applicationSecret, timeoutMs }: OkRestOptions): OkRest {
  const http = createHttp({ timeoutMs });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };

  const call: OkRest['call'] = async (method, params, signal, session) => {
    const signed = { ...params, method, application_key: applicationKey, format: 'json' };
    const sig = signOkCall(signed, { applicationSecret, ...session });
    const form = new URLSearchParams({ ...signed, sig, ...(session && { access_token: session.accessToken }) });
    return readOkAnswer(await http.call({ method: 'POST', url: `${baseUrl}/fb.do`, headers, body: form.toString() }, signal));
  };
  return {
    call,
    async sendSimple({ uid, text, mark }, signal) {
      const answer = await call('notifications.sendSimple', { uid, text, ...(mark !== undefined && { mark }) }, signal);
      if (answer.kind !== 'result') return outcomeOfProblem(answer, SEND_SIMPLE_ERRORS);
      // What a good call returns is not documented: clients of the wild take a bare `true` or an id.
      if (answer.result === false)
        return { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' };
      return { kind: 'sent', networkId: String(answer.result) };
    },
    close: () => http.close(),
  };
}

import type { FastifyInstance } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';

export const PROBE_PATH = '/doctor/probe';
const HEADER = 'x-soroka-probe';
const CONTEXT = 'doctor.probe';
const AGE_MS_MAX = 60_000;

/** How a request arrived at the server. */
export interface Arrival {
  /** Who opened the connection. */
  socketAddress: string;
  /** The header as it came; null: there was none. */
  forwardedFor: string | null;
  /** Whom the server takes for the caller, by SOROKA_TRUSTED_PROXIES. */
  callerAddress: string;
}

/** Proves that the asker has the server's secret key: to strangers the route is not there. */
export function probeHeaders(secrets: Secrets, now: number): Record<string, string> {
  return { [HEADER]: secrets.seal(String(now), CONTEXT).toString('base64url') };
}

/** `GET /doctor/probe`: tells the doctor, and nobody else, how its request arrived. */
export function registerProbe(app: FastifyInstance, { secrets, clock }: { secrets: Secrets; clock: Clock }): void {
  app.get(PROBE_PATH, async (request, reply) => {
    if (!isProbe(request.headers, { secrets, clock })) throw new AppError('not.found', 'there is no such address');
    const forwardedFor = request.headers['x-forwarded-for'];
    const arrival: Arrival = {
      socketAddress: request.socket.remoteAddress ?? '',
      forwardedFor: forwardedFor === undefined ? null : String(forwardedFor),
      callerAddress: request.ip,
    };
    return reply.send(arrival);
  });
}

/** Whether the doctor asks: whoever has the server's secret key, within the last minute. */
export function isProbe(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  { secrets, clock }: { secrets: Secrets; clock: Pick<Clock, 'now'> },
): boolean {
  try {
    const sentAt = Number(secrets.open(Buffer.from(String(headers[HEADER]), 'base64url'), CONTEXT));
    return Math.abs(clock.now() - sentAt) <= AGE_MS_MAX;
  } catch {
    return false;
  }
}

export function readArrival(text: string): Arrival | null {
  try {
    const parsed = JSON.parse(text) as Partial<Arrival>;
    return typeof parsed.socketAddress === 'string' ? (parsed as Arrival) : null;
  } catch {
    return null;
  }
}

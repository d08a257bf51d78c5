import { counter } from '../platform/telemetry.ts';

const logins = counter('logins_total', 'Logins of operators, by way and result.', ['way', 'result']);

export type LoginWay = 'password' | 'code' | 'vk' | 'ok' | 'invitation' | 'pairing';

export function loginEnded({ way, result }: { way: LoginWay; result: 'opened' | 'refused' | 'throttled' | 'failed' }): void {
  logins.inc({ way, result });
}

import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { HttpClient } from '../platform/http-client.ts';
import type { PushIdentity } from './identity.ts';
import { createMobileServices, MOBILE, type MobileCredentials, type MobileKind } from './mobile/mobile.ts';
import type { PushOutcome, PushSign } from './outcome.ts';
import { callPushService, prepareWebPush, subjectOf, type WebPushAddress } from './web-push-call.ts';

/** Where a device is told: whoever knows it may write to the device. */
export type DeviceAddress = ({ kind: 'web' } & WebPushAddress) | { kind: MobileKind; token: string };
export type DeviceKind = DeviceAddress['kind'];

/** The ways to devices of every kind. */
export interface Senders {
  /** The kinds that this server can tell. */
  kinds(): readonly DeviceKind[];
  /** Throws `parameter.invalid` where nothing could be sent to it. */
  check(address: DeviceAddress): Promise<void>;
  /** Rejects only where the keys of a browser are none, which `check` has seen. */
  send(address: DeviceAddress, sign: PushSign): Promise<PushOutcome>;
  close(): Promise<void>;
}

export interface SendersParts {
  httpClient: Pick<HttpClient, 'post' | 'refusal'>;
  clock: Clock;
  identity: () => Promise<PushIdentity>;
  publicUrl: () => string;
  mobile: MobileCredentials;
}

export function createSenders({ httpClient, clock, identity, publicUrl, mobile }: SendersParts): Senders {
  const services = createMobileServices(mobile, { httpClient, clock });
  const prepare = async (address: WebPushAddress, { payload, topic }: PushSign) =>
    prepareWebPush(address, JSON.stringify(payload), { identity: await identity(), subject: subjectOf(publicUrl()), topic });
  return {
    kinds: () => ['web', ...services.keys()],
    async check(address) {
      if (address.kind !== 'web') {
        if (services.has(address.kind)) return;
        const { service, variable } = MOBILE[address.kind];
        throw new AppError('parameter.invalid', `this server knows no ${service}; set ${variable} first`, { field: 'kind' });
      }
      const refusal = httpClient.refusal(address.endpoint);
      if (refusal !== null) throw new AppError('parameter.invalid', `the address ${refusal}`, { field: 'endpoint' });
      await prepare(address, { payload: { kind: 'test' }, topic: 'check' });
    },
    async send(address, sign) {
      if (address.kind === 'web') return callPushService(httpClient, await prepare(address, sign));
      const service = services.get(address.kind);
      if (service !== undefined) return service.send(address.token, sign);
      return { kind: 'refused', at: 'credentials', detail: `${MOBILE[address.kind].variable} is not set` };
    },
    async close() {
      await Promise.all([...services.values()].map((service) => service.close?.()));
    },
  };
}

/** By whom a device is told, for people. */
export function serviceOf(address: DeviceAddress): string {
  return address.kind === 'web' ? new URL(address.endpoint).host : MOBILE[address.kind].service;
}

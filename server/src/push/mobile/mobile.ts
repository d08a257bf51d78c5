import { createApns } from './apns.ts';
import { createFcm } from './fcm.ts';
import { createHms } from './hms.ts';
import type { MobileCredentials, MobileKind, MobileParts, MobileService } from './mobile-service.ts';
import { createRustore } from './rustore.ts';

export type { MobileCredentials, MobileKind, MobileService } from './mobile-service.ts';

/** Every kind of phone that can be told: its service's name, the variable that its credentials come from, how it is called. */
export const MOBILE = {
  rustore: { service: 'RuStore', variable: 'SOROKA_PUSH_RUSTORE', create: createRustore },
  fcm: { service: 'FCM', variable: 'SOROKA_PUSH_FCM', create: createFcm },
  apns: { service: 'APNs', variable: 'SOROKA_PUSH_APNS', create: createApns },
  hms: { service: 'HMS', variable: 'SOROKA_PUSH_HMS', create: createHms },
} as const;

/** Those services that there are credentials for. */
export function createMobileServices(credentials: MobileCredentials, parts: MobileParts): ReadonlyMap<MobileKind, MobileService> {
  const services = new Map<MobileKind, MobileService>();
  const add = <Kind extends MobileKind>(
    kind: Kind,
    create: (given: NonNullable<MobileCredentials[Kind]>, parts: MobileParts) => MobileService,
  ): void => {
    const given = credentials[kind];
    if (given !== undefined) services.set(kind, create(given, parts));
  };
  add('rustore', MOBILE.rustore.create);
  add('fcm', MOBILE.fcm.create);
  add('apns', MOBILE.apns.create);
  add('hms', MOBILE.hms.create);
  return services;
}

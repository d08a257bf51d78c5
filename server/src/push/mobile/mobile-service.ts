import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { HttpClient } from '../../platform/http-client.ts';
import type { PushOutcome, PushSign } from '../outcome.ts';

/** By what the push services of phones know this server. A service that is absent tells no device. */
export interface MobileCredentials {
  /** From the project's page in the RuStore console. */
  rustore?: { projectId: string; serviceToken: string; url: string };
  /** Of the key file of a Google service account with the right to send. */
  fcm?: { projectId: string; clientEmail: string; privateKeyId: string; privateKey: KeyObject; url: string; tokenUrl: string };
  /** The key is the .p8 file of the Apple developer account. */
  apns?: { teamId: string; keyId: string; bundleId: string; privateKey: KeyObject; url: string };
  hms?: { appId: string; appSecret: string; url: string; tokenUrl: string };
}

export type MobileKind = keyof MobileCredentials;

/** The push service of a vendor, by the vendor's documents. */
export interface MobileService {
  /** Never rejects. */
  send(token: string, sign: PushSign): Promise<PushOutcome>;
  close?(): Promise<void>;
}

export interface MobileParts {
  httpClient: Pick<HttpClient, 'post'>;
  clock: Clock;
}

/** All texts, as phones of all vendors want them; what is not known is absent. */
export function textsOf({ payload }: PushSign): Record<string, string> {
  const known = Object.entries(payload).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

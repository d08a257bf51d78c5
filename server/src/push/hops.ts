import type { PushHopName, PushOutcome } from './outcome.ts';

/** One step on the way to a device. */
export interface PushHop {
  name: PushHopName;
  state: 'good' | 'bad' | 'unknown';
  /** A sentence. */
  found: string;
}

/** The steps to a device of each kind, in their order. */
const WAYS = {
  web: ['subscription', 'address', 'encryption', 'service', 'device'],
  mobile: ['subscription', 'credentials', 'service', 'token', 'device'],
} as const satisfies Record<string, readonly PushHopName[]>;

export interface Journey {
  way: keyof typeof WAYS;
  outcome: PushOutcome;
  /** As its owner calls it. */
  device: string;
  /** The name or the host of the push service. */
  service: string;
  tookMs: number;
}

/** The steps of one call, up to the one where it ended. */
export function hopsOf({ way, outcome, device, service, tookMs }: Journey): readonly PushHop[] {
  const good: Record<PushHopName, string> = {
    subscription: `"${device}" is subscribed.`,
    credentials: `${service} takes the credentials of this server.`,
    address: `It is told by ${service}.`,
    encryption: 'The sign is encrypted for the device alone.',
    service: `${service} answered within ${tookMs} ms.`,
    token: `${service} knows the device by its token.`,
    device: '',
  };
  const names: readonly PushHopName[] = WAYS[way];
  const last = lastHop(outcome);
  const passed = names.slice(0, names.indexOf(last.name));
  return [...passed.map((name) => ({ name, state: 'good' as const, found: good[name] })), last];
}

const GONE = 'The device is subscribed no longer; it was removed here. Subscribe anew.';

function lastHop(outcome: PushOutcome): PushHop {
  switch (outcome.kind) {
    case 'taken':
      return { name: 'device', state: 'unknown', found: 'No service tells whether the device showed it: look there.' };
    case 'gone':
      return { name: outcome.at, state: 'bad', found: GONE };
    case 'refused':
    case 'failed':
      return { name: outcome.at, state: 'bad', found: `It was not taken: ${outcome.detail}.` };
  }
}

import type { ChannelKind } from '@soroka/channels';
import { AppError } from '../platform/errors.ts';

/** What an operator may set of a connection; everything has a default. */
export interface ConnectionSettings {
  /** A community's: the network's limit of calls per second and token. Default: the channel's. */
  callsPerSecond?: number;
  /** Notifications of the group per second. Default 50; more only where the network granted it. */
  messagesPerSecond?: number;
  /** Notifications to one person in any 24 hours. Default 5; null: no cap. */
  perDay?: number | null;
  /** Over the cap: refuse the route (default), or wait for a free slot inside the ttl. */
  perDayMode?: 'refuse' | 'wait';
  /** notify: the upstream honours clientMessageId. Default false. */
  dedup?: boolean;
  /** notify: the upstream's name of the sender. Default: ours. */
  service?: string;
  /** A community's: longest text the network takes, in characters. Default: the channel's. */
  textCharactersMax?: number;
  /** ok: the text that the settings of an application show for the confirmation of its webhook. */
  confirmation?: string;
}

interface Rule {
  fits(value: unknown): boolean;
  expected: string;
  /** The kinds of connections that it means something to; absent: all. */
  kinds?: readonly ChannelKind[];
}

const integer = (max: number): Rule => ({
  fits: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max,
  expected: `a whole number from 1 to ${max}`,
});
const RATE = integer(10_000);
const COMMUNITIES = ['vk', 'ok'] as const;
const UPSTREAMS = ['notify'] as const;
const RULES: Readonly<Record<keyof ConnectionSettings, Rule>> = {
  callsPerSecond: { ...RATE, kinds: COMMUNITIES },
  messagesPerSecond: RATE,
  perDay: { fits: (value) => value === null || RATE.fits(value), expected: `${RATE.expected}, or none` },
  perDayMode: { fits: (value) => value === 'refuse' || value === 'wait', expected: 'refuse or wait' },
  dedup: { fits: (value) => typeof value === 'boolean', expected: 'true or false', kinds: UPSTREAMS },
  service: {
    fits: (value) => typeof value === 'string' && /^.{1,100}$/u.test(value),
    expected: 'a text of 1 to 100 characters',
    kinds: UPSTREAMS,
  },
  textCharactersMax: { ...integer(100_000), kinds: COMMUNITIES },
  confirmation: {
    fits: (value) => typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value),
    expected: 'a text of 1 to 200 letters, digits and signs',
    kinds: ['ok'],
  },
};

/** Throws `parameter.invalid` naming the first setting that is wrong. */
export function checkSettings(kind: ChannelKind, settings: ConnectionSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof ConnectionSettings] : undefined;
    const refuse = (problem: string): never => {
      throw new AppError('parameter.invalid', problem, { field: `settings.${name}` });
    };
    if (rule === undefined) refuse(`there is no setting ${name}; there are ${Object.keys(RULES).join(', ')}`);
    else if (rule.kinds?.includes(kind) === false)
      refuse(`a ${kind} connection has no setting ${name}: it is of ${rule.kinds.join(' and ')}`);
    else if (!rule.fits(value)) refuse(`the setting ${name} must be ${rule.expected}`);
  }
}

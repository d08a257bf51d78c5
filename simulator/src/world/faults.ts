import type { Network } from './groups.ts';
import type { Random } from './ids.ts';

/** Who may misbehave: the networks, and the notify upstream before them. */
export type Party = Network | 'notify';
export const PARTIES: readonly Party[] = ['vk', 'ok', 'notify'];

/** All rates are probabilities from 0 to 1, drawn per call or per event. */
export interface FaultSettings {
  /** The call hangs without effect until the client leaves. */
  timeoutBefore: number;
  /** The effect happens, the answer never comes. */
  timeoutAfter: number;
  /** HTTP 503 without effect. */
  error5xx: number;
  /** An event or callback is sent twice. */
  duplicateEvents: number;
  /** An event or callback is never sent. */
  dropEvents: number;
  /**
   * The network's error code -> its rate, without effect. A code alone concerns sending; `"messages.edit 909"` concerns the
   * method that it names (VK).
   */
  errors: Record<string, number>;
  /** Every answer waits this long, drawn evenly between both. */
  delayMs: [number, number];
}

export const NO_FAULTS: Readonly<FaultSettings> = {
  timeoutBefore: 0,
  timeoutAfter: 0,
  error5xx: 0,
  duplicateEvents: 0,
  dropEvents: 0,
  errors: {},
  delayMs: [0, 0],
};

/** What happens to one call, decided at its receipt. */
export interface CallFaults {
  delayMs: number;
  before: 'timeout' | 'error5xx' | null;
  after: 'timeout' | null;
}

export interface Faults {
  settings(party: Party): FaultSettings;
  /** Only the given fields change. */
  set(party: Party, settings: Partial<FaultSettings>): void;
  drawCall(party: Party): CallFaults;
  /**
   * A code of `errors` to answer with instead of doing it, or null. Draw once per message that the call would send; with a
   * `method`, once per call of it.
   */
  drawError(party: Party, method?: string): string | null;
  /** How often an event is sent: 1 unless dropped (0) or doubled (2). */
  drawCopies(party: Party): 0 | 1 | 2;
  reset(): void;
}

export function createFaults(random: Random): Faults {
  const settings = new Map<Party, FaultSettings>();
  const of = (party: Party): FaultSettings => settings.get(party) ?? NO_FAULTS;
  // A rate of 0 draws nothing, so that switching one fault on does not move the draws of another.
  const happens = (rate: number): boolean => rate > 0 && random() < rate;
  return {
    settings: (party) => structuredClone(of(party)),
    set(party, changed) {
      settings.set(party, structuredClone({ ...of(party), ...changed }));
    },
    drawCall(party) {
      const { timeoutBefore, timeoutAfter, error5xx, delayMs } = of(party);
      const [least, most] = delayMs;
      const before = happens(timeoutBefore) ? 'timeout' : happens(error5xx) ? 'error5xx' : null;
      const after = before === null && happens(timeoutAfter) ? 'timeout' : null;
      return { before, after, delayMs: most > 0 ? least + random() * (most - least) : 0 };
    },
    drawError(party, method) {
      for (const [key, rate] of Object.entries(of(party).errors)) {
        const [code, named] = key.split(' ').toReversed();
        if (named === method && code !== undefined && happens(rate)) return code;
      }
      return null;
    },
    drawCopies(party) {
      const { dropEvents, duplicateEvents } = of(party);
      if (happens(dropEvents)) return 0;
      return happens(duplicateEvents) ? 2 : 1;
    },
    reset: () => settings.clear(),
  };
}

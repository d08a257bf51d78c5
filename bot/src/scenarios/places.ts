import { type Item, type Report, textField } from '../reading/reading.ts';
import type { Target } from './scenario.ts';

/** Where a step may lead; knows all names before any step is read. */
export interface Places {
  /** Undefined where the field is absent, or leads nowhere and was reported. */
  targetOf(item: Item, field: string, report: Report): Target | undefined;
}

export function placesOf(ids: readonly string[], isScenario: (name: string) => boolean): Places {
  return {
    targetOf(item, field, report) {
      const target = textField(item, field, report, 40);
      if (target === undefined) return undefined;
      if (target === 'end') return { kind: 'end' };
      if (ids.includes(target)) return { kind: 'step', id: target };
      if (isScenario(target)) return { kind: 'scenario', name: target };
      return report(field, `leads nowhere: there is no step and no scenario "${target}"`);
    },
  };
}

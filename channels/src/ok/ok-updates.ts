import { readFields } from '../body/body.ts';
import { stringifyJson } from '../json.ts';

/** What `me/updates` and its twin `events.updates` give. */
export interface OkUpdates {
  /** Each one body as text, the same shape as a webhook's. */
  updates: readonly string[];
  /** Where to read on; null where OK gave none. */
  marker: string | null;
}

/**
 * Reads a page of updates: events.updates prints texts, one independent client expects objects, and a marker has been met as
 * a text and as a number. Throws `BrokenBodyError`.
 */
export function readOkUpdates(result: unknown): OkUpdates {
  const page = readFields(result, "OK's updates");
  return {
    updates: page.has('updates')
      ? page.array('updates').map((update) => (typeof update === 'string' ? update : stringifyJson(update)))
      : [],
    marker: page.has('marker') ? page.textOrId('marker') : null,
  };
}

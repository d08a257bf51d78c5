import type { RE2JS } from 're2js';
import type { Keywords } from '../matching/matching.ts';
import type { EventKind, Network } from '../model/model.ts';
import type { Scenario } from '../scenarios/scenarios.ts';

/** Everything that is given must fit. */
export interface Condition {
  event?: EventKind;
  keywords?: Keywords;
  regex?: RE2JS;
  /** The person came by the Start button or a link; a text: by a link with it. */
  start?: true | string;
  /** Where the link stood: VK's `ref_source`. */
  startSource?: string;
  /** A button with this payload was pressed; in canonical form. */
  payload?: string;
  channel?: Network;
  hours?: 'in' | 'out';
  segment?: string;
  dialog?: 'bot' | 'queue' | 'human' | 'new';
  noReplyMs?: number;
  labelAdded?: string;
  /** Not again in this dialog for so long. */
  cooldownMs?: number;
  /** Drawn for each event, from 0 to 1. */
  probability?: number;
  /** Any message or button. */
  fallback?: true;
}

export interface Rule {
  name: string;
  /** Any of them. */
  when: readonly Condition[];
  /** Answers in chats of several people too. */
  chats: boolean;
  /** Shown to a person who pressed a `callback` button that this rule answers. */
  notice?: string;
  /** What it does; its name is `rule:NAME`. */
  scenario: Scenario;
}

/** Whether a condition is the word for "anything at all". */
export function isBareFallback(condition: Condition): boolean {
  return condition.fallback === true && Object.keys(condition).length === 1;
}

import type { Keywords } from '../matching/matching.ts';
import type { EventKind } from '../model/model.ts';
import type { Rule } from '../rules/rules.ts';
import type { Scenario, Test } from '../scenarios/scenarios.ts';

/** Words that win over everything else, whatever the bot is in the middle of. */
export interface StopWords {
  human: Keywords;
  unsubscribe: Keywords;
  /** Only where something is going on that can be left. */
  cancel: Keywords;
}

/** What the bot says of itself. */
export interface BotTexts {
  handoff: string;
  unsubscribed: string;
  cancelled: string;
}

/** A bot as `step` runs it: read from a file, and never changed. */
export interface Bot {
  version: string;
  rules: readonly Rule[];
  /** By name; those of rules are among them, as `rule:NAME`. */
  scenarios: ReadonlyMap<string, Scenario>;
  stopWords: StopWords;
  texts: BotTexts;
  /** After so many messages in a row that nothing fitted, a person takes over. */
  misunderstoodMax: number;
  /** Variables that come from elsewhere: an import, the API. For lint. */
  variables: readonly string[];
  /** Itself and the versions before it, for the conversations that began with them. */
  versions: ReadonlyMap<string, Bot>;
}

/** The bot with those before it, newest last: their conversations go on as they began. */
export function withVersions(bot: Bot, earlier: readonly Bot[]): Bot {
  return { ...bot, versions: new Map([...earlier, bot].map((one) => [one.version, one])) };
}

/** The silences after which a rule wants to hear of them, in milliseconds. */
export function noReplyTimesMs(bot: Bot): number[] {
  const times = bot.rules.flatMap(({ when }) => when.flatMap(({ noReplyMs }) => noReplyMs ?? []));
  return [...new Set(times)].sort((a, b) => a - b);
}

/** Whether a rule names this kind of event: others answer it only where they answer everything. */
export function namesEvent(bot: Bot, kind: EventKind): boolean {
  return bot.rules.some(({ when }) => when.some(({ event }) => event === kind));
}

const SEGMENT_FIELD = 'segments.';

/** The segments that a bot asks for, by name: what is known of others need not be found out. */
export function segmentNames({ rules, scenarios }: Bot): string[] {
  const ofRules = rules.flatMap(({ when }) => when.flatMap(({ segment }) => segment ?? []));
  const ofSteps = [...scenarios.values()].flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'if' ? fieldsOf(step.test) : [])),
  );
  const named = ofSteps.filter((field) => field.startsWith(SEGMENT_FIELD)).map((field) => field.slice(SEGMENT_FIELD.length));
  return [...new Set([...ofRules, ...named])];
}

function fieldsOf(test: Test): string[] {
  if (test.kind === 'compare') return [test.field];
  return test.kind === 'not' ? fieldsOf(test.test) : test.tests.flatMap(fieldsOf);
}

import type { Synonyms } from '../matching/matching.ts';
import { below, type Item, isObject, kindOf, type Report, refuseUnknown, textField, trueField } from '../reading/reading.ts';
import { type Scenario, type Step, scenarioOf } from '../scenarios/scenarios.ts';
import { conditionsOf } from './read-conditions.ts';
import { isBareFallback, type Rule } from './rule.ts';

const RULES_MAX = 1_000;
const REPLIES_MAX = 3;
const NOTICE_CHARACTERS_MAX = 90; // as the step `notice`
const FIELDS = ['name', 'when', 'reply', 'do', 'notice', 'chats'];
/** Need one person to speak with. */
const NOT_IN_CHATS: readonly Step['kind'][] = ['ask', 'goto', 'wait', 'call', 'handoff', 'close', 'ab', 'if'];
/** Go on with a later event, which only a dialog that is the bot's brings. */
const ONLY_OF_BOT: readonly Step['kind'][] = ['ask', 'goto', 'wait', 'call', 'ab', 'if'];

/** The list `rules` of a bot's file. */
export function rulesOf(given: unknown, report: Report, synonyms: Synonyms, isScenario: (name: string) => boolean): Rule[] {
  if (!Array.isArray(given)) return report('rules', `must be a list, got ${kindOf(given)}`) ?? [];
  if (given.length > RULES_MAX) report('rules', `must be at most ${RULES_MAX}, got ${given.length}`);
  const names = new Set<string>();
  const rules = given.flatMap((item: unknown, index): Rule[] => {
    const name = isObject(item) && typeof item['name'] === 'string' ? item['name'] : '';
    const at: Report = (field, problem) => report(`rule ${index + 1}${name === '' ? '' : ` "${name}"`}: ${field}`, problem);
    if (!isObject(item)) return at('it', `must be an object with name, when and reply or do, got ${kindOf(item)}`) ?? [];
    refuseUnknown(item, FIELDS, at);
    if (name === '') at('name', 'must be a text that is not empty: it stands in messages about the rule');
    if (name.length > 100) at('name', 'must be at most 100 characters');
    if (names.has(name)) at('name', 'was used by a rule above: give each its own');
    names.add(name);
    const chats = trueField(item, 'chats', at);
    const notice = textField(item, 'notice', at, NOTICE_CHARACTERS_MAX);
    const when = conditionsOf(item['when'], below(at, 'when'), synonyms);
    const scenario = actionsOf(item, name, at, isScenario);
    if (scenario.steps.length === 0 && notice === undefined && item['reply'] === undefined && item['do'] === undefined)
      at('it', 'does nothing: give it reply, do or notice');
    const misplaced = chats ? scenario.steps.find(({ kind }) => NOT_IN_CHATS.includes(kind)) : undefined;
    if (misplaced !== undefined) at('chats', `cannot be true with ${misplaced.kind}: that needs one person to speak with`);
    const isElsewhere = when.some(({ dialog }) => dialog === 'queue' || dialog === 'human');
    const early = isElsewhere ? scenario.steps.find(({ kind }) => ONLY_OF_BOT.includes(kind)) : undefined;
    if (early !== undefined)
      at('do', `cannot have ${early.kind}: while the dialog is with people, a bot may say and note, and not ask`);
    return [{ name, when, chats, scenario, ...(notice !== undefined && { notice }) }];
  });
  return withVocabulary(rules);
}

/** Tells each rule what words the others know, so that «привет» is no slip of «привезти». */
function withVocabulary(rules: readonly Rule[]): Rule[] {
  const phrases = rules.flatMap(({ when }) => when.flatMap(({ keywords }) => keywords?.phrases ?? []));
  const known = new Set(phrases.flat().flatMap(({ stems }) => stems));
  return rules.map((rule) => ({
    ...rule,
    when: rule.when.map((condition) =>
      condition.keywords === undefined ? condition : { ...condition, keywords: { ...condition.keywords, known } },
    ),
  }));
}

/** `reply` first, then `do`: one list of steps. */
function actionsOf(item: Item, ruleName: string, report: Report, isScenario: (name: string) => boolean): Scenario {
  const { reply, do: doing } = item;
  const replies: readonly unknown[] = reply === undefined ? [] : Array.isArray(reply) ? reply : [reply];
  if (reply !== undefined && (replies.length === 0 || replies.length > REPLIES_MAX))
    report('reply', `must be one reply or a list of 1 to ${REPLIES_MAX}`);
  const name = `rule:${ruleName}`;
  const said = replies.map((one) => ({ say: one }));
  const saying: Report = (field, problem) =>
    report(field.replace(/^\[(\d+)\]\.say/, Array.isArray(reply) ? 'reply[$1]' : 'reply'), problem);
  const read = said.length === 0 ? [] : scenarioOf(name, said, saying, isScenario).steps;
  const steps = read.map((step, index): Step => ({ ...step, id: `reply-${index + 1}` }));
  if (doing === undefined) return { name, steps };
  const done = scenarioOf(name, doing, below(report, 'do'), isScenario).steps;
  return { name, steps: [...steps, ...done] };
}

/** Rules that no event can reach: below one that answers everything. Names of both. */
export function hiddenRules(rules: readonly Rule[]): { name: string; by: string }[] {
  return rules.flatMap(({ name, chats }, index) => {
    const above = rules.slice(0, index).filter((rule) => rule.when.some(isBareFallback));
    const forPeople = above[0];
    const forChats = above.find((rule) => rule.chats);
    const by = chats ? forPeople && forChats : forPeople;
    const own = rules[index];
    const speaksOnlyAfterWords = own?.when.every(
      ({ event, start, noReplyMs, labelAdded, dialog }) =>
        start === undefined &&
        noReplyMs === undefined &&
        labelAdded === undefined &&
        (dialog === undefined || dialog === 'bot') &&
        (event === undefined || event === 'message' || event === 'button'),
    );
    return by !== undefined && speaksOnlyAfterWords ? [{ name, by: by.name }] : [];
  });
}

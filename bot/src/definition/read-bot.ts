import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import { type Keywords, phrasesOf, type Synonyms } from '../matching/matching.ts';
import {
  below,
  type Item,
  isObject,
  isVariable,
  itemField,
  kindOf,
  numberField,
  type Report,
  refuseUnknown,
  textField,
  textsField,
} from '../reading/reading.ts';
import { rulesOf } from '../rules/rules.ts';
import { isScenarioName, type Scenario, scenarioOf } from '../scenarios/scenarios.ts';
import type { Bot, BotTexts, StopWords } from './bot-definition.ts';

const FIELDS = ['version', 'synonyms', 'stopWords', 'texts', 'misunderstood', 'variables', 'rules', 'scenarios', 'tests'];
const STOP_WORDS: Readonly<Record<keyof StopWords, readonly string[]>> = {
  human: ['оператор', 'человек', 'живой человек'],
  unsubscribe: ['стоп', 'отписаться', 'отпишите', 'отписка'],
  cancel: ['отмена', 'отменить', 'отмени'],
};
const TEXTS: BotTexts = {
  handoff: 'Передаю разговор оператору. Он ответит здесь же.',
  unsubscribed: 'Готово, больше не пишем. Чтобы вернуть рассылку, напишите «подписаться».',
  cancelled: 'Отменили. Если понадобимся, просто напишите.',
};
const SCENARIOS_MAX = 500;
const MISUNDERSTOOD_MAX = 2;

/** What came of reading: a bot, or everything that is wrong with the file, in sentences. */
export type ReadBot = { ok: true; bot: Bot } | { ok: false; problems: readonly string[] };

/**
 * Reads a bot from YAML, or from JSON, which is YAML too. The form: docs/bots/. Never throws. `misunderstoodMax` holds where the file
 * does not say it.
 */
export function readBot(text: string, { misunderstoodMax = MISUNDERSTOOD_MAX }: { misunderstoodMax?: number } = {}): ReadBot {
  const problems: string[] = [];
  const root = parseYaml(text, problems);
  if (problems.length > 0) return { ok: false, problems };
  const report: Report = (field, problem) => void problems.push(`${field} ${problem}`);
  if (!isObject(root) || (root['rules'] === undefined && root['scenarios'] === undefined)) {
    report('the file', 'must be an object with rules, a list, or scenarios, or both');
    return { ok: false, problems };
  }
  const bot = botOf(root, report, { version: createHash('sha256').update(text).digest('hex').slice(0, 12), misunderstoodMax });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, bot };
}

/** The value of a YAML text; undefined where it is none, and `problems` says where it breaks. */
export function parseYaml(text: string, problems: string[]): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const { message, pos } of document.errors) {
    const { line, col } = lines.linePos(pos[0]);
    problems.push(`line ${line}, column ${col}: ${message}`);
  }
  if (problems.length > 0) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    problems.push(`the file: ${(error as Error).message}`); // an alias to nothing, or too many of them
    return undefined;
  }
}

function botOf(root: Item, report: Report, unlessSaid: Pick<Bot, 'version' | 'misunderstoodMax'>): Bot {
  refuseUnknown(root, FIELDS, report);
  const synonyms = synonymsOf(root['synonyms'], below(report, 'synonyms'));
  const written = root['scenarios'] ?? {};
  if (!isObject(written)) report('scenarios', `must be an object of scenarios by name, got ${kindOf(written)}`);
  const named = isObject(written) ? Object.entries(written) : [];
  if (named.length > SCENARIOS_MAX) report('scenarios', `must be at most ${SCENARIOS_MAX}`);
  const isScenario = (name: string): boolean => named.some(([known]) => known === name);
  const scenarios = named.map(([name, steps]): Scenario => {
    const at = below(report, `scenarios.${name}`);
    if (!isScenarioName(name)) at('', 'must be called by 1 to 40 letters, digits, _ . or -, and not end');
    return scenarioOf(name, steps, at, isScenario);
  });
  const rules = root['rules'] === undefined ? [] : rulesOf(root['rules'], report, synonyms, isScenario);
  const bot: Bot = {
    version: textField(root, 'version', report, 100) ?? unlessSaid.version,
    rules,
    scenarios: new Map([...scenarios, ...rules.map(({ scenario }) => scenario)].map((scenario) => [scenario.name, scenario])),
    stopWords: stopWordsOf(root, report),
    texts: textsOf(root, report),
    misunderstoodMax: numberField(root, 'misunderstood', report, 1, 100) ?? unlessSaid.misunderstoodMax,
    variables: variablesOf(root, report),
    versions: new Map(),
  };
  return { ...bot, versions: new Map([[bot.version, bot]]) };
}

function synonymsOf(given: unknown, report: Report): Synonyms {
  if (given === undefined) return [];
  if (!Array.isArray(given)) return report('', `must be a list of groups, each a list of words, got ${kindOf(given)}`) ?? [];
  return given.map((group: unknown, index) => {
    if (!Array.isArray(group) || group.length < 2)
      return report(`[${index}]`, 'must be a list of 2 words or more that mean the same') ?? [];
    return (
      textsField({ group }, 'group', (field, problem) => report(field.replace('group', `[${index}]`), problem), 50, 100) ?? []
    );
  });
}

function stopWordsOf(root: Item, report: Report): StopWords {
  const at = below(report, 'stopWords');
  const item = itemField(root, 'stopWords', report, 'human, unsubscribe and cancel') ?? {};
  refuseUnknown(item, Object.keys(STOP_WORDS), at);
  const keywords = (kind: keyof StopWords): Keywords => {
    const words = textsField(item, kind, at, 50, 100) ?? STOP_WORDS[kind];
    return { mode: 'contains', phrases: words.flatMap((word) => phrasesOf(word, [])) };
  };
  return { human: keywords('human'), unsubscribe: keywords('unsubscribe'), cancel: keywords('cancel') };
}

function textsOf(root: Item, report: Report): BotTexts {
  const at = below(report, 'texts');
  const item = itemField(root, 'texts', report, 'handoff, unsubscribed and cancelled') ?? {};
  refuseUnknown(item, Object.keys(TEXTS), at);
  const text = (kind: keyof BotTexts): string => textField(item, kind, at, 4_096) ?? TEXTS[kind];
  return { handoff: text('handoff'), unsubscribed: text('unsubscribed'), cancelled: text('cancelled') };
}

function variablesOf(root: Item, report: Report): string[] {
  const names = textsField(root, 'variables', report, 200, 60) ?? [];
  for (const name of names)
    if (!isVariable(name)) report('variables', `"${name}" is no name of a variable: letters, digits and _`);
  return names;
}

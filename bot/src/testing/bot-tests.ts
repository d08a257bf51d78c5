import type { CodeBot } from '../code/code.ts';
import { type Bot, parseYaml } from '../definition/definition.ts';
import type { Facts } from '../model/model.ts';
import {
  below,
  durationMs,
  type Item,
  isObject,
  itemField,
  kindOf,
  oneOfField,
  type Report,
  refuseUnknown,
  textField,
} from '../reading/reading.ts';
import { type BotTest, BotTestError, testBot } from './test-bot.ts';

/** One conversation with what is expected of it. */
export interface WrittenTest {
  name: string;
  facts: Partial<Facts>;
  moves: readonly { at: string; run(t: BotTest): void | Promise<void> }[];
}

export type ReadBotTests = { ok: true; tests: readonly WrittenTest[] } | { ok: false; problems: readonly string[] };

export interface TestOutcome {
  name: string;
  ok: boolean;
  /** Where it went another way, and what the bot did instead. */
  failure?: string;
}

type Read = (given: unknown, report: Report) => ((t: BotTest) => void | Promise<void>) | undefined;

const text =
  (run: (t: BotTest, said: string) => void | Promise<void>): Read =>
  (given, report) =>
    typeof given === 'string' && given !== '' ? (t) => run(t, given) : report('', `must be a text, got ${kindOf(given)}`);
const trueOrText =
  (run: (t: BotTest, said?: string) => void | Promise<void>): Read =>
  (given, report) => {
    if (given === true) return (t) => run(t);
    return typeof given === 'string' && given !== ''
      ? (t) => run(t, given)
      : report('', `must be true or a text, got ${kindOf(given)}`);
  };

/** What may happen in a test, and what may be expected, by its field. */
const MOVES: Readonly<Record<string, Read>> = {
  say: text((t, said) => t.user(said)),
  press: text((t, label) => t.press(label)),
  start: trueOrText((t, ref) => t.start(ref)),
  expect: text((t, said) => void t.expectReply(said)),
  expectHandoff: trueOrText((t, team) => t.expectHandoff(team)),
  expectSilence: trueOrText((t) => t.expectSilence()),
  advance: (given, report) =>
    durationMs(given) === undefined
      ? report('', 'must be a duration such as 30s, 10m, 2h or 1d')
      : (t) => t.advance(String(given)),
  answerCall: (given, report) => {
    if (!isObject(given)) return report('', `must be an object with status and body, got ${kindOf(given)}`);
    refuseUnknown(given, ['status', 'body'], report);
    const { status = 200, body } = given;
    if (typeof status !== 'number') return report('status', 'must be a number such as 200');
    return (t) => t.answerCall({ ok: status >= 200 && status < 300, status, body });
  },
  know: (given, report) => {
    const facts = factsIn(given, report);
    return (t) => t.know(facts);
  },
};

function factsIn(given: unknown, report: Report): Partial<Facts> {
  if (!isObject(given)) return report('', `must be an object, got ${kindOf(given)}`) ?? {};
  refuseUnknown(given, ['network', 'workingHours', 'owner', 'segments'], report);
  const network = oneOfField(given, 'network', report, ['vk', 'ok']);
  const owner = oneOfField(given, 'owner', report, ['bot', 'queue', 'human']);
  const { workingHours } = given;
  const segments = itemField(given, 'segments', report, 'names and true or false');
  return {
    ...(network !== undefined && { network }),
    ...(owner !== undefined && { owner }),
    ...(typeof workingHours === 'boolean' && { isWorkingHours: workingHours }),
    ...(segments !== undefined && {
      segments: Object.fromEntries(Object.entries(segments).map(([name, isIn]) => [name, isIn === true])),
    }),
  };
}

/** Reads the list `tests` of a bot's file, or of a file of its own. Never throws. */
export function readBotTests(yaml: string): ReadBotTests {
  const problems: string[] = [];
  const root = parseYaml(yaml, problems);
  const report: Report = (field, problem) => void problems.push(`${field} ${problem}`);
  const list = isObject(root) ? (root['tests'] ?? []) : undefined;
  if (problems.length === 0 && !Array.isArray(list)) report('tests', `must be a list, got ${kindOf(list)}`);
  const tests = Array.isArray(list) ? list.map((item: unknown, index) => testOf(item, below(report, `tests[${index}]`))) : [];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, tests };
}

function testOf(given: unknown, report: Report): WrittenTest {
  const item: Item = isObject(given) ? given : (report('', `must be an object with name and dialog, got ${kindOf(given)}`) ?? {});
  refuseUnknown(item, ['name', 'know', 'dialog'], report);
  const name = textField(item, 'name', report, 200) ?? report('name', 'is missing: it says what the bot does') ?? '';
  const { dialog } = item;
  if (!Array.isArray(dialog) || dialog.length === 0)
    report('dialog', `must be a list of say, expect and others, got ${kindOf(dialog)}`);
  const moves = Array.isArray(dialog)
    ? dialog.flatMap((move: unknown, index) => moveOf(move, below(report, `dialog[${index}]`), index) ?? [])
    : [];
  return { name, facts: item['know'] === undefined ? {} : factsIn(item['know'], below(report, 'know')), moves };
}

function moveOf(given: unknown, report: Report, index: number): WrittenTest['moves'][number] | undefined {
  const [[kind = '', value] = [], ...others] = isObject(given) ? Object.entries(given) : [];
  const read = Object.hasOwn(MOVES, kind) ? MOVES[kind] : undefined;
  if (read === undefined || others.length > 0) return report('', `must be one of ${Object.keys(MOVES).join(', ')}`);
  const run = read(value, below(report, kind));
  return run === undefined ? undefined : { at: `dialog[${index}] ${kind}`, run };
}

/** Runs each test with a person of its own. A test whose bot says more than it expects fails too. */
export async function runBotTests<S>(bot: Bot | CodeBot<S>, tests: readonly WrittenTest[]): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = [];
  for (const { name, facts, moves } of tests) {
    const t = testBot(bot, facts);
    let place = '';
    try {
      for (const { at, run } of moves) {
        place = at;
        await run(t);
      }
      place = 'end';
      t.expectSilence();
      outcomes.push({ name, ok: true });
    } catch (error) {
      if (!(error instanceof BotTestError)) throw error;
      outcomes.push({ name, ok: false, failure: `${place}: ${error.message}` });
    }
  }
  return outcomes;
}

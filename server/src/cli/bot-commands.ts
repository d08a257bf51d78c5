import { readFile } from 'node:fs/promises';
import { lintBot, readBot, readBotTests, runBotTests } from '@soroka/bot';
import { createAudit } from '../audit/audit.ts';
import { type BotItem, createLibrary, type Library, NETWORK_KNOWLEDGE } from '../bots/bots.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { createHttpClient } from '../platform/http-client.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Answer, type Command, type Given, type Surroundings, UsageError } from './command.ts';
import { openWorkplace } from './workplace.ts';

const GROUP_FLAG = {
  value: 'CHANNEL:GROUP',
  many: true,
  meaning: 'A group in which it answers from now on; others it leaves.',
} as const;

/** Bots as files: tried and looked through without a server, and brought into an account. */
export const BOT_COMMANDS: readonly Command[] = [
  {
    name: 'bot test',
    summary: 'Run the tests of a bot: those in its file.',
    arguments: ['FILE'],
    help: `
FILE is YAML or JSON with rules, scenarios and a list of tests; - is standard input. It needs no database. The exit code is 1 where a test fails.

  soroka bot test shop.yaml`,
    async run(given, surroundings) {
      const text = await textOf(given.arguments[0], surroundings);
      const [read, tests] = [readBot(text), readBotTests(text)];
      if (!read.ok) throw new Error(read.problems.join('; '));
      if (!tests.ok) throw new Error(tests.problems.join('; '));
      if (tests.tests.length === 0) throw new Error('The file holds no tests: docs/bots/testing.md shows how they are written.');
      const outcomes = await runBotTests(read.bot, tests.tests);
      const failed = outcomes.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name}: ${failure}`]));
      if (failed.length > 0) throw new Error([...failed, `${failed.length} of ${outcomes.length} tests fail.`].join('; '));
      return { kind: 'list', columns: ['test', 'result'], rows: outcomes.map(({ name }) => ({ test: name, result: 'passes' })) };
    },
  },
  {
    name: 'bot lint',
    summary: 'Say what of a bot can be read and will not work.',
    arguments: ['FILE'],
    help: `
Steps, scenarios and rules that nothing reaches, answers that nobody keeps, keyboards and texts over a network's limit. FILE - is standard
input. It needs no database. The exit code is 1 where something will trouble people.

  soroka bot lint shop.yaml`,
    async run(given, surroundings) {
      const read = readBot(await textOf(given.arguments[0], surroundings));
      if (!read.ok) throw new Error(read.problems.join('; '));
      const findings = lintBot(read.bot, NETWORK_KNOWLEDGE);
      const lines = findings.map(({ severity, place, problem }) => `${severity}: ${place}: ${problem}`);
      if (findings.some(({ severity }) => severity === 'error')) throw new Error(lines.join('; '));
      if (findings.length === 0) return { kind: 'done', sentence: 'Nothing was found.' };
      const rows = findings.map(({ severity, place, problem }) => ({ severity, place, problem }));
      return { kind: 'list', columns: ['severity', 'place', 'problem'], rows };
    },
  },
  {
    name: 'bot list',
    summary: 'List the bots of an account.',
    flags: { account: ACCOUNT_FLAG },
    help: `
"published" is the version that answers.

  soroka bot list --json`,
    async run(given, surroundings) {
      return inLibrary(given, surroundings, async (library, accountId) => {
        const rows = (await library.list(accountId)).map(cellsOf);
        return { kind: 'list', columns: ['id', 'name', 'kind', 'published', 'latest', 'groups'], rows };
      });
    },
  },
  {
    name: 'bot publish',
    summary: 'Store a file as the next version of a bot, and let it answer.',
    arguments: ['NAME', 'FILE'],
    flags: { account: ACCOUNT_FLAG, group: GROUP_FLAG, comment: { value: 'TEXT', meaning: 'What is new in it.' } },
    help: `
A bot of this name is made where there is none. Conversations under way go on with the version that they began with. Running servers take
it up within a second. FILE - is standard input.

  soroka bot publish Shop shop.yaml --group VK:213243638 --group OK:70000000000001`,
    run: publishFile,
  },
  {
    name: 'bot rollback',
    summary: 'Let an earlier version of a bot answer again.',
    arguments: ['NAME', 'VERSION'],
    flags: { account: ACCOUNT_FLAG },
    help: `
Conversations under way go on with the version that they began with.

  soroka bot rollback Shop 3`,
    async run(given, surroundings) {
      const [name = '', version = ''] = given.arguments;
      if (!/^[1-9]\d{0,8}$/.test(version)) throw new UsageError('VERSION must be the number of a version.');
      return inLibrary(given, surroundings, async (library, accountId, noted) => {
        const bot = await named(library, accountId, name);
        if (bot === undefined) throw new Error(`There is no bot "${name}": see "soroka bot list".`);
        const published = await library.publish(accountId, bot.id, Number(version));
        await noted('bot.published', published);
        return { kind: 'record', fields: cellsOf(published) };
      });
    },
  },
];

async function publishFile(given: Given, surroundings: Surroundings): Promise<Answer> {
  const [name = '', file] = given.arguments;
  const [groups, comment] = [given.all('group'), given.flag('comment')];
  const wrong = groups.find((group) => !/^(VK|OK):\d{1,20}$/.test(group));
  if (wrong !== undefined) throw new UsageError(`--group must look like VK:213243638, not "${wrong}".`);
  const version = { definition: await textOf(file, surroundings), ...(comment !== undefined && { comment }) };
  return inLibrary(given, surroundings, async (library, accountId, noted) => {
    let bot = await named(library, accountId, name);
    if (bot === undefined) {
      bot = await library.add(accountId, { name, kind: 'file', ...version });
      await noted('bot.added', bot);
    } else {
      const { number } = await library.addVersion(accountId, bot.id, version);
      bot = { ...bot, latestVersion: number };
    }
    if (groups.length > 0) await library.change(accountId, bot.id, { groups });
    const published = await library.publish(accountId, bot.id, bot.latestVersion as number);
    await noted('bot.published', published);
    return { kind: 'record', fields: cellsOf(published) };
  });
}

type Noted = (action: string, bot: BotItem) => Promise<void>;

async function inLibrary(
  given: Given,
  surroundings: Surroundings,
  work: (library: Library, accountId: number, noted: Noted) => Promise<Answer>,
): Promise<Answer> {
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const { database, config } = place;
  const httpClient = createHttpClient({ allowCidrs: config.SOROKA_CALLBACK_ALLOW_CIDRS });
  const audit = createAudit({ database, clock });
  try {
    const library = createLibrary({ database, clock, httpClient, codeBots: new Map() });
    return await work(library, accountId, (action, { id }) =>
      audit.add({ accountId, actor: { kind: 'command' }, action, object: `bot:${id}` }),
    );
  } finally {
    await httpClient.close();
  }
}

async function named(library: Library, accountId: number, name: string): Promise<BotItem | undefined> {
  return (await library.list(accountId)).find((bot) => bot.name === name);
}

function cellsOf({ id, name, kind, publishedVersion, latestVersion, groups }: BotItem) {
  return { id, name, kind, published: publishedVersion, latest: latestVersion, groups };
}

async function textOf(file: string | undefined, surroundings: Surroundings): Promise<string> {
  return file === '-' ? surroundings.readInput() : readFile(file ?? '', 'utf8');
}

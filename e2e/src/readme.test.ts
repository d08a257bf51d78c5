import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isListening, openTerminal, run, type Terminal } from './terminal.ts';
import { ANNA, eventually, type InboxEntry } from './town.ts';

interface FirstBlock {
  /** As they would be typed, without comments. */
  commands: string[];
  /** What the page says the last command answers. */
  answer: string;
}

/** The first indented block of a page. */
async function firstBlock(name: string): Promise<FirstBlock> {
  const page = await readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
  const block = /(?:^ {4}.*\n)+/m.exec(page)?.[0].replace(/^ {4}/gm, '') ?? '';
  const lines = block
    .replaceAll(/\\\n\s*/g, '')
    .trimEnd()
    .split('\n');
  return {
    commands: lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/\s+#.*$/, '')),
    answer: /^# (\{\S+\})\s/m.exec(block)?.[1] ?? '',
  };
}

const TEXT = 'Здравствуйте, Anna! Ваша Margarita готова.';

interface Demo {
  terminal: Terminal;
  url: string;
  simulatorUrl: string;
  ports: number[];
}

// The terminal is made by util-linux.
describe.runIf(process.platform === 'linux')('the first block of README.md', () => {
  let dataFolder: string;
  let readme: FirstBlock;
  beforeAll(async () => {
    readme = await firstBlock('README.md');
    dataFolder = await mkdtemp(join(tmpdir(), 'soroka-readme-'));
    await chmod(dataFolder, 0o755); // as root, too, PostgreSQL's account reaches it there
  });
  afterAll(() => rm(dataFolder, { recursive: true, force: true }));

  async function start(command: string): Promise<Demo> {
    const terminal = openTerminal(command, {
      PORT: '0',
      SIMULATOR_PORT: '0',
      SOROKA_METRICS_PORT: '0',
      SOROKA_DATA: dataFolder,
    });
    const metricsUrl = await terminal.line(/, metrics (\S+)\)$/);
    const url = await terminal.line(/^Soroka +(\S+)\/ /);
    const simulatorUrl = await terminal.line(/^Simulator +(\S+)\/ /);
    await terminal.line(/^(Try) /);
    const postgresPort = Number(await readFile(join(dataFolder, 'postgres/port'), 'utf8'));
    return {
      terminal,
      url,
      simulatorUrl,
      ports: [...[url, simulatorUrl, metricsUrl].map((text) => Number(new URL(text).port)), postgresPort],
    };
  }

  test('sends Anna the message, ends with Ctrl-C, and finds its data again', async () => {
    const [startCommand = '', curl = '', ...others] = readme.commands;
    expect([startCommand, others]).toEqual(['npm start', []]);
    const { messageId } = (JSON.parse(readme.answer) as { result: [{ messageId: number }] }).result[0];
    {
      const { terminal, url, simulatorUrl, ports } = await start(startCommand);
      await using _ = terminal;
      const lines = terminal.lines();
      const told = lines.slice(lines.findIndex((line) => line.startsWith('Soroka ')));
      expect(told.map((line) => line.slice(0, 12).trim())).toEqual(['Soroka', 'Simulator', 'Data', 'Demo key', 'Try']);
      expect(told[4]?.slice(12)).toBe(curl.replace('localhost:8080', url));

      const printed = await run(curl.replace('localhost:8080', `localhost:${new URL(url).port}`));
      expect(JSON.parse(printed)).toEqual(JSON.parse(readme.answer));
      const texts = await eventually(async () => {
        const inbox = (await (await fetch(`${simulatorUrl}/control/people/${ANNA}/inbox`)).json()) as InboxEntry[];
        return inbox.length > 0 && inbox.map(({ text }) => text);
      });
      expect(texts).toEqual([TEXT]);

      expect(await Promise.all(ports.map(isListening))).toEqual([true, true, true, true]);
      await terminal.interrupt();
      expect(await Promise.all(ports.map(isListening))).toEqual([false, false, false, false]);
    }
    {
      // What npm runs: after Ctrl-C npm itself says 130, whatever its program said.
      const { terminal, url } = await start('exec node scripts/run.mjs start');
      await using _ = terminal;
      const found = await fetch(`${url}/vk/messages/${messageId}`, { headers: { Authorization: 'Key demo' } });
      expect(await found.json()).toMatchObject({ messageId, text: TEXT });
      expect(await terminal.interrupt()).toBe(0);
    }
  });
});

test('README.ru.md shows the same commands and the same answer as README.md', async () => {
  expect(await firstBlock('README.ru.md')).toEqual(await firstBlock('README.md'));
});

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartSvg } from './chart.ts';
import { picturesOf } from './pictures.ts';
import { factsText, type Results, type Section, sectionText } from './report.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const PICTURES_FOLDER = 'benchmarks';

const HEAD = `# Benchmarks

<!-- Written by npm run bench -- --page from bench/results/: change bench/src/page.ts instead. -->

How fast Soroka is, measured by \`npm run bench\` on one machine that runs everything: the client that asks, the server, PostgreSQL, and the
simulator of the networks. Every figure carries the machine, the disk (\`fsync\`) and the versions; [how each is measured](../bench/README.md)
says what is in it and what is not. Compare figures of one run only, or of runs on machines alike.
`;

const NOTHING_YET = `No run is recorded yet. \`npm run bench\` on a quiet machine writes its results to \`bench/results/\` and its tables and pictures here.

What will stand here:

| | what is measured | how to read it |
|---|---|---|
| \`accept\` | messages accepted per second, durable, in requests of 1, 100 and 1,000 | \`of bare %\` is what is left of an insert of the same rows; it holds across machines |
| \`dispatch\` | messages sent per second over 100 groups, without limits and with 50 a second for each | \`worst second of a group\` may be 50, wherever it begins |
| \`latency\` | from a request to the network at 500 and 1,000 messages a second | an open loop: waiting for a slow answer is in the figures |
| \`intake\` | answers to webhooks of VK | VK waits 5 seconds |
| \`inbound\` | events of VK answered per second, beside a bot of vk-io | \`before the answer\` says what is safe by then |
| \`bot\` | from a question to the bot's answer at the network | \`lifted\` is the server alone, \`normal\` has VK's 20 calls a second in it |
| \`callbacks\` | signed callbacks to 1,000 endpoints | as they arrive there |
| \`arrival\` | whether every status change arrives where 20 % of the endpoints fail | none may be missing, out of order or badly signed |
| \`engine\` | sending without limits, beside graphile-worker, pg-boss and BullMQ on the same job | \`messages per call\` says what an engine makes of them |
| \`lanes\` | the worst second of a group at 50 a second, ours and BullMQ's | more than 50 breaks the network's limit |
| \`backlog\` | claims, memory and disk with ten thousand and a million waiting | \`find p50 to the first\` near 1 is flat |
| \`expiry\` | when customers hear of what expires with a million waiting | within a second |
| \`shares\` | how long an account waits beside another one's million in the same group | p99 within two seconds |
| \`life\` | what a message leaves on disk when all is done | tables with their indexes |
| \`sockets\` | when 5,000 screens hear of what a person said, and what a cut costs them | nothing may be lost or come twice |
| \`fanout\` | when the last of 1,000 operators hears of what a person said | nothing may be lost or come twice |
| \`groups\`, \`accounts\` | the same load to 1 … 1,000 of them | flat lines are good |
`;

/** The page and its pictures, by path under docs/. Each benchmark is shown as it was measured last. */
export function pageOf(runs: readonly { name: string; results: Results }[]): Map<string, string> {
  const latest = new Map<string, { name: string; results: Results; section: Section }>();
  for (const { name, results } of runs.toSorted((a, b) => (a.results.takenAt < b.results.takenAt ? -1 : 1)))
    for (const section of results.sections) latest.set(section.name, { name, results, section });
  if (latest.size === 0) return new Map([['benchmarks.md', `${HEAD}\n${NOTHING_YET}`]]);

  const files = new Map<string, string>();
  const parts = [...latest.values()].map(({ name, section }) => {
    const pictures = picturesOf(section).map(({ file, chart }) => {
      const path = `${PICTURES_FOLDER}/${file}.svg`;
      files.set(path, chartSvg(chart));
      return `![${chart.title}](${path})\n`;
    });
    return [sectionText(section), ...pictures, `Measured in [${name}](../bench/results/${name}.md).\n`].join('\n\n');
  });
  const shown = new Map([...latest.values()].map(({ name, results }) => [name, results]));
  const machines = [...shown].map(([name, results]) => `### ${name}\n\n- taken: ${results.takenAt}\n${factsText(results)}\n`);
  const earlier = runs.filter(({ name }) => !shown.has(name)).map(({ name }) => `- [${name}](../bench/results/${name}.md)`);
  const earlierPart = earlier.length === 0 ? [] : [`### Earlier runs\n\n${earlier.toSorted().toReversed().join('\n')}\n`];
  return files.set('benchmarks.md', [HEAD, ...parts, '## Runs\n', ...machines, ...earlierPart].join('\n'));
}

/** Reads `resultsFolder` and writes docs/benchmarks.md with its pictures; pictures of what is not measured any more go. */
export async function rewritePage(resultsFolder: string): Promise<void> {
  const folder = join(DOCS, PICTURES_FOLDER);
  await rm(folder, { recursive: true, force: true });
  for (const [path, content] of pageOf(await readRuns(resultsFolder))) {
    if (path.startsWith(PICTURES_FOLDER)) await mkdir(folder, { recursive: true });
    await writeFile(join(DOCS, path), content);
  }
}

/** All that were recorded; none where the folder is missing. */
export async function readRuns(folder: string): Promise<{ name: string; results: Results }[]> {
  const files = (await readdir(folder).catch((): string[] => [])).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.json'.length),
      results: JSON.parse(await readFile(join(folder, file), 'utf8')) as Results,
    })),
  );
}

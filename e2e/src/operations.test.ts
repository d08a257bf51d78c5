import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SOROKA } from './command-line.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { run } from './terminal.ts';
import { ANNA, eventually, type InboxEntry, type Program, startProgram } from './town.ts';

const SIMULATOR = fileURLToPath(new URL('../../simulator/bin/soroka-simulator.mjs', import.meta.url));

let folder: string;
let database: FreshDatabase;
let simulator: Program;
beforeAll(async () => {
  [folder, database, simulator] = await Promise.all([
    mkdtemp(join(tmpdir(), 'soroka-operations-')),
    freshDatabase(),
    startProgram([SIMULATOR, '--port', '0'], {}),
  ]);
});
afterAll(async () => {
  await simulator.end('SIGTERM');
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The blocks of docs/operations.md in one language, in their order. */
async function blocks(language: string): Promise<string[]> {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

/** A line of the page for this machine: the clone's program without npx's own second, our files, the simulator as the networks. */
function forHere(command: string): string {
  const root = /^npx soroka connection add (vk|ok) /.exec(command)?.[1];
  const whole = root === undefined ? command : `${command} --base-url ${simulator.url}/${root}`;
  return whole
    .replace('npx soroka', `"${process.execPath}" "${SOROKA}"`)
    .replaceAll(/[\w.]+\.(token|key|csv)\b/g, `${folder}/$&`)
    .replaceAll('https://pizzeria.example', `${simulator.url}/control/receiver`)
    .replaceAll('https://upstream.example', `${simulator.url}/notify`);
}

test('the first run of docs/operations.md, command by command, gives a server that writes to Anna', async () => {
  await writeFile(join(folder, 'vk.token'), 'vk1.demo\n');
  await writeFile(join(folder, 'ok.token'), 'tkn18YdUJZe:CQABPOJKAKEKEKEKE\n');
  await writeFile(join(folder, 'upstream.key'), 'notify-demo\n');
  await writeFile(join(folder, 'people.csv'), (await blocks('csv'))[0] ?? '');
  const [first = '', upstream = ''] = await blocks('sh');
  const makeKey = /^export SOROKA_SECRET_KEY=(.+)$/m.exec(first)?.[1];
  const env = {
    DATABASE_URL: database.url,
    SOROKA_SECRET_KEY: (await run(`echo ${makeKey}`)).trim(),
    SOROKA_METRICS_PORT: 'off',
    SOROKA_HOST: '127.0.0.1',
    SOROKA_CALLBACK_ALLOW_CIDRS: '127.0.0.0/8',
    PORT: '0',
  };

  const commands = `${first}${upstream}`.split('\n').filter((line) => line.startsWith('npx soroka '));
  let key = '';
  let server: Program | undefined;
  try {
    for (const command of commands) {
      if (command === 'npx soroka serve') server = await startProgram([SOROKA, 'serve'], env);
      else {
        const output = await run(forHere(command), env);
        if (command.includes(' key create ')) key = output.trim();
      }
    }
    const message = { phone: ANNA, service: 'Pizzeria', templateId: 4, tmpl_data: { name: 'Анна', pizza: 'Маргарита' } };
    const answer = await fetch(`${server?.url}/vk/messages`, {
      method: 'POST',
      headers: { Authorization: `Key ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify([message]),
    });
    expect(await answer.json()).toMatchObject({ result: [{ code: 'OK' }] });
    const inbox = await eventually(async () => {
      const entries = (await (await fetch(`${simulator.url}/control/people/${ANNA}/inbox`)).json()) as InboxEntry[];
      return entries.length > 0 && entries;
    });
    expect(inbox).toMatchObject([{ network: 'vk', text: 'Здравствуйте, Анна! Ваша Маргарита готова.' }]);
    await eventually(async () => {
      const calls = (await (await fetch(`${simulator.url}/control/receiver/statuses`)).json()) as { body: string }[];
      return calls.some(({ body }) => JSON.stringify(body).includes('SENT'));
    });
  } finally {
    await server?.end('SIGTERM');
  }
});

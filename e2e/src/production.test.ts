import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runProgram, runSoroka, SERVER, SOROKA, sorokaJson } from './command-line.ts';
import { freshDatabase } from './database.ts';
import { eventually, type Json, type Program, someone, startProgram, startTown, type Town } from './town.ts';

let town: Town;
beforeAll(async () => {
  town = await startTown();
});
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
});

afterEach(async () => {
  expect(await town.violations()).toEqual([]);
});

const ON_LOOPBACK = { PORT: '0', SOROKA_HOST: '127.0.0.1', SOROKA_METRICS_PORT: '0' };
const serve = (env: Record<string, string>) => startProgram([SOROKA, 'serve'], { ...ON_LOOPBACK, ...env });

async function call(server: Program, method: string, path: string, authorization: string, body?: unknown) {
  const headers = { Authorization: authorization, 'Content-Type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${server.url}${path}`, init);
  return { status: response.status, json: (await response.json()) as Json };
}
async function send(server: Program, key: string, message: Json): Promise<number> {
  const { json } = await call(server, 'POST', '/vk/messages', `Key ${key}`, [message]);
  const [item] = json['result'] as { messageId?: number }[];
  if (item?.messageId === undefined) throw new Error(`refused: ${JSON.stringify(json)}`);
  return item.messageId;
}
const statusOf = async (server: Program, key: string, id: number) =>
  (await call(server, 'GET', `/vk/messages/${id}`, `Key ${key}`)).json['status'];

describe('soroka serve, on the database of a demo that ended', () => {
  let server: Program;
  let key: string;
  beforeAll(async () => {
    expect(await town.server.end('SIGTERM')).toBe(0);
    const env = { SOROKA_DATA: town.dataFolder };
    server = await serve(env);
    const created = await runSoroka(['key', 'create', '--account', 'demo', '--name', 'real', '--scopes', 'send,read,admin'], env);
    key = created.out.trim();
  });
  afterAll(async () => {
    expect(await server?.end('SIGTERM')).toBe(0);
  });

  test('refuses the key of the demo, which a real key opens', async () => {
    for (const authorization of ['Key demo', `Basic ${Buffer.from('demo:demo').toString('base64')}`]) {
      expect((await call(server, 'GET', '/v1/account', authorization)).status).toBe(401);
    }
    expect((await call(server, 'GET', '/v1/account', `Key ${key}`)).json).toMatchObject({ name: 'demo' });
  });

  test('knows none of the demo’s hooks', async () => {
    for (const hook of ['vk/demo', 'notify/demo/incoming', 'notify/demo/statuses', 'ok/demo']) {
      const { status } = await fetch(`${server.url}/hooks/${hook}`, { method: 'POST', body: '{}' });
      // OK's is behind a list of addresses as well, which are looked at first.
      expect([hook, status]).toEqual([hook, hook === 'ok/demo' ? 403 : 404]);
    }
  });

  test('calls nobody back on loopback: a URL there is refused, and one that stands in the database is not called', async () => {
    const message = {
      ...{ phone: someone(8_000_001), service: 'Group_name', templateId: 4 },
      tmpl_data: { name: 'Анна', pizza: 'Маргарита' },
    };
    const url = `${town.simulator.url}/control/receiver/demo`;
    const refused = await call(server, 'POST', '/vk/messages', `Key ${key}`, [{ ...message, status_url: url }]);
    expect(refused.json).toMatchObject({ result: [{ reasons: [{ key: 'status_url.invalid', field: 'status_url' }] }] });
    expect((await call(server, 'PATCH', '/v1/account', `Key ${key}`, { incomingUrl: url })).status).toBe(400);

    const id = await send(server, key, message); // to the account's own URL, which the demo has left there
    await eventually(async () => (await statusOf(server, key, id)) === 'SENT');
    const metricsPort = /"metricsPort":(\d+)/.exec(server.output())?.[1];
    await eventually(async () => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return /^soroka_callback_posts_total\{form="status",outcome="forbidden"\} [1-9]/m.test(text);
    });
    expect(await town.received()).toEqual([]);
  });
});

test('the documented commands make a working sender on an empty database, and SIGTERM ends the server cleanly', async () => {
  await using database = await freshDatabase();
  const env = {
    DATABASE_URL: database.url,
    SOROKA_SECRET_KEY: randomBytes(32).toString('base64'),
    SOROKA_CALLBACK_ALLOW_CIDRS: '127.0.0.0/8',
  };
  const soroka = async (...words: string[]): Promise<string> => {
    const { code, out, note } = await runSoroka(words, env);
    expect([words.join(' '), code, note]).toEqual([words.join(' '), 0, expect.any(String)]);
    return out.trim();
  };
  const connect = async (...words: string[]) => (await sorokaJson<{ id: number }>(['connection', 'add', ...words], env)).id;

  const tooEarly = await runSoroka(['serve'], { ...env, ...ON_LOOPBACK });
  expect(tooEarly).toMatchObject({ code: 1, note: expect.stringMatching(/^The database lacks .*soroka migrate.*\n$/) });
  await soroka('migrate');
  await soroka('account', 'create', 'pizzeria', '--status-url', `${town.simulator.url}/control/receiver/pizzeria`);
  const key = await soroka('key', 'create', '--account', 'pizzeria', '--name', 'till', '--scopes', 'send,read');
  const { url } = town.simulator;
  const vk = await connect(
    ...['vk', '--group', '300000002', '--token', 'vk1.load.2', '--base-url', `${url}/vk`, '--receive', 'webhook'],
  );
  const notify = await connect(
    ...['notify', '--base-url', `${url}/notify`, '--token', 'notify-demo', '--service', 'Load_2', '--dedup', 'yes'],
  );
  await soroka('sender', 'add', 'Pizzeria', '--route', `VK=community:${vk}`, '--route', `OK=notify:${notify}:71000000000002`);
  const text = 'Здравствуйте, {{ name }}! Ваша {{ pizza }} готова.';
  await soroka('template', 'add', '4', '--name', 'base_template', '--sender', 'Pizzeria', '--text', text);
  const folder = await mkdtemp(join(tmpdir(), 'soroka-people-'));
  await writeFile(join(folder, 'people.csv'), `phone,vk,consent\n+7 998 800-00-02,${500_000_000 + 8_000_002},form on the site\n`);
  await soroka('contact', 'import', join(folder, 'people.csv'), '--account', 'pizzeria');
  await rm(folder, { recursive: true });

  const server = await serve(env);
  try {
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${server.url}${path}`)).status).toBe(200);
    const message = { service: 'Pizzeria', tmpl: 'base_template', tmpl_data: { name: 'Анна', pizza: 'Маргарита' } };
    const known = await send(server, key, { ...message, phone: someone(8_000_002) });
    const stranger = await send(server, key, { ...message, phone: someone(8_000_003) });
    await eventually(async () => (await statusOf(server, key, known)) === 'SENT');
    await eventually(async () => (await statusOf(server, key, stranger)) === 'DELIVERED');
    const inboxes = [...(await town.inbox(someone(8_000_002))), ...(await town.inbox(someone(8_000_003)))];
    expect(inboxes).toMatchObject([
      { network: 'vk', group: '300000002', kind: 'message', text: 'Здравствуйте, Анна! Ваша Маргарита готова.' },
      { network: 'ok', group: '71000000000002', kind: 'notification' },
    ]);
    await eventually(async () => (await town.callbacksOf(stranger, 'pizzeria')).some(({ status }) => status === 'DELIVERED'));

    // VK learnt the hook's address, which nobody can guess, from the server itself. What is said before that is not told.
    await eventually(async () => {
      await town.control(`/people/${someone(8_000_002)}/say`, { network: 'vk', group: '300000002', text: 'Спасибо' });
      const { json } = await call(server, 'GET', '/v1/dialogs', `Key ${key}`);
      return (json['items'] as { lastMessage: { text: string } }[]).some(({ lastMessage }) => lastMessage.text === 'Спасибо');
    });
  } finally {
    expect(await server.end('SIGTERM')).toBe(0);
  }
  await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
});

describe('what a person can mend is said in one sentence, and the exit code is 1', () => {
  const secretKey = randomBytes(32).toString('base64');
  const unreachable = { DATABASE_URL: 'postgres://soroka:secret@127.0.0.1:1/soroka', SOROKA_SECRET_KEY: secretKey };
  /** The server of production, and that of a clone. */
  const PROGRAMS = [
    ['soroka serve', [SOROKA, 'serve']],
    ['npm run server', [SERVER, 'demo-server']],
  ] as const;

  async function failsWith(args: readonly string[], env: Record<string, string>, sentence: RegExp): Promise<void> {
    const { code, note } = await runProgram(args, { ...ON_LOOPBACK, ...env });
    const sentences = note.split('\n').filter((words) => words !== '');
    expect([code, sentences]).toEqual([1, [expect.stringMatching(sentence)]]);
    expect(note).not.toContain('secret');
  }

  test.each(PROGRAMS)('%s: a port in use', async (_, args) => {
    await using database = await freshDatabase();
    const env = { DATABASE_URL: database.url, SOROKA_SECRET_KEY: secretKey };
    expect(await runSoroka(['migrate'], env)).toMatchObject({ code: 0 });
    const { port } = new URL(town.simulator.url);
    await failsWith(args, { ...env, PORT: port, SIMULATOR_PORT: port }, new RegExp(`^Port ${port} is in use: .*PORT`));
  });

  test.each(PROGRAMS)('%s: a DATABASE_URL that is none', async (_, args) => {
    const env = { ...unreachable, DATABASE_URL: 'mysql://127.0.0.1/soroka' };
    await failsWith(args, env, /DATABASE_URL must be a connection string like postgres:\/\//);
  });

  test.each(PROGRAMS)('%s: a database that does not answer', async (_, args) => {
    await failsWith(args, unreachable, /^The database cannot be reached .*DATABASE_URL/);
  });

  test.each(PROGRAMS)('%s: a data folder of another version', async (_, args) => {
    const folder = await mkdtemp(join(tmpdir(), 'soroka-version-'));
    try {
      await writeFile(join(folder, 'version'), '99\n');
      await failsWith(
        args,
        { SOROKA_DATA: folder },
        /^The data folder \S+ has format 99 and this Soroka reads format \d+: use .* SOROKA_DATA/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createAudit } from '../audit/audit.ts';
import { createRawEvents } from '../inbox/inbox.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import { readGiven } from './command.ts';
import { COMMANDS, runCli, type Terminal } from './run.ts';
import { type TestTerminal, testTerminal } from './test-terminal.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let database: TestDatabase;
let folder: string;
let place: Workplace;
let terminal: TestTerminal;
let count = 0;

const env = () => ({ DATABASE_URL: database.url, SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') });

/** Runs the words and gives back what was printed; fails where the exit code is not the expected one. */
async function soroka(words: readonly string[], more: Partial<Terminal> = {}, expectedCode = 0) {
  terminal = testTerminal(env(), more);
  const code = await runCli(words, terminal);
  expect({ code, note: terminal.printed.note }).toEqual({ code: expectedCode, note: terminal.printed.note });
  return terminal.printed;
}
const json = async (...words: string[]) => JSON.parse((await soroka([...words, '--json'])).out);
const newAccount = async () => {
  const name = `account ${++count}`;
  await soroka(['account', 'create', name]);
  return name;
};

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'soroka-cli-'));
  place = await openWorkplace(testTerminal(env()));
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('help', () => {
  test('without a word, everything there is is listed', async () => {
    const { out } = await soroka([]);
    for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`soroka ${name}.*  ${summary.slice(0, 10)}`));
  });

  test.each(COMMANDS)('"$name --help" teaches with examples that can be typed', async (command) => {
    const { out } = await soroka([...command.name.split(' '), '--help']);
    for (const flag of Object.keys(command.flags ?? {})) expect(out).toContain(`--${flag}`);
    const examples = out.split('\n').filter((line) => line.startsWith('  ') && line.includes(`soroka ${command.name}`));
    const typed = examples
      .slice(1)
      .flatMap((line) => line.replace(/'[^']*'/g, (quoted) => quoted.replaceAll('|', '¦')).split(/\||&&|\$\(/)); // the first is the usage
    const own = typed.map((line) => line.replace(/\)$/, '')).filter((line) => line.includes(`soroka ${command.name}`));
    expect(own.length).toBeGreaterThan(0);
    for (const line of own) {
      const words = [...line.slice(line.indexOf(`soroka ${command.name}`)).matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, plain]) => quoted ?? plain ?? '',
      );
      expect(() => readGiven(command, words.slice(1 + command.name.split(' ').length))).not.toThrow();
    }
  });
});

test.each([
  [['account'], 'There is no command "soroka account": use "soroka account create".\n'],
  [['launch'], 'There is no command "soroka launch": use "soroka --help" for what there is.\n'],
  [['account', 'create'], 'NAME must be given. See "soroka account create --help".\n'],
  [
    ['account', 'create', 'a', 'b'],
    '"b" is one argument too many; a value with spaces needs quotes. See "soroka account create --help".\n',
  ],
  [['key', 'create', '--nme', 'x'], '"soroka key create" knows no --nme. See "soroka key create --help".\n'],
  [['key', 'create', '--account'], /^Option '--account <value>' argument missing\. See/],
  [['key', 'create', '--account', 'x'], '--name must be given. See "soroka key create --help".\n'],
  [['key', 'create', '--name', 'x', '--scopes', 'send,write'], /^--scopes must be send, read, admin by comma, not "write"\. See/],
  [['connection', 'add', 'vk', '--token', 'x', '--offline'], /^--group must be given with --offline\./],
  [['connection', 'add', 'vk', '--group', '1'], /^--token-file \(or --token\) must be given\./],
  [['connection', 'add', 'vk', '--group', '1', '--token', 'a', '--token-file', 'b'], /^Give --token or --token-file, not both\./],
  [['connection', 'set', 'first'], /^ID must be a number, not "first"\./],
  [['connection', 'set', '1'], /^Nothing to change was given\./],
  [['connection', 'set', '1', '--receive', 'push'], /^--receive must be webhook or long-poll or off, not "push"\./],
  [['contact', 'set', '12', '--opted-out', 'yes'], /^PHONE must be a possible phone number, not "12"\./],
  [['contact', 'set', '79990000009'], /^--opted-out must be given\./],
  [['event', 'list', '--state', 'lost'], /^--state must be waiting or done or failed, not "lost"\./],
  [['connection', 'set', '1', '--per-day', 'five'], /^--per-day must be a whole number, not "five"\./],
])('%j is typed wrongly: exit code 2 and one sentence', async (words, sentence) => {
  const { note, out } = await soroka(words, {}, 2);
  expect(note).toMatch(sentence);
  expect(out).toBe('');
});

test.each([
  [['key', 'create', '--account', 'nobody', '--name', 'x'], /^There is no account "nobody": make it with/],
  [['account', 'create', 'a:b'], /^A name has 1 to 100 characters, no colon/],
  [['connection', 'add', 'vk', '--group', '1', '--token-file', '/nowhere/x'], 'There is no file /nowhere/x.\n'],
  [['connection', 'set', '999999', '--receive', 'off'], 'There is no connection 999999.\n'],
  [['contact', 'import', '/nowhere/people.csv'], 'There is no file /nowhere/people.csv.\n'],
])('%j fails: exit code 1 and one sentence', async (words, sentence) => {
  const { note, out } = await soroka(words, {}, 1);
  expect(note).toMatch(sentence);
  expect(out).toBe('');
});

test.each([
  [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL must be a connection string/],
  [{ PORT: 'x', LOG_LEVEL: 'y' }, /^PORT must be .*; LOG_LEVEL must be/],
  [
    { DATABASE_URL: 'postgres://127.0.0.1:1/x' },
    'The database cannot be reached (ECONNREFUSED): check DATABASE_URL and whether PostgreSQL runs there.\n',
  ],
])('a configuration %j that cannot work is said in one sentence', async (broken, sentence) => {
  const { note } = await soroka(['connection', 'list'], { env: { ...env(), ...broken } }, 1);
  expect(note).toMatch(sentence);
  expect(note.trim().split('\n')).toHaveLength(1);
});

test('a key that sealed nothing here is named as the cause', async () => {
  const account = await newAccount();
  const { note } = await soroka(
    ['account', 'create', account],
    { env: { ...env(), SOROKA_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') } },
    1,
  );
  expect(note).toMatch(/there is an account named/i);
  const listing = await soroka(
    ['key', 'create', '--name', 'x'],
    { env: { ...env(), SOROKA_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') } },
    1,
  );
  expect(listing.note).toBe(
    'A sealed value in the database does not open: SOROKA_SECRET_KEY is not the key that it was sealed with.\n',
  );
});

describe('keys', () => {
  test('a new key goes alone into a pipe, and works until it is revoked', async () => {
    const account = await newAccount();
    const { out, note } = await soroka(['key', 'create', '--account', account, '--name', 'till', '--scopes', 'send,admin']);
    const key = out.trim();
    expect(out).toBe(`${key}\n`);
    expect(note).not.toContain(key);
    expect(await place.accounts.authenticate(key)).toMatchObject({ accountName: account, scopes: ['send', 'admin'] });
    await soroka(['key', 'revoke', key, '--account', account]);
    const { out: listed } = await soroka(['key', 'list', '--account', account, '--json']);
    expect(JSON.parse(listed)).toMatchObject([{ id: key.split('_')[1], scopes: ['send', 'admin'], revoked: expect.any(String) }]);
    expect(listed).not.toContain(key);
    const again = await soroka(['key', 'revoke', key, '--account', account], {}, 1);
    expect(again.note).toMatch(/has no live key [0-9a-f]{16}\.$/m);
    expect(again.note).not.toContain(key);
  });

  test('the account must be named once there are several', async () => {
    await newAccount();
    await newAccount();
    const { note } = await soroka(['key', 'create', '--name', 'x'], {}, 2);
    expect(note).toMatch(/^--account must be given: there are account 1, /);
  });
});

describe('a whole set-up', () => {
  let account: string;
  const printed: string[] = [];
  const run = async (words: string[], more: Partial<Terminal> = {}) => {
    const { out, note } = await soroka([...words, '--account', account], more);
    printed.push(out, note);
    return out;
  };
  beforeEach(async () => {
    account = await newAccount();
    printed.length = 0;
  });

  test('connections, a sender, a template and contacts, with no secret in sight', async () => {
    await writeFile(join(folder, 'upstream.key'), 'UPSTREAM-secret-key\n');
    const fromInput = { readInput: async () => 'VK-secret-token\n' };
    const vk = JSON.parse(
      await run(
        [
          'connection',
          'add',
          'vk',
          '--group',
          '555',
          '--token-file',
          '-',
          '--receive',
          'webhook',
          '--per-day',
          'none',
          '--offline',
          '--json',
        ],
        fromInput,
      ),
    );
    expect(vk).toMatchObject({
      kind: 'vk',
      group: '555',
      receive: 'webhook',
      baseUrl: 'https://api.vk.ru',
      settings: 'perDay=none',
    });
    expect(vk.hook).toMatch(/^http:\/\/127\.0\.0\.1:8080\/hooks\/vk\/[A-Za-z0-9_-]{43}$/);
    const notify = JSON.parse(
      await run([
        ...['connection', 'add', 'notify', '--base-url', 'https://up.example/', '--token-file', join(folder, 'upstream.key')],
        ...['--dedup', 'yes', '--service', 'Up', '--json'],
      ]),
    );
    expect(await place.connections.credentials(vk.id)).toMatchObject({
      token: 'VK-secret-token',
      webhookSecret: expect.any(String),
    });
    expect(await place.connections.credentials(notify.id)).toMatchObject({ token: 'UPSTREAM-secret-key' });

    await run([
      ...['sender', 'add', 'Pizzeria', '--route', `VK=community:${vk.id}`, '--route', `OK=notify:${notify.id}:777`],
      ...['--budget-per-day', '100', '--forbid', 'казино', '--forbid', 'став\\w+'],
    ]);
    const { id: accountId } = await place.account(account);
    const sender = await place.connections.senderByName(accountId, 'Pizzeria');
    expect(sender).toMatchObject({
      budgetPerDay: 100,
      forbiddenPatterns: ['казино', 'став\\w+'],
      routes: [
        { route: 'VK', provider: 'community', connectionId: vk.id, groupId: '555' },
        { route: 'OK', provider: 'notify', connectionId: notify.id, groupId: '777' },
      ],
    });

    await run(
      [
        'template',
        'add',
        '4',
        '--name',
        'base_template',
        '--text',
        '-',
        '--sender',
        'Pizzeria',
        '--upstream-id',
        '44',
        '--unknown-outcome',
        'stop',
      ],
      { readInput: async () => 'Здравствуйте, {{ name }}!\n' },
    );
    expect(await place.templates.byId(accountId, 4)).toMatchObject({
      text: 'Здравствуйте, {{ name }}!',
      upstream: { templateId: 44 },
      unknownOutcome: 'stop',
      senderIds: new Set([sender?.id]),
    });
    const { items } = await createAudit({ database: place.database, clock: systemClock }).list(accountId, { limit: 3 });
    expect(items).toMatchObject([
      { action: 'template.added', object: 'template:4', actor: { kind: 'command' } },
      { action: 'sender.added', object: `sender:${sender?.id}` },
      { action: 'connection.added', fields: ['kind', 'receive', 'token'] },
    ]);

    await writeFile(
      join(folder, 'people.csv'),
      'phone;name;vk;ok;consent\n8 (999) 999-99-99;Анна;37119444;123456789012;анкета\n+79990000001;;;;\n',
    );
    await run(['contact', 'import', join(folder, 'people.csv'), '--consent', 'договор']);
    const people = await place.contacts.byPhones(null, accountId, ['79999999999', '79990000001']);
    expect(people.get('79999999999')).toMatchObject({ name: 'Анна', userIds: { vk: '37119444', ok: '123456789012' } });
    expect(people.get('79990000001')).toMatchObject({ name: null, userIds: {} });

    const list = await run(['connection', 'list']);
    expect(list.split('\n')[0]?.split('\t')).toEqual([
      'id',
      'account',
      'kind',
      'group',
      'user',
      'receive',
      'baseUrl',
      'token',
      'settings',
      'paused',
    ]);
    expect(list).toContain('\t****');
    const secrets = [
      'VK-secret-token',
      'UPSTREAM-secret-key',
      (await place.connections.credentials(vk.id)).webhookSecret as string,
    ];
    for (const secret of secrets) expect(printed.join()).not.toContain(secret);
    const hookToken = vk.hook.split('/').at(-1);
    expect(printed.slice(1).join()).not.toContain(hookToken);
  });

  test('a connection and a sender change by what is given, and nothing else', async () => {
    const { id } = JSON.parse(
      await run(['connection', 'add', 'ok', '--group', '9', '--token', 'tkn1:C1', '--per-day', '7', '--offline', '--json']),
    );
    expect(
      await json('connection', 'set', String(id), '--receive', 'long-poll', '--messages-per-second', '20', '--offline'),
    ).toEqual({
      id,
      kind: 'ok',
      group: '9',
      receive: 'long-poll',
      baseUrl: 'https://api.ok.ru',
      settings: 'perDay=7 messagesPerSecond=20',
      paused: null,
    });
    await place.connections.pause(id, 'OK error 102');
    expect(await json('connection', 'set', String(id), '--token', 'tkn2:C2', '--offline')).toMatchObject({
      paused: null,
      receive: 'long-poll',
    });
    await place.connections.pause(id, 'OK error 102');
    expect(await json('connection', 'set', String(id), '--resume')).toMatchObject({ paused: null });

    await run(['sender', 'add', 'S', '--route', `OK=community:${id}`, '--budget-per-day', '5', '--forbid', 'x']);
    expect(await json('sender', 'set', 'S', '--account', account, '--budget-per-day', 'none')).toMatchObject({
      budgetPerDay: null,
      forbiddenPatterns: ['x'],
      routes: [`OK=community:${id}:9`],
    });
    expect(await json('sender', 'set', 'S', '--account', account, '--forbid-nothing')).toMatchObject({ forbiddenPatterns: [] });
    const wrong = await soroka(['sender', 'set', 'S', '--account', account, '--forbid', '(a'], {}, 1);
    expect(wrong.note).toMatch(/^The forbidden pattern "\(a" is no RE2 expression/);
  });

  test('a connection is removed once no sender has a route over it', async () => {
    const { id } = JSON.parse(
      await run(['connection', 'add', 'vk', '--group', '777', '--token', 'VK-secret', '--offline', '--json']),
    );
    await run(['sender', 'add', 'Held', '--route', `VK=community:${id}`]);
    const held = await soroka(['connection', 'remove', String(id)], {}, 1);
    expect(held.note).toContain('The sender "Held" has a route over it');
    const other = JSON.parse(
      await run(['connection', 'add', 'ok', '--group', '778', '--token', 'OK-secret', '--offline', '--json']),
    );
    await run(['sender', 'set', 'Held', '--route', `OK=community:${other.id}`]);
    await soroka(['connection', 'remove', String(id)]);
    expect((await place.connections.credentials(id)).token).not.toContain('secret');
    expect((await soroka(['connection', 'remove', String(id)], {}, 1)).note).toContain(`There is no connection ${id}`);
  });

  test('a wrong line of a file of contacts is named as the file counts, and nothing is imported', async () => {
    const file = join(folder, 'wrong.csv');
    const wrong = async (text: string | Buffer) => {
      await writeFile(file, text);
      return (await soroka(['contact', 'import', file, '--account', account], {}, 1)).note;
    };
    expect(await wrong('phone,consent\n\n79999999999,x\n12,x\n')).toMatch(
      /^Line 4: "12" is no possible phone number; nothing was imported/,
    );
    expect(await wrong('phone,consent\n79999999999,\n')).toMatch(/^Line 2 names no consent/);
    expect(await wrong('phone,consent\n79999999999,x\n\n89999999999,x\n')).toMatch(
      /^Line 4: phone is the same as in line 2; nothing/,
    );
    expect(await wrong('tel,consent\n79999999999,x\n')).toMatch(/it has "tel"\.$/m);
    expect(await wrong(Buffer.from('phone,name\n7999,\xc0\xed\xed\xe0', 'latin1'))).toMatch(
      /is not UTF-8: save it as "CSV UTF-8"/,
    );
    const { id } = await place.account(account);
    expect((await place.contacts.byPhones(null, id, ['79999999999'])).size).toBe(0);
  });
});

test('a person opts out, also one that nobody knew, and in again', async () => {
  const account = await newAccount();
  const { id } = await place.account(account);
  const isOptedOut = async () => (await place.contacts.byPhones(null, id, ['79990000009'])).get('79990000009')?.optedOut;
  const set = (word: string) => json('contact', 'set', '8 (999) 000-00-09', '--opted-out', word, '--account', account);
  expect(await set('yes')).toEqual({ phone: '79990000009', optedOut: true });
  expect(await isOptedOut()).toBe(true);
  await set('no');
  expect(await isOptedOut()).toBe(false);
});

test('an event that could not be read is shown as it came, and waits again once it is mended', async () => {
  const account = await newAccount();
  const { id: accountId } = await place.account(account);
  const { id: connectionId } = JSON.parse(
    (
      await soroka([
        'connection',
        'add',
        'ok',
        '--group',
        '11',
        '--token',
        'tkn1:C1',
        '--account',
        account,
        '--offline',
        '--json',
      ])
    ).out,
  );
  const rawEvents = createRawEvents({ database: place.database, clock: systemClock });
  await rawEvents.store([
    {
      ...{ accountId, connectionId, form: 'ok', source: 'webhook', network: 'ok', groupId: '11', eventId: null, dialogKey: null },
      ...{ body: Buffer.from('{"a":1,}'), error: 'no JSON' },
    },
  ]);
  const [failed] = await json('event', 'list', '--state', 'failed', '--account', account);
  expect(failed).toMatchObject({ connection: connectionId, form: 'ok', state: 'failed', error: 'no JSON', body: '{"a":1,}' });
  const words = ['event', 'replay', String(failed.id), '--account', account];
  await soroka([...words, '--body-file', '-'], { readInput: async () => '{"a":1}' });
  expect(await json('event', 'list', '--account', account)).toMatchObject([{ state: 'waiting', body: '{"a":1}' }]);
  expect((await soroka(words, {}, 1)).note).toMatch(/has no failed event \d+: see/);
});

test('a person gets aligned columns where a program gets tabs', async () => {
  const account = await newAccount();
  const words = ['connection', 'add', 'ok', '--group', '10', '--token', 'tkn1:C1', '--account', account, '--offline'];
  const { out, note } = await soroka(words, { isForPeople: true });
  expect(out).toMatch(/^id {8}\d+$/m);
  expect(out).toMatch(/^kind {6}ok$/m);
  expect(note).toMatch(/shown this once/);
  const empty = await soroka(['connection', 'list', '--account', await newAccount()], { isForPeople: true });
  expect(empty).toEqual({ out: '', note: 'There are none.\n' });
});

test('a database is brought up to date by migrate, and others say so until it is', async () => {
  const { note } = await soroka(['migrate'], { env: { DATABASE_URL: database.url } });
  expect(note).toBe('The database is up to date.\n');
});

test('the connection string goes to standard output alone, and needs no key', async () => {
  const { out, note } = await soroka(['database', 'url'], { env: { DATABASE_URL: database.url } });
  expect(out).toBe(`${database.url}\n`);
  expect(note).toMatch(/password/);
});

test('serve runs with the configuration alone until it is told to stop', async () => {
  const events: string[] = [];
  const configs: unknown[][] = [];
  let tellToStop = () => {};
  const running = soroka(['serve'], {
    start: async (...given: [Config]) => {
      configs.push(given);
      events.push('started');
      return { url: 'http://127.0.0.1:1234', stop: async () => void events.push('stopped') };
    },
    untilStopped: () =>
      new Promise((resolve) => {
        events.push('waiting');
        tellToStop = resolve;
      }),
  });
  await expect.poll(() => events).toEqual(['started', 'waiting']);
  tellToStop();
  expect((await running).note).toBe('Soroka listens on http://127.0.0.1:1234\n');
  expect(events).toEqual(['started', 'waiting', 'stopped']);
  expect(configs).toEqual([[expect.objectContaining({ PORT: 8080 })]]); // no second argument: no demo
});

test('a port in use stops serve with a sentence', async () => {
  const start = () => Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 8080, syscall: 'listen' }));
  const { note } = await soroka(['serve'], { start }, 1);
  expect(note).toBe('Port 8080 is in use: stop what listens there, or choose another with PORT or SOROKA_METRICS_PORT.\n');
});

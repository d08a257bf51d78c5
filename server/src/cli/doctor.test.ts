import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { runCli, type Terminal } from './run.ts';
import { testTerminal } from './test-terminal.ts';

let database: TestDatabase;
const env = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
  ...more,
});

beforeAll(async () => {
  database = await testDatabase();
  await soroka(['account', 'create', 'pizzeria']);
  // Nothing listens there: what is looked at is how findings are told, not what they are.
  const there = ['--base-url', 'http://127.0.0.1:9', '--token', 'tkn1:C1', '--group', '1', '--offline'];
  await soroka(['connection', 'add', 'ok', ...there]);
});
afterAll(() => database.drop());

async function soroka(words: readonly string[], more: Partial<Terminal> = {}) {
  const terminal = testTerminal(env(), { tell: () => {}, isForPeople: true, ...more });
  return { code: await runCli(words, terminal), ...terminal.printed };
}

describe('soroka doctor', () => {
  test('tells people findings under headings, with what to do, and ends with 1 when something is bad', async () => {
    const { code, out, note } = await soroka(['doctor']);
    expect(code).toBe(1);
    expect(out).toMatch(/^Clock\n {2}good {5}This machine's clock and the database's agree\.\n/);
    expect(out).toContain(
      '\nNetworks\n  BAD      127.0.0.1:9 takes no connection (ECONNREFUSED).\n           -> Look at the firewall',
    );
    expect(out).toContain('\nConnection 1: OK group 1, receive off\n');
    expect(note).toMatch(/^(One finding is|\d+ findings are) bad\.\n$/);
  });

  test('gives programs one line for each finding, or JSON', async () => {
    const { out } = await soroka(['doctor'], { isForPeople: false });
    expect(out.split('\n')[0]).toBe('state\tgroup\tconnection\tname\tfound\tadvice');
    expect(out).toContain('\nbad\tnetworks\t-\t127.0.0.1:9\t127.0.0.1:9 takes no connection (ECONNREFUSED).\t');
    const rows = JSON.parse((await soroka(['doctor', '--connection', '1', '--json'])).out);
    expect(rows).toContainEqual({
      ...{ state: 'unknown', group: 'connection', connection: 1, name: 'events' },
      ...{ found: expect.stringContaining('receives nothing'), advice: expect.stringContaining('soroka connection set 1') },
    });
  });

  test('for one account looks at its connections alone', async () => {
    await soroka(['account', 'create', 'bakery']);
    const { out } = await soroka(['doctor', '--account', 'bakery', '--json']);
    expect(JSON.parse(out).filter(({ connection }: { connection: number | null }) => connection !== null)).toEqual([]);
  });

  test.each([
    [['doctor', '--connection', '99'], 'There is no connection 99.\n'],
    [['connection', 'check', '99'], 'There is no connection 99.\n'],
    [['doctor', '--account', 'nobody'], 'There is no account "nobody".\n'],
  ])('%j is said in one sentence', async (words, sentence) => {
    expect(await soroka(words)).toEqual({ code: 1, out: '', note: sentence });
  });

  test.each([
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /^Database\n {2}BAD {6}The database cannot be reached \(ECONNREFUSED\)/],
    [{ PORT: 'x' }, /^Configuration\n {2}BAD {6}PORT must be/],
  ])('%j is a finding like others', async (broken, found) => {
    const { code, out } = await soroka(['doctor'], { env: env(broken) });
    expect(code).toBe(1);
    expect(out).toMatch(found);
    expect(out).toContain('-> Mend this first');
  });
});

describe('soroka doctor signature', () => {
  const sign = (params: string, sig: string, ...more: string[]) =>
    soroka(['doctor', 'signature', '--params', params, '--sig', sig, ...more]);

  test('a right one is right, with what was signed', async () => {
    // contracts/ok.md 1.3, V9a: recomputed independently.
    const params =
      'application_key=APPKEY&format=json&method=notifications.sendSimple&uid=5&text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%2C+%D0%BC%D0%B8%D1%80+%26+%3D+%3F';
    const { code, out } = await sign(params, '99a6848aa5cd4f401b8fa450016147b8', '--app-secret', 'SECRET');
    expect(code).toBe(0);
    expect(out).toContain('The signature is right.');
    expect(out).toContain('text=Привет, мир & = ?uid=5‹application secret key›');
    expect(out).not.toContain('SECRET');
  });

  test('a wrong one is explained: which rule was missed, and what was signed instead', async () => {
    // contracts/ok.md 1.3, V11: pairs were sorted, not names.
    const params = 'a=1&a0=2&method=m.x&text=t&text1=u&application_key=APPKEY&format=json&access_token=TOKEN';
    const { code, out } = await sign(params, 'b4553096e673d716415d46247234b550', '--app-secret', 'SECRET');
    expect(code).toBe(1);
    expect(out).toContain('it should be fd56176bff76afe5196d3bf896b1ddaa');
    expect(out).toContain('Whole pairs were sorted: sort by the name alone');
    expect(out).toMatch(/Signed was: .*text1=utext=t/);
    expect(out).not.toMatch(/SECRET|TOKEN/);
  });

  test.each([
    [['--params', 'a=1', '--app-secret', 'x'], /^--sig must be given, or sig in --params\./],
    [['--params', 'a=1', '--sig', 'x'], /^--app-secret-file \(or --app-secret\) must be given\./],
    [['--sig', 'x', '--app-secret', 'x'], /^--params must be given\./],
  ])('%j lacks something', async (words, sentence) => {
    const { code, note } = await soroka(['doctor', 'signature', ...words]);
    expect(code).toBe(2);
    expect(note).toMatch(sentence);
  });
});

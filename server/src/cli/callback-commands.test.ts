import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { runCli } from './run.ts';
import { testTerminal } from './test-terminal.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let database: TestDatabase;
let place: Workplace;
const env = () => ({ DATABASE_URL: database.url, SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') });
beforeAll(async () => {
  database = await testDatabase();
  place = await openWorkplace(testTerminal(env()));
  await place.accounts.create('one');
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await database.drop();
});

async function soroka(...words: string[]) {
  const terminal = testTerminal(env(), { tell: () => {} });
  return { code: await runCli(words, terminal), ...terminal.printed };
}

test('a disabled endpoint is shown, enabled, and its parked callbacks wait again', async () => {
  await place.database.run({
    name: 'test_disabled_endpoint',
    text: `
      with endpoint as (
        insert into callback_endpoint (account_id, origin, created_at, failing_since, failures, disabled_at, problem)
        select id, 'https://a.example', now(), now() - interval '5 days', 40, now(), 'answered 500' from account
        returning id, account_id
      )
      insert into callback (account_id, endpoint_id, form, url, order_key, body, state, due_at, created_at)
      select account_id, id, 'status', 'https://a.example/', 'message:1', '{}', 'parked', now(), now() from endpoint`,
  });
  const [endpoint] = JSON.parse((await soroka('endpoint', 'list', '--json')).out);
  expect(endpoint).toMatchObject({ origin: 'https://a.example', state: 'disabled', failures: 40, problem: 'answered 500' });
  expect(await soroka('endpoint', 'enable', '99')).toMatchObject({ code: 1, note: 'The account one has no endpoint 99.\n' });
  const { note, out } = await soroka('endpoint', 'enable', String(endpoint.id), '--replay');
  expect(note + out).toContain('https://a.example is called again. Parked callbacks that wait again: 1.');
  expect(JSON.parse((await soroka('endpoint', 'list', '--json')).out)).toMatchObject([{ state: 'working', failures: 0 }]);
});

test('the secret of callbacks is changed once while the old one still signs, or at once', async () => {
  const account = await place.accounts.byName('one');
  const first = await soroka('callback-secret', 'rotate');
  expect(first.out).toMatch(/^whsec_\S+\n?$/);
  expect(first.out).not.toContain(account?.callbackSecret);
  expect(await soroka('callback-secret', 'rotate', '--keep-old', '5')).toMatchObject({
    code: 1,
    note: expect.stringContaining('Two secrets sign already'),
  });
  expect(await soroka('callback-secret', 'rotate', '--keep-old', '0')).toMatchObject({ code: 0 });
  expect(await soroka('callback-secret', 'rotate', '--keep-old', '721')).toMatchObject({ code: 2 });
});

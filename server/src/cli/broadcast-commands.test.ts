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
const json = async (...words: string[]) => JSON.parse((await soroka(...words, '--json')).out);

test('a running broadcast is shown, paused, resumed, and stopped with what was waiting', async () => {
  await place.database.run({
    name: 'test_running_broadcast',
    text: `
      with made as (
        insert into broadcast (account_id, name, plan, state, link_key, audience_done, started_at, created_at)
        select id, 'Меню', '{"variants":[{"text":"x"}],"audience":{"contactIds":[]},"ways":[]}', 'running', 'k', true, now(), now() from account
        returning id, account_id
      )
      insert into broadcast_recipient (broadcast_id, contact_id, account_id, due_at) select id, 1, account_id, now() from made`,
  });
  const [{ id }] = await json('broadcast', 'list');
  expect(await json('broadcast', 'pause', String(id))).toMatchObject({ name: 'Меню', state: 'paused' });
  expect(await soroka('broadcast', 'pause', String(id))).toMatchObject({
    code: 1,
    note: expect.stringContaining('It is paused'),
  });
  expect(await json('broadcast', 'resume', String(id))).toMatchObject({ state: 'running' });
  expect(await json('broadcast', 'stop', String(id))).toMatchObject({ state: 'stopped' });
  expect(await json('broadcast', 'report', String(id))).toMatchObject({ recipients: 1, excluded: 1, reasons: ['stopped: 1'] });
  expect(await soroka('broadcast', 'report', '99')).toMatchObject({ code: 1 });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { DEMO_ACCOUNT } from '../demo/demo.ts';
import { runCli, type Terminal } from './run.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let database: TestDatabase;
let place: Workplace;
let printed = '';
const terminal = (): Terminal => ({
  env: { DATABASE_URL: database.url, SOROKA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') },
  out: (text) => (printed += text),
  note: (text) => (printed += text),
  tell: () => {},
  readInput: async () => '',
  isForPeople: false,
  start: () => Promise.reject(new Error('this test starts no server')),
  untilStopped: async () => {},
});
const reset = () => runCli(['demo', 'reset', '--simulator-url', 'http://127.0.0.1:8090'], terminal());

beforeAll(async () => {
  database = await testDatabase();
  place = await openWorkplace(terminal(), { demo: true });
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await database.drop();
});

const write = (name: string, text: string, values: unknown[]) => place.database.run({ name, text }, values);
const countOf = async (text: string, values: unknown[]): Promise<number> => {
  const [row] = await place.database.rows<{ count: number }>({ name: `test_${text}`.slice(0, 60), text }, values);
  return row?.count ?? -1;
};

test('a reset forgets what happened in the demo and nothing of other accounts', async () => {
  expect(await reset()).toBe(0);
  const demo = await place.accounts.byName(DEMO_ACCOUNT);
  const accountId = demo?.id as number;
  const other = await place.accounts.create('pizzeria');
  const before = await place.connections.list(accountId);
  const [vk] = before;

  await place.accounts.createKey(other.id, { name: 'theirs', scopes: ['send'] });
  const { key } = await place.accounts.createKey(accountId, { name: 'mine', scopes: ['send'] });
  await place.accounts.setUrls(accountId, { statusUrl: 'https://mine.example/' });
  await place.connections.setReceive(vk?.id as number, 'off');
  await place.connections.addSender({
    accountId,
    name: 'Mine',
    routes: [{ route: 'VK', provider: 'community', connectionId: vk?.id as number, groupId: vk?.groupId as string }],
  });
  await place.templates.add({ accountId, id: 5, name: 'mine', text: 'x' });
  for (const id of [accountId, other.id]) {
    await place.contacts.importMany(id, [{ phone: '79998887766', vk: '42', consent: 'x' }]);
    const message = `
      insert into message (id, account_id, kind, text, steps, created_at, expires_at, channel)
      values (nextval('message_id'), $1, 'notification', 'x', '[]', now(), now(), 'VK')`;
    await write('test_message', message, [id]);
  }
  const lane = "insert into lane (network, group_id) values ('vk', $1)";
  for (const groupId of [vk?.groupId, '999']) await write('test_lane', lane, [groupId]);
  await write('test_window', "insert into day_window (lane_id, person, sent_at) select id, 'user:1', array[now()] from lane", []);

  expect(await reset()).toBe(0);

  expect((await place.accounts.byName(DEMO_ACCOUNT))?.id).toBe(accountId);
  expect((await place.accounts.get(accountId))?.statusUrl).toBe('http://127.0.0.1:8090/control/receiver/demo');
  expect(await place.accounts.authenticate(key)).toBeNull();
  const remade = await place.connections.list(accountId);
  expect(remade.map(({ id: _, ...rest }) => rest)).toEqual(before.map(({ id: _, ...rest }) => rest));
  expect((await place.connections.senders(accountId)).map(({ name }) => name)).toEqual(['Community', 'Group_name']);
  expect((await place.templates.list(accountId)).map(({ id }) => id)).toEqual([4]);
  expect((await place.contacts.byPhones(null, accountId, ['79998887766'])).size).toBe(0);
  const messages = 'select count(*) from message where account_id = $1';
  expect([await countOf(messages, [accountId]), await countOf(messages, [other.id])]).toEqual([0, 1]);
  const windows = 'select count(*) from day_window join lane on lane.id = lane_id where group_id = $1';
  expect([await countOf(windows, [vk?.groupId]), await countOf(windows, ['999'])]).toEqual([0, 1]);
  expect((await place.contacts.byPhones(null, other.id, ['79998887766'])).size).toBe(1);
  expect(await place.accounts.listKeys(other.id)).toHaveLength(1);
});

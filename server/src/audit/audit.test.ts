import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../test/database.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { createAccounts } from '../accounts/accounts.ts';
import { type Database, openDatabase } from '../platform/database.ts';
import { createSecrets } from '../platform/secrets.ts';
import { type Audit, createAudit } from './audit.ts';

let database: Database;
let drop: () => Promise<void>;
let audit: Audit;
let count = 0;
const clock = createManualClock();
beforeAll(async () => {
  const made = await testDatabase();
  drop = made.drop;
  database = openDatabase(made.url, { connectionsMax: 8 });
  audit = createAudit({ database, clock });
});
afterAll(async () => {
  await database.close();
  await drop();
});

const newAccount = async (): Promise<number> =>
  (await createAccounts({ database, secrets: createSecrets(randomBytes(32)), clock }).create(`shop ${++count}`)).id;
const note = (accountId: number, object: string) =>
  database.transaction((tx) =>
    audit.note(tx, { accountId, actor: { kind: 'operator', id: '7' }, action: 'team.changed', object, fields: ['name'] }),
  );
let statements = 0;
const tamper = (text: string, accountId: number) => database.run({ name: `test.tamper.${++statements}`, text }, [accountId]);

test('entries are numbered from one on in each account, and listed newest first, page by page', async () => {
  const [shop, other] = [await newAccount(), await newAccount()];
  for (const object of ['team:1', 'team:2', 'team:3']) await note(shop, object);
  await note(other, 'team:4');
  const first = await audit.list(shop, { limit: 2 });
  expect(first.items).toMatchObject([{ number: 3, object: 'team:3' }, { number: 2 }]);
  expect(first.items[0]).toMatchObject({ actor: { kind: 'operator', id: '7' }, fields: ['name'], at: new Date(clock.now()) });
  const rest = await audit.list(shop, { limit: 2, before: first.nextNumber ?? 0 });
  expect(rest).toMatchObject({ items: [{ number: 1, object: 'team:1' }], nextNumber: null });
  expect((await audit.list(other, { limit: 5 })).items).toMatchObject([{ number: 1, object: 'team:4' }]);
});

test('those who write at the same time get one chain without gaps, and a change that fails leaves nothing', async () => {
  const shop = await newAccount();
  const failing = database.transaction(async (tx) => {
    await audit.note(tx, { accountId: shop, actor: { kind: 'command' }, action: 'team.made', object: 'team:9' });
    throw new Error('rolled back');
  });
  await Promise.all([...Array.from({ length: 12 }, (_, index) => note(shop, `team:${index}`)), failing.catch(() => {})]);
  const { items } = await audit.list(shop, { limit: 100 });
  expect(items.map(({ number }) => number)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(await audit.firstBroken(shop)).toBeNull();
});

test.each([
  ['changed', "update audit_entry set object = 'team:x' where account_id = $1 and number = 2", 2],
  ['taken out', 'delete from audit_entry where account_id = $1 and number = 2', 2],
  ['cut off at the end', 'delete from audit_entry where account_id = $1 and number = 3', 3],
  ['backdated', "update audit_entry set at = at - interval '1 day' where account_id = $1 and number = 1", 1],
])('an entry that was %s is found', async (_, statement, number) => {
  const shop = await newAccount();
  for (const object of ['team:1', 'team:2', 'team:3']) await note(shop, object);
  expect(await audit.firstBroken(shop)).toBeNull();
  await tamper(statement, shop);
  expect(await audit.firstBroken(shop)).toBe(number);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conversationOf, folder, linesOf, openShop, type Shop } from './desk-stand.ts';
import { type OperatorStand, startOperatorStand } from './operator-stand.ts';

let stand: OperatorStand;
beforeAll(async () => {
  stand = await startOperatorStand();
});
afterAll(() => stand[Symbol.asyncDispose]());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A shop with an owner, one team, and what the desk does by itself. */
async function newShop(rule: object, team?: object) {
  const shop = await openShop(stand);
  const owner = await shop.operator('owner');
  const { id: teamId } = (await owner.client.call('POST', '/v1/teams', { name: 'Касса' })).body;
  await owner.client.call('PATCH', '/v1/desk-rules', { teamId, ...rule });
  if (team !== undefined) await owner.client.call('PATCH', `/v1/teams/${teamId}/desk`, team);
  await stand.clock.advance(1_000); // rules are kept for a second
  return { ...shop, owner, teamId };
}

/** Operators of the team, online, with so many dialogs at once. */
async function staffed(
  shop: Shop & { owner: Awaited<ReturnType<Shop['operator']>>; teamId: number },
  capacities: (number | null)[],
) {
  const made = [];
  for (const capacity of capacities) {
    const operator = await shop.operator('operator');
    await shop.owner.client.call('PATCH', `/v1/operators/${operator.id}`, { capacity });
    await operator.client.call('PATCH', '/v1/me', { availability: 'online' });
    made.push(operator);
  }
  await shop.owner.client.call('PATCH', `/v1/teams/${shop.teamId}`, { operatorIds: made.map(({ id }) => id) });
  return made;
}

describe('a team that is given dialogs', () => {
  test('gives each to the least busy who is online and has room, never more than fit', async () => {
    const shop = await newShop({}, { way: 'least-busy' });
    const [anna, boris] = await staffed(shop, [1, 3]);
    const away = await shop.operator('operator');
    await shop.owner.client.call('PATCH', `/v1/teams/${shop.teamId}`, { operatorIds: [anna?.id, boris?.id, away.id] });
    const people = [];
    for (let count = 0; count < 5; count += 1) {
      people.push(await shop.person());
      await stand.clock.advance(1_000);
    }
    // Two processes at once, as it were.
    await Promise.all([stand.desk.workOff(), stand.desk.workOff()]);
    expect(await folder(anna?.client as never, 'mine')).toHaveLength(1);
    expect(await folder(boris?.client as never, 'mine')).toHaveLength(3);
    expect(await folder(away.client, 'mine')).toEqual([]);
    expect(await folder(shop.owner.client, 'queue')).toEqual([people[4]?.dialogId]);
    expect(await stand.desk.workOff()).toBe(false);
    expect((await linesOf(shop.owner.client, people[0]?.url ?? ''))[0]).toMatchObject({
      ...{ kind: 'system', operatorId: null, payload: expect.stringContaining('"reason":"assigned"') },
    });
  });

  test('takes a dialog back whose operator lets people wait, and gives it to another one', async () => {
    const shop = await newShop({}, { way: 'least-busy', idleMinutes: 5 });
    const [anna] = await staffed(shop, [null]);
    const { url, dialogId } = await shop.person();
    await stand.desk.workOff();
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ owner: anna?.id });
    await stand.clock.advance(5 * MINUTE_MS - 1);
    expect(await stand.desk.workOff()).toBe(false);
    await stand.clock.advance(1);
    await stand.desk.workOff();
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ owner: null, folder: 'queue' });
    const boris = await shop.operator('operator');
    await boris.client.call('PATCH', '/v1/me', { availability: 'online' });
    await shop.owner.client.call('PATCH', `/v1/teams/${shop.teamId}`, { operatorIds: [anna?.id, boris.id] });
    await stand.desk.workOff();
    expect(await folder(boris.client, 'mine')).toEqual([dialogId]);
  });

  test('takes a dialog back whose operator is offline or was disabled, once somebody waits', async () => {
    const shop = await newShop({}, { way: 'by-hand', returnsOffline: true });
    const [anna] = await staffed(shop, [null]);
    const { url, write, dialogId } = await shop.person();
    const client = anna?.client as NonNullable<typeof anna>['client'];
    await client.call('POST', `${url}/owner`, { owner: anna?.id });
    await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, dialogId, anna?.id ?? 0));
    await client.call('PATCH', '/v1/me', { availability: 'offline' });
    expect(await stand.desk.workOff()).toBe(false);
    await write('Вы тут?');
    await stand.desk.workOff();
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ owner: null });
    await client.call('POST', `${url}/owner`, { owner: anna?.id });
    await shop.owner.client.call('PATCH', `/v1/teams/${shop.teamId}/desk`, { returnsOffline: false });
    expect(await stand.desk.workOff()).toBe(false);
    await shop.owner.client.call('PATCH', `/v1/operators/${anna?.id}`, { isDisabled: true });
    await stand.desk.workOff();
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ owner: null });
  });
});

describe('a deadline', () => {
  const DAY = [{ from: '09:00', to: '18:00' }];
  const hours = { timeZone: 'Europe/Moscow', weekly: [DAY, DAY, DAY, DAY, DAY, [], []], holidays: [] };

  test('runs in working time; missed, it stays written and is told once', async () => {
    const shop = await newShop({ hours, firstReplyMinutes: 30, nextReplyMinutes: 60, resolutionMinutes: 600 });
    const { url, write, dialogId } = await shop.person();
    const { openedAt, firstReplyDue, resolutionDue } = await conversationOf(shop.owner.client, url);
    // The clock of this file goes on from test to test, and all of it is within one working day of Moscow.
    expect(Date.parse(firstReplyDue) - Date.parse(openedAt)).toBe(30 * MINUTE_MS);
    // Ten hours of a nine-hour day end on the next one.
    expect(Date.parse(resolutionDue) - Date.parse(openedAt)).toBe((10 + 15) * HOUR_MS);
    await stand.clock.advance(30 * MINUTE_MS);
    await stand.desk.workOff();
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ firstReplyDue: null, breached: ['first-reply'] });
    expect(await stand.desk.workOff()).toBe(false);
    await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, dialogId, shop.owner.id));
    expect(await conversationOf(shop.owner.client, url)).toMatchObject({ nextReplyDue: null });
    await write();
    const { waitingSince, nextReplyDue } = await conversationOf(shop.owner.client, url);
    expect(Date.parse(nextReplyDue) - Date.parse(waitingSince)).toBe(60 * MINUTE_MS);
    const closed = await shop.owner.client.call('POST', `${url}/close`);
    expect(closed.body.conversation).toMatchObject({ nextReplyDue: null, resolutionDue: null, breached: ['first-reply'] });
  });

  test('is the group’s where it has one, else the account’s', async () => {
    const shop = await newShop({ firstReplyMinutes: 30 });
    const { client } = shop.owner;
    await client.call('PATCH', '/v1/desk-rules', { group: 'VK:7', firstReplyMinutes: 5 });
    await stand.clock.advance(1_000);
    const dueAfter = async (groupId: string): Promise<number> => {
      const { openedAt, firstReplyDue } = await conversationOf(client, (await shop.person({ groupId })).url);
      return (Date.parse(firstReplyDue) - Date.parse(openedAt)) / MINUTE_MS;
    };
    expect([await dueAfter('7'), await dueAfter('8')]).toEqual([5, 30]);
    expect((await client.call('GET', '/v1/desk-rules')).body.items).toMatchObject([
      { group: null, teamId: shop.teamId, firstReplyMinutes: 30 },
      { group: 'VK:7', teamId: null, firstReplyMinutes: 5 },
    ]);
  });

  test.each([
    [{ hours: { ...hours, timeZone: 'Mars/Olympus' } }, 'hours.timeZone'],
    [{ hours: { ...hours, weekly: [DAY] } }, 'hours.weekly'],
    [{ hours: { ...hours, weekly: [[{ from: '18:00', to: '09:00' }], [], [], [], [], [], []] } }, 'hours.weekly[0][0]'],
    [{ hours: { ...hours, holidays: ['1 мая'] } }, 'hours.holidays[0]'],
    [{ teamId: 999_999 }, 'teamId'],
    [{ group: 'VK:x' }, 'group'],
  ])('with %j is refused by the field', async (rule, field) => {
    const { owner } = await newShop({});
    const answer = await owner.client.call('PATCH', '/v1/desk-rules', { silenceHours: 1, ...rule });
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
  });
});

test('silence closes what nobody waits for, and what was put aside comes back at its time', async () => {
  const shop = await newShop({ silenceHours: 2 });
  const { client } = shop.owner;
  const [answered, waiting, aside] = [await shop.person(), await shop.person(), await shop.person()];
  await stand.database.transaction((tx) => stand.desk.hearing.answering(tx, answered.dialogId, shop.owner.id));
  await client.call('POST', `${aside.url}/snooze`, { until: new Date(stand.clock.now() + 3 * HOUR_MS).toISOString() });
  await stand.clock.advance(2 * HOUR_MS - 1);
  await stand.desk.workOff();
  expect(await conversationOf(client, answered.url)).toMatchObject({ state: 'open' });
  await stand.clock.advance(1);
  await stand.desk.workOff();
  expect(await conversationOf(client, answered.url)).toMatchObject({ state: 'closed', closedBy: 'silence' });
  expect(await conversationOf(client, waiting.url)).toMatchObject({ state: 'open' });
  await stand.clock.advance(HOUR_MS);
  await stand.desk.workOff();
  expect(await conversationOf(client, aside.url)).toMatchObject({ folder: 'queue', snoozedUntil: null });
});

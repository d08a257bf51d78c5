import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { systemClock } from '../platform/clock.ts';
import type { Statement } from '../platform/database.ts';
import { type Broadcast, type BroadcastPlan, type Broadcasts, createBroadcasts } from './broadcasts.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;
let town: Town;
let broadcasts: Broadcasts;
const running: Broadcasts[] = [];
beforeEach(async () => {
  town = await startIncomingTown();
  for (const id of Object.values(town.connectionIds))
    await town.connections.change(id, { settings: { messagesPerSecond: 2_000 } });
  broadcasts = town.broadcasts;
  town.dispatch.run();
  running.push(broadcasts);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stopRunning()));
  await town[Symbol.asyncDispose]();
});

const SUBSCRIBE: Statement = {
  name: 'test.broadcast.subscribe',
  text: `
    with person as (
      insert into contact (account_id, name, phone, labels, variables, source)
      select $1, 'Имя ' || n, case when $5 then '7999' || (1000000 + n) end, array['club'], jsonb_build_object('n', n), 'vk'
      from generate_series($3::int, $3 + $4 - 1) as n
      returning id, (variables ->> 'n')::int as n
    ), known as (
      insert into identity (account_id, network, user_id, contact_id) select $1, 'vk', (700000 + n)::text, id from person
      returning contact_id, user_id
    ), wrote as (
      insert into subscription (account_id, network, group_id, user_id, last_word_at)
      select $1, 'vk', $2, user_id, $6::timestamptz from known where $6 is not null
    )
    select id, n from person order by n`,
};
let next = 0;
/** Some people who wrote to the VK group, their ids in order; `wroteAt` null: who never did. */
async function subscribe(
  count: number,
  { wroteAt = new Date(), hasPhone = false }: { wroteAt?: Date | null; hasPhone?: boolean } = {},
) {
  next += 1_000;
  const values = [town.account.id, town.groupIds.vk, next, count, hasPhone, wroteAt];
  const rows = await town.database.rows<{ id: number; n: number }>(SUBSCRIBE, values);
  return rows.map(({ id, n }) => ({ id, userId: String(700_000 + n), phone: `7999${1_000_000 + n}` }));
}
const idsOf = (people: readonly { id: number }[]): number[] => people.map(({ id }) => id);
const sql = (name: string, text: string, values: readonly unknown[]) =>
  town.database.run({ name: `test.broadcast.${name}`, text }, values);

const plan = (more: Partial<BroadcastPlan> = {}): BroadcastPlan => ({
  variants: [{ text: 'Здравствуйте, {{ name }}!' }],
  audience: { segment: { labels: { any: ['club'] } } },
  ways: [{ kind: 'message', group: `VK:${town.groupIds.vk}` }],
  ...more,
});
const draft = (more: Partial<BroadcastPlan> = {}): Promise<Broadcast> =>
  broadcasts.add(town.account.id, { name: 'Новое меню', plan: plan(more) });
const start = (id: number, options: { startAt?: Date; confirmed?: number } = {}) =>
  broadcasts.start(town.account.id, id, options);
const report = (id: number) => broadcasts.report(town.account.id, id);
const stateOf = async (id: number) => (await broadcasts.get(town.account.id, id))?.state;
const finished = (id: number) => eventually(async () => (await stateOf(id)) === 'finished');
/** To whom VK was given a message, in order. */
const taken = (): readonly string[] => town.networks.vk.taken.map(({ recipientId }) => recipientId);

describe('a broadcast to 500 subscribers', () => {
  test('reaches everybody whom the preview says, once, and says of each other why not', async () => {
    const [account, group, denied, capped, refusing] = [
      await subscribe(20),
      await subscribe(20),
      await subscribe(20),
      await subscribe(20),
      await subscribe(20),
    ];
    await subscribe(20, { wroteAt: new Date(Date.now() - 2 * 86_400_000) });
    await subscribe(20, { wroteAt: null });
    const [unnamed, rest] = [await subscribe(20), await subscribe(340)];
    const { account: own, contacts, database, groupIds } = town;
    const vkGroup = { network: 'vk', groupId: groupIds.vk } as const;
    await database.transaction((tx) =>
      contacts.recordConsent(tx, own.id, idsOf(account), { scope: 'account', allowed: false, source: 'api' }),
    );
    await database.transaction((tx) =>
      contacts.recordConsent(tx, own.id, idsOf(group), { scope: vkGroup, allowed: false, source: 'word' }),
    );
    await contacts.noteRefused(database, { accountId: own.id, ...vkGroup }, idsOf(denied), new Date());
    await sql('unnamed', 'update contact set name = null where id = any($1::bigint[])', [idsOf(unnamed)]);
    // A first broadcast makes its lane; then five of the day.
    const first = await draft({ audience: { contactIds: idsOf(capped) } });
    broadcasts.run();
    await start(first.id);
    await finished(first.id);
    expect(await report(first.id)).toMatchObject({ given: 20, funnel: { sent: 20 } });
    const times =
      "update day_window set sent_at = array_fill(now() - interval '1 hour', array[5]) where person = any($1::text[])";
    expect(await sql('capped', times, [capped.map(({ userId }) => `user:${userId}`)])).toBe(20);
    const before = town.networks.vk.taken.length;

    const refusers = new Set(refusing.map(({ userId }) => userId));
    town.networks.vk.answer = ({ recipientId }, count) =>
      refusers.has(recipientId)
        ? { kind: 'refused', reason: 'refused_by_user', networkCode: '901' }
        : { kind: 'sent', networkId: `n${count}` };
    const { id } = await draft();
    const preview = await broadcasts.preview(own.id, id);
    const reasons = { opted_out: 40, denied: 20, capped: 20, reply_window_closed: 20, never_wrote: 20, variable_missing: 20 };
    expect(preview).toMatchObject({ contacts: 500, isWhole: true, gets: 360, later: 0, getsNot: 140, ways: [360] });
    expect(Object.fromEntries(preview.reasons.map((one) => [one.reason, one.contacts]))).toEqual(reasons);
    await start(id);
    await finished(id);

    const got = taken().slice(before);
    expect([...got].sort()).toEqual([...rest, ...refusing].map(({ userId }) => userId).sort());
    const made = await report(id);
    expect(made).toMatchObject({ recipients: 500, waiting: 0, excluded: 140, given: 360, failed: 20, funnel: { sent: 340 } });
    expect(Object.fromEntries(made.reasons.map((one) => [one.reason, one.contacts]))).toEqual({
      ...reasons,
      refused_by_user: 20,
    });
    // What the network said is remembered: the next preview knows it.
    expect((await broadcasts.preview(own.id, (await draft()).id)).reasons).toContainEqual({ reason: 'denied', contacts: 40 });
  });
});

test('an intent is named to VK where the person has not written for a day, and nowhere else', async () => {
  const [late] = await subscribe(1, { wroteAt: new Date(Date.now() - 2 * 86_400_000) });
  const [recent] = await subscribe(1);
  const ways = [{ kind: 'message', group: `VK:${town.groupIds.vk}`, intent: 'promo_newsletter' }] as const;
  const { id } = await draft({ ways });
  broadcasts.run();
  await start(id);
  await finished(id);
  const intents = new Map(town.networks.vk.taken.map(({ recipientId, intent }) => [recipientId, intent]));
  expect(intents).toEqual(
    new Map([
      [late?.userId, 'promo_newsletter'],
      [recent?.userId, undefined],
    ]),
  );
});

describe('a broadcast on its way', () => {
  test('is given out no further than its line can send in half a minute, and a pause takes effect within that', async () => {
    await town.connections.change(town.connectionIds.vk, { settings: { messagesPerSecond: 2 } });
    await subscribe(200);
    const { id } = await draft();
    broadcasts.run();
    await start(id);
    await eventually(() => taken().length > 0);
    await broadcasts.pause(town.account.id, id);
    const { given, waiting } = await report(id);
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThanOrEqual(60);
    expect(waiting).toBe(200 - given);
    await town.connections.change(town.connectionIds.vk, { settings: { messagesPerSecond: 2_000 } });
    await eventually(() => taken().length === given);
    expect(await stateOf(id)).toBe('paused');
    await broadcasts.resume(town.account.id, id);
    await finished(id);
    expect(new Set(taken()).size).toBe(200);
    expect(taken()).toHaveLength(200);
  });

  test('ends for good when it is stopped: what no network has taken is cancelled', async () => {
    await town.connections.change(town.connectionIds.vk, { settings: { messagesPerSecond: 1 } });
    await subscribe(100);
    const { id } = await draft();
    broadcasts.run();
    await start(id);
    await eventually(() => taken().length > 0);
    await broadcasts.stop(town.account.id, id);
    const sent = taken().length;
    await town.connections.change(town.connectionIds.vk, { settings: { messagesPerSecond: 2_000 } });
    const made = await eventually(async () => {
      const now = await report(id);
      return now.failed + now.excluded + now.funnel.sent === 100 ? now : null;
    });
    expect(made.reasons).toMatchObject([{ reason: 'stopped', contacts: 100 - made.funnel.sent }]);
    expect(taken().length - sent).toBeLessThan(3);
  });

  test('goes on where another process stopped, and doubles nothing', async () => {
    await subscribe(300);
    const { id } = await draft();
    const others = [1, 2].map(() =>
      createBroadcasts({
        ...{ database: town.database, clock: systemClock, log: pino({ level: 'silent' }), dispatch: town.dispatch },
        files: town.files,
        ...{ connections: town.connections, accounts: town.accounts, contacts: town.contacts, templates: town.templates },
        publicUrl: () => 'https://soroka.example',
      }),
    );
    running.push(...others);
    broadcasts.run();
    others[0]?.run();
    await start(id);
    await eventually(() => taken().length > 0);
    await broadcasts.stopRunning();
    others[1]?.run();
    await finished(id);
    expect(taken()).toHaveLength(300);
    expect(new Set(taken()).size).toBe(300);
  });

  test('by phone is given to dispatch once, also where a server stopped before it wrote that down', async () => {
    const people = await subscribe(5, { wroteAt: null, hasPhone: true });
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    let aheadMs = 0;
    let isBroken = true;
    const dying = createBroadcasts({
      ...{
        database: town.database,
        clock,
        log: pino({ level: 'silent' }),
        connections: town.connections,
        accounts: town.accounts,
      },
      ...{ contacts: town.contacts, templates: town.templates, publicUrl: () => 'https://soroka.example', files: town.files },
      dispatch: {
        ...town.dispatch,
        async accept(...given) {
          const answer = await town.dispatch.accept(...given);
          if (isBroken) throw new Error('the process is gone');
          return answer;
        },
      },
    });
    running.push(dying);
    const ways = [
      { kind: 'message', group: `VK:${town.groupIds.vk}` },
      { kind: 'template', service: 'Group_name', templateId: 4 },
    ] as const;
    const { id } = await dying.add(town.account.id, { name: 'x', plan: plan({ ways }) });
    dying.run();
    await dying.start(town.account.id, id, {});
    await eventually(() => town.networks.notify.taken.length === 5);
    isBroken = false;
    aheadMs = 61_000;
    await eventually(async () => (await report(id)).given === 5);
    expect(town.networks.notify.taken.map(({ recipientId }) => recipientId).sort()).toEqual(people.map(({ phone }) => phone));
    expect((await report(id)).funnel.sent).toBe(5);
  });
});

describe('what people do with it', () => {
  test('is counted: reading, pressing a link, answering, unsubscribing; and stands in their dialogs', async () => {
    const [anna, boris] = await subscribe(2);
    const { id } = await draft({ variants: [{ text: 'Меню: https://pizzeria.example/menu?a=1. Ждём!' }] });
    broadcasts.run();
    await start(id);
    await finished(id);
    const message = town.networks.vk.taken.find(({ recipientId }) => recipientId === anna?.userId);
    const [, link = ''] = /(https:\/\/soroka\.example\/l\/\S+)\. Ждём!$/.exec(message?.text ?? '') ?? [];
    const token = link.split('/l/')[1] ?? '';
    expect(await broadcasts.follow(token)).toBe('https://pizzeria.example/menu?a=1');
    expect(await broadcasts.follow(token)).toBe('https://pizzeria.example/menu?a=1');
    const forged = token.replace(/^(\w+)-(\w+)/, `$1-${boris?.id.toString(36)}`);
    expect(await broadcasts.follow(forged)).toBeNull();
    await town.post('vk', town.vkMessage('Спасибо!', { from_id: Number(anna?.userId) }));
    await town.post('vk', town.vkMessage('стоп', { from_id: Number(boris?.userId) }));
    await town.settled();
    expect((await report(id)).funnel).toMatchObject({ sent: 2, clicked: 1, answered: 2, unsubscribed: 1 });
    const people = await broadcasts.recipients(town.account.id, id, { afterId: 0, limit: 10 });
    expect(people).toMatchObject([
      { contactId: anna?.id, status: 'SENT', clickedAt: expect.any(Date), unsubscribedAt: null },
      { contactId: boris?.id, status: 'SENT', clickedAt: null, unsubscribedAt: expect.any(Date) },
    ]);
    const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
    const own = items.find(({ contact }) => contact?.id === anna?.id);
    const page = await town.dialogs.messages(town.account.id, own?.id as number, { limit: 10 });
    expect(page?.items.map(({ source, text }) => [source, text])).toEqual([
      ['person', 'Спасибо!'],
      ['notification', message?.text],
    ]);
    // Who said stop is left out of the next one.
    expect(await broadcasts.preview(town.account.id, (await draft()).id)).toMatchObject({
      gets: 1,
      reasons: [{ reason: 'opted_out' }],
    });
  });

  test('decides which of two texts everybody else gets', async () => {
    await subscribe(100);
    const variants = [{ text: 'А https://a.example' }, { text: 'Б https://b.example' }];
    const { id } = await draft({ variants, trial: { share: 30, minutes: 1, by: 'clicked' } });
    broadcasts.run();
    await start(id);
    const tried = await eventually(async () => {
      const { given, funnel } = await report(id);
      return given > 0 && funnel.sent === given ? given : null;
    });
    expect(tried).toBeLessThan(60);
    const second = town.networks.vk.taken.find(({ text }) => text.startsWith('Б'));
    await broadcasts.follow(second?.text.split('/l/')[1] ?? '');
    expect(await stateOf(id)).toBe('running');
    await sql('past', "update broadcast_recipient set given_at = given_at - interval '2 minutes' where broadcast_id = $1", [id]);
    await sql('due', 'update broadcast set due_at = now() where id = $1', [id]);
    await finished(id);
    expect((await broadcasts.get(town.account.id, id))?.winner).toBe(1);
    expect(town.networks.vk.taken.slice(tried).every(({ text }) => text.startsWith('Б'))).toBe(true);
    expect((await report(id)).variants.reduce((sum, { sent }) => sum + sent, 0)).toBe(100);
  });
});

describe('a broadcast waits', () => {
  test('for its time, and for the hours of each person where they live', async () => {
    const [moscow, east] = await subscribe(2);
    await sql('zone', `update contact set variables = '{"timeZone":"Asia/Vladivostok"}' where id = $1`, [east?.id]);
    const hourIn = (timeZone: string): number =>
      Number(new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format(new Date()));
    const here = hourIn('Europe/Moscow');
    // An hour that is now in Moscow, and never at the same moment seven hours further east.
    const two = (hour: number): string => String(hour).padStart(2, '0');
    const windows = [
      { weekdays: [1, 2, 3, 4, 5, 6, 7], from: `${two(here)}:00`, to: here === 23 ? '24:00' : `${two(here + 1)}:00` },
    ];
    const { id } = await draft({ windows, timeZone: 'Europe/Moscow' });
    broadcasts.run();
    await start(id, { startAt: new Date(Date.now() + 600) });
    expect(await stateOf(id)).toBe('scheduled');
    await eventually(() => taken().length > 0);
    expect(taken()).toEqual([moscow?.userId]);
    const due = await eventually(async () => {
      const [waits] = await broadcasts.recipients(town.account.id, id, { afterId: moscow?.id ?? 0, limit: 1 });
      return waits?.state === 'waiting' ? waits : null;
    });
    expect(due).toMatchObject({ contactId: east?.id, messageId: null });
    expect(await stateOf(id)).toBe('running');
    await broadcasts.stop(town.account.id, id);
  });

  test('for who types how many it is for, where they are many', async () => {
    await subscribe(501);
    const { id } = await draft();
    await expect(start(id)).rejects.toMatchObject({ code: 'broadcast.unconfirmed' });
    await expect(start(id, { confirmed: 500 })).rejects.toMatchObject({ code: 'broadcast.unconfirmed' });
    expect(await start(id, { confirmed: 501 })).toMatchObject({ state: 'running' });
    await expect(broadcasts.change(town.account.id, id, { name: 'y' })).rejects.toMatchObject({ code: 'broadcast.state' });
    await broadcasts.stop(town.account.id, id);
  });

  test('no test to oneself is counted', async () => {
    const [anna] = await subscribe(1);
    const [silent] = await subscribe(1, { wroteAt: null });
    const { id } = await draft();
    const to = (contactId = 0) => broadcasts.test(town.account.id, id, { contactId, variant: 0 });
    expect(await to(anna?.id)).toMatchObject({ text: expect.stringMatching(/^Здравствуйте, Имя \d+!$/) });
    await expect(to(silent?.id)).rejects.toMatchObject({
      code: 'broadcast.unreachable',
      detail: expect.stringContaining('never_wrote'),
    });
    await eventually(() => taken().length === 1);
    expect(await report(id)).toMatchObject({ recipients: 0 });
  });
});

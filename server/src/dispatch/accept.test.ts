import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startDispatchTown } from '../../test/dispatch-town.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import type { AcceptAnswer, NewNotification, Remember } from './dispatch.ts';

const DAY_MS = 86_400_000;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

async function startAcceptance(options: Parameters<typeof startDispatchTown>[0] = {}) {
  const town = await startDispatchTown(options);
  const dispatch = town.startDispatch();
  const accept = async (items: readonly Partial<NewNotification>[]): Promise<readonly AcceptAnswer[]> => {
    const result = await dispatch.accept(
      town.account.id,
      items.map((item) => town.notification(item)),
    );
    if (result.kind !== 'accepted') throw new Error(result.kind);
    return result.answers;
  };
  const refusal = async (item: Partial<NewNotification>) => {
    const [answer] = await accept([item]);
    if (answer === undefined || answer.ok) throw new Error('it was accepted');
    return answer.reasons[0];
  };
  return { ...town, dispatch, accept, refusal, [Symbol.asyncDispose]: () => town[Symbol.asyncDispose]() };
}

test('answers come in the order of the items, good and bad ones mixed', async () => {
  await using town = await startAcceptance();
  const answers = await town.accept([{}, { service: 'Nobody' }, {}, { templateId: 5 }]);
  expect(answers.map((answer) => (answer.ok ? 'OK' : answer.reasons[0]?.key))).toEqual([
    'OK',
    'service.not.found',
    'OK',
    'message.contains.invalid.templateId',
  ]);
  const ids = answers.flatMap((answer) => (answer.ok ? [answer.messageId] : []));
  expect(ids[1]).toBeGreaterThan(ids[0] as number);
  expect(Number.isSafeInteger(ids[0])).toBe(true);
});

test('messages of one request keep what they have of their own, in the order of their ids', async () => {
  await using town = await startAcceptance();
  const own = (index: number): Partial<NewNotification> => ({
    phone: `7998000000${index}`,
    ttlSeconds: index < 4 ? 600 : 900,
    statusUrl: index % 2 === 0 ? 'https://even.example/' : 'https://odd.example/',
    ...(index === 5 ? { steps: [{ route: 'VK' as const, timeoutSeconds: 60 }, { route: 'OK' as const }] } : {}),
  });
  const answers = await town.accept([0, 1, 2, 3, 4, 5].map(own));
  const ids = answers.map((answer) => (answer.ok ? answer.messageId : 0));
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
  const stored = {
    name: 'test.accept.own',
    text: `
      select m.phone, extract(epoch from d.expires_at - m.created_at)::int as ttl, m.status_url as "statusUrl",
        extract(epoch from d.step_ends_at - d.due_at)::int as "stepEndsInS"
      from message as m join delivery as d on d.message_id = m.id
      where m.account_id = $1
      order by m.id`,
  };
  const rows = await town.database.rows(stored, [town.account.id]);
  expect(rows).toEqual(
    [0, 1, 2, 3, 4, 5].map((index) => {
      const { phone, ttlSeconds: ttl, statusUrl } = own(index);
      return { phone, ttl, statusUrl, stepEndsInS: index === 5 ? 60 : null };
    }),
  );
});

test('a template is found by id or by name, and both must agree', async () => {
  await using town = await startAcceptance();
  const { templateId: _, ...byName } = { ...town.notification(), tmpl: 'base_template' };
  const result = await town.dispatch.accept(town.account.id, [byName]);
  expect(result).toMatchObject({ answers: [{ ok: true }] });
  expect(await town.refusal({ tmpl: 'other' })).toMatchObject({ key: 'message.contains.invalid.templateId' });
});

test('a template that is not approved for the sender is refused', async () => {
  await using town = await startAcceptance();
  await town.templates.add({ accountId: town.account.id, id: 9, name: 'foreign', text: 'Привет' });
  expect(await town.refusal({ templateId: 9, templateData: {} })).toMatchObject({ key: 'message.contains.invalid.templateId' });
});

test('a missing and an extra variable are refused by name', async () => {
  await using town = await startAcceptance();
  expect(await town.refusal({ templateData: {} })).toMatchObject({ key: 'tmpl_data.invalid', field: 'tmpl_data.name' });
  expect(await town.refusal({ templateData: { name: 'Анна', pizza: 'x' } })).toMatchObject({
    key: 'tmpl_data.invalid',
    field: 'tmpl_data.pizza',
  });
});

test('2048 characters fit, emoji counted as one each, and one more does not', async () => {
  await using town = await startAcceptance();
  const frame = [...'Здравствуйте, !'].length;
  const [fits] = await town.accept([{ templateData: { name: '🍕'.repeat(2_048 - frame) } }]);
  expect(fits?.ok).toBe(true);
  expect(await town.refusal({ templateData: { name: '🍕'.repeat(2_049 - frame) } })).toMatchObject({ key: 'text.too.long' });
});

test('a text longer than one of its groups takes is refused with the route, and goes out on the others', async () => {
  await using town = await startAcceptance();
  await town.connections.setSettings(town.connectionIds.ok, { textCharactersMax: 20 });
  const long = { service: 'Community', templateData: { name: '🍕'.repeat(7) } };
  expect(await town.refusal({ ...long, routes: ['VK', 'OK'] })).toEqual({
    key: 'text.too.long',
    field: 'tmpl_data',
    message: '22 characters, and the group on OK takes 20',
  });
  const [onlyVk, fits] = await town.accept([
    { ...long, routes: ['VK'] },
    { ...long, routes: ['VK', 'OK'], templateData: { name: '🍕'.repeat(5) } },
  ]);
  expect([onlyVk?.ok, fits?.ok]).toEqual([true, true]);
});

test('a forbidden pattern refuses the rendered text, whatever the case', async () => {
  await using town = await startAcceptance();
  await town.connections.setSender(town.account.id, 'Group_name', { forbiddenPatterns: ['казино'] });
  expect(await town.refusal({ templateData: { name: 'КАЗИНО' } })).toMatchObject({ key: 'is.spam' });
});

test('who has opted out is not written to', async () => {
  await using town = await startAcceptance();
  await town.contacts.importMany(town.account.id, [{ phone: '79999999999', consent: 'form' }]);
  await town.contacts.setOptedOut(town.account.id, '79999999999', true);
  expect(await town.refusal({})).toMatchObject({ key: 'recipient.opted.out', field: 'phone' });
});

test('over the budget of the day the first of a request are taken and the rest is a billing.error', async () => {
  await using town = await startAcceptance();
  await town.connections.setSender(town.account.id, 'Group_name', { budgetPerDay: 2 });
  const answers = await town.accept([{}, {}, {}]);
  expect(answers.map((answer) => (answer.ok ? 'OK' : answer.reasons[0]?.key))).toEqual(['OK', 'OK', 'billing.error']);
});

test('a clientMessageId refused for the budget is free again', async () => {
  await using town = await startAcceptance();
  await town.connections.setSender(town.account.id, 'Group_name', { budgetPerDay: 0 });
  expect(await town.refusal({ clientMessageId: 'a' })).toMatchObject({ key: 'billing.error' });
  await town.connections.setSender(town.account.id, 'Group_name', { budgetPerDay: null });
  expect((await town.accept([{ clientMessageId: 'a' }]))[0]?.ok).toBe(true);
});

test('the same clientMessageId gives the same message for a day, in one request or in parallel ones, and other content is a conflict', async () => {
  const clock = createManualClock();
  await using town = await startAcceptance({ clock });
  const same = { clientMessageId: 'order-1', contentSha256: sha256('one') };
  const parallel = await Promise.all(Array.from({ length: 8 }, () => town.accept([same, same])));
  const ids = new Set(parallel.flat().map((answer) => (answer.ok ? answer.messageId : 0)));
  expect(ids.size).toBe(1);
  expect(await town.refusal({ ...same, contentSha256: sha256('two') })).toMatchObject({ key: 'client.message.id.conflict' });
  const stored = await town.dispatch.list(town.account.id, { limit: 100 });
  expect(stored).toHaveLength(1);
  await clock.advance(DAY_MS + 1);
  const [later] = await town.accept([same]);
  expect(later?.ok && ids.has(later.messageId)).toBe(false);
});

test('an Idempotency-Key stores once and answers the same, also when the request comes a thousand times at once', async () => {
  await using town = await startAcceptance();
  const remember = (body: string): Remember => ({
    key: 'k',
    bodySha256: sha256(body),
    answerBody: (answers) => JSON.stringify(answers),
  });
  const post = (body: string) => town.dispatch.accept(town.account.id, [town.notification()], remember(body));
  const results = await Promise.all(Array.from({ length: 1_000 }, () => post('a')));
  expect(results.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
  expect(results.every(({ kind }) => kind === 'accepted' || kind === 'running' || kind === 'repeated')).toBe(true);
  const first = results.find((result) => result.kind === 'accepted');
  expect(await post('a')).toEqual({
    kind: 'repeated',
    answerBody: JSON.stringify(first?.kind === 'accepted' ? first.answers : []),
  });
  expect(await post('b')).toEqual({ kind: 'conflict' });
  expect(await town.dispatch.list(town.account.id, { limit: 100 })).toHaveLength(1);
});

test('a queue that cannot be sent within the ttl is refused, a longer ttl is taken', async () => {
  await using town = await startAcceptance({ notifySettings: { messagesPerSecond: 1 } });
  const answers = await town.accept(Array.from({ length: 70 }, () => ({ ttlSeconds: 60 })));
  expect(answers.filter((answer) => answer.ok)).toHaveLength(60);
  const last = answers.at(-1);
  expect(last?.ok === false && last.reasons[0]).toMatchObject({ key: 'queue.too.long', field: 'ttl' });
  expect((await town.accept([{ ttlSeconds: 120 }]))[0]?.ok).toBe(true);
});

test('nothing is sent outside its windows: it waits for the next, or is refused when none comes in time', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 15, 20)); // Thursday, 23:00 in Moscow
  await using town = await startAcceptance({ clock });
  const day = { weekdays: [1, 2, 3, 4, 5], from: '09:00', to: '21:00' };
  expect(await town.refusal({ ttlSeconds: 3_600, windows: [day] })).toMatchObject({ key: 'window.outside.ttl' });
  const [answer] = await town.accept([{ ttlSeconds: 86_400, windows: [day] }]);
  expect(answer?.ok).toBe(true);
  const [row] = await town.database.rows<{ dueAt: Date }>({ name: 'test.due', text: 'select due_at as "dueAt" from delivery' });
  expect(row?.dueAt.toISOString()).toBe('2026-01-16T06:00:00.000Z');
  expect(await town.refusal({ phone: '12025550123', windows: [day] })).toMatchObject({
    key: 'windows.invalid',
    field: 'windows[0].timeZone',
  });
});

test('quiet hours of the account hold for every notification by the recipient’s clock, and one that ends within them is refused', async () => {
  const clock = createManualClock(Date.UTC(2026, 0, 15, 20)); // 23:00 in Moscow, 1:00 in Almaty
  await using town = await startAcceptance({ clock });
  await town.accounts.setQuietHours(town.account.id, { from: '21:00', to: '09:00', timeZone: 'Europe/Moscow' });
  const dueOf = async (item: Partial<NewNotification>) => {
    const [answer] = await town.accept([{ ttlSeconds: 86_400, ...item }]);
    const due = { name: 'test.quiet.due', text: 'select due_at as "dueAt" from delivery where message_id = $1' };
    const [row] = await town.database.rows<{ dueAt: Date }>(due, [answer?.ok === true ? answer.messageId : null]);
    return row?.dueAt.toISOString();
  };
  expect(await dueOf({})).toBe('2026-01-16T06:00:00.000Z');
  expect(await dueOf({ phone: '77011234567' })).toBe('2026-01-16T04:00:00.000Z');
  expect(await dueOf({ phone: '12025550123' })).toBe('2026-01-16T06:00:00.000Z');
  const early = { weekdays: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '12:00' };
  expect(await dueOf({ windows: [{ ...early, timeZone: 'Asia/Yekaterinburg' }] })).toBe('2026-01-16T04:00:00.000Z');
  expect(await dueOf({ sendAt: new Date('2026-01-16T10:00:00Z') })).toBe('2026-01-16T10:00:00.000Z');
  expect(await town.refusal({ ttlSeconds: 3_600 })).toMatchObject({ key: 'window.outside.ttl', field: 'ttl' });
  expect(await town.refusal({ ttlSeconds: 86_400, windows: [{ ...early, from: '06:00', to: '09:00' }] })).toMatchObject({
    key: 'window.outside.ttl',
    field: 'windows',
  });
});

test('sendAt after the end of the ttl is refused', async () => {
  const clock = createManualClock();
  await using town = await startAcceptance({ clock });
  expect(await town.refusal({ ttlSeconds: 60, sendAt: new Date(clock.now() + 60_000) })).toMatchObject({ key: 'sendAt.invalid' });
});

test('a step cannot wait for what its provider does not report', async () => {
  await using town = await startAcceptance();
  const steps = [{ route: 'OK', timeoutSeconds: 60, success: 'DELIVERED' }, { route: 'VK' }] as const;
  expect(await town.refusal({ service: 'Community', steps })).toMatchObject({ key: 'steps.invalid', field: 'steps[0].success' });
  expect((await town.accept([{ steps }]))[0]?.ok).toBe(true);
});

test('an account without any sender may not use the service at all', async () => {
  await using town = await startAcceptance();
  const other = await town.accounts.create('an empty account');
  await expect(town.dispatch.accept(other.id, [town.notification()])).rejects.toMatchObject({
    code: 'service.not.found',
    status: 403,
  });
});

test('lists are by account, newest first, with filters', async () => {
  await using town = await startAcceptance();
  const other = await town.accounts.create('another account');
  await town.accept([{ phone: '79990000001' }, { phone: '79990000002' }, { phone: '79990000001' }]);
  const list = (filter: object) => town.dispatch.list(town.account.id, { limit: 10, ...filter });
  const [third, , first] = await list({});
  expect(await list({ phone: '79990000001' })).toHaveLength(2);
  expect(await list({ status: 'SENT' })).toEqual([]);
  expect((await list({ beforeId: third?.messageId })).map(({ messageId }) => messageId)).toContain(first?.messageId);
  expect(await town.dispatch.list(other.id, { limit: 10 })).toEqual([]);
  expect(await town.dispatch.get(other.id, first?.messageId as number)).toBeNull();
});

test('a message is of the class it names, else of its template’s, else of service', async () => {
  await using town = await startDispatchTown();
  const dispatch = town.startDispatch();
  const [sender] = await town.connections.senders(town.account.id);
  const mailing = { accountId: town.account.id, id: 5, name: 'mailing', text: 'Скидки', class: 'broadcast' as const };
  await town.templates.add({ ...mailing, senderIds: [sender?.id as number] });
  const ofMailing = { service: sender?.name ?? '', templateId: 5, templateData: {}, templateDataJson: '{}' };
  const ids = [
    await town.send(dispatch),
    await town.send(dispatch, { class: 'transactional' }),
    await town.send(dispatch, ofMailing),
    await town.send(dispatch, { ...ofMailing, class: 'transactional' }),
  ];
  const classes = await Promise.all(ids.map(async (id) => (await town.message(dispatch, id)).class));
  expect(classes).toEqual(['service', 'transactional', 'broadcast', 'transactional']);
  const queued = { name: 'test.priorities', text: 'select priority from delivery where account_id = $1 order by message_id' };
  const rows = await town.database.rows<{ priority: number }>(queued, [town.account.id]);
  expect(rows.map(({ priority }) => priority)).toEqual([1, 2, 3, 2]);
});

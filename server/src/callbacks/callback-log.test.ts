import { expect, test } from 'vitest';
import { commit, startCallbacksTown, status } from '../../test/callbacks-town.ts';
import { until } from '../../test/until.ts';
import type { Callbacks } from './callbacks.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const POLL_MS = 500;
const PATIENT = { timeoutMs: 20 * DAY };

const idsOf = async (engine: Callbacks, filter: Parameters<Callbacks['list']>[1], accountId = 1) =>
  (await engine.list(accountId, filter)).items.map(({ orderKey }) => orderKey.split(':')[1]);

test('every call is kept with its request, its answer and its time, and without the signature', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(async (_, count) => {
    await town.clock.advance(250);
    return count === 1 ? 503 : 200;
  });
  receiver.text = 'сейчас нельзя\0';
  const engine = town.engine(PATIENT);
  engine.run();
  const url = `${receiver.url}hook?token=1`;
  await commit(town, engine, [status(7, 'SENT', { url })]);
  await until(async () => {
    await town.clock.advance(SECOND);
    return (await town.delivered()) === 1;
  });

  const [listed] = (await engine.list(1, { limit: 10 })).items;
  expect(listed).toMatchObject({
    url,
    form: 'status',
    orderKey: 'message:7',
    state: 'delivered',
    tries: 2,
    problem: null,
    nextTryAt: null,
  });
  const found = await engine.get(1, listed?.id ?? 0);
  expect(found?.body).toBe('{"messageId":"7","status":"SENT"}');
  expect(found?.calls).toMatchObject([
    { attempt: 1, outcome: 'refused', problem: 'answered 503', answer: { status: 503, body: 'сейчас нельзя\uFFFD' } },
    { attempt: 2, outcome: 'delivered', problem: null, answer: { status: 200 } },
  ]);
  for (const [index, call] of (found?.calls ?? []).entries()) {
    const sent = receiver.calls[index];
    expect(call.durationMs).toBeGreaterThanOrEqual(250);
    expect(call.request.url).toBe(url);
    expect(call.request.body).toBe(sent?.body);
    const { 'webhook-signature': signature, ...signed } = sent?.headers ?? {};
    expect(signature).toMatch(/^v1,/);
    expect(signed).toMatchObject(call.request.headers);
    expect(Object.keys(call.request.headers).sort()).toEqual(['content-type', 'user-agent', 'webhook-id', 'webhook-timestamp']);
  }
  const stored = await town.database.rows({ name: 'test_calls', text: 'select callback_call::text as line from callback_call' });
  expect(JSON.stringify(stored)).not.toContain('v1,');
});

test('no more than 16 KB of an answer are kept', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  receiver.text = 'x'.repeat(100_000);
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  await until(async () => (await town.delivered()) === 1);
  const [listed] = (await engine.list(1, { limit: 1 })).items;
  expect((await engine.get(1, listed?.id ?? 0))?.calls[0]?.answer).toEqual({ status: 200, body: 'x'.repeat(16_384) });
});

test('each callback of a shared call shows that call whole', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver((_, count) => (count === 1 ? 500 : 200));
  const engine = town.engine({ ...PATIENT, inFlightPerEndpointMax: 1 });
  await commit(
    town,
    engine,
    [1, 2].map((id) => status(id, 'SENT', receiver)),
  );
  engine.run();
  await until(async () => {
    await town.clock.advance(SECOND);
    return (await town.delivered()) === 2;
  });
  for (const { id } of (await engine.list(1, { limit: 10 })).items) {
    const calls = (await engine.get(1, id))?.calls ?? [];
    expect(calls.map(({ outcome, request }) => [outcome, request.body])).toEqual([
      ['refused', receiver.calls[0]?.body],
      ['delivered', receiver.calls[1]?.body],
    ]);
  }
});

test('a URL that must not be called leaves a call without answer; its target sees nothing', async () => {
  await using town = await startCallbacksTown();
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, [status(1, 'SENT', { url: 'http://169.254.169.254/latest' })]);
  await until(async () => (await town.rows())[0]?.problem !== null);
  const [listed] = (await engine.list(1, { limit: 1 })).items;
  expect(listed).toMatchObject({ state: 'waiting', tries: 1, problem: expect.stringContaining('not a public address') });
  expect((await engine.get(1, listed?.id ?? 0))?.calls).toMatchObject([{ outcome: 'forbidden', answer: null }]);
});

test('the calls before a replay stay with the callback', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => 500);
  const engine = town.engine({ ...PATIENT, inFlightPerEndpointMax: 1 });
  await commit(
    town,
    engine,
    [1, 2, 3].map((id) => status(id, 'SENT', receiver)),
  );
  engine.run();
  await until(async () => {
    await town.clock.advance(30 * HOUR);
    return (await engine.list(1, { state: 'parked', limit: 10 })).items.length === 3;
  });
  receiver.answer = () => 200;
  const { items } = await engine.list(1, { limit: 10 });
  await engine.enableEndpoint(1, items[0]?.endpointId ?? 0); // it was disabled, or would have been
  for (const { id } of items) expect(await engine.replay(1, id)).toBe(true);
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 3;
  });
  for (const { id } of items) {
    const outcomes = (await engine.get(1, id))?.calls.map(({ outcome }) => outcome) ?? [];
    expect(outcomes.length).toBeGreaterThan(1);
    expect(outcomes.indexOf('delivered')).toBe(outcomes.length - 1);
  }
});

test('lists are by endpoint, state and time, newest first, page by page, and of their own account', async () => {
  await using town = await startCallbacksTown();
  const [one, two] = [await town.receiver(), await town.receiver(() => 500)];
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(
    town,
    engine,
    [1, 2, 3].map((id) => status(id, 'SENT', one)),
  );
  await until(async () => (await town.delivered()) === 3);
  await town.clock.advance(HOUR);
  const noon = new Date(town.clock.now());
  await commit(
    town,
    engine,
    [4, 5].map((id) => status(id, 'SENT', two)),
  );
  await commit(town, engine, [status(6, 'SENT', { url: one.url, accountId: 2 })]);
  await until(async () => (await town.delivered()) === 4);
  await until(async () => (await engine.list(1, { limit: 9 })).items.filter(({ nextTryAt }) => nextTryAt !== null).length === 2);

  expect(await idsOf(engine, { limit: 10 })).toEqual(['5', '4', '3', '2', '1']);
  expect(await idsOf(engine, { limit: 10 }, 2)).toEqual(['6']);
  expect(await idsOf(engine, { limit: 10, state: 'delivered' })).toEqual(['3', '2', '1']);
  expect(await idsOf(engine, { limit: 10, state: 'waiting' })).toEqual(['5', '4']);
  expect(await idsOf(engine, { limit: 10, state: 'parked' })).toEqual([]);
  expect(await idsOf(engine, { limit: 10, createdFrom: noon })).toEqual(['5', '4']);
  expect(await idsOf(engine, { limit: 10, createdTo: noon })).toEqual(['3', '2', '1']);
  const endpoints = (await engine.endpoints(1, { limit: 10 })).items;
  expect(endpoints.map(({ origin }) => `${origin}/`)).toEqual([two.url, one.url]);
  expect(await idsOf(engine, { limit: 10, endpointId: endpoints[0]?.id ?? 0 })).toEqual(['5', '4']);
  const foreign = (await engine.endpoints(2, { limit: 10 })).items[0];
  expect(await idsOf(engine, { limit: 10, endpointId: foreign?.id ?? 0 })).toEqual([]);
  const [newest] = (await engine.list(1, { limit: 1 })).items;
  expect(await engine.get(2, newest?.id ?? 0)).toBeNull();

  const pages: (string | undefined)[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Awaited<ReturnType<Callbacks['list']>> = await engine.list(1, { limit: 2, ...(cursor === '' ? {} : { cursor }) });
    pages.push(page.items.map(({ orderKey }) => orderKey.split(':')[1]));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual([['5', '4'], ['3', '2'], ['1']]);
  await expect(engine.list(1, { limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({
    code: 'parameter.invalid',
    field: 'cursor',
  });
});

test('parked callbacks are put back by endpoint and time, and once', async () => {
  await using town = await startCallbacksTown();
  const [one, two] = [await town.receiver(() => 500), await town.receiver(() => 500)];
  const engine = town.engine(PATIENT);
  engine.run();
  const times: Date[] = [];
  for (const id of [1, 2]) {
    times.push(new Date(town.clock.now()));
    await commit(town, engine, [status(id, 'SENT', one), status(10 + id, 'SENT', two)]);
    await town.clock.advance(SECOND);
  }
  await until(async () => {
    await town.clock.advance(13 * HOUR);
    return (await engine.list(1, { state: 'parked', limit: 10 })).items.length === 4;
  });
  for (const receiver of [one, two]) receiver.answer = () => 200;
  for (const { id } of (await engine.endpoints(1, { limit: 10 })).items) await engine.enableEndpoint(1, id);
  const ofOne = (await engine.endpoints(1, { limit: 10 })).items.find(({ origin }) => one.url.startsWith(origin));
  const second = times[1] as Date;
  expect(await engine.replayAll(1, { endpointId: ofOne?.id ?? 0, createdTo: second })).toEqual({ replayed: 1, isMore: false });
  expect(await engine.replayAll(1, { createdFrom: second })).toEqual({ replayed: 2, isMore: false });
  expect(await engine.replayAll(1, { createdFrom: second })).toEqual({ replayed: 0, isMore: false });
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 3;
  });
  expect(await idsOf(engine, { state: 'parked', limit: 10 })).toEqual(['11']);
});

test('calls that delivered are kept for seven days, those that failed for thirty', async () => {
  await using town = await startCallbacksTown();
  const [good, bad] = [await town.receiver(), await town.receiver(() => 500)];
  const engine = town.engine();
  const outcomes = () =>
    town.database.rows({ name: 'test_outcomes', text: 'select distinct outcome from callback_call order by outcome' });
  engine.run();
  await commit(town, engine, [status(1, 'SENT', good), status(2, 'SENT', bad)]);
  await until(async () => (await outcomes()).length === 2);
  await town.clock.advance(8 * DAY);
  await until(async () => (await outcomes()).length === 1);
  expect(await outcomes()).toEqual([{ outcome: 'refused' }]);
});

import { expect, test } from 'vitest';
import { commit, startCallbacksTown, status, statusesOf } from '../../test/callbacks-town.ts';
import { until } from '../../test/until.ts';

const SECOND = 1_000;
const POLL_MS = 500;
const DAY = 86_400_000;
const PATIENT = { timeoutMs: 20 * DAY };
type Town = Awaited<ReturnType<typeof startCallbacksTown>>;

const many = (count: number, url: string, more: { from?: number; accountId?: number } = {}) =>
  Array.from({ length: count }, (_, index) => {
    const id = (more.from ?? 0) + index;
    return status(id, 'SENT', { url: `${url}?${id}`, ...(more.accountId === undefined ? {} : { accountId: more.accountId }) });
  });

/** As if each had been tried and failed before. */
const markTried = (town: Town) =>
  town.database.run({ name: 'test_mark_tried', text: 'update callback set again = true, attempt = 1' });

test('what is new goes at once, however many later tries are due at the same endpoint', async () => {
  await using town = await startCallbacksTown();
  const answers: (() => void)[] = [];
  const receiver = await town.receiver(() => new Promise((resolve) => answers.push(() => resolve(200))));
  const engine = town.engine(PATIENT);
  await commit(town, engine, many(400, receiver.url));
  await markTried(town);
  engine.run();
  await until(() => receiver.open.now === 4); // half of the endpoint's slots
  await commit(town, engine, many(3, receiver.url, { from: 1_000 }));
  await until(() => receiver.calls.length === 7);
  expect(statusesOf(receiver).slice(4).toSorted()).toEqual(['1000 SENT', '1001 SENT', '1002 SENT']);

  // While both are due later tries go on too.
  await commit(town, engine, many(40, receiver.url, { from: 2_000 }));
  await until(async () => {
    for (const answer of answers.splice(0)) answer();
    return (await town.delivered()) === 443;
  });
  const order = statusesOf(receiver).map((each) => Number(each.split(' ')[0]) >= 2_000);
  expect(order.lastIndexOf(true)).toBeLessThan(200);
  expect(order.slice(order.indexOf(true), order.lastIndexOf(true))).toContain(false);
});

test('of a hundred endpoints one hangs and ten fail: the others get everything without a moment of waiting', async () => {
  await using town = await startCallbacksTown();
  const hanging = await town.receiver(() => null);
  const failing = await town.receiver(() => 500);
  const healthy = await town.receiver();
  const engine = town.engine(PATIENT);
  // Accounts make endpoints as hosts do: 1 hangs, 2 to 11 fail.
  const urlOf = (accountId: number) => (accountId === 1 ? hanging : accountId <= 11 ? failing : healthy).url;
  const accounts = Array.from({ length: 100 }, (_, index) => index + 1);
  engine.run();
  await commit(
    town,
    engine,
    accounts.flatMap((accountId) => many(20, urlOf(accountId), { from: accountId * 100, accountId })),
  );
  // The clock stands: whoever waited for a time-out, a retry, a pause or the next look at the queues would wait for ever.
  await until(async () => (await town.delivered()) === 89 * 20);
  expect(hanging.open.now).toBe(8);
  await until(() => failing.open.now === 0);
  expect(failing.calls.length).toBeLessThan(10 * 20);
  hanging.answer = () => 200;
});

test('an endpoint that only fails is left alone for a while, then asked with one call; when it answers, all goes on at once', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => 503);
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, many(200, receiver.url));
  await until(async () => (await engine.endpoints(1, { limit: 1 })).items[0]?.state === 'paused');
  const before = receiver.calls.length;
  expect(before).toBeLessThan(20);
  await town.clock.advance(9 * SECOND);
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return receiver.calls.length > before;
  });
  expect(receiver.calls.length).toBe(before + 1);
  const [endpoint] = (await engine.endpoints(1, { limit: 1 })).items;
  expect(endpoint).toMatchObject({ origin: new URL(receiver.url).origin, problem: 'answered 503', disabledAt: null });
  expect(town.logLines.filter((line) => line.includes('callback_breaker_opened'))).not.toEqual([]);

  receiver.answer = () => 200;
  await until(async () => {
    await town.clock.advance(SECOND);
    return (await town.delivered()) >= 200 - before - 2;
  });
  await until(async () => (await engine.endpoints(1, { limit: 1 })).items[0]?.state === 'working');
  expect(receiver.open.most).toBeLessThanOrEqual(8);
});

test('statuses and forwarded messages of one host share its slots', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => null);
  const engine = town.engine(PATIENT);
  const forwards = many(20, receiver.url, { from: 100 }).map((each) => ({ ...each, form: 'incoming' as const }));
  await commit(town, engine, [...many(20, receiver.url), ...forwards]);
  engine.run();
  await until(() => receiver.open.now === 8);
  await commit(town, engine, many(1, (await town.receiver()).url, { from: 500 }));
  await until(async () => (await town.delivered()) === 1);
  expect(receiver.open.most).toBe(8);
  expect((await engine.endpoints(1, { limit: 10 })).items.map(({ origin }) => origin)).toContain(new URL(receiver.url).origin);
  receiver.answer = () => 200;
});

test('an account with many hanging hosts leaves slots to the others', async () => {
  await using town = await startCallbacksTown();
  const hanging = await Promise.all(Array.from({ length: 4 }, () => town.receiver(() => null)));
  const healthy = await town.receiver();
  const engine = town.engine({ ...PATIENT, inFlightMax: 24, inFlightPerAccountMax: 16 });
  engine.run();
  await commit(
    town,
    engine,
    hanging.flatMap(({ url }, index) => many(20, url, { from: index * 100 })),
  );
  await until(() => hanging.reduce((sum, { open }) => sum + open.now, 0) === 16);
  await commit(town, engine, many(30, healthy.url, { from: 1_000, accountId: 2 }));
  await until(async () => (await town.delivered()) === 30);
});

test('after five days of nothing but failures an endpoint is disabled; its callbacks are parked, until it is enabled and they are replayed', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => 500);
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, many(15, receiver.url));
  const endpoint = async () => (await engine.endpoints(1, { limit: 1 })).items[0];
  await until(async () => ((await endpoint())?.failures ?? 0) >= 10);
  await town.clock.advance(4 * DAY);
  await until(async () => (await endpoint())?.state === 'failing' || (await endpoint())?.state === 'paused');
  expect((await endpoint())?.disabledAt).toBeNull();
  await until(async () => {
    await town.clock.advance(DAY / 4);
    return (await endpoint())?.state === 'disabled';
  });
  expect(town.logLines.filter((line) => line.includes('callback_endpoint_disabled')).length).toBe(1);

  const calls = receiver.calls.length;
  await commit(town, engine, many(5, receiver.url, { from: 100 }));
  await until(async () => {
    await town.clock.advance(DAY);
    return (await engine.list(1, { state: 'waiting', limit: 100 })).items.length === 0;
  });
  expect(receiver.calls.length).toBe(calls);
  const parked = (await engine.list(1, { state: 'parked', limit: 100 })).items;
  expect(parked.length).toBe(20);
  expect(parked[0]).toMatchObject({ tries: 0, problem: 'the endpoint is disabled' });
  expect(await engine.replayAll(1, {})).toEqual({ replayed: 0, isMore: false });

  const { id } = (await endpoint()) as { id: number };
  receiver.answer = () => 200;
  expect(await engine.enableEndpoint(2, id)).toBeNull();
  expect(await engine.enableEndpoint(1, id)).toMatchObject({ state: 'working', failures: 0, disabledAt: null });
  expect(await engine.replayAll(2, {})).toEqual({ replayed: 0, isMore: false });
  expect(await engine.replayAll(1, { endpointId: id })).toEqual({ replayed: 20, isMore: false });
  expect(await engine.replayAll(1, { endpointId: id })).toEqual({ replayed: 0, isMore: false });
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 20;
  });
});

test('one failure now and one in five days disable nothing', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => 500);
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, many(1, receiver.url));
  await until(async () => {
    await town.clock.advance(DAY);
    return (await engine.list(1, { state: 'parked', limit: 1 })).items.length === 1;
  });
  expect((await engine.endpoints(1, { limit: 1 })).items).toMatchObject([{ state: 'failing', failures: 10, disabledAt: null }]);
});

test('statuses go one by one while few wait, and share POSTs once more than a hundred do', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => null);
  const engine = town.engine({ ...PATIENT, batchAbove: 100 });
  const statuses = Array.from({ length: 90 }, (_, id) => status(id, 'SENT', receiver));
  engine.run();
  await commit(town, engine, statuses);
  await until(() => receiver.open.now === 8);
  expect(receiver.calls.every(({ body }) => (JSON.parse(body) as unknown[]).length === 1)).toBe(true);
  await commit(
    town,
    engine,
    Array.from({ length: 900 }, (_, id) => status(1_000 + id, 'SENT', receiver)),
  );
  await town.clock.advance(POLL_MS);
  const waiting = receiver.calls.length;
  receiver.answer = () => 200;
  receiver.release();
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 990;
  });
  const sizes = receiver.calls.slice(waiting).map(({ body }) => (JSON.parse(body) as unknown[]).length);
  expect(Math.max(...sizes)).toBeGreaterThan(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
});

test('where sharing is off every status goes alone, however many wait', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine({ ...PATIENT, batchAbove: null });
  await commit(
    town,
    engine,
    Array.from({ length: 500 }, (_, id) => status(id, 'SENT', receiver)),
  );
  engine.run();
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 500;
  });
  expect(receiver.calls.length).toBe(500);
});

import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { commit, SECRET, startCallbacksTown, status, statusesOf } from '../../test/callbacks-town.ts';
import { until } from '../../test/until.ts';
import type { Database, Queryable } from '../platform/database.ts';
import type { CallbackItem, Callbacks, NewCallback } from './callbacks.ts';

const POLL_MS = 500;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
// Where a test moves the clock while calls are under way: no lease runs out.
const PATIENT = { timeoutMs: 100 * HOUR };

const parkedOf = async (engine: Callbacks, accountId: number) =>
  (await engine.list(accountId, { state: 'parked', limit: 10 })).items;

/** Resolves when some transaction waits for another one. */
const waitsForLock = (database: Database) =>
  until(async () => {
    const text = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return (await database.rows({ name: 'test_waits_for_lock', text })).length > 0;
  });

test('a status arrives as an array, an incoming message as the object it is, both with a signature that verifies', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine();
  engine.run();
  const incoming: NewCallback = {
    accountId: 1,
    url: `${receiver.url}in`,
    form: 'incoming',
    orderKey: 'dialog:5',
    body: '{"type":"message_new","text":"привет"}',
  };
  await commit(town, engine, [status(1, 'SENT', { url: `${receiver.url}statuses?token=1` }), incoming]);
  await until(() => receiver.calls.length === 2);

  expect(receiver.calls.map(({ path, body }) => `${path} ${body}`).sort()).toEqual([
    `/in ${incoming.body}`,
    '/statuses?token=1 [{"messageId":"1","status":"SENT"}]',
  ]);
  for (const { headers, body } of receiver.calls) {
    expect(headers['content-type']).toBe('application/json');
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
    expect(() => new Webhook(SECRET).verify(`${body} `, headers as Record<string, string>)).toThrow();
  }
});

test('while a secret is changed over, the receiver may check by the old one or by the new one', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const newer = 'whsec_c29yb2thLXRlc3Qtc2VjcmV0LXR3bw==';
  const engine = town.engine({ accounts: { signingSecrets: async () => [newer, SECRET] } });
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  const { headers, body } = (await until(() => receiver.calls[0])) as NonNullable<(typeof receiver.calls)[0]>;
  for (const secret of [newer, SECRET]) expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeTruthy();
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
});

test('the statuses of a message leave in their order, a slow or failing one holds back only its own message', async () => {
  await using town = await startCallbacksTown();
  let failures = 2;
  const receiver = await town.receiver(({ body }) =>
    body.includes('"1"') && body.includes('SENT') && failures-- > 0 ? 500 : 200,
  );
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [
    status(1, 'SENT', receiver),
    status(1, 'DELIVERED', receiver),
    status(1, 'READ', receiver),
    status(2, 'SENT', receiver),
  ]);
  await commit(town, engine, [status(2, 'DELIVERED', receiver)]);
  await until(() => statusesOf(receiver).includes('2 DELIVERED'));
  await until(async () => (await town.rows()).find(({ attempt }) => attempt === 1)?.state === 'waiting');
  await town.clock.advance(5 * SECOND);
  await until(async () => (await town.rows()).find(({ attempt }) => attempt === 2)?.state === 'waiting');
  await town.clock.advance(5 * MINUTE);
  await until(() => statusesOf(receiver).includes('1 READ'));

  const ofFirst = statusesOf(receiver).filter((each) => each.startsWith('1 '));
  expect(ofFirst).toEqual(['1 SENT', '1 SENT', '1 SENT', '1 DELIVERED', '1 READ']);
  expect(statusesOf(receiver).filter((each) => each.startsWith('2 '))).toEqual(['2 SENT', '2 DELIVERED']);
});

test('a failing endpoint is tried at the times of the contract, then the callback is parked and the next of its message goes on', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(({ body }) => (body.includes('SENT') ? 503 : 200));
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver), status(1, 'DELIVERED', receiver)]);
  const delays = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
  for (const [index, delayMs] of delays.entries()) {
    await until(async () => (await town.rows()).some(({ attempt, state }) => attempt === index + 1 && state === 'waiting'));
    await town.clock.advance(delayMs - 1);
    // By the time another message has come through, a callback that was due would have been called too.
    await commit(town, engine, [status(100 + index, 'READ', receiver)]);
    await until(() => statusesOf(receiver).includes(`${100 + index} READ`));
    await town.clock.advance(POLL_MS);
  }
  await until(() => statusesOf(receiver).includes('1 DELIVERED'));

  const tries = receiver.calls.filter(({ body }) => body.includes('SENT'));
  expect(tries.slice(1).map(({ at }, index) => at - (tries[index]?.at ?? 0))).toEqual(
    delays.map((delayMs) => delayMs - 1 + POLL_MS),
  );
  expect(new Set(tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await until(async () => (await town.rows()).length === 1);
  expect(await parkedOf(engine, 1)).toMatchObject([
    { orderKey: 'message:1', form: 'status', url: receiver.url, tries: 10, problem: 'answered 503' },
  ]);
});

test('a parked callback is replayed for its own account, under the same webhook-id', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver(() => 500);
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  const parked = (await until(async () => {
    // From try to try, and no further: after five days of failures the endpoint itself would be disabled.
    const [row] = await town.rows();
    if (row?.state === 'waiting') await town.clock.advance(Math.max(0, row.dueAt.getTime() - town.clock.now()));
    return (await parkedOf(engine, 1))[0];
  })) as CallbackItem;

  receiver.answer = () => 200;
  expect(await engine.replay(2, parked.id)).toBe(false);
  expect(await engine.replay(1, 999)).toBe(false);
  expect(await engine.replay(1, parked.id)).toBe(true);
  await until(async () => (await town.delivered()) === 1);
  expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([`cb_${parked.id}`]));
  expect(await parkedOf(engine, 1)).toEqual([]);
  expect(await engine.replay(1, parked.id)).toBe(false);
});

test('a backlog goes out in POSTs of up to 100 statuses, everything once and in order', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine({ inFlightPerEndpointMax: 1 });
  const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
  await commit(
    town,
    engine,
    ids.map((id) => status(id, 'SENT', receiver)),
  );
  engine.run();
  await until(() => statusesOf(receiver).length >= ids.length);

  expect(statusesOf(receiver).toSorted()).toEqual(ids.map((id) => `${id} SENT`).toSorted());
  const batches = receiver.calls.map(({ body }) =>
    (JSON.parse(body) as { messageId: string }[]).map(({ messageId }) => Number(messageId)),
  );
  expect(batches.slice(0, 6).map(({ length }) => length)).toEqual([2, 8, 32, 100, 100, 100]);
  for (const batch of batches) expect(batch).toEqual(batch.toSorted((a, b) => a - b));
  expect(receiver.open.most).toBe(1);
});

test('a body of many large items stays within 256 KB', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine({ inFlightPerEndpointMax: 1 });
  const body = (id: number) => `{"messageId":"${id}","status":"SENT","callbackData":{"x":"${'я'.repeat(2_000)}"}}`;
  await commit(
    town,
    engine,
    Array.from({ length: 1_000 }, (_, id) => status(id, 'SENT', { url: receiver.url, body: body(id) })),
  );
  engine.run();
  await until(() => statusesOf(receiver).length >= 1_000);
  const bytes = receiver.calls.map((call) => Buffer.byteLength(call.body));
  expect(Math.max(...bytes)).toBeLessThanOrEqual(256 * 1024);
  expect(Math.max(...bytes)).toBeGreaterThan(200 * 1024);
});

test('a POST that failed is repeated as it was: the same webhook-id, the same statuses', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver((_, count) => (count <= 60 ? 500 : 200));
  const engine = town.engine(PATIENT);
  await commit(
    town,
    engine,
    Array.from({ length: 300 }, (_, id) => status(id, 'SENT', receiver)),
  );
  engine.run();
  await until(async () => {
    await town.clock.advance(MINUTE);
    return (await town.delivered()) === 300;
  });

  const bodiesOf = new Map<unknown, Set<string>>();
  for (const { headers, body } of receiver.calls)
    bodiesOf.set(headers['webhook-id'], (bodiesOf.get(headers['webhook-id']) ?? new Set()).add(body));
  expect([...bodiesOf.values()].every((bodies) => bodies.size === 1)).toBe(true);
  expect(receiver.calls.length).toBeGreaterThan(bodiesOf.size);
  expect(Math.max(...[...bodiesOf.values()].map(([body = '[]']) => (JSON.parse(body) as unknown[]).length))).toBeGreaterThan(1);
});

test('URLs of one endpoint share no POST, incoming messages neither', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine();
  const statuses = Array.from({ length: 120 }, (_, id) => status(id, 'SENT', { url: `${receiver.url}?message=${id}` }));
  const incoming = Array.from(
    { length: 40 },
    (_, id): NewCallback => ({
      accountId: 1,
      url: receiver.url,
      form: 'incoming',
      orderKey: `dialog:${id}`,
      body: `{"n":${id}}`,
    }),
  );
  await commit(town, engine, [...statuses, ...incoming]);
  engine.run();
  await until(() => receiver.calls.length >= 160);
  await until(async () => (await town.delivered()) === 160);
  expect(
    receiver.calls
      .map(({ path }) => path)
      .filter((path) => path !== '/')
      .toSorted(),
  ).toEqual(
    statuses
      .map(({ url }) => new URL(url).search)
      .map((search) => `/${search}`)
      .toSorted(),
  );
  expect(
    receiver.calls
      .filter(({ path }) => path === '/')
      .map(({ body }) => body)
      .toSorted(),
  ).toEqual(incoming.map(({ body }) => body).toSorted());
});

test('an endpoint that hangs takes its eight calls and delays nobody else', async () => {
  await using town = await startCallbacksTown();
  const hanging = await town.receiver(() => null);
  const healthy = await town.receiver();
  const engine = town.engine({ timeoutMs: 60_000 });
  await commit(
    town,
    engine,
    Array.from({ length: 200 }, (_, id) => status(id, 'SENT', { url: `${hanging.url}?${id}` })),
  );
  engine.run();
  await until(() => hanging.open.now === 8);
  await commit(
    town,
    engine,
    Array.from({ length: 100 }, (_, id) => status(1_000 + id, 'SENT', { url: healthy.url, accountId: 2 })),
  );
  await until(() => statusesOf(healthy).length === 100);
  expect(hanging.calls.length).toBe(8);
  expect(hanging.open.most).toBe(8);
  hanging.answer = () => 200;
});

test('two processes on one database deliver everything once, and both work', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const [one, two] = [town.engine(PATIENT), town.engine(PATIENT)];
  const callbacks = Array.from({ length: 40 }, (_, account) =>
    Array.from({ length: 30 }, (_, index) =>
      status(account * 100 + (index % 10), `S${Math.floor(index / 10)}`, { url: receiver.url, accountId: account + 1 }),
    ),
  );
  await commit(town, one, callbacks.flat());
  one.run();
  two.run();
  two.wake();
  await until(async () => {
    await town.clock.advance(POLL_MS); // what one process had to put off, the other finds by polling
    return (await town.delivered()) === 1_200;
  });
  const seen = statusesOf(receiver);
  expect(seen.length).toBe(1_200);
  expect(new Set(seen).size).toBe(1_200);
  for (const key of new Set(seen.map((each) => each.split(' ')[0]))) {
    expect(seen.filter((each) => each.startsWith(`${key} `))).toEqual([`${key} S0`, `${key} S1`, `${key} S2`]);
  }
});

test('what a killed process held is delivered by another when its lease has run out, under the same webhook-id', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  let killed = false;
  const death = Promise.withResolvers<never>();
  using _burial = { [Symbol.dispose]: () => death.reject(new Error('killed')) }; // or the town would wait for the dead
  // A killed process runs no statement any more, what it had open is rolled back, and it hears of nothing; but what it sent to
  // the receiver has arrived.
  const alive = (tx: Queryable): Queryable => {
    if (killed) throw new Error('killed');
    return tx;
  };
  const dying: Database = {
    ...town.database,
    async transaction(work) {
      const done = town.database.transaction((tx) =>
        work({
          ...tx,
          rows: async (statement, values) => alive(tx).rows(statement, values),
          run: async (statement, values) => alive(tx).run(statement, values),
        }),
      );
      const result = await done.catch(() => death.promise);
      return killed ? death.promise : result;
    },
  };
  receiver.answer = () => {
    killed = true;
    return 200;
  };
  const first = town.engine({ database: dying });
  await commit(town, first, [status(1, 'SENT', receiver), status(1, 'DELIVERED', receiver)]);
  first.run();
  await until(() => receiver.calls.length === 1);

  const second = town.engine();
  second.run();
  await commit(town, second, [status(2, 'SENT', receiver)]);
  await until(async () => (await town.delivered()) === 1); // or its own lease would run out with the other
  expect(statusesOf(receiver)).toEqual(['1 SENT', '2 SENT']); // still leased
  await town.clock.advance(22 * SECOND); // the time-out of 2 s and 20 s
  await until(async () => {
    await town.clock.advance(SECOND); // a process that reckoned its sleep before the time moved sleeps on
    return (await town.delivered()) === 3;
  });
  expect(statusesOf(receiver)).toEqual(['1 SENT', '2 SENT', '1 SENT', '1 DELIVERED']);
  expect(receiver.calls[2]?.headers['webhook-id']).toBe(receiver.calls[0]?.headers['webhook-id']);
});

test('an outcome that comes after the lease was lost changes nothing', async () => {
  await using town = await startCallbacksTown();
  const answers = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const receiver = await town.receiver(({ body }, count) => (body.includes('READ') ? 200 : (answers[count - 1]?.promise ?? 200)));
  const engine = town.engine({ timeoutMs: MINUTE });
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  await until(() => receiver.calls.length === 1);
  await town.clock.advance(MINUTE + 20 * SECOND); // the process slept through its lease
  await until(() => receiver.calls.length === 2);

  answers[0]?.resolve(500);
  await until(() => town.logLines.some((line) => line.includes('answered 500')));
  await commit(town, engine, [status(2, 'READ', receiver)]);
  await until(async () => (await town.delivered()) === 1);
  expect(await town.rows()).toMatchObject([{ state: 'claimed', attempt: 2, problem: null }]);
  answers[1]?.resolve(200);
  await until(async () => (await town.delivered()) === 2);
  expect(receiver.calls.length).toBe(3);
});

test('nothing is delivered of a transaction that was rolled back; what was committed is found without a wake-up', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine(PATIENT);
  const elsewhere = town.engine(); // another process: it enqueues, and the one that delivers is not told
  engine.run();
  const failing = town.database.transaction(async (tx) => {
    await engine.enqueue(tx, [status(1, 'SENT', receiver)]);
    throw new Error('the status change failed');
  });
  await expect(failing).rejects.toThrow('the status change failed');
  engine.wake();
  await commit(town, elsewhere, [status(2, 'SENT', receiver)]);
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return receiver.calls.length > 0;
  });
  await until(async () => (await town.delivered()) === 1);
  expect(statusesOf(receiver)).toEqual(['2 SENT']);
  expect(await town.rows()).toEqual([]);
});

test('two transactions that are the first of one endpoint at the same time both get their callbacks delivered', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine();
  engine.run();
  const inserted = Promise.withResolvers<void>();
  const first = town.database.transaction(async (tx) => {
    await engine.enqueue(tx, [status(1, 'SENT', receiver)]);
    inserted.resolve();
    await waitsForLock(town.database);
  });
  await inserted.promise;
  await commit(town, engine, [status(2, 'SENT', receiver)]);
  await first;
  engine.wake();
  await until(async () => (await town.delivered()) === 2);
  expect(statusesOf(receiver).toSorted()).toEqual(['1 SENT', '2 SENT']);
});

test('a redirect is a failure and is not followed', async () => {
  await using town = await startCallbacksTown();
  const target = await town.receiver();
  const receiver = await town.receiver(() => 307);
  receiver.headers = { location: target.url };
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  const [row] = (await until(async () => ((await town.rows())[0]?.problem === null ? undefined : town.rows()))) as Awaited<
    ReturnType<typeof town.rows>
  >;
  expect(row).toMatchObject({ state: 'waiting', attempt: 1, problem: 'answered 307, redirects are not followed' });
  expect(target.calls).toEqual([]);
});

test.each([
  ['http://169.254.169.254/latest/meta-data?token=secret', 'the URL leads to 169.254.169.254, which is not a public address'],
  ['http://[::ffff:10.0.0.1]/', 'the URL leads to ::ffff:a00:1, which is not a public address'],
  ['http://user:secret@example.com/', 'the URL contains a user name or a password'],
  ['not a url', 'the URL is not a URL'],
])('%s is not called: that is a failed try with its reason', async (url, problem) => {
  await using town = await startCallbacksTown();
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', { url })]);
  await until(async () => (await town.rows())[0]?.problem === problem);
  expect((await town.rows())[0]).toMatchObject({ state: 'waiting', attempt: 1 });
});

test('an account whose secret cannot be read gets no unsigned callback, and the others get theirs', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const signingSecrets = async (accountId: number) => {
    if (accountId === 1) throw new Error('the sealed value does not open');
    return [SECRET];
  };
  const engine = town.engine({ accounts: { signingSecrets } });
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver), status(2, 'SENT', { url: receiver.url, accountId: 2 })]);
  await until(async () => (await town.rows())[0]?.problem === 'the signing secret of the account cannot be read');
  await until(() => receiver.calls.length === 1);
  expect(statusesOf(receiver)).toEqual(['2 SENT']);
});

test('stopping waits for the calls under way and writes their outcomes', async () => {
  await using town = await startCallbacksTown();
  const { promise: answered, resolve: answerNow } = Promise.withResolvers<number>();
  const receiver = await town.receiver(() => answered);
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver), status(1, 'DELIVERED', receiver)]);
  await until(() => receiver.calls.length === 1);
  const stopping = engine.stop();
  answerNow(200);
  await stopping;
  expect(await town.delivered()).toBe(1);
  expect(await town.rows()).toMatchObject([{ state: 'waiting', attempt: 0 }]);
  expect(receiver.calls.length).toBe(1);
});

test('the loss of the database is survived: outcomes wait for it, nothing is called twice', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  let refusals = 0;
  let away = false;
  const flaky: Database = {
    ...town.database,
    async transaction(work) {
      if (!away) return town.database.transaction(work);
      refusals += 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    },
  };
  receiver.answer = () => {
    away = true;
    return 200;
  };
  const engine = town.engine({ database: flaky });
  engine.run();
  await commit(town, town.engine(), [status(1, 'SENT', receiver)]);
  engine.wake();
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return refusals >= 3;
  });
  receiver.answer = () => 200;
  away = false;
  await commit(town, town.engine(), [status(1, 'DELIVERED', receiver)]);
  await until(async () => {
    await town.clock.advance(POLL_MS);
    return (await town.delivered()) === 2;
  });
  expect(statusesOf(receiver)).toEqual(['1 SENT', '1 DELIVERED']);
});

test('delivered callbacks are kept for seven days', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver();
  const engine = town.engine();
  engine.run();
  await commit(town, engine, [status(1, 'SENT', receiver)]);
  await until(async () => (await town.delivered()) === 1);
  await town.clock.advance(6 * 24 * HOUR);
  await commit(town, engine, [status(2, 'SENT', receiver)]);
  await until(async () => (await town.delivered()) === 2);
  await town.clock.advance(2 * 24 * HOUR);
  await until(async () => (await town.delivered()) === 1);
});

test('no URL, body or header of a callback is in the log', async () => {
  await using town = await startCallbacksTown();
  const receiver = await town.receiver((_, count) => (count === 1 ? 500 : 200));
  const engine = town.engine(PATIENT);
  engine.run();
  await commit(town, engine, [
    status(1, 'SENT', { url: `${receiver.url}path-token?phone=79999999999`, body: '{"callbackData":"private"}' }),
  ]);
  await until(async () => {
    await town.clock.advance(5 * SECOND);
    return (await town.delivered()) === 1;
  });
  expect(town.logLines.map((line) => (JSON.parse(line) as { result: string }).result)).toEqual(['waiting', 'delivered']);
  expect(town.logLines.join('')).not.toMatch(/path-token|79999999999|private|signature|whsec|v1,/);
});

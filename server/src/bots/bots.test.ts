import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineBot } from '@soroka/bot';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import type { Turns } from './bots.ts';

/** The time of this machine, and what a test has let pass besides. */
function skippingClock(): Clock & { skip(ms: number): void } {
  let skipped = 0;
  return {
    now: () => systemClock.now() + skipped,
    monotonic: () => systemClock.monotonic() + skipped,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    skip: (ms) => {
      skipped += ms;
    },
  };
}

interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Somebody else's program, which answers as the test says. */
const program = {
  asked: [] as Asked[],
  url: '',
  answer: async (_: Asked): Promise<{ status: number; json: unknown }> => ({ status: 200, json: {} }),
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const asked = { method: request.method, url: request.url, headers: request.headers, body };
  program.asked.push(asked);
  const { status, json } = await program.answer(asked);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  program.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const ORDER = (url: string) => `
misunderstood: 9
rules:
  - {name: order, when: {keywords: {any: [заказ]}}, do: [{goto: order}]}
  - {name: quiet, when: {noReply: 1d}, reply: Ещё думаете?}
scenarios:
  order:
    - ask: {text: Что привезти?, save: what}
    - call: {method: PUT, url: '${url}/orders', headers: {x-shop: soroka}, body: {what: '{{ what }}'}, save: {number: body.number}}
    - say: 'Заказ {{ number }}: {{ what }}.'
    - wait: 2h
    - say: Как пицца?
`;
const AT_ONCE = (url: string) => `
rules:
  - name: order
    when: {keywords: [заказ]}
    do:
      - call: {method: PUT, url: '${url}/orders', body: {what: пицца}, save: {number: body.number}}
      - say: 'Заказ {{ number }}.'
      - wait: 2h
      - say: Как пицца?
`;
const HANDOFF_YAML = 'rules: [{name: rest, when: {fallback: true}, reply: Что?}]';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;
const textsOf = async (town: Town, person: number): Promise<string[]> => {
  const find = { name: 'test.dialog.of', text: 'select id from dialog where account_id = $1 and user_id = $2' };
  const [found] = await town.database.rows<{ id: number }>(find, [town.account.id, String(person)]);
  if (found === undefined) return [];
  const page = await town.dialogs.messages(town.account.id, found.id, { limit: 100 });
  const lines = [...(page?.items ?? [])].reverse().filter(({ kind }) => kind !== 'system' && kind !== 'note');
  return lines.map(({ text, source }) => (source === 'bot' ? `> ${text}` : text));
};
const say = async (town: Town, text: string, person: number): Promise<void> => {
  await town.post('vk', town.vkMessage(text, { from_id: person }));
  await town.settled();
};
const tasks = async (town: Town): Promise<string[]> => {
  const list = { name: 'test.bot_task', text: 'select kind from bot_task where account_id = $1 order by id' };
  return (await town.database.rows<{ kind: string }>(list, [town.account.id])).map(({ kind }) => kind);
};

/** A desk at which nobody sits: every dialog is the bot's. */
const BOTS_ALONE: Turns = {
  isWorkingHours: async () => true,
  ownerOf: async () => 'bot',
  handOver: async () => {},
  close: async () => {},
};

/** More steps than the work has. */
const LIVES_MAX = 40;

/** A database as a process has it that dies after so many steps: between two statements or transactions, or right before a commit. */
function mortal(database: Database, steps: number) {
  let left = steps;
  const live = () => {
    left -= 1;
    if (left < 0) throw new Error('killed');
  };
  const around = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    live();
    const result = await work();
    live();
    return result;
  };
  const mortalDatabase: Database = {
    ...database,
    rows: (...given) => around(() => database.rows(...given)),
    run: (...given) => around(() => database.run(...given)),
    transaction: (work) =>
      around(() =>
        database.transaction(async (tx) => {
          const result = await work(tx);
          live();
          return result;
        }),
      ),
  };
  return { database: mortalDatabase, isDead: () => left < 0 };
}

describe('what takes its time', () => {
  test('a server killed between any two steps of a web request and a timer does each once', async () => {
    const clock = skippingClock();
    await using town = await startIncomingTown({ rules: AT_ONCE(program.url), clock });
    program.answer = async () => ({ status: 200, json: { number: 7 } });
    // What somebody has claimed is due again within ten seconds.
    const near = { name: 'test.bot_task.near', text: 'select id from bot_task where account_id = $1 and due_at <= $2' };
    const isIdle = async () => (await town.database.rows(near, [town.account.id, new Date(clock.now() + 11_000)])).length === 0;
    const people = Array.from({ length: LIVES_MAX }, (_, index) => 5_000 + index);
    for (const person of people) await town.post('vk', town.vkMessage('заказ', { from_id: person }));
    await town.settled();
    // One after the other: each has a life of another length.
    await town.database.run(
      { name: 'test.bot_task.hold', text: "update bot_task set due_at = due_at + interval '1 year' where account_id = $1" },
      [town.account.id],
    );
    const release = {
      name: 'test.bot_task.release',
      text: 'update bot_task set due_at = $3 where dialog_id = (select id from dialog where account_id = $1 and user_id = $2)',
    };
    let deaths = 0;
    for (const [steps, person] of people.entries()) {
      program.asked = [];
      await town.database.run(release, [town.account.id, String(person), new Date(clock.now())]);
      const life = mortal(town.database, steps);
      for (const passes of [0, 2 * 3_600_000]) {
        clock.skip(passes);
        const process = town.startBots({ database: life.database });
        await eventually(async () => life.isDead() || (await isIdle()));
        await process.stop();
        if (!life.isDead()) continue;
        clock.skip(11_000); // what the dead one had claimed is free again
        const next = town.startBots();
        await eventually(isIdle);
        await next.stop();
      }
      expect(await textsOf(town, person)).toEqual(['заказ', '> Заказ 7.', '> Как пицца?']);
      expect(new Set(program.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
      expect(program.asked[0]).toMatchObject({ method: 'PUT', url: '/orders', body: '{"what":"пицца"}' });
      if (!life.isDead()) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(10);
    expect(deaths).toBeLessThan(LIVES_MAX);
  }, 60_000);

  test('a call that fails is tried twice more, and then a person takes over', async () => {
    const clock = skippingClock();
    const given: unknown[] = [];
    const turns: Turns = { ...BOTS_ALONE, handOver: async (_, __, to) => void given.push(to) };
    await using town = await startIncomingTown({ rules: ORDER(program.url), clock, bots: { turns } });
    program.answer = async () => ({ status: 503, json: {} });
    program.asked = [];
    await say(town, 'заказ', 1);
    await say(town, 'суп', 1);
    for (const tries of [1, 2, 3]) {
      const process = town.startBots();
      await eventually(async () => program.asked.length === tries);
      await eventually(async () => (await tasks(town)).includes('call') === tries < 3);
      await process.stop();
      clock.skip(11_000);
    }
    expect(new Set(program.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(given).toEqual([expect.objectContaining({ note: expect.stringMatching(/call/i) })]);
    expect((await textsOf(town, 1)).at(-1)).toMatch(/^> Передаю разговор оператору/);
  });

  test('a silence is heard of once it has lasted, and every word puts it off', async () => {
    const clock = skippingClock();
    await using town = await startIncomingTown({ rules: ORDER(program.url), clock });
    await say(town, 'добрый день', 2);
    clock.skip(20 * 3_600_000);
    await say(town, 'ау', 2);
    clock.skip(20 * 3_600_000);
    const process = town.startBots();
    await eventually(async () => (await tasks(town)).length === 1);
    clock.skip(5 * 3_600_000);
    await eventually(async () => (await tasks(town)).length === 0);
    await process.stop();
    expect((await textsOf(town, 2)).filter((text) => text === '> Ещё думаете?')).toHaveLength(1);
  });
});

test('two servers at the same timers ring each once', async () => {
  const clock = skippingClock();
  await using town = await startIncomingTown({
    rules: 'rules: [{name: a, when: {keywords: [раз]}, do: [{wait: 1h}, {say: два}]}]',
    clock,
  });
  for (let person = 10; person < 30; person += 1) await town.post('vk', town.vkMessage('раз', { from_id: person }));
  await town.settled();
  clock.skip(3_600_000);
  const processes = [town.startBots(), town.startBots()];
  await eventually(async () => (await tasks(town)).length === 0);
  await Promise.all(processes.map((one) => one.stop()));
  for (let person = 10; person < 30; person += 1) expect(await textsOf(town, person)).toEqual(['раз', '> два']);
});

describe('bots that take turns', () => {
  const owners = (): Turns & { owner: 'bot' | 'queue' | 'human' } => {
    const turns = {
      ...BOTS_ALONE,
      owner: 'bot' as 'bot' | 'queue' | 'human',
      ownerOf: async () => turns.owner,
      handOver: async () => {
        turns.owner = 'queue';
      },
    };
    return turns;
  };
  const assign = async (town: Town, more: { kind: 'code' | 'outside'; module?: string; url?: string }): Promise<void> => {
    const add = {
      name: 'test.bot.assign',
      text: `
        with made as (
          insert into bot (account_id, name, kind, module, url, created_at) values ($1, 'b', $2, $3, $4, now()) returning id
        )
        insert into bot_group (account_id, network, group_id, bot_id) select $1, 'vk', $5, id from made`,
    };
    await town.database.run(add, [town.account.id, more.kind, more.module ?? null, more.url ?? null, town.groupIds.vk]);
  };

  test('a bot outside is asked with a signature, remembers its session, and its actions are carried out', async () => {
    const turns = owners();
    await using town = await startIncomingTown({ bots: { turns } });
    await assign(town, { kind: 'outside', url: `${program.url}/bot` });
    program.asked = [];
    program.answer = async ({ body }) => {
      const { event, session } = JSON.parse(body) as { event: { text: string }; session?: { count: number } };
      const count = (session?.count ?? 0) + 1;
      const actions = [
        { kind: 'say', text: `${count}: ${event.text}` },
        ...(count === 2 ? [{ kind: 'handoff' }, { kind: 'say', text: 'never' }] : []),
      ];
      return { status: 200, json: { actions, session: { count } } };
    };
    town.startBots();
    await say(town, 'раз', 40);
    await say(town, 'два', 40);
    await eventually(async () => (await tasks(town)).length === 0);
    await say(town, 'три', 40);
    expect((await textsOf(town, 40)).toSorted()).toEqual(['> 1: раз', '> 2: два', 'два', 'раз', 'три']);
    expect(turns.owner).toBe('queue');
    const [first] = program.asked;
    const { callbackSecret } = town.account;
    expect(new Webhook(callbackSecret).verify(first?.body ?? '', first?.headers as Record<string, string>)).toMatchObject({
      type: 'bot.event',
      network: 'vk',
      event: { kind: 'message', text: 'раз' },
    });
  });

  test('an answer that comes after somebody has taken over is not said', async () => {
    const turns = owners();
    await using town = await startIncomingTown({ bots: { turns } });
    await assign(town, { kind: 'outside', url: `${program.url}/bot` });
    program.asked = [];
    const answer = Promise.withResolvers<void>();
    program.answer = async () => {
      await answer.promise;
      return { status: 200, json: { actions: [{ kind: 'say', text: 'too late' }] } };
    };
    town.startBots();
    await say(town, 'привет', 41);
    await eventually(() => program.asked.length === 1);
    turns.owner = 'human';
    answer.resolve();
    await eventually(async () => (await tasks(town)).length === 0);
    expect(await textsOf(town, 41)).toEqual(['привет']);
  });

  test('a stop word wins over a bot that is thinking', async () => {
    await using town = await startIncomingTown();
    await assign(town, { kind: 'outside', url: `${program.url}/bot` });
    program.asked = [];
    const answer = Promise.withResolvers<void>();
    program.answer = async () => {
      await answer.promise;
      return { status: 200, json: { actions: [{ kind: 'say', text: 'too late' }] } };
    };
    town.startBots();
    await say(town, 'привет', 42);
    await eventually(() => program.asked.length === 1);
    await say(town, 'оператор', 42);
    answer.resolve();
    await eventually(async () => (await tasks(town)).length === 0);
    expect(await textsOf(town, 42)).toEqual(['привет', 'оператор', expect.stringMatching(/^> Передаю разговор/)]);
  });

  test('a bot outside that fails three times hands over', async () => {
    const clock = skippingClock();
    const turns = owners();
    await using town = await startIncomingTown({ clock, bots: { turns } });
    await assign(town, { kind: 'outside', url: `${program.url}/bot` });
    program.asked = [];
    program.answer = async () => ({ status: 200, json: { actions: 'none' } });
    await say(town, 'привет', 43);
    for (const tries of [1, 2, 3]) {
      const process = town.startBots();
      await eventually(() => program.asked.length === tries);
      await eventually(async () => (await tasks(town)).includes('turn') === tries < 3);
      await process.stop();
      clock.skip(11_000);
    }
    expect(turns.owner).toBe('queue');
    expect((await textsOf(town, 43)).at(-1)).toMatch(/^> Передаю разговор оператору/);
  });

  test('a bot in code asks question after question, and its scene outlives the process', async () => {
    const bot = defineBot<unknown>((b) => {
      b.hear('запись', (c) => c.enter('booking'));
      b.scene('booking', async (c) => {
        const day = await c.ask.text('На какой день?');
        await c.wait('1h');
        c.reply(`Ждём вас: ${day}.`);
      });
    });
    const clock = skippingClock();
    await using town = await startIncomingTown({ clock, bots: { codeBots: new Map([['salon', bot]]) } });
    await assign(town, { kind: 'code', module: 'salon' });
    const first = town.startBots();
    await say(town, 'запись', 44);
    await eventually(async () => (await textsOf(town, 44)).length === 2);
    await first.stop();
    await say(town, 'пятница', 44);
    const second = town.startBots();
    await eventually(async () => (await tasks(town))[0] === 'timer');
    await second.stop();
    clock.skip(3_600_000);
    town.startBots();
    await eventually(async () => (await tasks(town)).length === 0);
    expect(await textsOf(town, 44)).toEqual(['запись', '> На какой день?', 'пятница', '> Ждём вас: пятница.']);
  });
});

test('nothing of a bot comes after somebody has taken over, at whatever moment they do', async () => {
  await using town = await startIncomingTown({
    rules: 'rules: [{name: echo, when: {keywords: [пинг]}, reply: [раз, два, три]}]',
  });
  const people = Array.from({ length: 12 }, (_, index) => 70 + index);
  for (const person of people) await say(town, 'пинг', person);
  const find = { name: 'test.dialog.all', text: 'select id from dialog where account_id = $1' };
  const dialogs = await town.database.rows<{ id: number }>(find, [town.account.id]);
  const words = people.map((person) => town.post('vk', town.vkMessage('пинг', { from_id: person })));
  const takeovers = dialogs.map(({ id }) => town.database.transaction((tx) => town.desk.hearing.answeringElsewhere(tx, id)));
  await Promise.all([...words, ...takeovers]);
  await town.settled();
  for (const person of people) await say(town, 'пинг', person);
  for (const { id } of dialogs) {
    const page = await town.dialogs.messages(town.account.id, id, { limit: 100 });
    const lines = [...(page?.items ?? [])].reverse();
    const takenAt = lines.findIndex(({ kind }) => kind === 'system');
    expect(takenAt).toBeGreaterThan(0);
    expect(lines.slice(takenAt).filter(({ source, kind }) => source === 'bot' && kind === 'message')).toEqual([]);
    // What had been said and not gone out is taken back.
    expect(lines.filter(({ source, kind, status }) => source === 'bot' && kind === 'message' && status !== 'CANCELLED')).toEqual(
      [],
    );
  }
});

test('what a bot learns is kept with the person, and segments see it', async () => {
  await using town = await startIncomingTown({
    rules: `rules:
      - {name: vip, when: {keywords: [привет], segment: vip}, reply: 'Рады снова, {{ city }}!'}
      - {name: new, when: {keywords: [привет]}, reply: Привет!, do: [{set: {city: Казань}}, {label: vip}]}`,
  });
  await town.contacts.segments.add(town.account.id, { name: 'vip', definition: { labels: { any: ['vip'] } } });
  await say(town, 'привет', 90);
  await say(town, 'привет', 90);
  expect(await textsOf(town, 90)).toEqual(['привет', '> Привет!', 'привет', '> Рады снова, Казань!']);
});

test('a bot that talks with another program comes to an end', async () => {
  const handed: unknown[] = [];
  const turns: Turns = { ...BOTS_ALONE, handOver: async (_, __, to) => void handed.push(to) };
  await using town = await startIncomingTown({
    rules: 'rules: [{name: echo, when: {keywords: [пинг]}, reply: [понг, пинг, понг]}]',
    bots: { turns },
  });
  for (let index = 0; index < 21; index += 1) await town.post('vk', town.vkMessage('пинг', { from_id: 50 }));
  await town.settled();
  expect((await textsOf(town, 50)).filter((text) => text.startsWith('>'))).toHaveLength(60);
  expect(handed).toHaveLength(1);
});

test('what nobody knew is counted by its words, long numbers left out', async () => {
  await using town = await startIncomingTown({ rules: HANDOFF_YAML.replace('rules:', 'misunderstood: 100\nrules:') });
  for (const text of ['Где мой заказ 12345678?', 'где мой заказ 87654321', 'А самовывоз ЕЩЁ есть?']) await say(town, text, 60);
  const list = {
    name: 'test.bot_phrase',
    text: 'select phrase, count from bot_phrase where account_id = $1 order by count desc',
  };
  expect(await town.database.rows(list, [town.account.id])).toEqual([
    { phrase: 'где мой заказ #', count: 2 },
    { phrase: 'а самовывоз еще есть', count: 1 },
  ]);
});

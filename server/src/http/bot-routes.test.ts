import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiTown, startApiTown, type TownAnswer } from '../../test/api-town.ts';

let town: ApiTown;
beforeAll(async () => {
  town = await startApiTown();
});
afterAll(() => town[Symbol.asyncDispose]());

const YAML = `
rules:
  - {name: delivery, when: {keywords: {any: [доставка], mode: fuzzy}}, reply: За час.}
  - {name: order, when: {keywords: {any: [заказ]}}, do: [{goto: order}]}
scenarios:
  order:
    - ask: {text: Какую?, save: pizza}
    - say: '{{ pizza }} едет.'
    - handoff: {team: kitchen}
`;
const refusalOf = ({ status, body }: TownAnswer) => [status, body.error?.code, body.error?.field];
const add = async (more: object) => (await town.call('POST', '/v1/bots', more)).body;
const says = (text: string) => ({ kind: 'message', text });

describe('versions', () => {
  test('are numbered, never change, and the one that is published answers; an earlier one rolls back', async () => {
    const bot = await add({ name: 'Versions', definition: YAML, comment: 'first', groups: ['VK:1'] });
    expect(bot).toMatchObject({ kind: 'file', groups: ['VK:1'], publishedVersion: null, latestVersion: 1 });
    const path = `/v1/bots/${bot.id}`;
    const second = await town.call('POST', `${path}/versions`, { definition: YAML.replace('За час', 'За два часа') });
    expect(second.body).toMatchObject({ number: 2, isPublished: false, diagrams: [{ scenario: 'order' }] });
    expect(second.body.diagrams[0].mermaid).toContain('flowchart TD');

    for (const version of [2, 1]) {
      expect((await town.call('POST', `${path}/publish`, { version })).body.publishedVersion).toBe(version);
      const tried = (await town.call('POST', `${path}/try`, { events: [says('доставка')] })).body;
      expect(tried.steps[0].effects[0].text).toBe(version === 1 ? 'За час.' : 'За два часа.');
    }
    const { items } = (await town.call('GET', `${path}/versions?limit=1`)).body;
    expect(items).toEqual([expect.objectContaining({ number: 2, isPublished: false })]);
    expect((await town.call('GET', `${path}/versions/1`)).body).toMatchObject({
      definition: YAML,
      comment: 'first',
      isPublished: true,
    });
    expect(refusalOf(await town.call('POST', `${path}/publish`, { version: 3 }))).toEqual([404, 'not.found', null]);
  });

  test('are refused with everything that is wrong with them', async () => {
    const bot = await add({ name: 'Refused' });
    const answer = await town.call('POST', `/v1/bots/${bot.id}/versions`, {
      definition: 'rules: [{name: a, when: {start: 1}, reply: ""}]',
    });
    expect(refusalOf(answer)).toEqual([400, 'bot.invalid', 'definition']);
    expect(answer.body.error.message).toMatch(/start.+; .+reply/);
  });
});

test('a group has one bot: whoever is given it takes it from the other', async () => {
  const first = await add({ name: 'First', groups: ['VK:77', 'OK:78'] });
  const second = await add({ name: 'Second' });
  await town.call('PATCH', `/v1/bots/${second.id}`, { groups: ['VK:77'] });
  expect((await town.call('GET', `/v1/bots/${first.id}`)).body.groups).toEqual(['OK:78']);
  expect((await town.call('GET', `/v1/bots/${second.id}`)).body.groups).toEqual(['VK:77']);
});

test('two bots of an account have two names', async () => {
  await add({ name: 'Once' });
  expect(refusalOf(await town.call('POST', '/v1/bots', { name: 'Once' }))).toEqual([409, 'bot.taken', 'name']);
});

test('a bot is tried out over a whole conversation, with the reason for each step', async () => {
  const bot = await add({ name: 'Trial', definition: YAML });
  const events = [says('дставка есть?'), says('заказ'), says('маргариту'), says('что-то')];
  const { steps } = (await town.call('POST', `/v1/bots/${bot.id}/try`, { version: 1, events })).body;
  expect(steps.map(({ effects }: { effects: { kind: string }[] }) => effects.map(({ kind }) => kind))).toEqual([
    ['say'],
    ['say'],
    ['set', 'say', 'handoff'],
    [],
  ]);
  expect(steps[0].trace).toEqual([{ at: 'rule', name: 'delivery', outcome: 'fits' }, expect.anything()]);
  const draft = await town.call('POST', `/v1/bots/${bot.id}/try`, {
    definition: 'rules: [{name: a, when: {keywords: [привет]}, reply: Добрый день}]',
    events: [says('привет'), says('непонятное')],
  });
  expect(draft.body.steps.map(({ isUnmatched }: { isUnmatched: boolean }) => isUnmatched)).toEqual([false, true]);
});

test.each([
  [{ name: 'x', kind: 'outside' }, 'url'],
  [{ name: 'x', kind: 'outside', url: 'http://169.254.169.254/' }, 'url'],
  [{ name: 'x', kind: 'code', module: 'nobody' }, 'module'],
  [{ name: 'x', url: 'https://bot.example/' }, 'url'],
  [{ name: '  ' }, 'name'],
  [{ name: 'x', groups: ['213243638'] }, 'groups[0]'],
])('%j is no bot', async (given, field) => {
  expect(refusalOf(await town.call('POST', '/v1/bots', given))).toEqual([400, 'parameter.invalid', field]);
});

test('what a published bot does in a dialog can be looked up: its trace, and what it did not know', async () => {
  const bot = await add({ name: 'Live', definition: `misunderstood: 9\n${YAML}`, groups: ['VK:213243638'] });
  await town.call('POST', `/v1/bots/${bot.id}/publish`, { version: 1 });
  await expect.poll(async () => (await town.call('GET', `/v1/bots/${bot.id}`)).body.publishedVersion).toBe(1);
  const write = (text: string) =>
    fetch(`${town.simulator.url}/control/people/79999999999/say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ network: 'vk', group: '213243638', text }),
    });
  await expect.poll(async () => (await write('доставка есть?')).status).toBe(200);
  const dialogs = () => town.call('GET', '/v1/dialogs');
  await expect.poll(async () => (await dialogs()).body.items.length, { timeout: 20_000 }).toBe(1);
  const { id } = (await dialogs()).body.items[0];
  await write('а самовывоз есть?');
  await expect
    .poll(async () => (await town.call('GET', `/v1/bots/${bot.id}/phrases`)).body.items, { timeout: 20_000 })
    .toEqual([expect.objectContaining({ phrase: 'а самовывоз есть', count: 1 })]);
  const { items } = (await town.call('GET', `/v1/dialogs/${id}/bot-traces`)).body;
  expect(items).toEqual([
    expect.objectContaining({ botId: bot.id, version: '1', event: 'message', effects: [] }),
    expect.objectContaining({ botId: bot.id, effects: ['say'] }),
  ]);
  expect(JSON.stringify(items)).not.toContain('самовывоз');
});

test('nobody sees or changes the bots of another account, and every change stands in the audit log', async () => {
  const bot = await add({ name: 'Ours', definition: YAML });
  const { key } = await town.newAccount('Another');
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { name: 'theirs' }],
    ['DELETE', '', undefined],
    ['GET', '/versions/1', undefined],
    ['POST', '/versions', { definition: YAML }],
    ['POST', '/publish', { version: 1 }],
    ['POST', '/try', { version: 1, events: [says('a')] }],
    ['GET', '/phrases', undefined],
  ] as const) {
    expect((await town.call(method, `/v1/bots/${bot.id}${path}`, body, `Key ${key}`)).status).toBe(404);
  }
  expect((await town.call('GET', '/v1/bots', undefined, `Key ${key}`)).body.items).toEqual([]);
  expect((await town.call('DELETE', `/v1/bots/${bot.id}`)).body).toEqual({ removed: 1 });
  const { items } = (await town.call('GET', '/v1/audit?limit=2')).body;
  expect(items.map(({ action, object }: { action: string; object: string }) => `${action} ${object}`)).toEqual([
    `bot.removed bot:${bot.id}`,
    `bot.added bot:${bot.id}`,
  ]);
});

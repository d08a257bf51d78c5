import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNA, GROUP_ID, type SimulatedVk, startVk } from './test/start-vk.ts';

let vk: SimulatedVk;
beforeAll(async () => {
  vk = await startVk();
});
beforeEach(() => vk.world.reset());
afterAll(() => vk[Symbol.asyncDispose]());

const url = (method: string, query: string): string => `${vk.url}/method/${method}?${query}`;
const json = async (answer: Promise<Response>): Promise<unknown> => (await answer).json();

test('a method answers a GET, a form, a multipart form and a token in the header alike', async () => {
  const expected = { response: [expect.objectContaining({ id: 37119444, first_name: 'Анна' })] };
  const query = 'user_ids=37119444&v=5.199';
  expect(await json(fetch(url('users.get', `${query}&access_token=vk1.demo`)))).toEqual(expected);
  expect(await json(fetch(url('users.get', query), { method: 'POST', headers: { authorization: 'Bearer vk1.demo' } }))).toEqual(
    expected,
  );
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(`${query}&access_token=vk1.demo`)) form.append(name, value);
  expect(await json(fetch(url('users.get', ''), { method: 'POST', body: form }))).toEqual(expected);
  expect(await vk.call('users.get', { user_ids: '37119444' })).toEqual(expected);
});

test('a JSON body is not read, so that nothing in it was given', async () => {
  const body = JSON.stringify({ user_ids: '37119444', v: '5.199', access_token: 'vk1.demo' });
  const post = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  expect(await json(fetch(url('users.get', ''), post))).toMatchObject({ error: { error_code: 8 } });
  expect(await json(fetch(url('users.get', 'v=5.199&access_token=vk1.demo'), post))).toEqual({ response: [] });
});

test('of a parameter that comes twice the last counts, in the query as in the form: a list needs its commas', async () => {
  const twice = 'user_ids=1&user_ids=37119444&v=5.199&access_token=vk1.demo';
  const expected = { response: [expect.objectContaining({ id: 37119444 })] };
  expect(await json(fetch(url('users.get', twice)))).toEqual(expected);
  expect(await json(fetch(url('users.get', ''), { method: 'POST', body: new URLSearchParams(twice) }))).toEqual(expected);
  const wrong = 'user_ids=37119444&user_ids=1&v=5.199&access_token=vk1.demo';
  expect(await json(fetch(url('users.get', wrong)))).toEqual({ response: [] });
});

test('an error repeats the parameters without the token', async () => {
  expect(await vk.call('messages.nothing', { peer_id: 1 })).toEqual({
    error: {
      error_code: 3,
      error_msg: 'Unknown method passed',
      request_params: [
        { key: 'method', value: 'messages.nothing' },
        { key: 'v', value: '5.199' },
        { key: 'peer_id', value: '1' },
      ],
    },
  });
});

test.each([
  ['no version', { v: '' }, 8],
  ['a version of another age', { v: '5.80' }, 8],
  ['a version that does not exist', { v: '6.0' }, 8],
  ['no token', { access_token: '' }, 5],
  ['a wrong token', { access_token: 'vk1.other' }, 5],
  ['a group that is not of the token', { group_id: '5' }, 15],
])('%s is refused', async (_name, parameters, code) => {
  const answer = await vk.call('groups.getLongPollServer', { group_id: GROUP_ID, ...parameters });
  expect(answer.error?.error_code).toBe(code);
});

test('a version of five years ago is answered: vk_api asks for 5.92 unless told otherwise', async () => {
  expect((await vk.call('users.get', { v: '5.92', user_ids: 37119444 })).response).toMatchObject([{ id: 37119444 }]);
});

test('a version later than the newest known one is answered like it', async () => {
  expect((await vk.call('groups.getById', { v: '5.240' })).response).toMatchObject({ groups: [{ id: 213243638 }] });
});

test('a method that VK has and the simulator has not says so, in its error and in the log', async () => {
  expect((await vk.call('photos.getAlbums', { owner_id: 1 })).error).toMatchObject({
    error_code: 3,
    error_msg: 'Unknown method passed: photos.getAlbums is a method of VK that is not simulated',
  });
  expect(vk.world.calls.since(0).at(-1)).toMatchObject({ code: '3', note: expect.stringContaining('VK has this method') });
});

test('any error can be asked for of any method, with what a client needs to go on', async () => {
  vk.world.faults.set('vk', { errors: { 'groups.getById 14': 1, '901': 1 } });
  expect((await vk.call('groups.getById')).error).toMatchObject({
    error_code: 14,
    error_msg: 'Captcha needed',
    captcha_sid: expect.any(String),
    redirect_uri: expect.any(String),
  });
  expect((await vk.call('users.get', { user_ids: '37119444' })).error).toBeUndefined();
});

test('the 21st call within a second is refused and stands among the violations', async () => {
  const answers = await Promise.all(Array.from({ length: 21 }, () => vk.call('groups.getTokenPermissions')));
  const refused = answers.filter((answer) => answer.error !== undefined);
  expect(refused).toEqual([{ error: expect.objectContaining({ error_code: 6, error_msg: 'Too many requests per second' }) }]);
  expect(vk.world.limits.violations()).toMatchObject([{ kind: 'calls_per_second', network: 'vk', group: GROUP_ID, count: 21 }]);
});

test('the shape of groups.getById follows the version', async () => {
  expect((await vk.call('groups.getById', { v: '5.131' })).response).toMatchObject([{ id: 213243638 }]);
  expect((await vk.call('groups.getById')).response).toMatchObject({ groups: [{ id: 213243638 }], profiles: [] });
});

test('names come in every case that is asked for, as they are: simulated people are not declined', async () => {
  const { response } = await vk.call('users.get', { user_ids: 37119444, fields: 'first_name_gen,last_name_dat' });
  expect(response).toMatchObject([{ first_name_gen: 'Анна', last_name_dat: 'Белова' }]);
});

test('the permissions of the token hold messages', async () => {
  const { response } = await vk.call('groups.getTokenPermissions');
  expect(response).toMatchObject({ permissions: expect.arrayContaining([{ name: 'messages', setting: 4096 }]) });
});

test('execute runs every call, leaves false where one was refused, and counts as one call', async () => {
  vk.world.block(vk.group, vk.person('79990000004'));
  const send = (id: number, peer: number): string => `API.messages.send({"peer_id":${peer},"message":"раз","random_id":${id}})`;
  const answer = await vk.call('execute', {
    code: `return [${send(1, 37119444)},${send(2, 37119448)},API.users.get({"user_ids":"37119444"})];`,
  });
  expect(answer.response).toEqual([expect.any(Number), false, [expect.objectContaining({ id: 37119444 })]]);
  expect(answer.execute_errors).toEqual([
    { method: 'messages.send', error_code: 901, error_msg: "Can't send messages for users without permission" },
  ]);
  const named = await vk.call('execute', { code: 'return {"a": API.groups.getTokenPermissions({}),"b": API.no.method({})};' });
  expect(named.response).toEqual({ a: expect.objectContaining({ mask: expect.any(Number) }), b: false });
});

test('execute keeps results in variables, passes its own parameters on, and may be written over several lines', async () => {
  const code = `
    var user = API.users.get({ user_ids: Args.user })[0];
    var sent = API.messages.send({ peer_id: user.id, random_id: 0, message: "Здравствуйте, " + user.first_name });
    return { user: user.id, sent: sent };
  `;
  const { response } = await vk.call('execute', { code, user: 37119444 });
  expect(response).toEqual({ user: 37119444, sent: expect.any(Number) });
  expect(vk.world.dialogs.newest(1)).toMatchObject([{ text: 'Здравствуйте, Анна' }]);
});

test("what a call gave is the script's own: changing it changes nothing at VK", async () => {
  vk.world.say(vk.group, vk.person(ANNA), 'смотри', { extra: { attachments: [{ type: 'link' }] } });
  const code =
    'var a = API.messages.getHistory({peer_id: 37119444}); a.items[0].attachments.pop(); return a.items[0].attachments;';
  expect((await vk.call('execute', { code })).response).toEqual([]);
  const { response } = await vk.call('messages.getHistory', { peer_id: 37119444 });
  expect(response).toMatchObject({ items: [{ attachments: [{ type: 'link' }] }] });
});

test('execute refuses a 26th call and code it cannot read', async () => {
  const calls = Array.from({ length: 26 }, () => 'API.groups.getTokenPermissions({})').join(',');
  expect((await vk.call('execute', { code: `return [${calls}];` })).error?.error_code).toBe(13);
  expect((await vk.call('execute', { code: 'return [1' })).error).toMatchObject({
    error_code: 12,
    error_msg: "Unable to compile code: ',' expected, '' found in line 1",
  });
  expect((await vk.call('execute')).error?.error_code).toBe(100);
});

test('a call stands in the log with its method, group, code and without its token', async () => {
  await vk.call('messages.send', { peer_id: 37119444 });
  expect(vk.world.calls.since(0)).toMatchObject([
    { network: 'vk', method: 'messages.send', group: GROUP_ID, status: 200, code: '100', request: { access_token: '***' } },
  ]);
});

test('the phone of nobody on VK is not found by its id', async () => {
  expect((await vk.call('users.get', { user_ids: '37119444,1' })).response).toHaveLength(1);
  expect(vk.person(ANNA).vkId).toBe(37119444);
});

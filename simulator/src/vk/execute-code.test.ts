import { expect, test } from 'vitest';
import { countCalls, evaluate, parseExecuteCode } from './execute-code.ts';

/** What the code gives where every call gives its method and parameters back. */
function run(code: string): unknown {
  const program = parseExecuteCode(code);
  return program === null ? 'not understood' : evaluate(program, (method, parameters) => [method, parameters]);
}

test('a list of calls is read in order', () => {
  // The form of vk-io (contracts/vk.md 3.1).
  const code = 'return [API.messages.send({"peer_id":1,"message":"a, b) ]","random_id":5}),API.users.get({"user_ids":"1"})];';
  expect(run(code)).toEqual([
    ['messages.send', { peer_id: '1', message: 'a, b) ]', random_id: '5' }],
    ['users.get', { user_ids: '1' }],
  ]);
});

test('an object of calls keeps the names of its slots', () => {
  const code = 'return { "1": API.users.get({ "user_ids": [1, 2] }),"2": API.groups.getById() };';
  expect(run(code)).toEqual({ 1: ['users.get', { user_ids: '1,2' }], 2: ['groups.getById', {}] });
});

test('a single call, a plain value, nested ones, a trailing comma and a missing semicolon are understood', () => {
  expect(run('return API.users.get({});')).toEqual(['users.get', {}]);
  expect(run('return [API.users.get(),];')).toEqual([['users.get', {}]]);
  expect(run('return [];')).toEqual([]);
  expect(run('return {count: 2, items: [[API.users.get()], true, null, -1.5]}')).toEqual({
    count: 2,
    items: [[['users.get', {}]], true, null, -1.5],
  });
});

test('what people write by hand is understood: names without quotes, texts in single ones, calls within calls', () => {
  expect(run(`return API.messages.send({peer_id: API.users.get({user_ids: 'id1'}), message: 'it\\'s "so"'});`)).toEqual([
    'messages.send',
    { peer_id: 'users.get,{"user_ids":"id1"}', message: 'it\'s "so"' },
  ]);
});

test('calls are counted wherever they stand', () => {
  const program = parseExecuteCode('return {a: [API.a.b(), API.a.b({c: API.a.b()})]};');
  expect(program === null ? 0 : countCalls(program)).toBe(3);
});

test('a random_id beyond 2^53 and nested JSON stay exact', () => {
  const code = 'return [API.messages.send({"random_id":15693356884120713,"keyboard":{"buttons":[]},"silent":true,"none":null})];';
  expect(run(code)).toEqual([['messages.send', { random_id: '15693356884120713', keyboard: '{"buttons":[]}', silent: '1' }]]);
});

test.each([
  'var a = API.users.get({}); return a;',
  'return [API.users.get({}) API.users.get({})];',
  'return API.users.get([1]);',
  'return [API.users.get({};',
  'return "a\nb";',
  'return;',
  '',
])('other code is not understood: %j', (code) => {
  expect(run(code)).toBe('not understood');
});

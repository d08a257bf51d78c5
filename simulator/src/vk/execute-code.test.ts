import { expect, test } from 'vitest';
import { parseExecuteCode } from './execute-code.ts';

test('a list of calls is read in order', () => {
  // The form of vk-io (contracts/vk.md 3.1).
  const code = 'return [API.messages.send({"peer_id":1,"message":"a, b) ]","random_id":5}),API.users.get({"user_ids":"1"})];';
  expect(parseExecuteCode(code)).toEqual({
    calls: [
      { method: 'messages.send', parameters: { peer_id: '1', message: 'a, b) ]', random_id: '5' } },
      { method: 'users.get', parameters: { user_ids: '1' } },
    ],
    keys: null,
    single: false,
  });
});

test('an object of calls keeps the names of its slots', () => {
  const code = 'return { "1": API.users.get({ "user_ids": [1, 2] }),"2": API.groups.getById() };';
  expect(parseExecuteCode(code)).toEqual({
    calls: [
      { method: 'users.get', parameters: { user_ids: '1,2' } },
      { method: 'groups.getById', parameters: {} },
    ],
    keys: ['1', '2'],
    single: false,
  });
});

test('a single call and a trailing comma are understood', () => {
  expect(parseExecuteCode('return API.users.get({});')).toMatchObject({ calls: [{ method: 'users.get' }], single: true });
  expect(parseExecuteCode('return [API.users.get(),];')).toMatchObject({ calls: [{ method: 'users.get' }] });
  expect(parseExecuteCode('return [];')).toMatchObject({ calls: [] });
});

test('a random_id beyond 2^53 and nested JSON stay exact', () => {
  const code = 'return [API.messages.send({"random_id":15693356884120713,"keyboard":{"buttons":[]},"silent":true,"none":null})];';
  expect(parseExecuteCode(code)?.calls[0]?.parameters).toEqual({
    random_id: '15693356884120713',
    keyboard: '{"buttons":[]}',
    silent: '1',
  });
});

test.each([
  'var a = 1; return a;',
  'return [API.users.get({)];',
  'return [API.users.get({})',
  'return [API.users.get({}) API.users.get({})];',
  'return [1];',
  '',
])('code that is none of these forms is not understood: %s', (code) => {
  expect(parseExecuteCode(code)).toBeNull();
});

import { expect, test } from 'vitest';
import { runScript } from './vkscript.ts';

/** What the code gives where every call gives its method and parameters back. */
function run(code: string, args: Readonly<Record<string, string>> = {}): unknown {
  const result = runScript(code, { args, callsMax: 25, callApi: (method, parameters) => [method, parameters] });
  return result.ok ? result.value : `${result.code}: ${result.detail}`;
}

/** What the code gives where calls are answered by this table. */
function runWith(answers: Readonly<Record<string, unknown>>, code: string): unknown {
  const result = runScript(code, { args: {}, callsMax: 25, callApi: (method) => structuredClone(answers[method] ?? false) });
  return result.ok ? result.value : `${result.code}: ${result.detail}`;
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

test('a single call, a plain value, nested ones, a trailing comma and a missing last semicolon are understood', () => {
  expect(run('return API.users.get({});')).toEqual(['users.get', {}]);
  expect(run('return [API.users.get(),];')).toEqual([['users.get', {}]]);
  expect(run('return [];')).toEqual([]);
  expect(run('return {count: 2, items: [[API.users.get()], true, null, -1.5]}')).toEqual({
    count: 2,
    items: [[['users.get', {}]], true, null, -1.5],
  });
});

test('what people write by hand is understood: names without quotes, texts in single ones, line breaks, tabs, comments', () => {
  const code = `
    // greets
    return API.messages.send({
    \tpeer_id: API.users.get({user_ids: 'id1'}), /* whom */
    \tmessage: 'it\\'s "so"\n and \\u0430\\tso',
    });
  `;
  expect(run(code)).toEqual(['messages.send', { peer_id: 'users.get,{"user_ids":"id1"}', message: 'it\'s "so"\n and а\tso' }]);
});

test('a random_id beyond 2^53 and nested JSON stay exact', () => {
  const code = 'return [API.messages.send({"random_id":15693356884120713,"keyboard":{"buttons":[]},"silent":true,"none":null})];';
  expect(run(code)).toEqual([['messages.send', { random_id: '15693356884120713', keyboard: '{"buttons":[]}', silent: '1' }]]);
  expect(run('return API.a.b({random_id: -15693356884120713});')).toEqual(['a.b', { random_id: '-15693356884120713' }]);
});

test('results are kept in variables and given back together', () => {
  const answers = { 'users.get': [{ id: 1 }], 'groups.getById': { groups: [{ name: 'Двор' }] } };
  const code = 'var a = API.users.get({}), b = API.groups.getById();\nvar c;\nc = b.groups[0].name;\nreturn {"a": a, "b": c};';
  expect(runWith(answers, code)).toEqual({ a: [{ id: 1 }], b: 'Двор' });
  expect(runWith(answers, 'return API.users.get({})[0].id;')).toBe(1);
  expect(run('var constructor = 1; return constructor;')).toBe(1);
  expect(run('return;')).toBeNull();
  expect(run('var a = 1;')).toBeNull();
});

test('the parameters of the call are in Args, as texts', () => {
  expect(run('return API.users.get({user_ids: Args.id, fields: Args.none});', { id: '5' })).toEqual([
    'users.get',
    { user_ids: '5' },
  ]);
});

test('a column is taken from a list, and goes into a parameter with commas', () => {
  const answers = { 'groups.getMembers': { items: [{ id: 1 }, { id: 2 }] } };
  expect(runWith(answers, 'return API.groups.getMembers({}).items@.id;')).toEqual([1, 2]);
  expect(run('var ids = [{id: 1}, {id: 2}]@.id; return API.users.get({user_ids: ids});')).toEqual([
    'users.get',
    { user_ids: '1,2' },
  ]);
});

test('what is not there gives null, also inside of what is not there, as after a refused call', () => {
  expect(runWith({}, 'var a = API.users.get({}); return [a, a[0], a.items.length, a@.id];')).toEqual([false, null, null, []]);
});

test.each([
  ['1 + 2 * 3 - 4 / 2 % 3', 5],
  ['(1 + 2) * 3', 9],
  ['"a" + 1 + null + [2, 3]', 'a12,3'],
  ['[1] + [2]', [1, 2]],
  ['{a: 1, b: 2} + {b: 3}', { a: 1, b: 3 }],
  ['1 < 2 && "2" == 2 && 3 != 4 && 2 >= 2', true],
  ['!0 || false', true],
  ['[1, 2, 3].length + "абв".length', 6],
  ['[1, 2, 3].slice(1)', [2, 3]],
  ['"a b".split(" ")', ['a', 'b']],
  ['"abcd".substr(1, 2)', 'bc'],
  ['[parseInt("12 лет"), parseDouble("1.5")]', [12, 1.5]],
  ['[1, 2].indexOf(2)', 1],
  ['1 / 0', null],
])('%s gives %j', (expression, value) => {
  expect(run(`return ${expression};`)).toEqual(value);
});

test('lists grow and shrink in place', () => {
  const code = `
    var a = [2];
    a.push(3); a.push(4); a.unshift(1);
    var last = a.pop(), first = a.shift(), cut = a.splice(0, 1);
    return [a, first, last, cut];
  `;
  expect(run(code)).toEqual([[3], 1, 4, [2]]);
});

test('a condition chooses, with and without braces', () => {
  const code = (n: number): string =>
    `var n = ${n}; if (n > 1) { return "many"; } else if (n == 1) return "one"; else return "none";`;
  expect([2, 1, 0].map((n) => run(code(n)))).toEqual(['many', 'one', 'none']);
});

test('a pool of calls of one method runs in a loop', () => {
  // The form of vk_api's requests pool: a list of parameters, a counter, and one parameter replaced at a time.
  const code = `
    var values = [{"id": 1}, {"id": 2}], more = {a: 0}, i = 0, result = [];
    while (i < values.length) {
      more.a = values[i].id;
      result.push(API.users.get(values[i]));
      result.push(API.users.get(more));
      i = i + 1;
    };
    return result;
  `;
  const given = [{ id: '1' }, { a: '1' }, { id: '2' }, { a: '2' }];
  expect(run(code)).toEqual(given.map((parameters) => ['users.get', parameters]));
});

test('a field can be written and taken away', () => {
  expect(run('var a = {b: {c: 1}}; a.b.c = 2; a.d = 3; delete a.d; a.e = [0]; return a;')).toEqual({
    b: { c: 2 },
    e: [0],
  });
});

test('a 26th call ends the code', () => {
  const calls = Array.from({ length: 26 }, () => 'API.a.b()').join(',');
  expect(run(`return [${calls}];`)).toBe('13: Too many API calls');
});

test('a loop that does not end is ended', () => {
  expect(run('var i = 0; while (true) { i = i + 1; } return i;')).toBe('13: Too many operations');
});

test('a text or a list that doubles without end is ended', () => {
  for (const start of ['"ab"', '[1, 2]']) {
    expect(run(`var a = ${start}; while (true) { a = a + a; } return a;`)).toBe('13: response size is too big');
  }
});

test.each([
  ['return [API.users.get({}) API.users.get({})];', "',' expected, 'API' found in line 1"],
  ['return API.users.get([1]);', 'API.users.get takes an object'],
  ['var a = 1;\nreturn [API.users.get({};', "')' expected, ';' found in line 2"],
  ['return "a', 'unexpected " in line 1'],
  ['var a = 1 return a;', "';' expected, 'return' found in line 1"],
  ['return API.users;', "'(' expected, ';' found in line 1"],
  ['1 = 2;', 'non-variable in assignment in line 1'],
  ['var a = [1]; a[0] = 2;', 'non-variable in assignment in line 1'],
  ['for (var i = 0; i < 3; i = i + 1) {}', "value expected, 'var' found in line 1"],
  ['return test;', "undefined identifier 'test' in line 1"],
  ['b = 1;', "undefined identifier 'b' in line 1"],
  ['return [1].reverse();', 'there is no reverse()'],
  ['return alert(1);', 'there is no alert()'],
  ['return (1;', "')' expected, ';' found in line 1"],
  ['if (1) {', "value expected, '' found in line 1"],
  ['', 'there is no code'],
])('code that is not understood is told from what it is: %j', (code, detail) => {
  expect(run(code)).toBe(`12: ${detail}`);
});

test('nesting without end is no way to break it', () => {
  expect(run(`return ${'['.repeat(5_000)}${']'.repeat(5_000)};`)).toBe('12: nested too deep');
  expect(run('var a = []; a.push(a); return a;')).toBe('13: Response is nested too deep');
});

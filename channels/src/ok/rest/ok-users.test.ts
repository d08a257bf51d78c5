import { readFixture } from '@soroka/fixtures';
import { afterEach, expect, test } from 'vitest';
import { type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkRest, type OkRest } from './ok-rest.ts';

const never = new AbortController().signal;
const open: OkRest[] = [];
const restAt = ({ url }: PlayedServer): OkRest => {
  const rest = createOkRest({ baseUrl: url, applicationKey: 'APPKEY', applicationSecret: 'SECRET', timeoutMs: 5_000 });
  open.push(rest);
  return rest;
};
const formOf = ({ requests }: PlayedServer) => Object.fromEntries(new URLSearchParams(requests[0]?.body));
afterEach(() => Promise.all(open.splice(0).map((rest) => rest.close())));

test.each([
  '[{"uid":"5","name":"Анна Белова","pic128x128":"https://i.example/5"},{"uid":6,"first_name":"Вера","last_name":""}]',
  '{"users":[{"uid":"user:5","name":"Анна Белова","pic_1":"https://i.example/5"},{"uid":"6","first_name":"Вера"}]}',
])('people are read with names and pictures from %s', async (body) => {
  await using server = await playAnswers({ body });
  expect(await restAt(server).getUsers(['5', '6', '7'], never)).toEqual({
    kind: 'done',
    result: [
      { userId: '5', name: 'Анна Белова', pictureUrl: 'https://i.example/5' },
      { userId: '6', name: 'Вера', pictureUrl: null },
    ],
  });
  expect(formOf(server)).toMatchObject({ method: 'users.getInfo', uids: '5,6,7', emptyPictures: 'true' });
});

test('more than a hundred people are refused before the call', async () => {
  await using server = await playAnswers({ body: '[]' });
  const ids = Array.from({ length: 101 }, (_, index) => String(index));
  const refusal = { kind: 'refused', networkCode: 'limit', detail: 'userIds: OK takes at most 100, there are 101' };
  expect(await restAt(server).getUsers(ids, never)).toEqual(refusal);
  expect(await restAt(server).getMemberships('1', ids, never)).toEqual(refusal);
  expect(server.requests).toEqual([]);
});

test('whose session it is, and another 30 days for it, are asked with its token', async () => {
  await using server = await playAnswers({ body: '{"uid":"5","name":"Анна"}' }, { body: 'true' });
  const rest = restAt(server);
  const session = { accessToken: 'TOKEN' };
  expect(await rest.getCurrentUser(session, never)).toMatchObject({ kind: 'done', result: { userId: '5', name: 'Анна' } });
  expect(await rest.touchSession(session, never)).toEqual({ kind: 'done', result: null });
  expect(server.requests.map(({ body }) => new URLSearchParams(body).get('access_token'))).toEqual(['TOKEN', 'TOKEN']);
});

test('whether somebody uses the application is yes or no, and anything else is said', async () => {
  await using server = await playAnswers({ body: 'false' }, { body: '{}' });
  const rest = restAt(server);
  expect(await rest.isAppUser('5', never)).toEqual({ kind: 'done', result: false });
  expect(await rest.isAppUser('5', never)).toMatchObject({ kind: 'refused', networkCode: 'unreadable_answer' });
});

test('calls that are left are told by method', async () => {
  await using server = await playAnswers({ body: readFixture('ok/calls-left').text });
  expect(await restAt(server).getCallsLeft(['notifications.sendSimple'], never, { userId: '5' })).toEqual({
    kind: 'done',
    result: [{ method: 'notifications.sendSimple', available: true, callsLeft: 4 }],
  });
  expect(formOf(server)).toMatchObject({ methods: 'notifications.sendSimple', uid: '5' });
});

test('memberships are told for each, and a word that OK’s page does not have is UNKNOWN', async () => {
  const body = '{"memberships":[{"groupId":"1","userId":"5","status":"MODERATOR"},{"groupId":"1","userId":"6","status":"KING"}]}';
  await using server = await playAnswers({ body });
  expect(await restAt(server).getMemberships('1', ['5', '6'], never)).toEqual({
    kind: 'done',
    result: [
      { userId: '5', membership: 'MODERATOR' },
      { userId: '6', membership: 'UNKNOWN' },
    ],
  });
});

test('updates of the application are read on from their marker', async () => {
  await using server = await playAnswers({ body: '{"updates":["{\\"a\\":1}",{"b":9007199254740993}],"marker":"m2"}' });
  const from = { marker: 'm1', types: ['PAYMENT'], count: 10, timeoutSeconds: 1, commit: false };
  expect(await restAt(server).getUpdates(from, never)).toEqual({
    kind: 'done',
    result: { updates: ['{"a":1}', '{"b":9007199254740993}'], marker: 'm2' },
  });
  const asked = { marker: 'm1', types: 'PAYMENT', count: '10', timeout: '1', commit: 'false' };
  expect(formOf(server)).toMatchObject({ method: 'events.updates', ...asked });
});

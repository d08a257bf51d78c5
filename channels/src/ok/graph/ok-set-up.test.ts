import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedRequest, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkChannel, type OkChannel } from '../ok-channel.ts';

const never = new AbortController().signal;
const GROUP = '123456789012345';
const URL_OF_OURS = 'https://soroka.example/hooks/ok/token';
const open: OkChannel[] = [];
const channelAt = ({ url }: PlayedServer, hasApplication = false): OkChannel => {
  const application = { applicationKey: 'APPKEY', applicationSecret: 'SECRET' };
  const options = { baseUrl: url, graphToken: 'tkn1:C2', groupId: GROUP, timeoutMs: 5_000 };
  const channel = createOkChannel({ ...options, ...(hasApplication && { application }) });
  open.push(channel);
  return channel;
};
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

const INFO = { body: `{"name":"Пицца","group_id":"group:${GROUP}"}` };
const byPath =
  (answers: { info?: Played; subscriptions?: string; rest?: string }) =>
  ({ path }: PlayedRequest): Played => {
    if (path === '/graph/me/info') return answers.info ?? INFO;
    if (path === '/graph/me/subscriptions') return { body: answers.subscriptions ?? '{"subscriptions":[]}' };
    return { body: answers.rest ?? '[{"name":"users.getInfo","available":true}]' };
  };

describe('a look at a connection', () => {
  test('that is as it should be finds nothing to do', async () => {
    const subscriptions = `{"subscriptions":[{"time":1498577751487,"url":"${URL_OF_OURS}"},{"url":"https://b.example/"}]}`;
    await using server = await playAnswers(byPath({ subscriptions }));
    expect(await channelAt(server, true).check(URL_OF_OURS, never)).toEqual([
      { name: 'token', state: 'good', found: 'OK knows the key.' },
      { name: 'group', state: 'good', found: `The key is the one of the group ${GROUP} (Пицца).` },
      {
        name: 'webhook',
        state: 'good',
        found: 'Our address is subscribed since 2017-06-27T15:35:51.487Z. 1 other address gets the events as well.',
      },
      { name: 'signature', state: 'good', found: 'OK takes the application’s signature.' },
    ]);
  });

  test('changes nothing', async () => {
    await using server = await playAnswers(byPath({}));
    await channelAt(server, true).check(URL_OF_OURS, never);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /graph/me/info',
      'GET /graph/me/subscriptions',
      'POST /fb.do',
    ]);
    expect(server.requests.find(({ path }) => path === '/fb.do')?.body).toContain('users.getCallsLeft');
  });

  test('says what to do about a dead key, a wrong group, a lost address and a wrong secret', async () => {
    const dead = { info: { body: '{"error_code":103,"error_msg":"PARAM_SESSION_KEY : Invalid session key"}' } };
    await using first = await playAnswers(byPath(dead));
    expect(await channelAt(first).check(URL_OF_OURS, never)).toMatchObject([
      { name: 'token', state: 'bad', advice: expect.stringContaining('Get access key') },
      { name: 'webhook', state: 'bad', advice: expect.stringContaining('8 hours') },
    ]);
    const other = { info: { body: '{"name":"","group_id":"group:1"}' }, rest: '{"error_code":104,"error_msg":"x"}' };
    await using second = await playAnswers(byPath(other));
    expect(await channelAt(second, true).check(null, never)).toMatchObject([
      { name: 'token', state: 'good' },
      { name: 'group', state: 'bad', found: `The key is the one of the group 1, and the connection names the group ${GROUP}.` },
      { name: 'long-poll', state: 'unknown' },
      { name: 'signature', state: 'bad', advice: expect.stringContaining('secret key') },
    ]);
  });

  test('says that it does not know where OK does not answer', async () => {
    await using server = await playAnswers({ status: 502, body: '<html>' });
    const steps = await channelAt(server, true).check(URL_OF_OURS, never);
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual(['token unknown', 'webhook unknown', 'signature unknown']);
    expect(JSON.stringify(steps)).not.toContain('tkn1');
  });

  test('finds long polling among the subscriptions', async () => {
    await using server = await playAnswers(byPath({ subscriptions: '{"subscriptions":[{"time":1,"longPolling":true}]}' }));
    expect(await channelAt(server).check(null, never)).toContainEqual({
      name: 'long-poll',
      state: 'good',
      found: 'Long polling is subscribed.',
    });
  });
});

test('a key is kept alive by asking for the group, and a dead one is told', async () => {
  await using server = await playAnswers(INFO, { body: '{"error_code":102,"error_msg":"x"}' });
  const channel = channelAt(server);
  expect(await channel.keepAlive(never)).toEqual({ kind: 'done', result: null });
  expect(await channel.keepAlive(never)).toMatchObject({ kind: 'stopped', networkCode: '102' });
  expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/graph/me/info' });
});

test('names and pictures are there with an application, and not offered without one', async () => {
  await using server = await playAnswers({ body: '[{"uid":"5","name":"Анна"}]' });
  expect(channelAt(server).profiles).toBeUndefined();
  expect(await channelAt(server, true).profiles?.(['5'], never)).toEqual({
    kind: 'done',
    result: [{ userId: '5', name: 'Анна', pictureUrl: null }],
  });
});

import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type Played, type PlayedRequest, type PlayedServer, playAnswers } from '../../test/play-answers.ts';
import { createVkChannel, type VkChannel } from './vk-channel.ts';
import { parseVkEvent } from './vk-events.ts';

const never = new AbortController().signal;
const open: VkChannel[] = [];
const channelAt = (baseUrl: string): VkChannel => {
  const channel = createVkChannel({ baseUrl, token: 'vk1.secret', groupId: '213243638', timeoutMs: 5_000 });
  open.push(channel);
  return channel;
};
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

/** A VK whose long-poll server gives these answers in turn, and whose every new session has the next key and ts 900. */
function playVk(...polls: readonly Played[]): Promise<PlayedServer> {
  let keys = 0;
  let answered = 0;
  return playAnswers((request) => {
    const { host } = request.headers;
    if (request.path === '/method/groups.getLongPollServer') {
      keys += 1;
      return { body: JSON.stringify({ response: { key: `key-${keys}`, server: `http://${host}/poll`, ts: '900' } }) };
    }
    if (request.path.startsWith('/method/')) return { body: '{"response":1}' };
    return polls[Math.min(answered++, polls.length - 1)] ?? 'hang';
  });
}

const isPoll = ({ path }: PlayedRequest): boolean => path === '/poll';
const asked = (server: PlayedServer) =>
  server.requests.filter(isPoll).map(({ query }) => `${query.get('key')} ${query.get('ts')}`);
const quiet = (ts: string): Played => ({ body: JSON.stringify({ ts, updates: [] }) });
const stateAt = (server: PlayedServer, ts: string, polls = 1): string =>
  JSON.stringify({ server: `${server.url}/poll`, key: 'old-key', ts, polls });

test('the first poll switches long poll on and starts a session from now on', async () => {
  await using server = await playVk({ body: readFixture('vk/long-poll-updates').text });
  const { bodies, state } = await channelAt(server.url).poll(null, 25, never);
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/method/groups.setLongPollSettings',
    '/method/groups.getLongPollServer',
    '/poll',
  ]);
  const settings = Object.fromEntries(new URLSearchParams(server.requests[0]?.body));
  expect(settings).toMatchObject({ enabled: '1', message_new: '1', message_reply: '1', message_edit: '1' });
  expect(settings).not.toHaveProperty('message_typing_state');
  expect(Object.fromEntries(server.requests[2]?.query ?? [])).toEqual({ act: 'a_check', key: 'key-1', ts: '900', wait: '25' });
  expect(bodies.flatMap((body) => parseVkEvent(JSON.parse(body)))).toMatchObject([{ kind: 'permission', allowed: false }]);
  expect(JSON.parse(state)).toMatchObject({ key: 'key-1', ts: '4' });
});

test('the next poll goes on with the same session', async () => {
  await using server = await playVk(quiet('4'), quiet('5'));
  const channel = channelAt(server.url);
  const { state } = await channel.poll(null, 25, never);
  await channel.poll(state, 25, never);
  expect(asked(server)).toEqual(['key-1 900', 'key-1 4']);
  expect(server.requests).toHaveLength(4);
});

test('numbers beyond 2^53 in an update come through to the last digit', async () => {
  await using server = await playVk({ body: '{"ts":"4","updates":[{"type":"x","id":9007199254740993}]}' });
  const { bodies } = await channelAt(server.url).poll(stateAt(server, '3'), 25, never);
  expect(bodies).toEqual(['{"type":"x","id":9007199254740993}']);
});

describe('when VK answers', () => {
  test('that the history is outdated, reading goes on from the ts it names, which is a number', async () => {
    await using server = await playVk({ body: readFixture('vk/long-poll-failed-1').text });
    const { bodies, state } = await channelAt(server.url).poll(stateAt(server, '3'), 25, never);
    expect(bodies).toEqual([]);
    expect(JSON.parse(state)).toMatchObject({ key: 'old-key', ts: '30' });
  });

  test('that the key is too old, a new one is taken and our own ts kept: what waits is not skipped', async () => {
    await using server = await playVk({ body: readFixture('vk/long-poll-failed-2').text }, quiet('8'));
    const { state } = await channelAt(server.url).poll(stateAt(server, '7'), 25, never);
    expect(asked(server)).toEqual(['old-key 7', 'key-1 7']);
    expect(JSON.parse(state)).toMatchObject({ key: 'key-1', ts: '8' });
  });

  test('that it lost our place, key and ts are taken anew', async () => {
    await using server = await playVk({ body: readFixture('vk/long-poll-failed-3').text }, quiet('901'));
    await channelAt(server.url).poll(stateAt(server, '7'), 25, never);
    expect(asked(server)).toEqual(['old-key 7', 'key-1 900']);
  });

  test('that it speaks another version, the poll says so', async () => {
    await using server = await playVk({ body: '{"failed":4,"min_version":0,"max_version":3}' });
    await expect(channelAt(server.url).poll(stateAt(server, '7'), 25, never)).rejects.toThrow(
      'failed with 4, which says that it speaks other versions',
    );
  });

  test('with its ts as a number, the next poll asks from there', async () => {
    await using server = await playVk({ body: '{"ts":8,"updates":[]}' }, quiet('9'));
    const channel = channelAt(server.url);
    const { state } = await channel.poll(stateAt(server, '7'), 25, never);
    await channel.poll(state, 25, never);
    expect(asked(server)).toEqual(['old-key 7', 'old-key 8']);
  });

  test('the same failure to a fresh key, the poll throws instead of asking for ever', async () => {
    await using server = await playVk({ body: readFixture('vk/long-poll-failed-2').text });
    await expect(channelAt(server.url).poll(stateAt(server, '7'), 25, never)).rejects.toThrow('failed with 2');
    expect(asked(server)).toHaveLength(2);
  });

  test.each([
    ['403', { status: 403, body: 'Forbidden' }, 'status 403'],
    ['503', { status: 503, body: '{}' }, 'status 503'],
    ['with a dropped connection', 'reset', 'did not answer'],
    ['no JSON', { body: '<html>' }, 'JSON'],
    ['no ts', { body: '{"updates":[]}' }, 'ts is missing'],
  ] satisfies [string, Played, string][])(
    '%s, the poll throws and the session is kept for the next try',
    async (_, answer, problem) => {
      await using server = await playVk(answer);
      await expect(channelAt(server.url).poll(stateAt(server, '7'), 25, never)).rejects.toThrow(problem);
      expect(asked(server)).toEqual(['old-key 7']);
    },
  );
});

test('a session of some hours is renewed, its ts kept, before it can fall silent', async () => {
  await using server = await playVk(quiet('8'));
  const { state } = await channelAt(server.url).poll(stateAt(server, '7', 500), 25, never);
  expect(asked(server)).toEqual(['key-1 7']);
  expect(JSON.parse(state)).toMatchObject({ polls: 1 });
});

test('a poll that is given up ends at once', async () => {
  const stop = new AbortController();
  await using server = await playAnswers(() => {
    stop.abort();
    return 'hang';
  });
  await expect(channelAt(server.url).poll(stateAt(server, '7'), 25, stop.signal)).rejects.toThrow('did not answer');
});

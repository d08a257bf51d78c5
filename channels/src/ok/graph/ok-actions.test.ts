import { afterEach, describe, expect, test } from 'vitest';
import { type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkChannel, type OkChannel } from '../ok-channel.ts';
import type { OkSettings } from '../ok-settings.ts';

const never = new AbortController().signal;
const open: OkChannel[] = [];
const channelAt = ({ url }: PlayedServer, settings: Partial<OkSettings> = {}): OkChannel => {
  const channel = createOkChannel({ baseUrl: url, graphToken: 'tkn1:C2', groupId: '1', timeoutMs: 5_000, settings });
  open.push(channel);
  return channel;
};
const asked = ({ requests }: PlayedServer) =>
  requests.map(({ method, path, query, body }) => {
    query.delete('access_token');
    const search = query.size === 0 ? '' : `?${query}`;
    return `${method} ${path}${search} ${body}`;
  });
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

const message = { peerId: 'chat:C1', networkId: 'mid:C1.a' };
const done = { kind: 'done', result: null };
const success = { body: '{"success":true}' };

test('a message is replaced with all that it holds, and deleted, by its mid', async () => {
  await using server = await playAnswers(success);
  const channel = channelAt(server);
  expect(await channel.edit(message, { text: 'Новое' }, never)).toEqual(done);
  expect(await channel.delete(message, never)).toEqual(done);
  expect(asked(server)).toEqual(['POST /graph/mid:C1.a/edit {"message":{"text":"Новое"}}', 'POST /graph/mid:C1.a/delete {}']);
});

test('a message that OK gave no id, or a text that is too long, is refused before the call', async () => {
  await using server = await playAnswers(success);
  const channel = channelAt(server);
  const unnamed = { ...message, networkId: 'unnamed:1' };
  expect(await channel.edit(unnamed, { text: 'x' }, never)).toMatchObject({ kind: 'refused', networkCode: 'no_mid' });
  expect(await channel.delete(unnamed, never)).toMatchObject({ kind: 'refused', networkCode: 'no_mid' });
  expect(await channel.edit(message, { text: 'x'.repeat(3_901) }, never)).toMatchObject({
    kind: 'refused',
    detail: 'text: at most 3900 characters, there are 3901',
  });
  expect(server.requests).toEqual([]);
});

test('no id leads out of its place in the address', async () => {
  await using server = await playAnswers(success);
  await channelAt(server).delete({ peerId: 'chat:C1', networkId: 'mid:C1/../../me/subscribe?a=' }, never);
  expect(server.requests[0]?.path).toBe('/graph/mid:C1%2F..%2F..%2Fme%2Fsubscribe%3Fa%3D/delete');
});

describe('typing and reading', () => {
  test('are shown at the chat’s edge', async () => {
    await using server = await playAnswers(success);
    const channel = channelAt(server);
    expect([await channel.showTyping('chat:C1', never), await channel.markRead(message, never)]).toEqual([done, done]);
    expect(asked(server)).toEqual([
      'POST /graph/chat:C1/action {"action":"TYPING_ON"}',
      'POST /graph/chat:C1/action {"action":"MARK_SEEN"}',
    ]);
  });

  test('or as an action of the sender, always where only the person is known', async () => {
    await using server = await playAnswers(success);
    await channelAt(server, { actionForm: 'sender_action' }).showTyping('chat:C1', never);
    await channelAt(server).markRead({ peerId: '5', networkId: 'mid:C1.a' }, never);
    expect(asked(server)).toEqual([
      'POST /graph/me/messages {"recipient":{"chat_id":"chat:C1"},"sender_action":"typing_on"}',
      'POST /graph/me/messages {"recipient":{"user_id":"user:5"},"sender_action":"mark_seen"}',
    ]);
  });
});

describe('a pressed button', () => {
  const press = { userId: '5', peerId: 'chat:C1', callbackId: 'c&1' };

  test('is answered with a message, an address among its text', async () => {
    await using server = await playAnswers(success);
    expect(await channelAt(server).answerButton(press, { text: 'Смотрите', url: 'https://a.example/' }, never)).toEqual(done);
    expect(asked(server)).toEqual([
      'POST /graph/chat:C1/answer?callbackId=c%261 {"message":{"text":"Смотрите\\nhttps://a.example/"}}',
    ]);
  });

  test('without anything to show is left alone, or answered with what is set for it', async () => {
    await using server = await playAnswers(success);
    expect(await channelAt(server).answerButton(press, {}, never)).toEqual(done);
    expect(server.requests).toEqual([]);
    expect(await channelAt(server, { silentAnswerText: '✓' }).answerButton(press, { text: '' }, never)).toEqual(done);
    expect(asked(server)).toEqual(['POST /graph/chat:C1/answer?callbackId=c%261 {"message":{"text":"✓"}}']);
  });
});

test.each([
  ['{"success":false}', { kind: 'refused', networkCode: 'success_false' }],
  ['{"error_code":704,"error_msg":""}', { kind: 'refused', networkCode: '704', detail: 'OK error 704: TIMEOUT_EXCEEDED' }],
  ['{"error_code":8,"error_msg":"x"}', { kind: 'failed', networkCode: '8', retryAfterMs: 60_000 }],
  ['{"error_code":2,"error_msg":"x"}', { kind: 'failed', networkCode: '2', retryAfterMs: 1_000 }],
  ['{"error_code":102,"error_msg":"x"}', { kind: 'stopped', networkCode: '102' }],
  ['<html>', { kind: 'failed', networkCode: 'unanswered' }],
  ['{"message_id":"mid:C1.a"}', { kind: 'done' }],
])('an action answered with %s is told apart', async (body, outcome) => {
  await using server = await playAnswers({ body });
  expect(await channelAt(server).edit(message, { text: 'x' }, never)).toMatchObject(outcome);
});

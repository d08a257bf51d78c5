import { describe, expect, test } from 'vitest';
import { playVk, vkError } from '../../test/play-vk.ts';

const never = new AbortController().signal;
const written = (fields: Record<string, unknown>) => ({
  id: 412,
  date: 1_760_000_000,
  peer_id: 37119444,
  from_id: 37119444,
  text: 'да',
  out: 0,
  conversation_message_id: 5,
  ...fields,
});

describe('history', () => {
  test('comes newest first, 200 a page, each message with its side and writer', async () => {
    const items = [
      written({ id: 413, from_id: -213243638, out: 1, text: 'Здравствуйте' }),
      written({ attachments: [{ type: 'photo' }] }),
    ];
    await using vk = await playVk({ 'messages.getHistory': { count: 402, items } });
    expect(await vk.channel.history('37119444', '200', never)).toEqual({
      kind: 'done',
      result: {
        messages: [
          {
            networkId: '413',
            direction: 'out',
            userId: '',
            text: 'Здравствуйте',
            attachments: [],
            at: new Date(1_760_000_000_000),
          },
          expect.objectContaining({ networkId: '412', direction: 'in', userId: '37119444', attachments: [{ type: 'photo' }] }),
        ],
        next: '202',
      },
    });
    expect(vk.calls[0]?.params).toMatchObject({ peer_id: '37119444', offset: '200', count: '200' });
  });

  test('of a group chat names writers and numbers, and leaves out what merely happened', async () => {
    const items = [
      written({ id: 0, peer_id: 2_000_000_003, from_id: 42 }),
      written({ id: 0, peer_id: 2_000_000_003, action: { type: 'chat_title_update', text: 'Кухня' }, text: '' }),
    ];
    await using vk = await playVk({ 'messages.getHistory': { count: 2, items } });
    expect(await vk.channel.history('2000000003', null, never)).toMatchObject({
      result: { messages: [{ networkId: '2000000003:5', userId: '42', direction: 'in' }], next: null },
    });
  });

  test.each([
    ['where the last page ends', { count: 1, items: [written({})] }],
    ['on an empty page, whatever the count says', { count: 5, items: [] }],
  ])('ends %s', async (_, page) => {
    await using vk = await playVk({ 'messages.getHistory': page });
    expect(await vk.channel.history('37119444', null, never)).toMatchObject({ result: { next: null } });
  });

  test('that cannot be read is a passing failure that names the field', async () => {
    await using vk = await playVk({ 'messages.getHistory': { count: 1, items: [{}] } });
    expect(await vk.channel.history('37119444', null, never)).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('response.items[0].peer_id is missing'),
    });
  });
});

test('dialogs are listed by their peers, page by page', async () => {
  const items = [37119444, 2_000_000_003].map((id) => ({ conversation: { peer: { id, type: 'user' } }, last_message: {} }));
  await using vk = await playVk({ 'messages.getConversations': { count: 3, items } });
  expect(await vk.channel.dialogs(null, never)).toEqual({
    kind: 'done',
    result: { peerIds: ['37119444', '2000000003'], next: '2' },
  });
  expect(vk.calls[0]?.params).toMatchObject({ offset: '0', count: '200' });
});

describe('the whole of a cut message', () => {
  const whole = { count: 1, items: [written({ text: 'всё целиком', attachments: [{ type: 'doc' }] })] };

  test('is asked for by its id, and by its number in a group chat', async () => {
    await using vk = await playVk({ 'messages.getById': whole, 'messages.getByConversationMessageId': whole });
    for (const target of [
      { peerId: '37119444', networkId: '412' },
      { peerId: '2000000003', networkId: '2000000003:5' },
    ]) {
      expect(await vk.channel.message(target, never)).toEqual({
        kind: 'done',
        result: { text: 'всё целиком', attachments: [{ type: 'doc' }] },
      });
    }
    expect(vk.calls).toMatchObject([
      { method: 'messages.getById', params: { message_ids: '412' } },
      {
        method: 'messages.getByConversationMessageId',
        params: { peer_id: '2000000003', conversation_message_ids: '5' },
      },
    ]);
  });

  test('that is gone, or not ours to see, is refused', async () => {
    await using gone = await playVk({ 'messages.getById': { count: 0, items: [] } });
    expect(await gone.channel.message({ peerId: '1', networkId: '412' }, never)).toMatchObject({
      kind: 'refused',
      networkCode: '104',
    });
    await using closed = await playVk({ 'messages.getById': vkError(15, 'Access denied') });
    expect(await closed.channel.message({ peerId: '1', networkId: '412' }, never)).toMatchObject({
      kind: 'refused',
      networkCode: '15',
    });
  });
});

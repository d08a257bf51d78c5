import { describe, expect, test } from 'vitest';
import { type MethodAnswer, playVk, vkError } from '../../test/play-vk.ts';

const never = new AbortController().signal;
const CHAT = '2000000003';

describe('profiles', () => {
  test('bring names and pictures of those whom VK knows', async () => {
    const users = [
      { id: 37119444, first_name: 'Анна', last_name: 'Смирнова', photo_100: 'https://sun.example/1.jpg' },
      { id: 37119445, first_name: 'DELETED', last_name: '', deactivated: 'deleted' },
    ];
    await using vk = await playVk({ 'users.get': users });
    expect(await vk.channel.profiles(['37119444', '37119445', '1'], never)).toEqual({
      kind: 'done',
      result: [
        { userId: '37119444', name: 'Анна Смирнова', pictureUrl: 'https://sun.example/1.jpg' },
        { userId: '37119445', name: 'DELETED', pictureUrl: null },
      ],
    });
    expect(vk.calls[0]?.params).toMatchObject({ user_ids: '37119444,37119445,1', fields: 'photo_100' });
  });

  test('of nobody cost no call', async () => {
    await using vk = await playVk();
    expect(await vk.channel.profiles([], never)).toEqual({ kind: 'done', result: [] });
    expect(vk.calls).toEqual([]);
  });
});

describe('a chat', () => {
  const chatWith = (conversations: MethodAnswer, members: MethodAnswer) =>
    playVk({ 'messages.getConversationsById': conversations, 'messages.getConversationMembers': members });
  const settings = { title: 'Кухня', members_count: 3, photo: { photo_100: 'https://sun.example/k.jpg' } };

  test('has its title, its picture and the people in it', async () => {
    const items = [{ member_id: 42 }, { member_id: 43 }, { member_id: -213243638 }];
    await using vk = await chatWith({ count: 1, items: [{ chat_settings: settings }] }, { count: 3, items });
    expect(await vk.channel.chat(CHAT, never)).toEqual({
      kind: 'done',
      result: {
        peerId: CHAT,
        isGroupChat: true,
        title: 'Кухня',
        pictureUrl: 'https://sun.example/k.jpg',
        memberIds: ['42', '43'],
      },
    });
  });

  test('that the community is no admin of comes without what VK keeps to itself', async () => {
    await using vk = await chatWith({ count: 0, items: [] }, vkError(917));
    expect(await vk.channel.chat(CHAT, never)).toMatchObject({
      kind: 'done',
      result: { isGroupChat: true, title: null, pictureUrl: null, memberIds: [] },
    });
  });

  test('that cannot be asked for now is a passing failure', async () => {
    await using vk = await chatWith({ count: 0, items: [] }, vkError(10));
    expect(await vk.channel.chat(CHAT, never)).toMatchObject({ kind: 'failed', networkCode: '10' });
  });

  test('with one person is known without asking', async () => {
    await using vk = await playVk();
    expect(await vk.channel.chat('37119444', never)).toMatchObject({ result: { isGroupChat: false, memberIds: ['37119444'] } });
    expect(vk.calls).toEqual([]);
  });
});

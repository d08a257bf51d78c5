import { readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { messageNew } from '../../test/vk-bodies.ts';
import { parseVkEvent } from './vk-events.ts';

describe('a group chat', () => {
  const happened = (action: Record<string, unknown>) =>
    parseVkEvent(messageNew({ id: 0, peer_id: 2_000_000_003, from_id: 42, text: '', action }))[0];

  test('tells who was invited and by whom', () => {
    expect(parseVkEvent(readFixture('vk/message-new-chat-invite').body)).toEqual([
      {
        kind: 'chat',
        change: 'joined',
        eventId: '1'.repeat(40),
        network: 'vk',
        groupId: '213243638',
        userId: '37119444',
        memberId: '37119446',
        peerId: '2000000003',
        isGroupChat: true,
        at: new Date(1_760_000_060_000),
      },
    ]);
  });

  test.each([
    [
      { type: 'chat_create', text: 'Кухня' },
      { change: 'created', title: 'Кухня' },
    ],
    [
      { type: 'chat_title_update', text: 'Зал' },
      { change: 'title', title: 'Зал' },
    ],
    [{ type: 'chat_photo_update' }, { change: 'icon' }],
    [{ type: 'chat_photo_remove' }, { change: 'icon' }],
    [
      { type: 'chat_invite_user', member_id: 43 },
      { change: 'joined', memberId: '43' },
    ],
    [
      { type: 'chat_invite_user', member_id: -213243638 },
      { change: 'joined', memberId: '-213243638' },
    ],
    [{ type: 'chat_invite_user_by_link' }, { change: 'joined', memberId: '42' }],
    [
      { type: 'chat_kick_user', member_id: 43 },
      { change: 'left', memberId: '43' },
    ],
    [
      { type: 'chat_kick_user', member_id: 42 },
      { change: 'left', memberId: '42' },
    ],
    [{ type: 'chat_pin_message', member_id: 42, conversation_message_id: 7 }, { change: 'pinned' }],
  ])('tells what happened: %j', (action, expected) => {
    expect(happened(action)).toMatchObject({ kind: 'chat', userId: '42', isGroupChat: true, ...expected });
  });

  test('keeps what VK invents later as other, and no line of it as a message', () => {
    expect(happened({ type: 'chat_unpin_message' })).toMatchObject({ kind: 'other', type: 'message_new' });
    expect(happened({ type: 'chat_levitated' })).toMatchObject({ kind: 'other' });
  });

  test('brings its buttons with who pressed and where to answer', () => {
    const body = readFixture('vk/message-event').body as { object: Record<string, unknown> };
    const pressed = { ...body, object: { ...body.object, user_id: 42, peer_id: 2_000_000_003 } };
    expect(parseVkEvent(pressed)).toMatchObject([{ kind: 'button', userId: '42', peerId: '2000000003', isGroupChat: true }]);
  });

  test('is read up to a number, where messages have no ids', () => {
    const body = readFixture('vk/message-read').body as { object: Record<string, unknown> };
    const read = { ...body, object: { from_id: 42, peer_id: 2_000_000_003, read_message_id: 0, conversation_message_id: 9 } };
    expect(parseVkEvent(read)).toMatchObject([{ kind: 'read', upToNetworkId: '2000000003:9' }]);
  });
});

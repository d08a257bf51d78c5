import { FIXTURE_NAMES, readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BrokenBodyError } from '../body/body.ts';
import { parseJson } from '../json.ts';
import { parseVkEvent } from './vk-events.ts';

const receivedAt = new Date('2026-01-02T03:04:05Z');
const messageNew = (message: Record<string, unknown>): unknown => ({
  type: 'message_new',
  event_id: 'e1',
  v: '5.199',
  group_id: 213243638,
  object: {
    message: {
      id: 1,
      date: 1760000000,
      peer_id: 37119444,
      from_id: 37119444,
      text: 'да',
      conversation_message_id: 5,
      ...message,
    },
  },
});

test.each(FIXTURE_NAMES.filter((name) => name.startsWith('vk/message-')))('the stored body %s is read', (name) => {
  expect(parseVkEvent(parseJson(readFixture(name).text), receivedAt)).toMatchObject([{ network: 'vk', groupId: '213243638' }]);
});

describe('a message', () => {
  test('with the Start button carries its payload and the link’s ref', () => {
    expect(parseVkEvent(readFixture('vk/message-new').body)).toEqual([
      {
        kind: 'message',
        eventId: 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334',
        network: 'vk',
        groupId: '213243638',
        userId: '37119444',
        peerId: '37119444',
        isGroupChat: false,
        at: new Date(1_760_000_000_000),
        text: 'Начать',
        networkId: '412',
        payload: '{"command":"start"}',
        ref: 'spring',
        attachments: [],
      },
    ]);
  });

  test('before version 5.103 stood in the object itself', () => {
    const [event] = parseVkEvent({
      type: 'message_new',
      event_id: 'e1',
      group_id: 1,
      object: { id: 9, date: 1, peer_id: 7, from_id: 7, text: 'x' },
    });
    expect(event).toMatchObject({ kind: 'message', networkId: '9', userId: '7' });
  });

  test('of a button that a client wrapped twice carries what the button was given', () => {
    const [event] = parseVkEvent(readFixture('vk/message-new-unsupported-button').body);
    expect(event).toMatchObject({ kind: 'message', payload: '{"answer":"yes"}' });
  });

  test('keeps a payload that is an object, a plain text, or a command of the author', () => {
    expect(parseVkEvent(messageNew({ payload: { a: 1 } }))).toMatchObject([{ payload: '{"a":1}' }]);
    expect(parseVkEvent(messageNew({ payload: 'yes' }))).toMatchObject([{ payload: 'yes' }]);
    expect(parseVkEvent(messageNew({ payload: '{"command":"help"}' }))).toMatchObject([{ payload: '{"command":"help"}' }]);
  });

  test('keeps a tag beyond 2^53 to the last digit, as text or as number', () => {
    const text = (tag: string): string => JSON.stringify(messageNew({ message_tag: 'TAG' })).replace('"TAG"', tag);
    expect(parseVkEvent(parseJson(text('9007199254740993')))).toMatchObject([{ messageTag: '9007199254740993' }]);
    expect(parseVkEvent(parseJson(text('"3690837110063289472"')))).toMatchObject([{ messageTag: '3690837110063289472' }]);
    expect(parseVkEvent(parseJson(text('"not-ours"')))).toMatchObject([{ messageTag: 'not-ours' }]);
  });

  test('in a group chat belongs to its writer and is named by its number within the chat', () => {
    expect(parseVkEvent(messageNew({ id: 0, peer_id: 2_000_000_003, from_id: 42 }))).toMatchObject([
      { kind: 'message', userId: '42', peerId: '2000000003', isGroupChat: true, networkId: '2000000003:5' },
    ]);
  });

  test('that answers another names it, by its number where it has no id', () => {
    expect(parseVkEvent(messageNew({ reply_message: { id: 411, conversation_message_id: 4 } }))).toMatchObject([
      { replyToNetworkId: '411' },
    ]);
    const inChat = { id: 0, peer_id: 2_000_000_003, from_id: 42, reply_message: { id: 0, conversation_message_id: 4 } };
    expect(parseVkEvent(messageNew(inChat))).toMatchObject([{ replyToNetworkId: '2000000003:4' }]);
  });

  test('brings a place and forwarded messages among its attachments', () => {
    const photo = { type: 'photo', photo: { id: 1 } };
    const geo = { type: 'point', coordinates: { latitude: 55.75, longitude: 37.62 } };
    const carried = { attachments: [photo], geo, fwd_messages: [{ text: 'адрес' }] };
    expect(parseVkEvent(messageNew(carried))).toMatchObject([
      { attachments: [photo, { type: 'geo', geo }, { type: 'fwd_messages', fwd_messages: [{ text: 'адрес' }] }] },
    ]);
  });

  test('that VK has cut for bots says so', () => {
    expect(parseVkEvent(messageNew({ is_cropped: true }))).toMatchObject([{ isCropped: true }]);
    expect(parseVkEvent(messageNew({ is_cropped: false }))[0]).not.toHaveProperty('isCropped');
  });

  test('of a community, or our own, is no message to us', () => {
    expect(parseVkEvent(messageNew({ from_id: -5, peer_id: -5 }))).toMatchObject([{ kind: 'other', type: 'message_new' }]);
    expect(parseVkEvent(messageNew({ out: 1 }))).toMatchObject([{ kind: 'other', type: 'message_new' }]);
  });
});

describe('what the community wrote', () => {
  const reply = (fields: Record<string, unknown>): unknown => {
    const body = structuredClone(readFixture('vk/message-reply').body) as { object: Record<string, unknown> };
    return { ...body, object: { ...body.object, ...fields } };
  };

  test('in VK’s own page is known by the admin who wrote it, in the dialog it went to', () => {
    expect(parseVkEvent(readFixture('vk/message-reply').body)).toEqual([
      {
        kind: 'written-elsewhere',
        eventId: 'e'.repeat(40),
        network: 'vk',
        groupId: '213243638',
        userId: '37119444',
        peerId: '37119444',
        isGroupChat: false,
        at: new Date(1_760_000_060_000),
        text: 'Готовим, будет через полчаса',
        networkId: '413',
        attachments: [],
        authorId: '37119400',
      },
    ]);
    expect(parseVkEvent(reply({ id: 0, peer_id: 2_000_000_003 }))).toMatchObject([
      { kind: 'written-elsewhere', userId: '2000000003', isGroupChat: true, networkId: '2000000003:8' },
    ]);
  });

  test('without an author is our own, or another program’s: an echo', () => {
    expect(parseVkEvent(reply({ admin_author_id: undefined }))).toMatchObject([
      { kind: 'other', type: 'message_reply', isEcho: true },
    ]);
  });

  test('to another community is nothing to us, and no echo where an admin wrote it', () => {
    const [event] = parseVkEvent(reply({ peer_id: -5 }));
    expect(event).toMatchObject({ kind: 'other', type: 'message_reply' });
    expect(event).not.toHaveProperty('isEcho');
  });
});

describe('a changed message', () => {
  test('of a person brings its new text under its id', () => {
    expect(parseVkEvent(readFixture('vk/message-edit').body)).toMatchObject([
      {
        kind: 'edited',
        userId: '37119444',
        networkId: '412',
        text: 'Маргариту, пожалуйста',
        at: new Date(1_760_000_090_000),
      },
    ]);
  });

  test('of our own is nothing to us', () => {
    const body = readFixture('vk/message-edit').body as { object: Record<string, unknown> };
    for (const ours of [{ out: 1 }, { from_id: -213243638 }]) {
      expect(parseVkEvent({ ...body, object: { ...body.object, ...ours } })).toMatchObject([
        { kind: 'other', type: 'message_edit' },
      ]);
    }
  });
});

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

test('a callback button gives its payload as JSON text and the id to answer it with', () => {
  expect(parseVkEvent(readFixture('vk/message-event').body, receivedAt)).toMatchObject([
    { kind: 'button', eventId: 'c'.repeat(40), payload: '{"answer":"yes"}', callbackId: '3159dc190b1b', at: receivedAt },
  ]);
});

test('a read mark says up to which message', () => {
  const body = readFixture('vk/message-read').body;
  expect(parseVkEvent(body)).toMatchObject([{ kind: 'read', userId: '37119444', upToNetworkId: '412' }]);
});

test('permission is given and taken', () => {
  expect(parseVkEvent(readFixture('vk/message-allow').body)).toMatchObject([
    { kind: 'permission', allowed: true, userId: '37119444' },
  ]);
  expect(parseVkEvent(readFixture('vk/message-deny').body)).toMatchObject([
    { kind: 'permission', allowed: false, userId: '37119444' },
  ]);
});

test('kinds without use, and kinds not yet invented, are kept as other', () => {
  expect(parseVkEvent(readFixture('vk/message-typing-state').body)).toMatchObject([
    { kind: 'other', type: 'message_typing_state', userId: '37119444', eventId: 'ab'.repeat(20) },
  ]);
  for (const type of ['lead_forms_new', 'constructor', '__proto__']) {
    expect(parseVkEvent({ type, event_id: 'e', group_id: 1, object: {} })).toMatchObject([{ kind: 'other', type }]);
  }
  expect(parseVkEvent(readFixture('vk/confirmation').body)).toMatchObject([
    { kind: 'other', type: 'confirmation', groupId: '213243638' },
  ]);
});

describe('a broken body', () => {
  test.each([
    [null, 'body must be an object, got null'],
    [[], 'body must be an object, got an array'],
    [{}, 'type is missing, a text was expected'],
    [{ type: 'message_new', group_id: 1.5 }, 'group_id must be an id of digits, got a number'],
    [{ type: 'message_new', group_id: 1 }, 'event_id is missing, a text was expected'],
    [{ type: 'message_new', group_id: 1, event_id: 'e', object: 'x' }, 'object must be an object, got a string'],
    [messageNew({ peer_id: 'abc' }), 'object.message.peer_id must be an id of digits, got a string'],
    [messageNew({ date: 1e300 }), 'object.message.date must be an integer, got a number'],
    [messageNew({ date: 9e15 }), 'object.message.date must be a moment, got a number'],
    [messageNew({ text: null }), 'object.message.text must be a text, got null'],
    [messageNew({ attachments: {} }), 'object.message.attachments must be an array, got an object'],
  ])('%j is refused by the field’s name', (body, problem) => {
    expect(() => parseVkEvent(body)).toThrow(BrokenBodyError);
    expect(() => parseVkEvent(body)).toThrow(problem);
  });

  test('never fails otherwise, whatever is sent', () => {
    const types = fc.constantFrom(
      'message_new',
      'message_reply',
      'message_edit',
      'message_event',
      'message_read',
      'message_allow',
      'message_deny',
      'confirmation',
      'x',
    );
    const message = fc.record(
      {
        id: fc.jsonValue(),
        date: fc.integer(),
        peer_id: fc.integer(),
        from_id: fc.integer(),
        text: fc.jsonValue(),
        payload: fc.jsonValue(),
        action: fc.jsonValue(),
        reply_message: fc.jsonValue(),
        admin_author_id: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const object = fc.oneof(fc.jsonValue(), message, fc.record({ message }));
    const envelope = fc.record(
      { type: types, event_id: fc.string(), group_id: fc.jsonValue(), object },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), envelope), (body) => {
        try {
          expect(parseVkEvent(body)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenBodyError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

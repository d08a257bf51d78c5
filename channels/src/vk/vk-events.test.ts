import { FIXTURE_NAMES, readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { messageNew } from '../../test/vk-bodies.ts';
import { parseJson } from '../json.ts';
import { parseVkEvent } from './vk-events.ts';

const receivedAt = new Date('2026-01-02T03:04:05Z');
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

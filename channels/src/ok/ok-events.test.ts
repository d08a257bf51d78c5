import { readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BrokenBodyError } from '../body/body.ts';
import { parseJson } from '../json.ts';
import { isOkConfirmation } from './ok-confirmation.ts';
import { parseOkEvent } from './ok-events.ts';

const GROUP = '70000000000001';
const receivedAt = new Date('2026-01-02T03:04:05Z');

/** A printed body with some fields replaced or, as undefined, taken away. */
function changed(
  name: 'ok/message-created' | 'ok/message-callback' | 'ok/chat-started' | 'ok/new-message',
  fields: Record<string, unknown>,
): unknown {
  return JSON.parse(JSON.stringify({ ...(readFixture(name).body as object), ...fields }));
}

describe('a message', () => {
  test('is understood as OK prints it', () => {
    expect(parseOkEvent(parseJson(readFixture('ok/message-created').text), GROUP)).toEqual([
      {
        kind: 'message',
        eventId: 'mid:C3ecb9d02a600.15cea67d78d2059',
        network: 'ok',
        groupId: GROUP,
        userId: '123456789012',
        peerId: 'chat:C3ecb9d02a600',
        at: new Date(1_498_581_292_941),
        text: 'text',
        networkId: 'mid:C3ecb9d02a600.15cea67d78d2059',
        attachments: [],
      },
    ]);
  });

  test('brings its attachments', () => {
    expect(parseOkEvent(readFixture('ok/message-with-share').body, GROUP)).toMatchObject([
      { text: 'https://ya.ru/', attachments: [{ type: 'SHARE', payload: { url: 'https://ya.ru/' } }] },
    ]);
  });

  test('survives a seq beyond 2^53, which is read but not needed', () => {
    const text = readFixture('ok/message-created').text.replace('98211023614189660', '9007199254740993');
    expect(parseJson(text)).toMatchObject({ message: { seq: 9007199254740993n } });
    expect(parseOkEvent(parseJson(text), GROUP)).toMatchObject([{ kind: 'message', text: 'text' }]);
  });

  test('that replies to another names it', () => {
    const body = changed('ok/message-created', { message: { mid: 'mid:C1.b', text: 'x', reply_to: 'MID:C1.a' } });
    expect(parseOkEvent(body, GROUP)).toMatchObject([{ replyToNetworkId: 'mid:C1.a' }]);
  });

  test('of attachments only has an empty text', () => {
    expect(parseOkEvent(changed('ok/message-created', { message: { mid: 'mid:1', attachments: [{}] } }), GROUP)).toMatchObject([
      { kind: 'message', text: '', attachments: [{}] },
    ]);
  });

  test('without webhookType is one all the same: OK’s older form', () => {
    const body = changed('ok/message-created', { webhookType: undefined });
    expect(parseOkEvent(body, GROUP)).toMatchObject([{ kind: 'message', text: 'text' }]);
  });

  test('is the same under upper-case prefixes and with the sender’s name', () => {
    const body = changed('ok/message-created', {
      sender: { user_id: 'USER:5', name: 'Anna' },
      recipient: { chat_id: 'CHAT:C1' },
      message: { mid: 'MID:C1.a', text: 'x' },
    });
    expect(parseOkEvent(body, GROUP)).toMatchObject([
      { userId: '5', userName: 'Anna', peerId: 'chat:C1', networkId: 'mid:C1.a' },
    ]);
  });

  test('of the group itself is no message to us', () => {
    const body = changed('ok/message-created', { sender: { user_id: `group:${GROUP}` } });
    expect(parseOkEvent(body, GROUP)).toMatchObject([{ kind: 'other', eventId: 'mid:C3ecb9d02a600.15cea67d78d2059' }]);
  });

  test('comes as JSON in a text from some long polls', () => {
    expect(parseOkEvent(readFixture('ok/message-created').text, GROUP)).toEqual(
      parseOkEvent(readFixture('ok/message-created').body, GROUP),
    );
  });
});

describe('a pressed button', () => {
  test('gives its payload, the id to answer it with, and the message that it stands under', () => {
    expect(parseOkEvent(readFixture('ok/message-callback').body, GROUP)).toMatchObject([
      {
        kind: 'button',
        eventId: 'c3ecb9d02a600-1',
        callbackId: 'c3ecb9d02a600-1',
        payload: '{"answer":"yes"}',
        peerId: 'chat:C3ecb9d02a600',
        networkId: 'mid:C3ecb9d02a600.15cea67d78d2059',
        userName: 'Anna',
      },
    ]);
  });

  test.each([
    [{ mid: undefined, message: { mid: 'MID:C1.a' } }, 'mid:C1.a'],
    [{ mid: undefined }, undefined],
  ])('with %j as well', (fields, networkId) => {
    const [event] = parseOkEvent(changed('ok/message-callback', fields), GROUP);
    expect(event).toMatchObject({ kind: 'button', callbackId: 'c3ecb9d02a600-1' });
    expect(event && 'networkId' in event ? event.networkId : undefined).toBe(networkId);
  });
});

describe('a system message', () => {
  test('that opens the chat by a link brings the link’s text, and the same id every time', () => {
    const body = readFixture('ok/chat-started').body;
    const [event] = parseOkEvent(body, GROUP);
    expect(event).toMatchObject({
      kind: 'started',
      payload: 'payloadText',
      userId: '123456789012',
      peerId: 'chat:C3ecb9d02a600',
    });
    expect(parseOkEvent(body, GROUP, receivedAt)).toEqual([event]);
    expect(parseOkEvent(changed('ok/chat-started', { timestamp: 1498581208141 }), GROUP)[0]?.eventId).not.toBe(event?.eventId);
  });

  test('as printed, with its commas missing, is refused as no JSON', () => {
    expect(() => parseOkEvent(readFixture('ok/chat-started-as-printed').text, GROUP)).toThrow(
      'body is a text that holds no JSON',
    );
  });

  test('of a kind that nobody names is kept as other', () => {
    const body = changed('ok/chat-started', { type: 'CHAT_EXPLODED', sender: undefined });
    expect(parseOkEvent(body, GROUP)).toMatchObject([{ kind: 'other', type: 'CHAT_SYSTEM:CHAT_EXPLODED', userId: '' }]);
  });

  test.each<[string, Record<string, unknown>, object]>([
    ['CHAT_TITLE_CHANGED', { title: 'Двор' }, { change: 'title', title: 'Двор', userId: '123456789012' }],
    ['CHAT_TITLE_CHANGED', { payload: 'Двор' }, { change: 'title', title: 'Двор' }],
    ['CHAT_ICON_CHANGED', {}, { change: 'icon' }],
    ['USER_ADDED', { user: { user_id: 'USER:5' } }, { change: 'joined', memberId: '5', userId: '123456789012' }],
    ['USER_REMOVED', { member: { user_id: 'user:5' } }, { change: 'left', memberId: '5' }],
    ['USER_LEFT', {}, { change: 'left', memberId: '123456789012' }],
    ['USER_ADDED', { sender: { user_id: `group:${GROUP}` }, user: { user_id: 'user:5' } }, { memberId: '5', userId: '' }],
  ])('%s with %j tells of the chat and who did it', (type, fields, expected) => {
    const body = changed('ok/chat-started', { type, payload: undefined, ...fields });
    expect(parseOkEvent(body, GROUP)).toMatchObject([{ kind: 'chat', peerId: 'chat:C3ecb9d02a600', ...expected }]);
  });
});

test('the request to confirm an application’s webhook is known, and no event of a dialog', () => {
  const body = { webhookType: 'CONFIRMATION' };
  expect([body, { webhookType: 'MESSAGE_CREATED' }, 'CONFIRMATION', null].map(isOkConfirmation)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(parseOkEvent(body, GROUP)).toMatchObject([{ kind: 'other', type: 'CONFIRMATION' }]);
});

describe('the compatibility form', () => {
  test.each(['NEW_MESSAGE', 'GROUP_MESSAGE_NEW'])('%s is a message, answered to the person', (type) => {
    expect(parseOkEvent(changed('ok/new-message', { type }), GROUP, receivedAt)).toEqual([
      {
        kind: 'message',
        network: 'ok',
        groupId: GROUP,
        userId: '123456789',
        peerId: '123456789',
        eventId: 'MESSAGE_ID',
        networkId: 'MESSAGE_ID',
        at: receivedAt,
        text: 'Hello',
        attachments: [],
      },
    ]);
  });

  test('for another group than the connection’s is refused', () => {
    expect(() => parseOkEvent(readFixture('ok/new-message').body, '1')).toThrow('groupId names another group');
  });
});

test('a kind not yet invented is kept as other', () => {
  for (const webhookType of ['MESSAGE_EDITED', 'constructor']) {
    expect(parseOkEvent({ webhookType, timestamp: 5 }, GROUP)).toMatchObject([
      { kind: 'other', type: webhookType, at: new Date(5) },
    ]);
  }
});

describe('a broken body', () => {
  test.each([
    [7, 'body must be an object, got a number'],
    [{}, 'webhookType is missing, and there is no message either'],
    [changed('ok/message-created', { sender: undefined }), 'sender must be an object'],
    [changed('ok/message-created', { sender: {} }), 'sender.user_id is missing'],
    [changed('ok/message-created', { message: { text: 'x' } }), 'message.mid is missing'],
    [changed('ok/message-created', { timestamp: 'now' }), 'timestamp must be an integer, got a string'],
    [changed('ok/message-callback', { payload: undefined }), 'payload is missing'],
    [changed('ok/message-callback', { callbackId: undefined }), 'callbackId is missing'],
    [changed('ok/chat-started', { sender: undefined }), 'sender must be an object'],
    [changed('ok/new-message', { object: { body: 'x' } }), 'object.mid is missing'],
  ])('%j is refused by the field’s name', (body, problem) => {
    expect(() => parseOkEvent(body, GROUP)).toThrow(BrokenBodyError);
    expect(() => parseOkEvent(body, GROUP)).toThrow(problem);
  });

  test('never fails otherwise, whatever is sent', () => {
    const anything = fc.jsonValue();
    const body = fc.record(
      {
        webhookType: fc.constantFrom('MESSAGE_CREATED', 'MESSAGE_CALLBACK', 'CHAT_SYSTEM', 'x'),
        type: fc.constantFrom('NEW_MESSAGE', 'CHAT_STARTED', 'USER_ADDED', 'CHAT_TITLE_CHANGED', 'x'),
        user: anything,
        title: anything,
        sender: fc.oneof(anything, fc.record({ user_id: fc.oneof(anything, fc.string()), name: anything })),
        recipient: fc.oneof(anything, fc.record({ chat_id: anything })),
        message: fc.oneof(anything, fc.record({ mid: fc.oneof(anything, fc.string()), text: anything })),
        object: fc.oneof(anything, fc.record({ mid: fc.string(), body: anything })),
        senderId: anything,
        timestamp: fc.oneof(anything, fc.integer()),
        payload: anything,
        callbackId: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, fc.string(), body), (sent) => {
        try {
          expect(parseOkEvent(sent, GROUP)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenBodyError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageNew } from '../../test/vk-bodies.ts';
import { BrokenBodyError } from '../body/body.ts';
import { parseVkEvent } from './vk-events.ts';

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

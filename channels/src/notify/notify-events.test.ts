import { readFixture } from '@soroka/fixtures';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BrokenBodyError } from '../body/body.ts';
import { parseJson } from '../json.ts';
import { parseNotifyIncoming, parseNotifyStatuses } from './notify-events.ts';

describe('an incoming message', () => {
  test('as the vendor prints it is from the dialog’s peer, tagged with the notification it answers', () => {
    expect(parseNotifyIncoming(parseJson(readFixture('notify/incoming').text))).toMatchObject([
      {
        kind: 'message',
        network: 'vk',
        eventId: '07c0da23123148715ab13e97823adc1bb0eadcf9',
        groupId: '213243638',
        userId: '37119444',
        peerId: '37119444',
        text: 'text',
        ref: 'ref',
        messageTag: '3690837110063289472',
        at: new Date(1_657_543_344_000),
        attachments: [{ type: 'photo', photo: { id: 1 } }],
      },
    ]);
  });

  test('of OK comes in OK’s form, with group and tag where the upstream adds them', () => {
    const body = readFixture('ok/message-created').body as { message: object };
    expect(parseNotifyIncoming(body)).toMatchObject([{ network: 'ok', groupId: null, text: 'text' }]);
    const tagged = { ...body, group_id: 'group:70000000000001', message: { ...body.message, message_tag: '9007199254740993' } };
    expect(parseNotifyIncoming(tagged)).toMatchObject([{ groupId: '70000000000001', messageTag: '9007199254740993' }]);
  });

  test('may come with others in an array, in its order', () => {
    const bodies = [readFixture('notify/incoming').body, readFixture('ok/message-created').body];
    expect(parseNotifyIncoming(bodies).map(({ network }) => network)).toEqual(['vk', 'ok']);
  });
});

describe('a status callback', () => {
  test('as the vendor prints it is one receipt', () => {
    expect(parseNotifyStatuses(parseJson(readFixture('notify/statuses').text))).toEqual([
      { networkId: '3721115754893245581', status: 'SENT', at: new Date(1_672_137_286_244) },
    ]);
  });

  test('keeps order and digits, and skips a status that the contract does not have', () => {
    const text = `[{"messageId":9007199254740993,"ts":1,"status":"DELIVERED"},{"messageId":"2","ts":2,"status":"QUEUED"},
      {"messageId":"2","ts":3,"status":"READ"}]`;
    expect(parseNotifyStatuses(parseJson(text))).toEqual([
      { networkId: '9007199254740993', status: 'DELIVERED', at: new Date(1) },
      { networkId: '2', status: 'READ', at: new Date(3) },
    ]);
  });

  test.each([
    [null, '[0] must be an object, got null'],
    [[{ messageId: '1', ts: 1 }], 'status is missing'],
    [[{ messageId: '1', status: 'SENT', ts: '1' }], 'ts must be an integer'],
    [[{ status: 'SENT', ts: 1 }], 'messageId is missing'],
  ])('%j is refused by the field’s name', (body, problem) => {
    expect(() => parseNotifyStatuses(body)).toThrow(BrokenBodyError);
    expect(() => parseNotifyStatuses(body)).toThrow(problem);
  });
});

test('whatever is sent, nothing but a broken body is complained about', () => {
  const item = fc.record(
    { messageId: fc.jsonValue(), ts: fc.jsonValue(), status: fc.jsonValue(), event_id: fc.jsonValue() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), item, fc.array(item)), (body) => {
      for (const parse of [parseNotifyIncoming, parseNotifyStatuses]) {
        try {
          parse(body);
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenBodyError);
        }
      }
    }),
    { numRuns: 500 },
  );
});

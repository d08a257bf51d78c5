import { describe, expect, test } from 'vitest';
import { readVkSchema } from '../../test/vk-schema.ts';
import { VK_ERRORS } from './vk-error-table.ts';
import { codeOfText, describeError, failureOf, outcomeOfError } from './vk-errors.ts';

const schema = readVkSchema();

/** All that the channel calls: their errors must find a row too. */
const METHODS = [
  'messages.send',
  'messages.edit',
  'messages.delete',
  'messages.setActivity',
  'messages.getHistory',
  'messages.getConversations',
  'messages.getConversationsById',
  'messages.getConversationMembers',
  'photos.getMessagesUploadServer',
  'photos.saveMessagesPhoto',
  'docs.getMessagesUploadServer',
  'docs.save',
  'groups.addCallbackServer',
  'groups.editCallbackServer',
  'groups.setCallbackSettings',
  'execute',
];

describe.skipIf(schema === null)('by VK’s own schema', () => {
  const errors = schema?.errors ?? [];

  test.each(METHODS)('every error that %s lists has a row', (method) => {
    const listed = schema?.errorsOf(method) ?? [];
    if (method === 'messages.send') expect(listed).toHaveLength(25);
    expect(listed.filter((code) => VK_ERRORS[code] === undefined)).toEqual([]);
  });

  test('every error of all methods has a row', () => {
    const ofAll = errors.filter(({ isGlobal }) => isGlobal);
    expect(ofAll).toHaveLength(62);
    expect(ofAll.filter(({ code }) => VK_ERRORS[code] === undefined)).toEqual([]);
  });

  test('every row has VK’s own text', () => {
    const texts = new Map<number, string[]>();
    for (const { code, text } of errors) texts.set(code, [...(texts.get(code) ?? []), text]);
    for (const [code, { text }] of Object.entries(VK_ERRORS)) expect(texts.get(Number(code)), code).toContain(text);
  });
});

test.each([
  [1, { kind: 'failed' }],
  [6, { kind: 'throttled', scope: 'lane', limit: 'rate' }],
  [9, { kind: 'throttled', scope: 'recipient' }],
  [10, { kind: 'failed' }],
  [5, { kind: 'stopped' }],
  [14, { kind: 'stopped' }],
  [18, { kind: 'refused', reason: 'no_such_user' }],
  [27, { kind: 'stopped' }],
  [29, { kind: 'throttled', scope: 'lane', limit: 'quota' }],
  [100, { kind: 'refused', reason: 'provider' }],
  [900, { kind: 'refused', reason: 'refused_by_user' }],
  [911, { kind: 'refused', reason: 'content' }],
  [914, { kind: 'refused', reason: 'content' }],
  [950, { kind: 'refused', reason: 'policy' }],
  [987_654, { kind: 'refused', reason: 'provider' }],
])('error %i of a send means what its row says', (code, outcome) => {
  expect(outcomeOfError(code, 'text')).toMatchObject({ ...outcome, networkCode: String(code) });
});

test('an error after which parts may have run leaves a send unanswered', () => {
  expect(outcomeOfError(13, 'Runtime error')).toEqual({ kind: 'unanswered', detail: 'VK error 13: Runtime error' });
});

test('of an action it says what an operator can do, in VK’s words where it gave some', () => {
  expect(failureOf({ kind: 'error', code: 912, message: '' })).toEqual({
    kind: 'refused',
    networkCode: '912',
    detail: expect.stringMatching(/^VK error 912: This is a chat bot feature.*; switch the bot capabilities on/),
  });
  expect(failureOf({ kind: 'error', code: 100, message: 'One of the parameters…: peer_id is undefined' })).toMatchObject({
    kind: 'refused',
    detail: 'VK error 100: One of the parameters…: peer_id is undefined',
  });
});

test('an action that passing errors keep from being done may be tried again', () => {
  expect(failureOf({ kind: 'error', code: 9, message: '' })).toMatchObject({ kind: 'failed', retryAfterMs: 1_000 });
  expect(failureOf({ kind: 'error', code: 10, message: '' })).toMatchObject({ kind: 'failed', networkCode: '10' });
  expect(failureOf({ kind: 'unanswered', detail: 'timeout' })).toMatchObject({ kind: 'failed', networkCode: 'unanswered' });
  expect(failureOf({ kind: 'unsent', code: 'ECONNREFUSED' })).toMatchObject({ kind: 'failed', networkCode: 'ECONNREFUSED' });
  expect(failureOf({ kind: 'error', code: 5, message: '' })).toMatchObject({ kind: 'stopped', networkCode: '5' });
});

test('a code is found by VK’s text, and a code nobody knows is still named', () => {
  expect(codeOfText("Can't send messages for users without permission")).toBe(901);
  expect(codeOfText('something new')).toBeUndefined();
  expect(describeError(987_654, '')).toBe('VK error 987654: unknown');
  expect(describeError(5, 'User authorization failed: invalid access_token (4).')).toBe(
    'VK error 5: User authorization failed: invalid access_token (4); give the connection a working token',
  );
});

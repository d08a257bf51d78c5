import { describe, expect, test } from 'vitest';
import { type MethodAnswer, type PlayedVk, playVk, raw, vkError } from '../../test/play-vk.ts';

const never = new AbortController().signal;
const OF_PERSON = { peerId: '37119444', networkId: '412' };
const OF_CHAT = { peerId: '2000000003', networkId: '2000000003:5' };
const UNNUMBERED = { peerId: '2000000003', networkId: '2000000003:random:77' };
const DONE = { kind: 'done', result: null };
const asked = ({ calls }: PlayedVk) => calls.map(({ method, params: { v: _version, ...params } }) => [method, params]);

describe('editing', () => {
  test('replaces text, buttons and files of a message, named by its id or by its number in a group chat', async () => {
    await using vk = await playVk();
    const content = { text: 'Готово', attachments: [{ kind: 'file', reference: 'doc1_2' }] } as const;
    expect(await vk.channel.edit(OF_PERSON, content, never)).toEqual(DONE);
    expect(await vk.channel.edit(OF_CHAT, { text: 'Да' }, never)).toEqual(DONE);
    const kept = { keep_forward_messages: '1' };
    expect(asked(vk)).toEqual([
      ['messages.edit', { peer_id: '37119444', message_id: '412', message: 'Готово', attachment: 'doc1_2', ...kept }],
      ['messages.edit', { peer_id: '2000000003', cmid: '5', message: 'Да', ...kept }],
    ]);
  });

  test('to what VK would not take is refused before it is asked, by the rule and the place', async () => {
    await using vk = await playVk();
    expect(await vk.channel.edit(OF_PERSON, { text: 'я'.repeat(4_097) }, never)).toEqual({
      kind: 'refused',
      networkCode: '914',
      detail: 'text: VK takes at most 4096 characters, there are 4097',
    });
    expect(vk.calls).toEqual([]);
  });

  test('too late is refused in VK’s words', async () => {
    await using vk = await playVk({ 'messages.edit': vkError(909, "Can't edit this message, because it's too old") });
    expect(await vk.channel.edit(OF_PERSON, { text: 'Да' }, never)).toEqual({
      kind: 'refused',
      networkCode: '909',
      detail: "VK error 909: Can't edit this message, because it's too old",
    });
  });
});

describe('deleting', () => {
  test('is for everybody', async () => {
    await using vk = await playVk({ 'messages.delete': [{ message_id: 412, response: 1 }] });
    expect(await vk.channel.delete(OF_PERSON, never)).toEqual(DONE);
    expect(await vk.channel.delete(OF_CHAT, never)).toEqual(DONE);
    expect(asked(vk)).toEqual([
      ['messages.delete', { peer_id: '37119444', message_ids: '412', delete_for_all: '1' }],
      ['messages.delete', { peer_id: '2000000003', cmids: '5', delete_for_all: '1' }],
    ]);
  });

  test.each<[string, MethodAnswer, object]>([
    ['done, as versions before 5.199 write it', { 412: 1 }, DONE],
    ['done, as a bare flag', 1, DONE],
    ['refused, as versions before 5.199 write it', { 412: 0 }, { kind: 'refused', networkCode: '924' }],
    [
      'refused in its row, though the call succeeds',
      [{ message_id: 412, error: { code: 924, description: "Can't delete this message for everybody" } }],
      { kind: 'refused', networkCode: '924', detail: expect.stringContaining('for everybody') },
    ],
    ['refused by a text', [{ message_id: 412, error: 'Not found' }], { kind: 'refused', networkCode: '104' }],
    ['answered with no row at all', [], { kind: 'failed', networkCode: 'unreadable' }],
    ['answered by a row that says nothing', [{ message_id: 412 }], { kind: 'failed', networkCode: 'unreadable' }],
  ])('is %s', async (_, answer, outcome) => {
    await using vk = await playVk({ 'messages.delete': answer });
    expect(await vk.channel.delete(OF_PERSON, never)).toMatchObject(outcome);
  });
});

test('typing is shown to the dialog', async () => {
  await using vk = await playVk();
  expect(await vk.channel.showTyping('37119444', never)).toEqual(DONE);
  expect(asked(vk)).toEqual([['messages.setActivity', { peer_id: '37119444', type: 'typing' }]]);
});

test('everything up to a message is marked as read', async () => {
  await using vk = await playVk();
  expect(await vk.channel.markRead(OF_PERSON, never)).toEqual(DONE);
  expect(await vk.channel.markRead(OF_CHAT, never)).toEqual(DONE);
  expect(asked(vk)).toEqual([
    ['messages.markAsRead', { peer_id: '37119444', start_message_id: '412', mark_conversation_as_read: '1' }],
    ['messages.markAsRead', { peer_id: '2000000003', up_to_cmid: '5', mark_conversation_as_read: '1' }],
  ]);
});

test('a message that VK gave no number cannot be touched, and VK is not asked', async () => {
  await using vk = await playVk();
  for (const outcome of [
    await vk.channel.edit(UNNUMBERED, { text: 'Да' }, never),
    await vk.channel.delete(UNNUMBERED, never),
    await vk.channel.markRead(UNNUMBERED, never),
    await vk.channel.message(UNNUMBERED, never),
  ]) {
    expect(outcome).toMatchObject({ kind: 'refused', networkCode: '104' });
  }
  expect(vk.calls).toEqual([]);
});

describe('a pressed button', () => {
  const press = { userId: '37119444', peerId: '37119444', callbackId: '3159dc190b1b' };
  const answered = async (answer: { text?: string; url?: string }) => {
    await using vk = await playVk();
    const outcome = await vk.channel.answerButton(press, answer, never);
    const [call] = vk.calls;
    expect(call?.params ?? {}).toMatchObject(
      call === undefined ? {} : { event_id: '3159dc190b1b', user_id: '37119444', peer_id: '37119444' },
    );
    return { outcome, data: call?.params['event_data'] };
  };

  test('is answered with a line, cut at a word where it is longer than VK shows', async () => {
    expect((await answered({ text: 'Записали' })).data).toBe('{"type":"show_snackbar","text":"Записали"}');
    const { text } = JSON.parse((await answered({ text: `${'слово '.repeat(14)}последнее_слово и ещё` })).data ?? '');
    expect(text).toBe(`${'слово '.repeat(14).trim()}…`);
    const { text: unbroken } = JSON.parse((await answered({ text: 'я'.repeat(100) })).data ?? '');
    expect([...unbroken]).toHaveLength(90);
  });

  test('is answered with an address to open', async () => {
    expect((await answered({ text: 'сюда', url: 'https://pizza.example/' })).data).toBe(
      '{"type":"open_link","link":"https://pizza.example/"}',
    );
  });

  test('is answered with nothing, which stops its spinner', async () => {
    expect(await answered({})).toEqual({ outcome: DONE, data: undefined });
  });

  test('with an address longer than VK takes is refused before it is asked', async () => {
    const { outcome, data } = await answered({ url: `https://pizza.example/${'x'.repeat(1_000)}` });
    expect(outcome).toMatchObject({ kind: 'refused', networkCode: '100' });
    expect(data).toBeUndefined();
  });
});

test.each<[string, MethodAnswer, object]>([
  ['a bad token', vkError(5), { kind: 'stopped', networkCode: '5' }],
  ['too many calls', vkError(6), { kind: 'failed', networkCode: '6', retryAfterMs: 1_000 }],
  ['no access', vkError(917), { kind: 'refused', networkCode: '917' }],
  ['a dropped connection', raw('reset'), { kind: 'failed', networkCode: 'unanswered' }],
  ['a page of a proxy', raw({ status: 502, body: '<html>' }), { kind: 'failed', networkCode: 'unanswered' }],
])('an action that meets %s says so and never throws', async (_, answer, outcome) => {
  await using vk = await playVk({ 'messages.setActivity': answer });
  expect(await vk.channel.showTyping('37119444', never)).toMatchObject(outcome);
});

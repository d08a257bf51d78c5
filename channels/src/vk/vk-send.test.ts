import { type FixtureName, readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { closedPort, type Played } from '../../test/play-answers.ts';
import { type MethodAnswer, type PlayedVk, playVk, raw, vkError } from '../../test/play-vk.ts';
import type { Outgoing } from '../channel.ts';
import type { Button } from '../keyboard/keyboard.ts';
import { randomIdOf } from './vk-message.ts';

const never = new AbortController().signal;
const stored = (name: FixtureName): MethodAnswer => raw({ body: readFixture(name).text });
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: '1000001-0',
  network: 'vk',
  groupId: '213243638',
  recipientId: '37119444',
  text: 'Привет & = ?',
  ...fields,
});
const sendOne = async ({ channel }: PlayedVk, fields?: Partial<Outgoing>) => (await channel.send([message(fields)], never))[0];
const batchOf = (...texts: string[]): Outgoing[] =>
  texts.map((text, index) => message({ text, dedupKey: `m${index}`, recipientId: String(37119444 + index) }));
const keyboardOf = (button: Button): Outgoing['keyboard'] => ({ place: 'message', rows: [[button]] });

/** Answers `execute` with these slots and errors, as VK writes them. */
const executed = (slots: unknown, errors?: readonly unknown[]): MethodAnswer =>
  raw({ body: JSON.stringify({ response: slots, ...(errors !== undefined && { execute_errors: errors }) }) });
const errorOf = (code: number) => ({ method: 'messages.send', error_code: code, error_msg: 'text' });
/** The calls in the code of the last `execute`. */
const slotsOf = ({ calls }: PlayedVk): Record<string, unknown>[] => {
  const { code = '' } = calls.at(-1)?.params ?? {};
  return JSON.parse(
    code
      .replace(/^return /, '')
      .replace(/;$/, '')
      .replaceAll(/API\.messages\.send\(|(?<=\})\)(?=[,\]])/g, ''),
  );
};

describe('one message', () => {
  test('goes out as a form with the token in a header, and is found again by its id', async () => {
    await using vk = await playVk({ 'messages.send': stored('vk/sent') });
    expect(await sendOne(vk)).toEqual({ kind: 'sent', networkId: '412' });
    expect(vk.requests).toMatchObject([{ method: 'POST', headers: { authorization: 'Bearer vk1.secret' } }]);
    expect(vk.requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const params = { v: '5.199', peer_id: '37119444', random_id: String(randomIdOf(message())), message: 'Привет & = ?' };
    expect(vk.calls).toEqual([{ method: 'messages.send', params }]);
  });

  test('has the same random_id on every attempt and another for every other message', async () => {
    await using vk = await playVk({ 'messages.send': 412 });
    await sendOne(vk);
    await sendOne(vk);
    await sendOne(vk, { dedupKey: '1000001-1' });
    const [first, second, third] = vk.calls.map(({ params }) => params['random_id']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('keeps an id beyond 2^53 to the last digit', async () => {
    await using vk = await playVk({ 'messages.send': raw({ body: '{"response":9007199254740993}' }) });
    expect(await sendOne(vk)).toEqual({ kind: 'sent', networkId: '9007199254740993' });
  });

  test('speaks the version that the connection is set to', async () => {
    await using vk = await playVk({ 'messages.send': 412 }, { apiVersion: '5.131' });
    await sendOne(vk);
    expect(vk.calls[0]?.params['v']).toBe('5.131');
  });

  test('to a group chat is found again by its number within the chat, as its events name it', async () => {
    const row = { peer_id: 2_000_000_003, message_id: 0, conversation_message_id: 17 };
    await using vk = await playVk({ 'messages.send': [row] });
    expect(await sendOne(vk, { recipientId: '2000000003' })).toEqual({ kind: 'sent', networkId: '2000000003:17' });
    expect(vk.calls[0]?.params).toMatchObject({ peer_ids: '2000000003' });
  });

  test('to a group chat whose number VK does not tell is still told apart from others', async () => {
    await using vk = await playVk({ 'messages.send': [{ peer_id: 2_000_000_003, message_id: 0 }] });
    const sent = [
      await sendOne(vk, { recipientId: '2000000003' }),
      await sendOne(vk, { recipientId: '2000000003', dedupKey: 'b' }),
    ];
    const ids = sent.map((outcome) => outcome?.kind === 'sent' && outcome.networkId);
    expect(new Set(ids).size).toBe(2);
    expect(ids).not.toContain('0');
  });

  test('that VK refuses for its token stops the connection and says what to do, without the token', async () => {
    await using vk = await playVk({ 'messages.send': stored('vk/error-authorization') });
    const outcome = await sendOne(vk);
    expect(outcome).toMatchObject({ kind: 'stopped', networkCode: '5', detail: expect.stringContaining('working token') });
    expect(JSON.stringify(outcome)).not.toContain('vk1.secret');
  });

  test.each([
    ['vk/error-no-permission', { kind: 'refused', reason: 'refused_by_user', networkCode: '901' }],
    ['vk/error-too-many-requests', { kind: 'throttled', scope: 'lane', retryAfterMs: 1_000, networkCode: '6' }],
  ] as const)('that VK answers with %s', async (name, outcome) => {
    await using vk = await playVk({ 'messages.send': stored(name) });
    expect(await sendOne(vk)).toMatchObject(outcome);
  });

  test.each([
    ['a hanging server', 'hang'],
    ['a dropped connection', 'reset'],
    ['a page of a proxy', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an empty answer', { body: '' }],
    ['a bare value', { body: 'null' }],
    ['an answer of another API', { body: '{"ok":true}' }],
    ['an error without a code', { body: '{"error":"invalid_request"}' }],
    ['a list instead of an id', { body: '{"response":[]}' }],
  ] satisfies [string, Played][])('whose fate %s leaves open is unanswered', async (_, answer) => {
    // Only a server that hangs is not waited for: the others have all the time that a busy machine takes.
    await using vk = await playVk({ 'messages.send': raw(answer) }, answer === 'hang' ? { timeoutMs: 500 } : {});
    expect(await sendOne(vk)).toMatchObject({ kind: 'unanswered' });
  });

  test.each([
    ['429 with a time', { status: 429, headers: { 'retry-after': '7' }, body: '' }, 7_000],
    ['429 without one', { status: 429, body: '<html>' }, 1_000],
    ['503 with a time', { status: 503, headers: { 'retry-after': '2' }, body: '' }, 2_000],
  ] satisfies [string, Played, number][])(
    'that something before VK puts off with %s waits as long',
    async (_, answer, retryAfterMs) => {
      await using vk = await playVk({ 'messages.send': raw(answer) });
      const networkCode = `http_${answer.status}`;
      expect(await sendOne(vk)).toEqual({ kind: 'throttled', scope: 'lane', retryAfterMs, networkCode });
    },
  );

  test('to a closed port was not sent and may be tried again', async () => {
    await using vk = await playVk({}, { baseUrl: await closedPort() });
    expect(await sendOne(vk)).toEqual({ kind: 'failed', networkCode: 'ECONNREFUSED' });
  });
});

describe('several messages', () => {
  test('leave as one execute, and each gets the outcome of its slot', async () => {
    await using vk = await playVk({ execute: executed([412, false, 413, false], [errorOf(901), errorOf(9)]) });
    expect(await vk.channel.send(batchOf('раз', 'два', 'три', 'четыре'), never)).toMatchObject([
      { kind: 'sent', networkId: '412' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: '901' },
      { kind: 'sent', networkId: '413' },
      { kind: 'throttled', scope: 'recipient', networkCode: '9' },
    ]);
    expect(vk.calls).toHaveLength(1);
    expect(slotsOf(vk)).toMatchObject([{ peer_id: '37119444', message: 'раз' }, { message: 'два' }, { message: 'три' }, {}]);
  });

  test('are taken and refused as VK’s answer says', async () => {
    await using vk = await playVk({ execute: stored('vk/execute-with-error') });
    expect((await vk.channel.send(batchOf('раз', 'два', 'три'), never)).map(({ kind }) => kind)).toEqual([
      'sent',
      'refused',
      'sent',
    ]);
  });

  test('keep their quotes, line ends, brackets and emoji in the code that VK compiles', async () => {
    const texts = ['"});API.messages.delete({', 'a\nb\u2028c\\', '🦅 {"a":[1]}'];
    await using vk = await playVk({ execute: executed([1, 2, 3]) });
    await vk.channel.send(batchOf(...texts), never);
    expect(slotsOf(vk).map(({ message: text }) => text)).toEqual(texts);
    expect(vk.calls[0]?.params['code']).not.toContain('\u2028');
  });

  test('are cut into executes of 25 calls', async () => {
    await using vk = await playVk({
      execute: ({ code = '' }: Record<string, string>) => code.match(/API\./g)?.map((_, index) => 100 + index),
    });
    const outcomes = await vk.channel.send(batchOf(...Array.from({ length: 40 }, (_, index) => `text ${index}`)), never);
    expect(outcomes.map((outcome) => outcome.kind === 'sent' && outcome.networkId)).toEqual([
      ...Array.from({ length: 25 }, (_, index) => String(100 + index)),
      ...Array.from({ length: 15 }, (_, index) => String(100 + index)),
    ]);
    expect(vk.calls.map(({ method }) => method)).toEqual(['execute', 'execute']);
  });

  test.each([
    ['too many calls', vkError(6), { kind: 'throttled', scope: 'lane' }],
    ['a bad token', vkError(5), { kind: 'stopped', networkCode: '5' }],
    ['a fault while the code ran', vkError(13), { kind: 'unanswered' }],
    ['fewer slots than calls', executed([412]), { kind: 'unanswered' }],
    ['no list', executed(1), { kind: 'unanswered' }],
    ['a dropped connection', raw('reset'), { kind: 'unanswered' }],
  ])('all have the one outcome that %s means', async (_, answer, outcome) => {
    await using vk = await playVk({ execute: answer });
    expect(await vk.channel.send(batchOf('раз', 'два'), never)).toMatchObject([outcome, outcome]);
  });

  test('that failed without an error of their own are unanswered, the others are not', async () => {
    await using vk = await playVk({ execute: executed([412, false, false], [errorOf(901)]) });
    expect(await vk.channel.send(batchOf('раз', 'два', 'три'), never)).toMatchObject([
      { kind: 'sent' },
      { kind: 'unanswered' },
      { kind: 'unanswered' },
    ]);
  });

  test('are not spoilt by one that cannot be valid', async () => {
    await using vk = await playVk({ execute: executed([412, 413]) });
    const [first, third] = batchOf('раз', 'три');
    const bad = message({ keyboard: keyboardOf({ kind: 'text', label: 'x'.repeat(41), payload: '{}' }) });
    const nobody = message({ recipientId: '1,2' });
    expect(await vk.channel.send([first as Outgoing, bad, nobody, third as Outgoing], never)).toEqual([
      { kind: 'sent', networkId: '412' },
      {
        kind: 'refused',
        reason: 'content',
        networkCode: '911',
        detail: 'rows[0][0].label: VK takes at most 40 characters, there are 41',
      },
      { kind: 'refused', reason: 'no_such_user', networkCode: '113' },
      { kind: 'sent', networkId: '413' },
    ]);
    expect(slotsOf(vk)).toHaveLength(2);
  });
});

describe('one text for many', () => {
  const shared = (recipientId: string, fields: Partial<Outgoing> = {}): Outgoing =>
    message({ recipientId, dedupKey: `to-${recipientId}`, sharedKey: 'broadcast-7', ...fields });

  test('is taken for one and refused for another, as VK’s answer says', async () => {
    await using vk = await playVk({ 'messages.send': stored('vk/sent-to-many') });
    expect(await vk.channel.send([shared('37119444'), shared('37119446')], never)).toMatchObject([
      { kind: 'sent', networkId: '412' },
      { kind: 'refused', networkCode: '901', answer: "Can't send messages for users without permission" },
    ]);
  });

  test('leaves as one call with peer_ids, and each has the outcome of its row, in whatever form and order', async () => {
    await using vk = await playVk({
      'messages.send': [
        { peer_id: 3, message_id: 0, conversation_message_id: 0, error: { code: 901, description: 'no permission' } },
        { peer_id: 1, message_id: 412, conversation_message_id: 5 },
        { peer_id: 2, message_id: 413 },
        { peer_id: 4, message_id: 0, error: "Can't send messages for users from blacklist" },
        { peer_id: 5, message_id: 0, error: 'a sentence nobody knows' },
      ],
    });
    expect(
      await vk.channel.send(
        ['1', '2', '3', '4', '5', '6'].map((id) => shared(id)),
        never,
      ),
    ).toMatchObject([
      { kind: 'sent', networkId: '412' },
      { kind: 'sent', networkId: '413' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: '901' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: '900' },
      { kind: 'refused', reason: 'provider', networkCode: 'unknown' },
      { kind: 'unanswered', detail: expect.stringContaining('no row') },
    ]);
    expect(vk.calls).toMatchObject([{ method: 'messages.send', params: { peer_ids: '1,2,3,4,5,6', message: 'Привет & = ?' } }]);
  });

  test('has one random_id for all, the same when one of them is tried again alone', async () => {
    await using vk = await playVk({ 'messages.send': [{ peer_id: 1, message_id: 1 }] });
    await vk.channel.send([shared('1'), shared('2')], never);
    await vk.channel.send([shared('2')], never);
    expect(vk.calls[1]?.params['random_id']).toBe(vk.calls[0]?.params['random_id']);
    expect(vk.calls[1]?.params).toMatchObject({ peer_id: '2' });
  });

  test('takes a slot of 100 people each, beside messages of their own', async () => {
    const ids = Array.from({ length: 120 }, (_, index) => String(1_000 + index));
    const rowsOf = (peerIds: string[]) => peerIds.map((id) => ({ peer_id: Number(id), message_id: Number(id) + 1 }));
    await using vk = await playVk({ execute: executed([rowsOf(ids.slice(0, 100)), rowsOf(ids.slice(100)), 7]) });
    const outcomes = await vk.channel.send([...ids.map((id) => shared(id)), message()], never);
    expect(outcomes).toHaveLength(121);
    expect(outcomes[119]).toEqual({ kind: 'sent', networkId: '1120' });
    expect(outcomes[120]).toEqual({ kind: 'sent', networkId: '7' });
  });

  test('is not mixed with another text, whatever the key says', async () => {
    await using vk = await playVk({ execute: executed([1, 2]) });
    await vk.channel.send([shared('1'), shared('2', { text: 'другое' })], never);
    expect(slotsOf(vk)).toMatchObject([{ peer_id: '1' }, { peer_id: '2', message: 'другое' }]);
  });

  test('an answer that names one message for all of them answers none', async () => {
    await using vk = await playVk({ 'messages.send': 412 });
    expect(await vk.channel.send([shared('1'), shared('2')], never)).toMatchObject([
      { kind: 'unanswered' },
      { kind: 'unanswered' },
    ]);
  });
});

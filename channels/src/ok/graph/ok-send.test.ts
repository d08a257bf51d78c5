import { afterEach, describe, expect, test } from 'vitest';
import { type PlayedRequest, type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import type { Outgoing } from '../../channel.ts';
import { createOkChannel, type OkChannel, type OkChannelOptions } from '../ok-channel.ts';

const never = new AbortController().signal;
const GROUP = '70000000000001';
const NOW = new Date(1_800_000_000_000);
const open: OkChannel[] = [];
const channelAt = ({ url }: PlayedServer, options: Partial<OkChannelOptions> = {}): OkChannel => {
  const fixed = { baseUrl: url, graphToken: 'tkn1:C2', groupId: GROUP, timeoutMs: 5_000, now: () => NOW };
  const channel = createOkChannel({ ...fixed, ...options });
  open.push(channel);
  return channel;
};
const to = (recipientId: string, fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `key-${recipientId}`,
  network: 'ok',
  groupId: GROUP,
  recipientId,
  text: 'Привет',
  ...fields,
});
const recipients = ({ requests }: PlayedServer) => requests.map(({ body }) => JSON.parse(body).recipient);
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

/** Answers a list as OK does: false for the person 13, who has not allowed it. */
const answerList = ({ body }: PlayedRequest) => {
  const { user_ids: ids, user_id: id } = JSON.parse(body).recipient as { user_ids?: string[]; user_id?: string };
  if (ids === undefined) return { body: JSON.stringify({ message_id: `mid:C1.${id?.slice('user:'.length)}` }) };
  const success = ids.map((one) => one !== 'user:13');
  return { body: JSON.stringify({ success, chat_ids: success.map((ok) => (ok ? 'chat:C1' : null)) }) };
};

describe('a broadcast', () => {
  test('leaves in one call for as many people as fit, and says of each whether it arrived', async () => {
    await using server = await playAnswers(answerList);
    const batch = ['11', '12', '13', '14', '15'].map((id) => to(id, { sharedKey: 'news' }));
    const outcomes = await channelAt(server, { batchMax: 100, settings: { recipientsPerCallMax: 3 } }).send(batch, never);
    expect(recipients(server)).toEqual([{ user_ids: ['user:11', 'user:12', 'user:13'] }, { user_ids: ['user:14', 'user:15'] }]);
    expect(outcomes).toEqual([
      { kind: 'sent', networkId: 'unnamed:key-11' },
      { kind: 'sent', networkId: 'unnamed:key-12' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' },
      { kind: 'sent', networkId: 'unnamed:key-14' },
      { kind: 'sent', networkId: 'unnamed:key-15' },
    ]);
  });

  test('is kept apart from other messages and from chats, and outcomes stay in the order of the batch', async () => {
    await using server = await playAnswers(answerList);
    const shared = { sharedKey: 'news' };
    const batch = [to('11', shared), to('5'), to('chat:C9', shared), to('12', shared), to('6', { sharedKey: 'other' })];
    const outcomes = await channelAt(server, { batchMax: 100 }).send(batch, never);
    expect(recipients(server)).toEqual(
      expect.arrayContaining([
        { user_ids: ['user:11', 'user:12'] },
        { user_id: 'user:5' },
        { chat_id: 'chat:C9' },
        { user_id: 'user:6' },
      ]),
    );
    expect(outcomes.map((outcome) => outcome.kind === 'sent' && outcome.networkId)).toEqual([
      'unnamed:key-11',
      'mid:C1.5',
      'mid:C1.undefined',
      'unnamed:key-12',
      'mid:C1.6',
    ]);
  });

  test('that fails for somebody unnamed goes to each alone', async () => {
    const refuseLists = (request: PlayedRequest) =>
      request.body.includes('user_ids') ? { body: '{"error_code":458,"error_msg":"x"}' } : answerList(request);
    await using server = await playAnswers(refuseLists);
    const outcomes = await channelAt(server).send([to('11', { sharedKey: 'n' }), to('12', { sharedKey: 'n' })], never);
    expect(outcomes).toEqual([
      { kind: 'sent', networkId: 'mid:C1.11' },
      { kind: 'sent', networkId: 'mid:C1.12' },
    ]);
  });

  test('that OK stops, or answers for too few, is the same for all that are left', async () => {
    await using server = await playAnswers({ body: '{"error_code":103,"error_msg":"x"}' }, { body: '{"success":[true]}' });
    const channel = channelAt(server);
    const batch = [to('11', { sharedKey: 'n' }), to('12', { sharedKey: 'n' })];
    expect(await channel.send(batch, never)).toMatchObject([{ kind: 'stopped' }, { kind: 'stopped' }]);
    expect(await channel.send(batch, never)).toMatchObject([{ kind: 'sent' }, { kind: 'unanswered' }]);
  });
});

test('messages come one by one unless the channel is made for batches', async () => {
  await using server = await playAnswers('hang');
  expect(channelAt(server).capabilities.batchMax).toBe(1);
  expect(channelAt(server, { batchMax: 100 }).capabilities.batchMax).toBe(100);
});

test('what breaks a rule of OK is refused before any call, with its place', async () => {
  await using server = await playAnswers({ body: '{}' });
  const attachments = Array(6).fill({ kind: 'image', reference: 'T' });
  expect(await channelAt(server).send([to('5', { attachments })], never)).toEqual([
    {
      kind: 'refused',
      reason: 'content',
      networkCode: 'content_attachments',
      detail: 'attachments: OK takes at most 5, the keyboard among them, there are 6',
    },
  ]);
  expect(server.requests).toEqual([]);
});

describe('a message with a file', () => {
  const withFile = (ageMs: number, kind: 'file' | 'image' = 'file') =>
    to('5', { attachments: [{ kind, reference: kind === 'image' ? 'T' : `${NOW.getTime() - ageMs}~T` }] });
  const notYet = { body: '{"error_code":100,"error_msg":"PARAM : not ready"}' };

  test('waits for the rest of the moment that OK needs, without a call', async () => {
    await using server = await playAnswers(notYet);
    expect(await channelAt(server).send([withFile(500)], never)).toEqual([
      { kind: 'throttled', scope: 'recipient', retryAfterMs: 1_500, networkCode: 'file_in_work' },
    ]);
    expect(server.requests).toEqual([]);
  });

  test('that OK is still working on is tried again, but not for ever', async () => {
    await using server = await playAnswers(notYet);
    const channel = channelAt(server);
    expect(await channel.send([withFile(2_000)], never)).toEqual([
      { kind: 'throttled', scope: 'recipient', retryAfterMs: 2_000, networkCode: '100' },
    ]);
    expect(await channel.send([withFile(120_000)], never)).toMatchObject([{ kind: 'refused', networkCode: '100' }]);
    expect(await channel.send([withFile(0, 'image')], never)).toMatchObject([{ kind: 'refused', networkCode: '100' }]);
  });

  test('is not held up by an error that is not about the file', async () => {
    await using server = await playAnswers({ body: '{"error_code":458,"error_msg":"x"}' });
    expect(await channelAt(server).send([withFile(2_000)], never)).toMatchObject([
      { kind: 'refused', reason: 'refused_by_user' },
    ]);
  });
});

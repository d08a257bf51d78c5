import { readFixture } from '@soroka/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type PlayedServer, playAnswers } from '../../../test/play-answers.ts';
import { createOkChannel, type OkChannel } from '../ok-channel.ts';

const never = new AbortController().signal;
const GROUP = '12345678901234';
const CHAT = 'chat:C3ecb9d02a600';
const open: OkChannel[] = [];
const channelAt = ({ url }: PlayedServer, historyPageMessages = 2): OkChannel => {
  const settings = { historyPageMessages };
  const channel = createOkChannel({ baseUrl: url, graphToken: 'tkn1:C2', groupId: GROUP, timeoutMs: 5_000, settings });
  open.push(channel);
  return channel;
};
const history = (...lines: object[]) => ({ body: JSON.stringify({ messages: lines }) });
const line = (timestamp: number, mid: string, sender = 'user:5') => ({
  sender: { user_id: sender },
  message: { text: 'x', mid },
  timestamp,
});
afterEach(() => Promise.all(open.splice(0).map((channel) => channel.close())));

describe('a history', () => {
  test('is read as OK prints it, the newest first', async () => {
    await using server = await playAnswers({ body: readFixture('ok/history').text });
    expect(await channelAt(server, 50).history(CHAT, null, never)).toEqual({
      kind: 'done',
      result: {
        messages: [
          {
            networkId: 'mid:C3ecb9d02a600.15cea67d78d2059',
            direction: 'in',
            userId: '123456789012',
            text: 'text',
            attachments: [],
            at: new Date(1_498_581_292_941),
          },
          {
            networkId: 'mid:C3ecb9d02a600.15cea668c4c2481',
            direction: 'in',
            userId: '123456789012',
            text: 'https://ya.ru/',
            attachments: [{ type: 'SHARE', payload: { url: 'https://ya.ru/' } }],
            at: new Date(1_498_581_208_140),
          },
        ],
        next: null,
      },
    });
    expect(server.requests).toMatchObject([{ method: 'GET', path: `/graph/me/messages/${CHAT}` }]);
  });

  test('goes on page by page without losing or repeating one, though two share a moment', async () => {
    await using server = await playAnswers(
      history(line(9_000, 'mid:C.3'), line(8_000, 'mid:C.2')),
      history(line(8_000, 'mid:C.2'), line(8_000, 'mid:C.1')),
      history(line(7_999, 'mid:C.0')),
    );
    const channel = channelAt(server);
    const mids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await channel.history(CHAT, cursor, never);
      if (page.kind !== 'done') throw new Error(page.detail);
      mids.push(...page.result.messages.map(({ networkId }) => networkId));
      cursor = page.result.next;
    } while (cursor !== null);
    expect(mids).toEqual(['mid:C.3', 'mid:C.2', 'mid:C.1', 'mid:C.0']);
    expect(server.requests.map(({ query }) => query.get('from'))).toEqual([null, '8000', '7999']);
  });

  test('knows what the group wrote, and leaves lines without a message out', async () => {
    const left = { sender: { user_id: 'user:5' }, type: 'USER_LEFT', timestamp: 3 };
    await using server = await playAnswers(
      history(line(5, 'MID:C.2', `group:${GROUP}`), line(4, 'mid:C.1', GROUP), left, line(2, 'mid:C.0')),
    );
    const page = await channelAt(server, 50).history(CHAT, null, never);
    expect(page.kind === 'done' && page.result.messages).toMatchObject([
      { networkId: 'mid:C.2', direction: 'out', userId: '' },
      { networkId: 'mid:C.1', direction: 'out', userId: '' },
      { networkId: 'mid:C.0', direction: 'in', userId: '5' },
    ]);
  });

  test('of a chat that is not there is refused', async () => {
    await using server = await playAnswers({ body: '{"error_code":705,"error_msg":"CHAT_NOT_FOUND : x"}' });
    expect(await channelAt(server).history('chat:C0', null, never)).toMatchObject({ kind: 'refused', networkCode: '705' });
  });
});

test('the dialogs of a group are paged by OK’s marker, and the last page has none', async () => {
  const printed = readFixture('ok/chats');
  await using server = await playAnswers({ body: printed.text }, { body: '{"chats":[]}' });
  const channel = channelAt(server);
  const first = await channel.dialogs(null, never);
  const marker = 'LTE0OTcyNDMzNTYzMzM6LTE0OTcyNDMzNTYzMzM=';
  expect(first).toEqual({ kind: 'done', result: { peerIds: [CHAT], next: marker } });
  expect(await channel.dialogs(marker, never)).toEqual({ kind: 'done', result: { peerIds: [], next: null } });
  expect(server.requests.map(({ query }) => query.get('marker'))).toEqual([null, marker]);
});

test.each([
  ['GROUP_CHAT', false],
  ['DIALOG', false],
  ['CHAT', true],
])('a chat of the type %s is told with its title, picture and members', async (type, isGroupChat) => {
  const { chats } = readFixture('ok/chats').body as { chats: object[] };
  await using server = await playAnswers({ body: JSON.stringify({ ...chats[0], type }) });
  expect(await channelAt(server).chat(CHAT, never)).toEqual({
    kind: 'done',
    result: {
      peerId: CHAT,
      isGroupChat,
      title: 'Some chat title',
      pictureUrl: 'https://st.mycdn.me/res/i/ok_logo.png',
      memberIds: ['123456789012'],
    },
  });
});

describe('one message', () => {
  test('is found in the history at the moment that its id tells', async () => {
    await using server = await playAnswers({ body: readFixture('ok/history').text });
    const target = { peerId: CHAT, networkId: 'mid:C3ecb9d02a600.15cea668c4c2481' };
    expect(await channelAt(server).message(target, never)).toMatchObject({ kind: 'done', result: { text: 'https://ya.ru/' } });
    const { query } = server.requests[0] ?? {};
    expect([query?.get('from'), query?.get('to')]).toEqual(['1498581208141', '1498581208139']);
  });

  test.each(['mid:C3ecb9d02a600.15cea668c4c9999', 'mid:C1', 'unnamed:1', 'mid:C1.a'])('%s is not', async (networkId) => {
    await using server = await playAnswers({ body: readFixture('ok/history').text });
    expect(await channelAt(server).message({ peerId: CHAT, networkId }, never)).toMatchObject({ kind: 'refused' });
  });
});

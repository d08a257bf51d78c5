import { describe, expect, test } from 'vitest';
import { startReceiver } from '../../test/simulated-networks.ts';
import { eventually, useSimulatedNetworks } from '../../test/use-simulated-networks.ts';
import type { InboundEvent, Outgoing } from '../channel.ts';
import { parseJson } from '../json.ts';
import { createOkChannel, type OkChannelOptions, parseOkEvent } from './ok.ts';

// A group of OK against the simulator, over HTTP only: two readings of the same contracts that must agree.

const GROUP = '70000000000001';
const ANNA = { phone: '79999999999', ok: '123456789012' };
const DINA = { phone: '79990000004', ok: '123456789016' };
const TIMEOUT_MS = 10_000;

const never = new AbortController().signal;
const networks = useSimulatedNetworks({ subscriptions: true });

const channel = (options: Partial<OkChannelOptions> = {}) => {
  const graphToken = 'tkn18YdUJZe:CQABPOJKAKEKEKEKE';
  return networks.opening(
    createOkChannel({ baseUrl: `${networks.url}/ok`, graphToken, groupId: GROUP, timeoutMs: TIMEOUT_MS, ...options }),
  );
};
let lastKey = 0;
const toAnna = (fields: Partial<Outgoing> = {}): Outgoing => ({
  dedupKey: `conformance-${++lastKey}`,
  network: 'ok',
  groupId: GROUP,
  recipientId: ANNA.ok,
  text: 'Привет, Анна & = ?',
  ...fields,
});
const events = (bodies: readonly string[]): InboundEvent[] => bodies.flatMap((body) => parseOkEvent(parseJson(body), GROUP));
const inbox = async () => (await networks.control('GET', `/people/${ANNA.phone}/inbox`)) as { text: string; kind: string }[];
/** All that Anna has got, in its order. */
const arrived = (...texts: string[]) => eventually(async () => expect((await inbox()).map(({ text }) => text)).toEqual(texts));
const say = (text: string) => networks.control('POST', `/people/${ANNA.phone}/say`, { network: 'ok', text });

/** Anna writes, so that there is a chat; its id. */
async function openChat(text = 'привет'): Promise<string> {
  const listening = channel();
  const { state } = await listening.poll(null, 1, never);
  await say(text);
  const [event] = events((await listening.poll(state, 5, never)).bodies);
  if (event === undefined) throw new Error('what Anna wrote did not come');
  return event.peerId;
}

describe('sending', () => {
  test('a wrong key stops the connection', async () => {
    expect(await channel({ graphToken: 'tkn1:WRONG' }).send([toAnna()], never)).toMatchObject([{ kind: 'stopped' }]);
  });

  test('a person who has blocked the group refuses', async () => {
    await networks.control('POST', `/people/${ANNA.phone}/block`, { network: 'ok' });
    expect(await channel().send([toAnna()], never)).toMatchObject([{ kind: 'refused', reason: 'refused_by_user' }]);
  });

  test('a broadcast in one call arrives, and says who it did not reach', async () => {
    const batch = [toAnna({ sharedKey: 'news' }), toAnna({ sharedKey: 'news', recipientId: '1' })];
    expect(await channel({ batchMax: 100 }).send(batch, never)).toEqual([
      { kind: 'sent', networkId: expect.stringMatching(/^unnamed:/) },
      { kind: 'refused', reason: 'refused_by_user', networkCode: 'user_not_invited_to_group' },
    ]);
    await arrived('Привет, Анна & = ?');
  });

  test('every kind of button, and the place where a button is pressed, come through', async () => {
    const peerId = await openChat();
    await using receiver = await startReceiver(() => '');
    const bot = channel();
    await bot.subscribeWebhook({ url: receiver.url }, never);
    const keyboard = {
      place: 'message',
      rows: [
        [
          { kind: 'callback', label: 'Да', payload: '{"answer":"yes"}', color: 'positive' },
          { kind: 'text', label: 'Нет', payload: '{"answer":"no"}', color: 'negative' },
        ],
        [{ kind: 'link', label: 'Сайт', url: 'https://soroka.example/' }],
        [
          { kind: 'contact', label: 'Телефон' },
          { kind: 'location', label: 'Где вы?' },
        ],
      ],
    } as const;
    const [sent] = await bot.send([toAnna({ recipientId: peerId, text: 'Да или нет?', keyboard })], never);
    expect(sent).toMatchObject({ kind: 'sent', networkId: expect.stringMatching(/^mid:/) });
    await arrived('Да или нет?');
    await networks.control('POST', `/people/${ANNA.phone}/press`, { network: 'ok', payload: '{"answer":"yes"}' });
    await eventually(() =>
      expect(events(receiver.bodies)).toMatchObject([{ kind: 'button', payload: '{"answer":"yes"}', peerId }]),
    );

    const [press] = events(receiver.bodies);
    if (press?.kind !== 'button') throw new Error('no button was pressed');
    expect(press.networkId).toBe(sent?.kind === 'sent' && sent.networkId);
    expect(await bot.answerButton(press, { text: 'Записали' }, never)).toEqual({ kind: 'done', result: null });
    await arrived('Да или нет?', 'Записали');
    expect(await bot.answerButton({ ...press, callbackId: 'no-such' }, { text: 'x' }, never)).toMatchObject({ kind: 'refused' });
  });
});

describe('files', () => {
  const upload = { name: 'прайс.pdf', bytes: new TextEncoder().encode('%PDF') };

  test('a file is sent when OK has worked on it, and not given up before', async () => {
    const file = { ...upload, kind: 'file', contentType: 'application/pdf' } as const;
    const uploaded = await channel().upload(file, '', never);
    if (uploaded.kind !== 'done') throw new Error(uploaded.detail);
    const message = toAnna({ text: '', attachments: [uploaded.result] });
    expect(await channel().send([message], never)).toMatchObject([{ kind: 'throttled', networkCode: 'file_in_work' }]);
    // A clock that is ahead, so that OK is asked too early.
    const later = channel({ now: () => new Date(Date.now() + 5_000) });
    expect(await later.send([message], never)).toMatchObject([{ kind: 'throttled', scope: 'recipient' }]);
    await networks.control('POST', '/clock', { advanceMs: 5_000 });
    expect(await later.send([message], never)).toMatchObject([{ kind: 'sent' }]);
    await arrived('');
  });

  test('an image goes out at once, beside one that OK fetches itself', async () => {
    const uploaded = await channel().upload({ ...upload, kind: 'image', contentType: 'image/png' }, '', never);
    if (uploaded.kind !== 'done') throw new Error(uploaded.detail);
    const attachments = [uploaded.result, { kind: 'image-url', url: 'https://i.example/1.png' } as const];
    expect(await channel().send([toAnna({ attachments })], never)).toMatchObject([{ kind: 'sent' }]);
  });

  test('a voice message of a wrong type is refused by OK, as a value', async () => {
    const outcome = await channel().upload({ ...upload, kind: 'voice', contentType: 'application/pdf' }, '', never);
    expect(outcome).toMatchObject({ kind: 'refused' });
  });
});

describe('a dialog', () => {
  test('is found, read and paged; a message of ours is changed and taken back', async () => {
    const peerId = await openChat('раз');
    const bot = channel({ settings: { historyPageMessages: 2 } });
    const [first] = await bot.send([toAnna({ recipientId: peerId, text: 'два' })], never);
    await say('три');
    expect(await bot.dialogs(null, never)).toEqual({ kind: 'done', result: { peerIds: [peerId], next: null } });
    expect(await bot.chat(peerId, never)).toMatchObject({
      kind: 'done',
      result: { peerId, isGroupChat: false, memberIds: [ANNA.ok] },
    });

    const texts: string[] = [];
    for (let cursor: string | null = null, isFirst = true; cursor !== null || isFirst; isFirst = false) {
      const page = await bot.history(peerId, cursor, never);
      if (page.kind !== 'done') throw new Error(page.detail);
      texts.push(...page.result.messages.map(({ text, direction, userId }) => `${direction} ${userId} ${text}`));
      cursor = page.result.next;
    }
    expect(texts).toEqual([`in ${ANNA.ok} три`, 'out  два', `in ${ANNA.ok} раз`]);

    const address = { peerId, networkId: first?.kind === 'sent' ? first.networkId : '' };
    expect(await bot.edit(address, { text: 'два с половиной' }, never)).toMatchObject({ kind: 'done' });
    expect(await bot.message(address, never)).toEqual({ kind: 'done', result: { text: 'два с половиной', attachments: [] } });
    expect(await bot.delete(address, never)).toMatchObject({ kind: 'done' });
    expect(await bot.message(address, never)).toMatchObject({ kind: 'refused' });
  });

  test.each(['edge', 'sender_action'] as const)('shows typing and reading in the form %s', async (actionForm) => {
    const peerId = await openChat();
    const bot = channel({ settings: { actionForm } });
    expect(await bot.showTyping(peerId, never)).toEqual({ kind: 'done', result: null });
    expect(await bot.markRead({ peerId, networkId: '' }, never)).toEqual({ kind: 'done', result: null });
  });

  test('of several people is one, and what happens in it is told', async () => {
    const bot = channel();
    const { state } = await bot.poll(null, 1, never);
    const people = [ANNA.phone, DINA.phone];
    const chat = { network: 'ok', title: 'Двор', owner: ANNA.phone, people };
    const { number } = (await networks.control('POST', '/chats', chat)) as { number: number };
    const act = (deed: string, fields: object) => networks.control('POST', `/chats/ok/${GROUP}/${number}/${deed}`, fields);
    await act('title', { title: 'Двор и сад' });
    await act('remove', { phone: DINA.phone });
    await act('add', { phone: DINA.phone });
    await act('leave', { phone: DINA.phone });
    const told = events((await bot.poll(state, 5, never)).bodies);
    const anna = { kind: 'chat', userId: ANNA.ok };
    expect(told).toMatchObject([
      { ...anna, change: 'joined', memberId: '' }, // the group itself
      { ...anna, change: 'title', title: 'Двор и сад' },
      { ...anna, change: 'left', memberId: DINA.ok },
      { ...anna, change: 'joined', memberId: DINA.ok },
      { kind: 'chat', userId: DINA.ok, change: 'left', memberId: DINA.ok },
    ]);
    const peerId = told[0]?.peerId ?? '';
    expect(await bot.chat(peerId, never)).toMatchObject({ kind: 'done', result: { isGroupChat: true, title: 'Двор и сад' } });
    expect(await bot.send([toAnna({ recipientId: peerId })], never)).toMatchObject([{ kind: 'sent' }]);
  });
});

describe('events', () => {
  test('come by long poll, in their order', async () => {
    const bot = channel();
    const { state } = await bot.poll(null, 1, never);
    await say('раз');
    await say('два');
    const { bodies } = await bot.poll(state, 5, never);
    expect(events(bodies)).toMatchObject([
      { kind: 'message', text: 'раз', userId: ANNA.ok },
      { kind: 'message', text: 'два' },
    ]);
  });

  test('start with the text of a link', async () => {
    const bot = channel();
    const { state } = await bot.poll(null, 1, never);
    await networks.control('POST', `/people/${ANNA.phone}/start`, { network: 'ok', payload: 'summer/1' });
    expect(events((await bot.poll(state, 5, never)).bodies)).toMatchObject([{ kind: 'started', payload: 'summer/1' }]);
  });

  test('have one subscription however often it is asked for, which a look at the connection finds', async () => {
    const bot = channel();
    await using receiver = await startReceiver(() => '');
    expect(await bot.check(receiver.url, never)).toMatchObject([
      { name: 'token', state: 'good' },
      { name: 'group', state: 'good' },
      { name: 'webhook', state: 'bad' },
    ]);
    expect((await bot.subscribeWebhook({ url: receiver.url }, never)).did).toHaveLength(1);
    expect(await bot.subscribeWebhook({ url: receiver.url }, never)).toEqual({ state: 'active', did: [] });
    await say('раз');
    await eventually(() => expect(events(receiver.bodies)).toMatchObject([{ kind: 'message', text: 'раз' }]));
    expect((await bot.check(receiver.url, never)).map(({ state }) => state)).toEqual(['good', 'good', 'good']);
    await bot.unsubscribeWebhook(receiver.url, never);
    expect((await bot.check(receiver.url, never)).map(({ state }) => state)).toEqual(['good', 'good', 'bad']);
  });
});

test('a key is kept alive, and one that was made anew elsewhere is told at once', async () => {
  const bot = channel();
  expect(await bot.keepAlive(never)).toEqual({ kind: 'done', result: null });
  await networks.control('POST', '/tokens', { network: 'ok', do: 'renew' });
  expect(await bot.keepAlive(never)).toMatchObject({ kind: 'stopped' });
});

import { describe, expect, test } from 'vitest';
import { startReceiver } from '../../test/simulated-networks.ts';
import { ANNA, DINA, GROUP, message, never, useSimulatedVk } from '../../test/use-simulated-vk.ts';
import { parseJson } from '../json.ts';
import { parseVkEvent } from './vk.ts';

// The VK channel against the simulator, over HTTP only: two readings of one contract that must agree. What every channel must do
// is in conformance/every-channel.test.ts.

const { control, open, act, idOf, eventsOf } = useSimulatedVk();
const CHAT = { number: 1, peerId: '2000000001' };

describe('events', () => {
  test('what an admin writes in VK’s page comes with its author, what we write does not come', async () => {
    const channel = open();
    const events = await eventsOf(channel, async () => {
      await control('POST', `/groups/vk/${GROUP}/write-as-admin`, {
        phone: ANNA.phone,
        text: 'Готовим',
        admin: DINA.phone,
      });
      await channel.send([message()], never);
      await act(ANNA.phone, 'say', { text: 'спасибо' });
    });
    expect(events.map(({ kind }) => kind)).toEqual(['written-elsewhere', 'message']);
    expect(events[0]).toMatchObject({ userId: ANNA.id, peerId: ANNA.id, text: 'Готовим', authorId: DINA.id });
  });

  test('a person changes a message, and it comes under its id', async () => {
    const channel = open();
    const said = await eventsOf(channel, () => act(ANNA.phone, 'say', { text: 'маргариту' }));
    const networkId = said[0]?.kind === 'message' ? said[0].networkId : '';
    expect(await eventsOf(channel, () => act(ANNA.phone, 'edit', { message: networkId, text: 'пепперони' }))).toMatchObject([
      { kind: 'edited', networkId, text: 'пепперони', userId: ANNA.id },
    ]);
  });

  test('a group chat tells who wrote, joined, left and gave it a name; we write, edit and look into it', async () => {
    const channel = open();
    await control('POST', '/chats', { network: 'vk', title: 'Кухня', owner: ANNA.phone, people: [DINA.phone] });
    const at = `/chats/vk/${GROUP}/${CHAT.number}`;
    const events = await eventsOf(channel, async () => {
      await control('POST', `${at}/title`, { title: 'Зал', by: ANNA.phone });
      await control('POST', `${at}/leave`, { phone: DINA.phone });
      await control('POST', `${at}/add`, { phone: DINA.phone, by: ANNA.phone });
      await act(ANNA.phone, 'say', { text: 'все тут?', chat: CHAT.number });
    });
    const inChat = { peerId: CHAT.peerId, isGroupChat: true };
    expect(events).toMatchObject([
      { kind: 'chat', change: 'title', title: 'Зал', userId: ANNA.id, ...inChat },
      { kind: 'chat', change: 'left', memberId: DINA.id, userId: DINA.id, ...inChat },
      { kind: 'chat', change: 'joined', memberId: DINA.id, userId: ANNA.id, ...inChat },
      { kind: 'message', text: 'все тут?', userId: ANNA.id, ...inChat },
    ]);
    const networkId = await idOf(channel, { recipientId: CHAT.peerId, text: 'все' });
    expect(networkId).toMatch(/^2000000001:\d+$/);
    expect(await channel.edit({ peerId: CHAT.peerId, networkId }, { text: 'все!' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message({ peerId: CHAT.peerId, networkId }, never)).toMatchObject({ result: { text: 'все!' } });
    expect(await channel.chat(CHAT.peerId, never)).toMatchObject({
      result: { isGroupChat: true, title: 'Зал', memberIds: expect.arrayContaining([ANNA.id, DINA.id]) },
    });
  });

  test.each([1, 2, 3] as const)('go on after long poll failed with %i, and what was not lost comes', async (fail) => {
    const channel = open();
    const { state } = await channel.poll(null, 1, never);
    if (fail === 2) await act(ANNA.phone, 'say', { text: 'раз' });
    await control('POST', '/long-poll', { fail });
    const after = await channel.poll(state, 1, never);
    await act(ANNA.phone, 'say', { text: 'два' });
    const { bodies } = await channel.poll(after.state, 5, never);
    const texts = [...after.bodies, ...bodies]
      .flatMap((body) => parseVkEvent(parseJson(body)))
      .flatMap((event) => (event.kind === 'message' ? [event.text] : []));
    expect(texts).toEqual(fail === 2 ? ['раз', 'два'] : ['два']);
  });
});

describe('the set-up', () => {
  test('is checked step by step, before and after it is made', async () => {
    const channel = open();
    await using receiver = await startReceiver((body) =>
      JSON.parse(body).type === 'confirmation' ? channel.confirmation(never) : 'ok',
    );
    const stateOf = async (name: string) => (await channel.check(receiver.url, never)).find((step) => step.name === name)?.state;
    expect(await stateOf('webhook')).toBe('bad');
    expect(await channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never)).toMatchObject({
      state: 'active',
      did: [expect.stringContaining('Added'), expect.stringContaining('events'), expect.stringContaining('bot capabilities')],
    });
    expect(await channel.subscribeWebhook({ url: receiver.url, secret: 'a-secret' }, never)).toEqual({
      state: 'active',
      did: [],
    });
    expect((await channel.check(receiver.url, never)).filter(({ state }) => state === 'bad')).toEqual([]);
    await channel.unsubscribeWebhook(receiver.url, never);
  });

  test('a dead token is found, and stops what is sent with it', async () => {
    const channel = open();
    expect(await channel.keepAlive(never)).toMatchObject({ kind: 'done' });
    await control('POST', '/tokens', { network: 'vk', do: 'kill' });
    expect(await channel.keepAlive(never)).toMatchObject({ kind: 'stopped' });
    expect(await channel.check(null, never)).toMatchObject([{ name: 'token', state: 'bad' }]);
    expect(await channel.send([message()], never)).toMatchObject([{ kind: 'stopped' }]);
  });

  test.each(['5.131', '5.199'])('stands in version %s', async (apiVersion) => {
    const channel = open({ apiVersion });
    const steps = await channel.check(null, never);
    expect(steps.find(({ name }) => name === 'group')).toMatchObject({ state: 'good' });
    expect(await channel.send([message()], never)).toMatchObject([{ kind: 'sent' }]);
  });
});

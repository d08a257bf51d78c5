import { describe, expect, test } from 'vitest';
import { eventually } from '../../test/use-simulated-networks.ts';
import { ANNA, DINA, message, never, useSimulatedVk } from '../../test/use-simulated-vk.ts';

// The VK channel against the simulator, over HTTP only: two readings of one contract that must agree. What every channel must do
// is in conformance/every-channel.test.ts.

const { open, act, inboxOf, idOf, eventsOf } = useSimulatedVk();

// A PNG of one point.
const POINT = new Uint8Array(
  Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
);

describe('in a dialog', () => {
  test('a message is changed and taken back for everybody', async () => {
    const channel = open();
    const networkId = await idOf(channel);
    const target = { peerId: ANNA.id, networkId };
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['Привет']));
    expect(await channel.edit(target, { text: 'Здравствуйте' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message(target, never)).toMatchObject({ result: { text: 'Здравствуйте' } });
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['Здравствуйте']));
    expect(await channel.delete(target, never)).toMatchObject({ kind: 'done' });
    expect(await channel.message(target, never)).toMatchObject({ kind: 'refused', networkCode: '104' });
  });

  test('typing, reading and a history page by page go as VK takes them', async () => {
    const channel = open();
    await act(ANNA.phone, 'say', { text: 'да' });
    const networkId = await idOf(channel, { text: 'Готово' });
    expect(await channel.showTyping(ANNA.id, never)).toMatchObject({ kind: 'done' });
    expect(await channel.markRead({ peerId: ANNA.id, networkId }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.history(ANNA.id, null, never)).toMatchObject({
      result: {
        messages: [
          { networkId, direction: 'out', userId: '', text: 'Готово' },
          { direction: 'in', userId: ANNA.id, text: 'да' },
        ],
        next: null,
      },
    });
    expect(await channel.dialogs(null, never)).toMatchObject({ result: { peerIds: [ANNA.id], next: null } });
  });

  test('a reply stands on the message it answers', async () => {
    const channel = open();
    const asked = await eventsOf(channel, () => act(ANNA.phone, 'say', { text: 'во сколько?' }));
    const replyToNetworkId = asked[0]?.kind === 'message' ? asked[0].networkId : '';
    expect(await channel.send([message({ text: 'в семь', replyToNetworkId })], never)).toMatchObject([{ kind: 'sent' }]);
  });

  test('a callback button is answered, once', async () => {
    const channel = open();
    await channel.send(
      [message({ keyboard: { place: 'message', rows: [[{ kind: 'callback', label: 'Да', payload: '{"a":1}' }]] } })],
      never,
    );
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toHaveLength(1));
    const [press] = await eventsOf(channel, () => act(ANNA.phone, 'press', { payload: '{"a":1}' }));
    if (press?.kind !== 'button') throw new Error(`no button came: ${JSON.stringify(press)}`);
    expect(press).toMatchObject({ payload: '{"a":1}', userId: ANNA.id });
    expect(await channel.answerButton(press, { text: 'Записали' }, never)).toMatchObject({ kind: 'done' });
    expect(await channel.answerButton({ ...press, callbackId: 'nobody-pressed' }, {}, never)).toMatchObject({ kind: 'refused' });
  });

  test.each([
    ['image', 'image/png', POINT],
    ['file', 'application/pdf', new Uint8Array([0x25, 0x50, 0x44, 0x46, 0x0d, 0x0a, 0xff])],
    ['voice', 'audio/ogg', new Uint8Array([0x4f, 0x67, 0x67, 0x53, 0, 0xff])],
  ] as const)('a file of the kind %s goes up and stands in a message', async (kind, contentType, bytes) => {
    const channel = open();
    await act(ANNA.phone, 'say', { text: 'пришлите' });
    const uploaded = await channel.upload({ kind, name: 'кот "1"', contentType, bytes }, ANNA.id, never);
    if (uploaded.kind !== 'done') throw new Error(JSON.stringify(uploaded));
    const networkId = await idOf(channel, { text: '', attachments: [uploaded.result] });
    expect(await channel.message({ peerId: ANNA.id, networkId }, never)).toMatchObject({ result: { attachments: [{}] } });
  });

  test('a picture that was uploaded for nobody in particular stands in messages to several people', async () => {
    const channel = open();
    for (const { phone } of [ANNA, DINA]) await act(phone, 'say', { text: 'что нового?' });
    const picture = { kind: 'image', name: 'menu.png', contentType: 'image/png', bytes: POINT } as const;
    const uploaded = await channel.upload(picture, null, never);
    if (uploaded.kind !== 'done') throw new Error(JSON.stringify(uploaded));
    const messages = [ANNA, DINA].map(({ id }, index) =>
      message({ recipientId: id, dedupKey: `menu-${index}`, text: 'Новое меню', attachments: [uploaded.result] }),
    );
    expect(await channel.send(messages, never)).toMatchObject([{ kind: 'sent' }, { kind: 'sent' }]);
    for (const { id } of [ANNA, DINA])
      expect(await channel.history(id, null, never)).toMatchObject({ result: { messages: [{ attachments: [{}] }, {}] } });
  });

  test('people have names, and nobody is asked for in vain', async () => {
    const profiles = await open().profiles([ANNA.id, DINA.id], never);
    expect(profiles).toMatchObject({ result: [{ userId: ANNA.id, name: expect.stringMatching(/^Анна /) }, { userId: DINA.id }] });
  });
});

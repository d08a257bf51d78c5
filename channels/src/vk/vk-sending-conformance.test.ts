import { describe, expect, test } from 'vitest';
import { eventually } from '../../test/use-simulated-networks.ts';
import { ANNA, DINA, message, never, useSimulatedVk, VERA } from '../../test/use-simulated-vk.ts';
import type { Outgoing } from '../channel.ts';

// The VK channel against the simulator, over HTTP only: two readings of one contract that must agree. What every channel must do
// is in conformance/every-channel.test.ts.

const { open, faults, inboxOf } = useSimulatedVk();

describe('sending', () => {
  test('a batch arrives but for what is refused, each with its own outcome, in one call', async () => {
    const batch = [
      message({ text: 'раз "}' }),
      message({ recipientId: VERA.id }),
      message({ recipientId: DINA.id, text: 'два\n\u2028🦅' }),
      message({ text: '' }),
    ];
    expect(await open().send(batch, never)).toMatchObject([
      { kind: 'sent' },
      { kind: 'refused', reason: 'refused_by_user', networkCode: expect.stringMatching(/^90[01]$/) },
      { kind: 'sent' },
      { kind: 'refused', reason: 'content' },
    ]);
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toEqual(['раз "}']));
    await eventually(async () => expect(await inboxOf(DINA.phone)).toEqual(['два\n\u2028🦅']));
  });

  test('one text for many arrives once each, whoever is tried again alone', async () => {
    const channel = open();
    const to = (recipientId: string) => message({ recipientId, sharedKey: 'broadcast-7', text: 'Скидка' });
    const first = await channel.send([to(ANNA.id), to(VERA.id), to(DINA.id)], never);
    expect(first).toMatchObject([{ kind: 'sent' }, { kind: 'refused', reason: 'refused_by_user' }, { kind: 'sent' }]);
    expect(await channel.send([to(DINA.id)], never)).toEqual([first[2]]);
    await channel.send([message({ recipientId: DINA.id, text: 'ещё' })], never);
    await eventually(async () => expect(await inboxOf(DINA.phone)).toEqual(['Скидка', 'ещё']));
  });

  test('a batch whose answer is lost arrives once when it is sent again', async () => {
    const batch = [message({ text: 'раз' }), message({ text: 'два' })];
    await faults({ timeoutAfter: 1 });
    expect(await open({ timeoutMs: 1_000 }).send(batch, never)).toMatchObject([{ kind: 'unanswered' }, { kind: 'unanswered' }]);
    await faults({ timeoutAfter: 0 });
    expect(await open().send(batch, never)).toMatchObject([{ kind: 'sent' }, { kind: 'sent' }]);
    expect(await open().send([message({ text: 'три' })], never)).toMatchObject([{ kind: 'sent' }]);
    await eventually(async () => expect(await inboxOf(ANNA.phone)).toContain('три'));
    expect(await inboxOf(ANNA.phone)).toEqual(['раз', 'два', 'три']);
  });

  test.each([
    [6, 'throttled'],
    [9, 'throttled'],
    [10, 'failed'],
    [14, 'stopped'],
    [901, 'refused'],
    [911, 'refused'],
    [950, 'refused'],
  ])('error %i reaches one message and each of a batch as %s', async (code, kind) => {
    await faults({ errors: { [code]: 1 } });
    const outcome = { kind, networkCode: String(code) };
    expect(await open().send([message()], never)).toMatchObject([outcome]);
    expect(await open().send([message(), message()], never)).toMatchObject([outcome, outcome]);
  });

  test('every button and a carousel that we let pass, VK takes', async () => {
    const rows: NonNullable<Outgoing['keyboard']>['rows'] = [
      [
        { kind: 'text', label: 'я'.repeat(40), payload: '{}', color: 'secondary' },
        { kind: 'callback', label: 'Нет', payload: `"${'x'.repeat(253)}"`, color: 'negative' },
      ],
      [{ kind: 'link', label: 'Меню', url: 'https://pizza.example/' }],
      [{ kind: 'location', label: 'Где вы?' }],
      [{ kind: 'contact', label: 'Телефон' }],
    ];
    const cards = Array(10).fill({
      title: 'Пицца',
      description: 'Острая',
      buttons: [{ kind: 'text', label: 'Беру', payload: '{}' }],
    });
    const batch = [
      message({ keyboard: { place: 'message', rows } }),
      message({ keyboard: { place: 'dialog', oneTime: true, rows } }),
      message({ keyboard: { place: 'dialog', rows: [] } }),
      message({ carousel: cards }),
    ];
    expect((await open().send(batch, never)).map(({ kind }) => kind)).toEqual(Array(4).fill('sent'));
  });
});

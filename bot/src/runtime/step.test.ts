import { describe, expect, test } from 'vitest';
import { botOf, says } from '../../test/bot-of.ts';
import { ORDER } from '../../test/order.ts';
import { factsOf, step, testBot, withVersions } from '../bot.ts';

describe('a scenario', () => {
  test('asks, reads the answers, says what it was told, and notes it with the person', async () => {
    const t = testBot(botOf(ORDER), { network: 'ok' });
    await t.user('заказ');
    t.expectReply('Что привезти?');
    await t.press('Маргарита');
    t.expectReply('Сколько Маргарита?');
    await t.user('2 штуки');
    t.expectReply('Телефон?');
    await t.press('Мой номер');
    t.expectReply('Везём 2 шт. Позвоним: 79000000000');
    expect(t.facts.person).toMatchObject({
      variables: { what: 'Маргарита', count: 2, phone: '79000000000' },
      labels: ['ordered'],
    });
    expect(t.state).toMatchObject({ variables: {}, misunderstood: 0 });
    expect(t.state).not.toHaveProperty('scenario');
  });

  test.each([
    ['1', 'Маргарита'],
    ['хочу пеперони', 'pepperoni'],
    ['самую острую', 'pepperoni'],
  ])('an option is chosen by its number, its name with a slip, or a word of its: %s', async (said, value) => {
    const t = testBot(botOf(ORDER));
    await t.user('заказ');
    await t.user(said);
    expect(t.facts.person.variables).toEqual({ what: value });
  });

  test('asks again after a wrong answer, then hands over', async () => {
    const t = testBot(botOf(ORDER));
    await t.user('заказ');
    await t.user('1');
    await t.user('много');
    expect(t.effects).toMatchObject([{ kind: 'say', text: 'Нужно число. Напишите его цифрами, например 2.' }]);
    expect(t.isUnmatched).toBe(false);
    await t.user('100');
    t.expectHandoff();
  });

  test('a condition leads to another step, and the note of a hand-over knows the answers', async () => {
    const t = testBot(botOf(ORDER));
    for (const text of ['заказ', '1', '10']) await t.user(text);
    t.expectHandoff('sales');
    expect(t.effects.at(-1)).toEqual({ kind: 'handoff', team: 'sales', note: 'Заказ на 10' });
  });

  test('what a rule knows is answered in between, and the question is asked once more', async () => {
    const t = testBot(botOf(ORDER));
    for (const text of ['заказ', '1', 'а какие у вас часы работы?']) await t.user(text);
    expect(t.effects).toMatchObject([{ text: 'С 10 до 23.' }, { text: 'Сколько Маргарита?' }]);
    await t.user('3');
    expect(t.effects).toMatchObject([{ kind: 'set' }, { text: 'Телефон?' }, { kind: 'wake' }]);
  });

  test('a question without an answer in time is left, and the timer of an answered one does not ring', async () => {
    const t = testBot(botOf(ORDER));
    for (const text of ['заказ', '1', '2']) await t.user(text);
    await t.advance('31m');
    expect(t.effects).toMatchObject([{ text: 'Напишите, когда будет удобно.' }]);
    for (const text of ['заказ', '1', '2', '8 900 123-45-67']) await t.user(text);
    expect(t.effects).toMatchObject([
      { kind: 'cancelWake' },
      { kind: 'set', value: '79001234567' },
      { kind: 'say' },
      { kind: 'label' },
    ]);
    await t.advance('1h');
    expect(t.effects).toMatchObject([{ kind: 'cancelWake' }, {}, {}, {}]);
  });

  test('is not left for what the person did not do: a label begins no other one meanwhile', async () => {
    const rule = '  - {name: label, when: {labelAdded: vip}, do: [{wait: 1d}, {say: Ещё!}]}';
    const t = testBot(botOf(ORDER.replace('scenarios:', `${rule}\nscenarios:`)));
    await t.event({ kind: 'labelAdded', label: 'vip' });
    expect(t.effects).toMatchObject([{ kind: 'wake' }]);
    await t.user('заказ');
    await t.event({ kind: 'labelAdded', label: 'vip' });
    expect(t.effects).toEqual([]);
    expect(t.state).toMatchObject({ scenario: { name: 'order', step: 'what' } });
  });

  test.each(['vk', 'ok'] as const)(
    'a button of the question is its label, a button of another message is none (%s)',
    async (network) => {
      const yaml = `rules:
  - {name: menu, when: {keywords: [меню]}, reply: {text: '?', buttons: [[{label: Часы, payload: hours}]]}}
  - {name: hours, when: {payload: hours}, reply: С 10 до 23.}
  - name: ask
    when: {keywords: [спроси]}
    do: [{ask: {text: Куда?, save: place, buttons: [[{label: Домой, payload: {to: home}}]]}}]`;
      const t = testBot(botOf(yaml), { network });
      for (const text of ['меню', 'спроси']) await t.user(text);
      await t.press('Часы');
      expect(t.effects).toMatchObject([{ text: 'С 10 до 23.' }, { text: 'Куда?' }]);
      await t.press('Домой');
      expect(t.facts.person.variables).toEqual({ place: 'Домой' });
    },
  );

  test('the Start button begins anew too, whatever its label is', async () => {
    const t = testBot(botOf(ORDER));
    for (const text of ['заказ', '1']) await t.user(text);
    await t.user('Начать', { payload: '{"command":"start"}' });
    expect(t.effects).toEqual([{ kind: 'say', text: 'Здравствуйте!' }]);
  });

  test('who comes by a link begins anew', async () => {
    const t = testBot(botOf(ORDER));
    for (const text of ['заказ', '1']) await t.user(text);
    await t.start('promo');
    expect(t.effects).toEqual([{ kind: 'say', text: 'Здравствуйте!' }]);
    expect(t.state).not.toHaveProperty('scenario');
  });
});

test('a call goes out with what is known, written so that nothing can be slipped in, and its answer is noted', async () => {
  const t = testBot(
    botOf(`
rules:
  - name: status
    when: {keywords: [статус]}
    do:
      - ask: {text: Номер?, save: number}
      - call:
          url: 'https://shop.example/orders/{{ number }}'
          headers: {X-Order: '{{ number }}'}
          body: {order: '{{ number }}', text: 'Заказ "{{ number }}"'}
          save: {state: body.orders.0.state}
          onError: sorry
      - say: 'Заказ {{ state }}.'
      - end: true
      - id: sorry
        say: Не получилось узнать.
`),
  );
  for (const text of ['статус', 'a/../b?"\n']) await t.user(text);
  expect(t.calls).toEqual([
    {
      kind: 'call',
      id: '1',
      method: 'POST',
      url: 'https://shop.example/orders/a%2F..%2Fb%3F%22',
      headers: { 'X-Order': 'a/../b?"' },
      body: '{"order":"a/../b?\\"","text":"Заказ \\"a/../b?\\"\\""}',
    },
  ]);
  await t.answerCall({ body: { orders: [{ state: 'в пути' }] } });
  expect(t.effects).toMatchObject([{ kind: 'set', name: 'state', value: 'в пути' }, { text: 'Заказ в пути.' }]);
  for (const text of ['статус', '1']) await t.user(text);
  await t.answerCall({ ok: false });
  expect(t.effects).toMatchObject([{ text: 'Не получилось узнать.' }]);
});

test('a rule that waits goes on later, unless a person has taken the dialog meanwhile', async () => {
  const bot = botOf('rules: [{name: a, when: {keywords: [a]}, reply: one, do: [{wait: 1d}, {say: two}]}]');
  const t = testBot(bot);
  await t.user('a');
  await t.advance('2d');
  expect([t.expectReply(), t.expectReply()]).toEqual(['one', 'two']);
  await t.user('a');
  t.expectReply('one');
  t.know({ owner: 'human' });
  await t.advance('2d');
  t.expectSilence();
});

test('chance takes the branches by their weight', () => {
  const bot = botOf(
    'rules: [{name: a, when: {keywords: [a]}, do: [{ab: [{goto: x, weight: 1}, {goto: y, weight: 3}]}, {id: x, say: x}, {end: true}, {id: y, say: y}]}]',
  );
  const said = (chance: number) => step(bot, undefined, says('a'), factsOf({ random: () => chance })).effects;
  expect([0, 0.24, 0.25, 0.99].map(said)).toMatchObject([[{ text: 'x' }], [{ text: 'x' }], [{ text: 'y' }], [{ text: 'y' }]]);
});

test('two messages in a row that nothing fits hand over, and one that fits begins the count anew', async () => {
  const bot = botOf(`${ORDER}`.replace('scenarios:', '  - {name: else, when: {fallback: true}, reply: Не понял.}\nscenarios:'));
  const t = testBot(bot);
  await t.user('бла');
  expect([t.isUnmatched, t.effects]).toEqual([true, [{ kind: 'say', text: 'Не понял.' }]]);
  await t.user('часы работы');
  expect(t.isUnmatched).toBe(false);
  await t.user('бла');
  await t.user('бла бла');
  t.expectHandoff();
});

test('a rule with a cooldown rests, and the one below it may answer', async () => {
  const t = testBot(
    botOf('rules: [{name: a, when: {keywords: [a], cooldown: 1h}, reply: one}, {name: b, when: {keywords: [a]}, reply: two}]'),
  );
  await t.user('a');
  await t.user('a');
  await t.advance('1h');
  await t.user('a');
  expect([t.expectReply(), t.expectReply(), t.expectReply()]).toEqual(['one', 'two', 'one']);
});

test('a conversation stays on the version it began with, and goes to a person where that is gone', async () => {
  const old = botOf(`version: old\n${ORDER}`);
  const fresh = botOf(`version: new\n${ORDER.replaceAll('Телефон?', 'Ваш номер?')}`);
  const begun = step(old, step(old, undefined, says('заказ'), factsOf()).state, says('1'), factsOf()).state;
  expect(step(withVersions(fresh, [old]), begun, says('2'), factsOf()).effects).toMatchObject([{}, { text: 'Телефон?' }, {}]);
  const gone = step(fresh, begun, says('2'), factsOf());
  expect(gone.effects.at(-1)).toMatchObject({ kind: 'handoff' });
  expect(gone.trace).toContainEqual({ at: 'guard', name: 'order/count', outcome: 'is not in version old any more' });
});

test('in chats of several people only rules that name them speak, and nobody is handed over', () => {
  const bot = botOf(
    'rules: [{name: a, when: {keywords: [a]}, reply: no}, {name: b, chats: true, when: {keywords: [a]}, reply: yes}]',
  );
  const facts = factsOf({ isGroupChat: true });
  expect(step(bot, undefined, says('a'), facts).effects).toEqual([{ kind: 'say', text: 'yes' }]);
  expect(step(bot, { variables: {}, cooldowns: {}, misunderstood: 1, nextId: 1 }, says('оператор'), facts).effects).toEqual([]);
});

test('the trace says why each rule did not fit, and what each step did', () => {
  const { trace } = step(botOf(ORDER), undefined, says('часы работы'), factsOf());
  expect(trace.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
    'order: no: keywords',
    'hours: fits',
    'rule:hours/reply-1: say',
  ]);
});

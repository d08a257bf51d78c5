import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { botOf, says } from '../../test/bot-of.ts';
import { ORDER } from '../../test/order.ts';
import { type BotEvent, type BotState, type Facts, factsOf, step, testBot } from '../bot.ts';

describe('stop words win over everything', () => {
  test.each([
    ['Позовите оператора!', [{ kind: 'say' }, { kind: 'handoff' }]],
    ['стоп', [{ kind: 'unsubscribe' }, { kind: 'say' }]],
    ['Отмена', [{ kind: 'say', text: 'Отменили. Если понадобимся, просто напишите.' }]],
  ])('%s, in the middle of a question that takes any text', async (text, effects) => {
    const t = testBot(botOf('rules: [{name: a, when: {keywords: [a]}, do: [{ask: {text: b, save: c}}]}]'));
    await t.user('a');
    await t.user(text);
    expect(t.effects).toMatchObject(effects);
    expect(t.state).not.toHaveProperty('scenario');
  });

  test('a person who speaks with a person may still unsubscribe, and is not handed over again', () => {
    const facts = factsOf({ owner: 'human' });
    expect(step(botOf(ORDER), undefined, says('отписаться'), facts).effects).toMatchObject([
      { kind: 'unsubscribe' },
      { kind: 'say' },
    ]);
    expect(step(botOf(ORDER), undefined, says('оператор'), facts).effects).toEqual([]);
  });

  test('«4 человека» is an answer, and calls none', async () => {
    const t = testBot(botOf('rules: [{name: a, when: {keywords: [a]}, do: [{ask: {text: b, save: c}}]}]'));
    await t.user('a');
    await t.user('4 человека');
    expect(t.facts.person.variables).toEqual({ c: '4 человека' });
  });

  test('in a long message they are words like others', () => {
    expect(step(botOf(ORDER), undefined, says('я человек простой, где мой заказ из кафе'), factsOf()).effects).toMatchObject([
      { text: 'Что привезти?' },
    ]);
  });
});

test('a bot that goes round in circles says ten things at most, and a person takes over', () => {
  const bot = botOf(
    'scenarios: {a: [{say: x}, {goto: a}], b: [{goto: b}]}\nrules: [{name: a, when: {keywords: [a]}, do: [{goto: a}]}, {name: b, when: {keywords: [b]}, do: [{goto: b}]}]',
  );
  const talking = step(bot, undefined, says('a'), factsOf()).effects;
  expect(talking.filter(({ kind }) => kind === 'say')).toHaveLength(10);
  expect(talking.at(-1)).toMatchObject({ kind: 'handoff' });
  expect(step(bot, undefined, says('b'), factsOf()).effects).toMatchObject([{ kind: 'handoff' }]);
});

describe('whatever comes', () => {
  const bot = botOf(ORDER);
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('message'),
      text: fc.oneof(fc.string(), fc.constantFrom('заказ', '1', '2', 'отмена', '\ud800')),
      attachments: fc.constant([]),
    }),
    fc.record({ kind: fc.constantFrom('button', 'started'), payload: fc.oneof(fc.string(), fc.json()) }),
    fc.record({
      kind: fc.constantFrom('timer', 'callResult'),
      id: fc.constantFrom('1', '2'),
      ok: fc.boolean(),
      body: fc.jsonValue(),
    }),
    fc.jsonValue(),
  ) as fc.Arbitrary<BotEvent>;

  test('a step never throws, gives the same for the same, and a state that the next step can read', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), (events) => {
        let state: BotState | undefined;
        for (const one of events) {
          const result = step(bot, state, one, factsOf());
          expect(step(bot, state, one, factsOf())).toEqual(result);
          expect(result.trace).not.toContainEqual(expect.objectContaining({ name: 'failure' }));
          state = JSON.parse(JSON.stringify(result.state)) as BotState;
          expect(state).toEqual(result.state);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a state that is none is begun anew, and facts that throw hand over', () => {
    const { trace, effects } = step(bot, { scenario: 'x' } as unknown as BotState, says('заказ'), factsOf());
    expect(trace[0]).toEqual({ at: 'guard', name: 'state', outcome: 'could not be read: begun anew' });
    expect(effects).toMatchObject([{ text: 'Что привезти?' }]);
    const broken: Facts = {
      ...factsOf(),
      get person(): never {
        throw new RangeError('x');
      },
    };
    const failing = botOf('rules: [{name: a, when: {fallback: true}, reply: "{{ name }}"}]');
    expect(step(failing, undefined, says('a'), broken).effects.at(-1)).toMatchObject({ kind: 'handoff' });
  });
});

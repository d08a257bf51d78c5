import { describe, expect, test } from 'vitest';
import { botOf } from '../../test/bot-of.ts';
import { type BotEvent, type BotState, buttons, type CodeBot, defineBot, factsOf, runBot, testBot } from '../bot.ts';

const booking = defineBot((b) => {
  b.hear('запись', (c) => c.enter('booking'));
  b.scene('booking', async (c) => {
    c.reply(`Записываем, ${c.person.name}.`);
    const day = await c.ask.date('На какой день?');
    const phone = await c.ask.phone('Телефон?', { retries: 1 });
    const slot = await c.ask.choice('Когда?', ['Утром', 'Вечером']);
    c.set('phone', phone);
    c.reply(`${day}, ${slot}`);
  });
});

describe('handlers', () => {
  test('hear words in any form, expressions and lists; the first that fits answers', async () => {
    const bot = defineBot((b) => {
      b.hear('доставка', (c) => c.reply('45 минут'));
      b.hear(/цен[аы]|почём/, (c) => c.reply('от 300'));
      b.hear(['спасибо', /^ок$/], (c) => c.reply('Пожалуйста'));
    });
    const t = testBot(bot);
    for (const text of ['что с доставкой?', 'ПОЧЕМ пицца', 'Ок']) await t.user(text);
    expect([t.expectReply(), t.expectReply(), t.expectReply()]).toEqual(['45 минут', 'от 300', 'Пожалуйста']);
  });

  test('an expression that RE2 does not know is refused when the bot is defined', () => {
    expect(() => defineBot((b) => b.hear(/a(?=b)/, () => {}))).toThrow('is no RE2 expression');
  });

  test('a start with its own link comes before any start; a button is known by its payload on both networks', async () => {
    const bot = defineBot((b) => {
      b.onStart('promo', (c) => c.reply({ text: 'Скидка!', keyboard: buttons(['Да', 'Нет']) }));
      b.onStart((c) => c.reply('Привет'));
      b.onButton('Да', (c) => c.reply('Промокод: A1'));
      b.onEvent('subscribed', (c) => c.label('member'));
    });
    for (const network of ['vk', 'ok'] as const) {
      const t = testBot(bot, { network });
      await t.start('promo');
      await t.press('Да');
      await t.start();
      await t.event({ kind: 'subscribed' });
      expect([t.expectReply(), t.expectReply(), t.expectReply()]).toEqual(['Скидка!', 'Промокод: A1', 'Привет']);
      expect(t.facts.person.labels).toEqual(['member']);
    }
  });

  test('the session is kept, middleware runs around handlers, and may keep them from running', async () => {
    const bot = defineBot<{ count: number }>(
      (b) => {
        b.use(async (c, next) => {
          c.session.count += 1;
          if (c.session.count > 2) c.reply('Хватит');
          else await next();
        });
        b.hear('да', (c) => c.reply(`${c.session.count}`));
      },
      { session: () => ({ count: 0 }) },
    );
    const t = testBot(bot);
    for (let times = 0; times < 3; times += 1) await t.user('да');
    expect([t.expectReply(), t.expectReply(), t.expectReply()]).toEqual(['1', '2', 'Хватит']);
  });

  test('what no handler hears goes to the file that is included, and its questions come first', async () => {
    const included = botOf(
      'rules: [{name: a, when: {keywords: [опрос]}, do: [{ask: {text: Оценка?, save: grade}}, {say: "{{ grade }}"}]}]',
    );
    const bot = defineBot((b) => {
      b.hear('пять', (c) => c.reply('нет'));
      b.include(included);
    });
    const t = testBot(bot);
    await t.user('опрос');
    await t.user('пять');
    expect([t.expectReply(), t.expectReply()]).toEqual(['Оценка?', 'пять']);
  });
});

describe('a scene', () => {
  test('goes on after each answer, over a state that was written away', async () => {
    const t = testBot(booking);
    await t.user('можно записаться? запись нужна');
    expect([t.expectReply(), t.expectReply()]).toEqual(['Записываем, Анна.', 'На какой день?']);
    await t.user('завтра');
    t.expectReply('Телефон?');
    await t.user('не скажу');
    t.expectReply('Не похоже на номер телефона');
    await t.user('+7 900 1234567');
    await t.press('Вечером');
    expect([t.expectReply(), t.expectReply()]).toEqual(['Когда?', '2026-06-02, Вечером']);
    expect(t.facts.person.variables).toEqual({ phone: '79001234567' });
    expect(t.state).not.toHaveProperty('scene');
  });

  test('stop words leave it, and too many wrong answers hand over', async () => {
    const t = testBot(booking);
    await t.user('запись');
    await t.user('отмена');
    expect(t.state).not.toHaveProperty('scene');
    for (const text of ['запись', 'завтра', 'нет', 'нет']) await t.user(text);
    t.expectHandoff();
  });

  test('the same event on the same state gives the same: nothing is asked twice where it comes twice', async () => {
    const first = await runBot(booking, undefined, { kind: 'message', text: 'запись', attachments: [] }, factsOf());
    const answer: BotEvent = { kind: 'message', text: 'завтра', attachments: [] };
    const once = await runBot(booking, first.state, answer, factsOf());
    expect(await runBot(booking, first.state, answer, factsOf())).toEqual(once);
    expect(once.effects).toEqual([{ kind: 'say', text: 'Телефон?' }]);
  });

  test('what comes from outside is asked for once, and known on every run; a failure of it too', async () => {
    let asked = 0;
    const bot = defineBot((b) => {
      b.hear('a', (c) => c.enter('s'));
      b.scene('s', async (c) => {
        const number = await c.external(() => ++asked);
        const failure = await c.external(() => Promise.reject(new Error('down'))).catch((error: Error) => error.message);
        await c.ask.text(`${number}`);
        c.reply(`${number} ${failure} ${c.now()}`);
      });
    });
    const t = testBot(bot);
    await t.user('a');
    await t.user('b');
    expect([t.expectReply(), t.expectReply()]).toEqual(['1', `1 down ${t.facts.now}`]);
    expect(asked).toBe(1);
  });

  test('calls and waits in it survive as questions do', async () => {
    const bot = defineBot((b) => {
      b.hear('a', (c) => c.enter('s'));
      b.scene('s', async (c) => {
        const { ok, body } = await c.call({ url: 'https://shop.example/x', json: { a: 1 } });
        await c.wait('1h');
        c.reply(`${ok} ${JSON.stringify(body)}`);
      });
    });
    const t = testBot(bot);
    await t.user('a');
    expect(t.calls).toMatchObject([{ method: 'POST', url: 'https://shop.example/x', body: '{"a":1}' }]);
    await t.answerCall({ body: { b: 2 } });
    await t.advance('2h');
    t.expectReply('true {"b":2}');
  });

  test('what it changes in the session is changed once, however often it runs', async () => {
    const bot = defineBot<{ count: number }>(
      (b) => {
        b.hear('a', (c) => c.enter('s'));
        b.hear('b', (c) => c.reply(`${c.session.count}`));
        b.scene('s', async (c) => {
          c.session.count += 1;
          await c.ask.text('1');
          await c.ask.text('2');
          c.session.count += 1;
        });
      },
      { session: () => ({ count: 0 }) },
    );
    const t = testBot(bot);
    for (const text of ['a', 'x', 'x', 'b']) await t.user(text);
    expect(t.effects).toEqual([{ kind: 'say', text: '2' }]);
  });
});

describe('a scene that cannot go on hands over, and the trace says why', () => {
  const scene = (work: Parameters<Parameters<Parameters<typeof defineBot>[0]>[0]['scene']>[1]): CodeBot<Record<string, never>> =>
    defineBot((b) => {
      b.hear('a', (c) => c.enter('s'));
      b.scene('s', work);
    });
  const lastOf = async (bot: CodeBot<Record<string, never>>, state?: BotState) => {
    const { effects, trace } = await runBot(bot, state, { kind: 'message', text: 'a', attachments: [] }, factsOf());
    return [effects.at(-1)?.kind, trace.findLast(({ at }) => at === 'scene' || at === 'guard')?.outcome];
  };

  test('its code goes another way than it was recorded', async () => {
    const before = scene(async (c) => void (await c.ask.text('?')));
    const after = scene(async (c) => {
      await c.ask.phone('?');
      await c.ask.text('?');
    });
    const { state } = await runBot(before, undefined, { kind: 'message', text: 'a', attachments: [] }, factsOf());
    expect(await lastOf(after, state)).toEqual(['handoff', 'diverged: operation 2 was ask text and is ask phone']);
  });

  test('it asks two things at once', async () => {
    expect(await lastOf(scene(async (c) => void (await Promise.all([c.ask.text('1'), c.ask.text('2')]))))).toEqual([
      'handoff',
      'failed: UnawaitedQuestion',
    ]);
  });

  test('it throws, or a handler does, or it is not there any more', async () => {
    expect(await lastOf(scene(() => Promise.reject(new RangeError('x'))))).toEqual(['handoff', 'failed: RangeError']);
    const throwing = defineBot((b) =>
      b.hear('a', () => {
        throw new RangeError('x');
      }),
    );
    expect(await lastOf(throwing)).toEqual(['handoff', 'RangeError']);
    expect(await lastOf(defineBot((b) => b.hear('a', (c) => c.enter('gone'))))).toEqual(['handoff', 'is not in this bot']);
  });
});

import { readFixture } from '@soroka/fixtures';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Clock, systemClock } from '../platform/clock.ts';

const ANNA = '79999999999';
const BIG = '9007199254740993'; // the first integer that a double cannot hold

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

/** Sends a notification and waits until the upstream has taken it; `n1`, `n2` … are the upstream's ids. */
async function notify(town: Town, more: Parameters<Town['send']>[1] = {}): Promise<number> {
  const before = town.networks.notify.taken.length;
  town.dispatch.run();
  const id = await town.send(town.dispatch, more);
  await eventually(() => town.networks.notify.taken.length > before);
  await eventually(async () => (await town.message(town.dispatch, id)).status === 'SENT');
  await town.settled();
  return id;
}

/** Time that passes so many times faster. */
function hurried(times: number): Clock {
  const since = systemClock.now();
  return {
    now: () => since + (systemClock.now() - since) * times,
    monotonic: () => systemClock.monotonic() * times,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}

const forwarded = (town: Town, index = -1) => town.forwards.at(index)?.body ?? '';

describe('order', () => {
  test('a hundred messages of three people are told in the order in which each wrote them', async () => {
    await using town = await startIncomingTown({ isInboxStopped: true });
    for (let index = 0; index < 100; index += 1) {
      await town.post('vk', town.vkMessage(String(index), { from_id: 501 + (index % 3) }));
    }
    town.startInbox();
    await town.settled();
    const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
    for (const { id } of items) {
      const page = await town.dialogs.messages(town.account.id, id, { limit: 100 });
      const texts = (page?.items ?? []).map(({ text }) => Number(text));
      expect(texts).toEqual([...texts].sort((a, b) => b - a));
    }
    expect(items).toHaveLength(3);
    expect(town.forwards).toHaveLength(100);
    const keys = new Set(town.forwards.map(({ orderKey }) => orderKey));
    expect(keys).toEqual(new Set(items.map(({ id }) => `dialog:${id}`)));
  });

  test('an event that fails holds back its own dialog only, is given up after some tries, and can be replayed', async () => {
    await using town = await startIncomingTown({ clock: hurried(20) });
    // The account's contacts refuse one person until the trouble is over.
    const trouble = { isOver: false };
    const { ensureByUser } = town.contacts;
    town.contacts.ensureByUser = async (...values) => {
      if (values[3] === '601' && !trouble.isOver) throw new Error('trouble with\0 601');
      return ensureByUser(...values);
    };
    await town.post('vk', town.vkMessage('первое', { from_id: 601 }));
    await town.post('vk', town.vkMessage('привет', { from_id: 602 }));
    await eventually(() => town.forwards.length === 1);
    await town.post('vk', town.vkMessage('второе', { from_id: 601 }));
    const failures = () => town.bodies(town.account.id, { state: 'failed', limit: 10 });
    const first = await eventually(async () => (await failures()).at(-1));
    expect(first).toMatchObject({ tries: 5, error: 'trouble with 601' });
    expect(town.forwards).toHaveLength(1);
    trouble.isOver = true;
    await town.settled();
    expect(await town.rawEvents.replay(town.account.id, first.id)).toBe(true);
    await town.settled();
    expect(await failures()).toEqual([]);
    expect(town.forwards).toHaveLength(3);
  });

  test('two who write at once and are one person are heard one after the other, in one dialog and one conversation', async () => {
    await using town = await startIncomingTown({ isInboxStopped: true });
    const { id: contactId } = await town.contacts.add(town.account.id, { name: 'Анна', vk: '701' });
    const text = `insert into identity (account_id, network, user_id, contact_id) values ($1, 'vk', '702', $2)`;
    await town.database.run({ name: 'second identity', text }, [town.account.id, contactId]);
    for (const [index, id] of [701, 702, 701, 702, 703].entries())
      await town.post('vk', town.vkMessage(`слово ${index}`, { from_id: id, peer_id: id }));
    town.startInbox();
    await town.settled();
    const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
    const lines = await Promise.all(items.map(({ id }) => town.dialogs.linesAfter(id, null, 10)));
    expect(lines.map((all) => all.map(({ text: said }) => said).sort())).toEqual(
      expect.arrayContaining([['слово 0', 'слово 1', 'слово 2', 'слово 3'], ['слово 4']]),
    );
    const count = { name: 'conversations', text: 'select from conversation where account_id = $1' };
    expect(await town.database.rows(count, [town.account.id])).toHaveLength(2);
    expect(await town.bodies(town.account.id, { state: 'failed', limit: 10 })).toEqual([]);
    expect(town.forwards).toHaveLength(5);
  });

  test('two inboxes on one database share the work and do nothing twice', async () => {
    await using town = await startIncomingTown();
    town.startInbox();
    for (let index = 0; index < 60; index += 1) await town.post('vk', town.vkMessage('привет', { from_id: 700 + (index % 7) }));
    await town.settled();
    expect(town.forwards).toHaveLength(60);
    const { items } = await town.dialogs.list(town.account.id, { limit: 100 });
    const pages = await Promise.all(items.map(({ id }) => town.dialogs.messages(town.account.id, id, { limit: 100 })));
    expect(pages.flatMap((page) => page?.items ?? []).filter(({ source }) => source === 'bot')).toHaveLength(60);
  });
});

describe('forwards', () => {
  test("the vendor's printed message arrives as printed, its foreign tag untouched", async () => {
    await using town = await startIncomingTown();
    const { text } = readFixture('notify/incoming');
    expect((await town.post('notify/incoming', text)).status).toBe(200);
    await town.settled();
    expect(JSON.parse(forwarded(town))).toEqual(JSON.parse(text));
    expect(town.forwards[0]).toMatchObject({ url: 'http://example.org/incoming', form: 'incoming' });
    expect(await town.history('213243638')).toMatchObject([{ text: 'text', messageTag: '3690837110063289472', status: null }]);
  });

  test("VK's webhook loses its secret and nothing else, numbers beyond 2^53 included", async () => {
    await using town = await startIncomingTown();
    const body = town.vkMessage('текст', { big: 0, payload: '{"a":1}' }).replace('"big":0', `"big":${BIG}`);
    await town.post('vk', body);
    await town.settled();
    const sent = forwarded(town);
    expect(sent).toContain(`"big":${BIG}`);
    expect(sent).not.toContain('secret');
    const { secret: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
    expect(JSON.parse(sent)).toEqual(rest);
    expect(sent.startsWith(`{"group_id":${town.groupIds.vk},`)).toBe(true);
  });

  test("OK's message keeps its seq exactly and gets the tag inside the message", async () => {
    await using town = await startIncomingTown();
    const id = await notify(town, { routes: ['OK'] });
    await town.contacts.importMany(town.account.id, [{ phone: ANNA, ok: '123456789012', consent: 'test' }]);
    const body = readFixture('ok/message-created').text.replace('98211023614189660', BIG);
    await town.post('ok', body);
    await town.settled();
    expect(forwarded(town)).toContain(`"seq":${BIG}`);
    const expected = JSON.parse(body) as { message: object };
    expect(JSON.parse(forwarded(town))).toEqual({ ...expected, message: { ...expected.message, message_tag: String(id) } });
  });

  test('the form of an article about OK is understood and told in the form of OK', async () => {
    await using town = await startIncomingTown();
    const body = readFixture('ok/new-message').text.replace('70000000000001', town.groupIds.ok);
    await town.post('ok', body);
    await town.post('ok', body.replace('NEW_MESSAGE', 'GROUP_MESSAGE_NEW'));
    await town.settled();
    expect(town.forwards).toHaveLength(1);
    expect(JSON.parse(forwarded(town))).toMatchObject({
      webhookType: 'MESSAGE_CREATED',
      sender: { user_id: 'user:123456789' },
      message: { text: 'Hello', mid: 'MESSAGE_ID' },
    });
  });

  test('an account without an incoming URL is told nothing and misses nothing', async () => {
    await using town = await startIncomingTown();
    await town.accounts.setUrls(town.account.id, { incomingUrl: null });
    await town.post('vk', town.vkMessage('привет'));
    await town.settled();
    expect(town.forwards).toEqual([]);
    expect(await town.history()).toHaveLength(2);
  });

  test('a message that holds a NUL character is recorded and forwarded', async () => {
    await using town = await startIncomingTown();
    await town.post('vk', town.vkMessage('до\0после', { payload: '"\0"', attachments: [{ type: 'x\0' }] }));
    await town.settled();
    expect(await town.history()).toMatchObject([{ text: 'до\uFFFDпосле' }]);
    expect(JSON.parse(forwarded(town))).toMatchObject({ object: { message: { text: 'до\0после' } } });
  });
});

describe('answers to notifications', () => {
  test("the upstream's tag becomes our id, and whoever answers is known by the phone", async () => {
    await using town = await startIncomingTown();
    const id = await notify(town, { routes: ['VK'] });
    await town.post('vk', town.vkMessage('спасибо', { message_tag: 'n1' }));
    await town.settled();
    expect((await town.history()).map(({ source, text, messageTag, status }) => [source, text, messageTag, status])).toEqual([
      ['notification', 'Здравствуйте, Анна!', String(id), 'SENT'],
      ['person', 'спасибо', String(id), null],
    ]);
    expect(JSON.parse(forwarded(town))).toMatchObject({ object: { message: { message_tag: String(id) } } });
    const known = await town.contacts.byPhones(null, town.account.id, [ANNA]);
    expect(known.get(ANNA)?.userIds).toEqual({ vk: '37119444' });
    const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
    expect(items).toMatchObject([{ channel: 'VK', groupId: town.groupIds.vk, contact: { phone: ANNA } }]);
  });

  test('without a tag the last notification of the same group is meant', async () => {
    await using town = await startIncomingTown();
    await town.contacts.importMany(town.account.id, [{ phone: ANNA, vk: '37119444', consent: 'test' }]);
    await notify(town, { routes: ['VK'] });
    const last = await notify(town, { routes: ['VK'] });
    await notify(town, { routes: ['OK'] });
    await town.post('vk', town.vkMessage('спасибо'));
    await town.settled();
    expect((await town.history(town.groupIds.vk)).at(-1)).toMatchObject({ text: 'спасибо', messageTag: String(last) });
  });

  test('one who wrote before is found to be the person with the phone: the histories become one, in the order of time', async () => {
    await using town = await startIncomingTown();
    const date = Math.floor(Date.now() / 1_000) - 100;
    await town.post('vk', town.vkMessage('привет', { date }));
    await town.settled();
    const id = await notify(town, { routes: ['VK'] });
    expect((await town.dialogs.list(town.account.id, { limit: 10 })).items).toHaveLength(2);
    await town.post('vk', town.vkMessage('спасибо', { message_tag: 'n1', date: date + 200 }));
    await town.settled();
    const texts = (await town.history()).map(({ text }) => text);
    expect(texts).toEqual(['привет', 'Здравствуйте!', 'Здравствуйте, Анна!', 'спасибо']);
    // The bot's reply was accepted for the dialog that is no more: what becomes of it still shows.
    await eventually(async () => (await town.history()).find(({ source }) => source === 'bot')?.status === 'SENT');
    expect((await town.history()).at(-1)?.messageTag).toBe(String(id));
  });

  test("the upstream's later copy of an event that the network brought without a tag tells whom it came from", async () => {
    await using town = await startIncomingTown();
    const id = await notify(town, { routes: ['OK'] });
    const body = town.okMessage('спасибо');
    await town.post('ok', body);
    await town.settled();
    const copy = JSON.parse(body) as { message: object };
    await town.post('notify/incoming', JSON.stringify({ ...copy, message: { ...copy.message, message_tag: 'n1' } }));
    await town.settled();
    expect((await town.history()).map(({ source, messageTag }) => [source, messageTag])).toEqual([
      ['notification', String(id)],
      ['person', String(id)],
    ]);
    expect(town.forwards).toHaveLength(1);
  });

  test('a notification that went on to the second route stands in the dialog of the group that took it', async () => {
    await using town = await startIncomingTown();
    town.networks.notify.answer = (message, count) =>
      message.network === 'vk'
        ? { kind: 'refused', reason: 'refused_by_user', networkCode: '901' }
        : { kind: 'sent', networkId: `n${count}` };
    await notify(town);
    const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
    expect(items).toMatchObject([{ channel: 'OK', lastMessage: { source: 'notification', status: 'SENT' } }]);
  });
});

describe('the bot', () => {
  test('what no rule knows is counted once for each who said it, also when they say it at the same time', async () => {
    await using town = await startIncomingTown({ isInboxStopped: true });
    for (const id of [711, 712, 713]) await town.post('vk', town.vkMessage('где мой заказ', { from_id: id, peer_id: id }));
    await town.post('vk', town.vkMessage('ау', { from_id: 714, peer_id: 714 }));
    town.startInbox();
    await town.settled();
    const ofFile = 0;
    const phrases = await town.bots.phrases(town.account.id, ofFile, 1, 10);
    expect(phrases.map(({ phrase, count }) => [phrase, count])).toEqual([
      ['где мой заказ', 3],
      ['ау', 1],
    ]);
  });

  test('replies go out by the community, whichever way the message came', async () => {
    await using town = await startIncomingTown();
    town.dispatch.run();
    const { secret: _, ...event } = JSON.parse(town.vkMessage('привет')) as Record<string, unknown>;
    await town.post('notify/incoming', JSON.stringify(event));
    await eventually(() => town.networks.vk.taken.length === 1);
    expect(town.networks.vk.taken[0]).toMatchObject({
      recipientId: '37119444',
      text: 'Здравствуйте!',
      groupId: town.groupIds.vk,
    });
    await eventually(async () => (await town.history()).at(-1)?.status === 'SENT');
  });

  test('OK is answered in the chat the message came from, by the same rules', async () => {
    await using town = await startIncomingTown();
    town.dispatch.run();
    await town.post('ok', town.okMessage('Привет!'));
    await eventually(() => town.networks.ok.taken.length === 1);
    expect(town.networks.ok.taken[0]).toMatchObject({ recipientId: 'chat:C3ecb9d02a600', text: 'Здравствуйте!' });
  });

  test('a pressed button shows in the history as what stood on it', async () => {
    await using town = await startIncomingTown();
    await town.post('ok', town.okMessage('привет'));
    const press = { webhookType: 'MESSAGE_CALLBACK', callbackId: 'c1', payload: '{"command":"delivery"}', message: undefined };
    await town.post('ok', town.okMessage('', press));
    await town.settled();
    expect((await town.history()).map(({ kind, source, text }) => [source, kind, text])).toEqual([
      ['person', 'message', 'привет'],
      ['bot', 'message', 'Здравствуйте!'],
      ['person', 'button', 'Доставка'],
      ['bot', 'message', 'За час.'],
    ]);
  });

  test('among several people it is silent, and what they say is one dialog without a contact', async () => {
    await using town = await startIncomingTown();
    for (const from of [801, 802]) {
      await town.post('vk', town.vkMessage('привет', { from_id: from, peer_id: 2_000_000_001 }));
    }
    await town.settled();
    expect((await town.history()).map(({ text }) => text)).toEqual(['привет', 'привет']);
    expect((await town.dialogs.list(town.account.id, { limit: 10 })).items[0]?.contact).toBeNull();
  });

  test('what nobody has rules for is recorded and met with silence', async () => {
    await using town = await startIncomingTown();
    await town.post('vk', town.vkMessage('', { payload: '{"command":"unknown"}', attachments: [{ type: 'photo' }] }));
    await town.post('vk', town.vkMessage('', {}, { type: 'wall_post_new', object: { id: 1 } }));
    await town.settled();
    expect(await town.history()).toHaveLength(1);
    expect(await town.bodies(town.account.id, { state: 'failed', limit: 1 })).toEqual([]);
  });
});

describe('statuses', () => {
  const statuses = (...items: readonly (readonly [string, string])[]) =>
    JSON.stringify(
      items.map(([messageId, status]) => ({ channel: 'VK', messageId, ts: 1_790_000_000_000, status, errorCode: 0 })),
    );

  test("the upstream's callbacks move the message and its line in the dialog", async () => {
    await using town = await startIncomingTown();
    const id = await notify(town, { routes: ['VK'] });
    expect((await town.post('notify/statuses', statuses(['n1', 'DELIVERED'], ['n1', 'READ']))).status).toBe(200);
    await eventually(async () => (await town.message(town.dispatch, id)).status === 'READ');
    await eventually(async () => (await town.history()).at(-1)?.status === 'READ');
    expect(await town.bodies(town.account.id, { limit: 10 })).toEqual([]);
  });

  test('a callback that overtakes the answer to the send is not lost', async () => {
    await using town = await startIncomingTown();
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    town.networks.notify.answer = async () => {
      await isAnswered;
      return { kind: 'sent', networkId: 'early' };
    };
    town.dispatch.run();
    const id = await town.send(town.dispatch, { routes: ['VK'] });
    await eventually(() => town.networks.notify.taken.length === 1);
    await town.post('notify/statuses', statuses(['early', 'DELIVERED']));
    await town.settled();
    answer();
    await eventually(async () => (await town.message(town.dispatch, id)).status === 'DELIVERED');
  });

  test('an item that cannot be read keeps the body and not its neighbours', async () => {
    await using town = await startIncomingTown();
    const id = await notify(town, { routes: ['VK'] });
    const good = JSON.parse(statuses(['n1', 'DELIVERED'])) as unknown[];
    await town.post('notify/statuses', JSON.stringify([{ status: 'READ' }, ...good]));
    await eventually(async () => (await town.message(town.dispatch, id)).status === 'DELIVERED');
    const failures = () => town.bodies(town.account.id, { state: 'failed', limit: 10 });
    const kept = await eventually(async () => (await failures())[0]);
    expect(kept.error).toContain('item 0: [0].messageId is missing');
  });
});

test('a read mark covers our messages up to it, and no notification of the upstream', async () => {
  await using town = await startIncomingTown();
  town.networks.vk.answer = (_, count) => ({ kind: 'sent', networkId: String(900_000 + count) });
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, vk: '37119444', consent: 'test' }]);
  await notify(town, { routes: ['VK'] });
  for (const sent of [1, 2]) {
    await town.post('vk', town.vkMessage('привет'));
    await eventually(() => town.networks.vk.taken.length === sent);
  }
  await eventually(async () => (await town.history()).filter(({ status }) => status === 'SENT').length === 3);
  const object = { from_id: 37_119_444, peer_id: 37_119_444, read_message_id: 900_001, conversation_message_id: 3 };
  await town.post('vk', town.vkMessage('', {}, { type: 'message_read', object }));
  await eventually(async () => (await town.history()).some(({ status }) => status === 'READ'));
  const ours = (await town.history()).filter(({ direction }) => direction === 'out');
  expect(ours.map(({ source, status }) => [source, status])).toEqual([
    ['notification', 'SENT'],
    ['bot', 'READ'],
    ['bot', 'SENT'],
  ]);
});

test('a message that was read before its network told us its id is reported SENT and then READ, once', async () => {
  await using town = await startIncomingTown();
  const isAnswered = Promise.withResolvers<void>();
  town.networks.vk.answer = async (_, count) => {
    await isAnswered.promise;
    return { kind: 'sent', networkId: String(900_000 + count) };
  };
  await town.contacts.importMany(town.account.id, [{ phone: ANNA, vk: '37119444', consent: 'test' }]);
  town.dispatch.run();
  const id = await town.send(town.dispatch, { service: 'Community', routes: ['VK'] });
  await eventually(() => town.networks.vk.taken.length === 1);
  await town.post('vk', town.vkMessage('привет')); // the bot's reply is taken too, and read too
  await eventually(() => town.networks.vk.taken.length === 2);
  const read = (more: object = {}) => {
    const object = { from_id: 37_119_444, peer_id: 37_119_444, read_message_id: 900_002, conversation_message_id: 3, ...more };
    return town.post('vk', town.vkMessage('', {}, { type: 'message_read', object }));
  };
  await read();
  await town.settled();
  expect((await town.message(town.dispatch, id)).status).toBe('QUEUED');

  isAnswered.resolve();
  await eventually(async () => (await town.history()).filter(({ status }) => status === 'READ').length === 2);
  await read();
  await town.settled();
  expect((await town.reports()).map(({ messageId, status }) => [messageId, status])).toEqual([
    [String(id), 'SENT'],
    [String(id), 'READ'],
  ]);
  expect((await town.message(town.dispatch, id)).history.map(({ status }) => status)).toEqual(['SENT', 'READ']);
});

test('who reads a chat of several people has not read the own dialog with the group', async () => {
  await using town = await startIncomingTown();
  town.networks.vk.answer = () => ({ kind: 'sent', networkId: '900001' });
  town.dispatch.run();
  await town.post('vk', town.vkMessage('привет'));
  await town.settled();
  await eventually(async () => (await town.history()).at(-1)?.status === 'SENT');
  const object = { from_id: 37_119_444, peer_id: 2_000_000_001, read_message_id: 900_009, conversation_message_id: 3 };
  await town.post('vk', town.vkMessage('', {}, { type: 'message_read', object }));
  await town.settled();
  expect((await town.history()).at(-1)?.status).toBe('SENT');
});

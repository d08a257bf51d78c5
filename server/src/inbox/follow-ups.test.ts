import type { ActionOutcome, ButtonPress, Channel } from '@soroka/channels';
import { expect, test } from 'vitest';
import { eventually } from '../../test/dispatch-town.ts';
import { startIncomingTown } from '../../test/incoming-town.ts';
import { type Clock, systemClock } from '../platform/clock.ts';

type Town = Awaited<ReturnType<typeof startIncomingTown>>;

const ANNA = 37_119_444;
const FAILED: ActionOutcome<never> = { kind: 'failed', networkCode: '10', retryAfterMs: 0, detail: 'passing' };
const done = <Result>(result: Result): ActionOutcome<Result> => ({ kind: 'done', result });

/** A press of a callback button as VK tells it. */
const press = (town: Town, payload: object, id = 'p1'): string =>
  town.vkEvent('message_event', { user_id: ANNA, peer_id: ANNA, event_id: id, payload, conversation_message_id: 9 });

/** Takes answers to buttons as told, one after the other; after the last, all are taken. */
function playButtons(town: Town, outcomes: ActionOutcome[] = []): ButtonPress[] {
  const presses: ButtonPress[] = [];
  town.played.vk.answerButton = async (given) => {
    presses.push(given);
    return outcomes.shift() ?? done(null);
  };
  return presses;
}
const nothingLeft = async (town: Town): Promise<void> => {
  await town.settled();
  await eventually(async () => (await town.followUps()).length === 0);
};

test('who pressed a button sees the notice of the rule that answers it', async () => {
  await using town = await startIncomingTown();
  const lines: (string | undefined)[] = [];
  town.played.vk.answerButton = async (_, { text }) => {
    lines.push(text);
    return done(null);
  };
  await town.post('vk', press(town, { command: 'delivery' }, 'known'));
  await town.post('vk', press(town, { command: 'nobody knows' }, 'unknown'));
  await nothingLeft(town);
  expect(lines).toEqual(['Уже едем', undefined]);
});

test('a button is answered once, whether the bot has something to say or not', async () => {
  await using town = await startIncomingTown();
  const presses = playButtons(town);
  await town.post('vk', press(town, { command: 'delivery' }, 'known'));
  await town.post('vk', press(town, { command: 'nobody knows' }, 'unknown'));
  await nothingLeft(town);
  expect(presses.map(({ callbackId, peerId }) => [callbackId, peerId])).toEqual([
    ['known', String(ANNA)],
    ['unknown', String(ANNA)],
  ]);
  expect((await town.history()).filter(({ source }) => source === 'bot').map(({ text }) => text)).toEqual(['За час.']);
});

test('a passing error is waited out, and a button whose minute is over is not answered any more', async () => {
  // A minute passes in a second and a half.
  const since = systemClock.now();
  const clock: Clock = {
    now: () => since + (systemClock.now() - since) * 40,
    monotonic: () => systemClock.monotonic() * 40,
    sleep: (ms, signal) => systemClock.sleep(ms / 40, signal),
  };
  await using town = await startIncomingTown({ clock });
  const presses = playButtons(town, [FAILED, FAILED]);
  await town.post('vk', press(town, {}, 'late'));
  await eventually(() => presses.length === 3);
  await nothingLeft(town);

  town.played.vk.answerButton = async (given) => {
    presses.push(given);
    return FAILED;
  };
  await town.post('vk', press(town, {}, 'never'));
  await nothingLeft(town);
  const tries = presses.filter(({ callbackId }) => callbackId === 'never').length;
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThan(8);
});

test('a network that does not answer one kind of question holds nobody else up', async () => {
  await using town = await startIncomingTown();
  const presses = playButtons(town);
  const slow = Promise.withResolvers<void>();
  town.played.vk.profiles = async () => {
    await slow.promise;
    return FAILED;
  };
  await town.post('vk', town.vkMessage('здравствуйте'));
  await eventually(async () => (await town.followUps()).includes('profile'));
  await town.post('vk', press(town, {}));
  await eventually(() => presses.length === 1);
  slow.resolve();
});

test('two processes answer a button once', async () => {
  await using town = await startIncomingTown();
  town.startInbox();
  const presses = playButtons(town);
  for (let index = 0; index < 30; index += 1) await town.post('vk', press(town, {}, `press ${index}`));
  await nothingLeft(town);
  expect(presses).toHaveLength(30);
  expect(new Set(presses.map(({ callbackId }) => callbackId)).size).toBe(30);
});

test('a cut message is completed once VK gives the whole of it', async () => {
  await using town = await startIncomingTown();
  const answers: ActionOutcome<{ text: string; attachments: unknown[] }>[] = [FAILED];
  const asked: unknown[] = [];
  town.played.vk.message = async (address) => {
    asked.push(address);
    return answers.shift() ?? done({ text: 'очень длинный рассказ', attachments: [{ type: 'photo' }] });
  };
  await town.post('vk', town.vkMessage('очень дл', { id: 77, is_cropped: true }));
  await town.settled();
  expect((await town.history()).map(({ text }) => text)).toEqual(['очень дл']);
  await nothingLeft(town);
  expect(asked).toEqual([
    { peerId: String(ANNA), networkId: '77' },
    { peerId: String(ANNA), networkId: '77' },
  ]);
  expect(await town.history()).toMatchObject([{ text: 'очень длинный рассказ', editedAt: null, earlierTexts: null }]);
});

test('names and pictures are asked for together, once a week at most, and shown with the dialog', async () => {
  await using town = await startIncomingTown({ isInboxStopped: true });
  const asked: (readonly string[])[] = [];
  town.played.vk.profiles = async (userIds) => {
    asked.push(userIds);
    return done(
      userIds
        .filter((id) => id !== '1003')
        .map((userId) => ({ userId, name: `Имя ${userId}`, pictureUrl: `https://vk.example/${userId}` })),
    );
  };
  for (const id of [1_001, 1_002, 1_003]) {
    for (const text of ['раз', 'два']) await town.post('vk', town.vkMessage(text, { from_id: id, peer_id: id }));
  }
  town.startInbox();
  await nothingLeft(town);
  expect(asked.flat().sort()).toEqual(['1001', '1002', '1003']);
  await town.post('vk', town.vkMessage('три', { from_id: 1_001, peer_id: 1_001 }));
  await town.settled();
  expect(asked.flat()).toHaveLength(3);
  const { items } = await town.dialogs.list(town.account.id, { limit: 10 });
  const shown = items.map(({ contact }) => `${contact?.name} ${contact?.pictureUrl}`);
  expect(shown.sort()).toEqual(['null null', 'Имя 1001 https://vk.example/1001', 'Имя 1002 https://vk.example/1002']);
});

test('a token that the network refuses pauses the connection, with the reason', async () => {
  await using town = await startIncomingTown();
  playButtons(town, [{ kind: 'stopped', networkCode: '5', detail: 'VK refuses the token' }]);
  await town.post('vk', press(town, {}));
  await eventually(async () => (await town.connections.get(town.connectionIds.vk))?.pausedReason === 'VK refuses the token');
});

test('a channel that has no such call is asked for nothing twice', async () => {
  await using town = await startIncomingTown();
  const { profiles: _, answerButton: __, ...rest } = town.played.vk as Partial<Channel>;
  town.played.vk = rest;
  await town.post('vk', press(town, {}));
  await nothingLeft(town);
});

import { expect, test } from 'vitest';
import { createManualClock, createWorld, type Message, type ShownButton } from './world.ts';

const ANNA = '79999999999';

/** Anna presses a button that the group showed her; gives what the group was told. */
function press(network: 'vk' | 'ok', button: ShownButton) {
  const clock = createManualClock();
  const world = createWorld({ clock, seed: 1 });
  const [group, anna] = [world.groups.demo(network), world.people.byPhone(ANNA)];
  if (anna === null) throw new Error('Anna is not there');
  const told: unknown[] = [];
  world.on('said', ({ text, extra }: Message) => told.push({ text, extra }));
  world.on('pressed', ({ payload }) => told.push({ payload }));
  world.send(group, anna, { kind: 'message', text: '?', keyboard: { place: 'message', oneTime: false, buttons: [button] } });
  clock.advance(100);
  world.press(group, anna, button.payload);
  return told;
}

test('a button that asks for the phone number writes a contact on OK', () => {
  const payload = { name: 'Анна Белова', phone: ANNA };
  expect(press('ok', { label: 'Телефон', payload: '', does: 'contact' })).toEqual([
    { text: '', extra: { attachments: [{ type: 'CONTACT', payload }] } },
  ]);
});

test('a button that asks for the place writes it as each network does', () => {
  const button: ShownButton = { label: 'Где вы?', payload: '', does: 'location' };
  expect(press('ok', button)).toMatchObject([{ extra: { attachments: [{ type: 'LOCATION', payload: { latitude: 55.7522 } }] } }]);
  expect(press('vk', button)).toMatchObject([{ extra: { geo: { coordinates: { latitude: 55.7522 } } } }]);
});

test('a link tells the group nothing', () => {
  expect(press('ok', { label: 'Сайт', payload: '', does: 'open', url: 'https://example.org/' })).toEqual([]);
});

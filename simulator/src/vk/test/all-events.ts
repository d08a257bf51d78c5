import { ANNA, GROUP_ID, type SimulatedVk } from './start-vk.ts';

export interface SentEventBody {
  type: string;
  object: Record<string, unknown>;
  event_id: string;
  v: string;
}

// A reply and an edit are the message itself (contracts/vk.md 1.4).
const MESSAGE = 'callback/objects.json callback_message';

/** Where the schema describes the object of an event. */
export const EVENT_OBJECTS: Readonly<Record<string, string>> = {
  message_new: 'callback/objects.json callback_message_new',
  message_reply: MESSAGE,
  message_edit: MESSAGE,
  message_allow: 'callback/objects.json callback_message_allow',
  message_deny: 'callback/objects.json callback_message_deny',
  message_typing_state: 'callback/objects.json callback_message_typing_state',
  message_read: 'callback/objects.json callback_message_read',
  message_event: 'callback/objects.json callback_message_event',
  message_reaction_event: 'callback/objects.json callback_message_reaction_event',
};

/** Makes everything happen that a community is told of, and gives what long poll told of it; `v` as the community has set it. */
export async function allEvents(vk: SimulatedVk, v = '5.199'): Promise<SentEventBody[]> {
  await vk.call('groups.setLongPollSettings', { group_id: GROUP_ID, api_version: v });
  return pollAfter(vk, () => makeAllHappen(vk));
}

/** What long poll tells of what `happen` does. */
export async function pollAfter(vk: SimulatedVk, happen: () => void): Promise<SentEventBody[]> {
  const opened = (await vk.call('groups.getLongPollServer', { group_id: GROUP_ID })).response as unknown as {
    key: string;
    server: string;
    ts: string;
  };
  happen();
  const query = new URLSearchParams({ act: 'a_check', key: opened.key, ts: opened.ts, wait: '0' });
  const { updates } = (await (await fetch(`${opened.server}?${query}`)).json()) as { updates: SentEventBody[] };
  return updates;
}

function makeAllHappen({ world, group, person }: SimulatedVk): void {
  const [anna, dina] = [person(ANNA), person('79990000004')];
  const button = { label: 'Нет', payload: '{"a":2}', does: 'tell' as const };
  const keyboard = { place: 'dialog' as const, oneTime: false, buttons: [button] };

  world.block(group, anna);
  world.say(group, anna, 'привет', { payload: '{"a":1}', ref: 'site' });
  world.type(group, anna);
  const sent = world.send(group, anna, { kind: 'message', text: 'здравствуйте', keyboard });
  world.press(group, anna, button.payload);
  if (sent.ok) {
    // Delivered when the person's device has it; reading comes after.
    sent.message.status = 'received';
    world.read(group, anna);
    world.react(sent.message, 4);
    world.react(sent.message, null);
    world.edit(sent.message, { text: 'добрый день' });
  }
  world.writeAsAdmin(group, anna, dina, 'говорит человек');

  const chat = world.chats.create({ group, title: 'Двор', owner: anna, people: [dina] });
  const said = world.chats.say(chat, anna, 'всем');
  const own = world.chats.say(chat, null, 'и вам', { keyboard });
  world.chats.press(chat, dina, button.payload);
  if (own !== null) world.chats.edit(own, { text: 'и вам тоже' });
  if (said !== null) world.chats.pin(chat, anna, said);
  world.chats.unpin(chat, anna);
  world.chats.rename(chat, anna, 'Дом');
  world.chats.setIcon(chat, anna, 'http://127.0.0.1/icon.png');
  world.chats.setIcon(chat, anna, null);
  world.chats.leave(chat, dina, dina);
  world.chats.join(chat, dina, 'link');
  world.chats.leave(chat, null, anna);
}

import { eventually, someone, type Town } from '../town.ts';
import { ASKS, BOOKED, GROUPS, type Network, OPERATOR_SAYS, THANKS } from './shop.ts';

/** One of those who write this day. */
export interface Visitor {
  phone: string;
  network: Network;
  /** Wants a human at the end. */
  asksForHuman: boolean;
  /** Answers with the button, not with words. */
  presses: boolean;
}

/** A line on the phone of a simulated person, oldest first. */
export interface PhoneLine {
  chat: string;
  from: 'person' | 'other' | 'group' | 'system';
  kind: 'message' | 'notification';
  text: string;
}

export function visitors(count: number): readonly Visitor[] {
  return Array.from({ length: count }, (_, index) => ({
    phone: someone(7_000_000 + index),
    network: index % 2 === 0 ? 'vk' : 'ok',
    asksForHuman: index % 4 < 2 && index % 8 < 4,
    presses: index % 3 === 0,
  }));
}

export async function phoneOf(town: Town, phone: string): Promise<readonly PhoneLine[]> {
  return ((await town.control(`/people/${phone}/screen`)) as { messages: PhoneLine[] }).messages;
}

/** There are many of them. */
const LOOK_EVERY_MS = 250;

export const dialogChat = (network: Network): string => `${network}:dialog:${GROUPS[network]}`;

/** Writes, presses and waits for what comes, as a person does. */
export async function visit(town: Town, { phone, network, asksForHuman, presses }: Visitor, withinMs: number): Promise<void> {
  const act = (action: string, body: object) => town.control(`/people/${phone}/${action}`, { network, ...body });
  const said = (text: string) => act('say', { text });
  const hears = (beginning: string) =>
    eventually(
      async () => {
        const lines = await phoneOf(town, phone);
        return lines.some(
          ({ chat, from, text }) => chat === dialogChat(network) && from === 'group' && text.startsWith(beginning),
        );
      },
      withinMs,
      LOOK_EVERY_MS,
    );
  await act('allow', {});
  await said('хочу записаться');
  await hears(ASKS.service);
  await (presses ? pressFirst(town, phone, network) : said('стрижка'));
  await hears(ASKS.day);
  await said('завтра');
  await hears(BOOKED);
  await said(asksForHuman ? 'позовите оператора' : 'спасибо');
  await hears(asksForHuman ? OPERATOR_SAYS : THANKS);
}

interface Button {
  label: string;
  payload?: unknown;
}

async function pressFirst(town: Town, phone: string, network: Network): Promise<void> {
  const { chats, messages } = (await town.control(`/people/${phone}/screen`)) as {
    chats: { id: string; keyboard: Button[][] }[];
    messages: { chat: string; buttons: Button[][] }[];
  };
  const shown = [
    ...messages.filter(({ chat }) => chat === dialogChat(network)).map(({ buttons }) => buttons),
    ...chats.filter(({ id }) => id === dialogChat(network)).map(({ keyboard }) => keyboard),
  ];
  const button = shown.flat(2)[0];
  if (button === undefined) throw new Error(`no button is shown to ${phone}`);
  await town.control(`/people/${phone}/press`, { network, payload: button.payload });
}

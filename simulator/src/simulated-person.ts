import type { Acted, Group, InboxEntry, Network, World } from './world/world.ts';

/**
 * One of the people of the simulated networks, acting in their dialog with a group: the one that wrote to them last, or the
 * demo's. Every action happens at once; what the networks tell the bot about it goes its usual way, over HTTP.
 *
 * Actions throw an Error with a sentence where the person cannot act so: no account on the network, no such button shown.
 */
export interface SimulatedPerson {
  /** Digits of E.164 without plus. */
  readonly phone: string;
  readonly name: string;
  /** The network's id of the person, without prefix; null where they have no account. */
  idOn(network: Network): string | null;
  say(network: Network, text: string): void;
  /** Presses a button that they can see, by its label or its payload. */
  press(network: Network, labelOrPayload: string): void;
  /** Opens the chat by its Start button, or by a link with `payload`. */
  start(network: Network, payload?: string): void;
  read(network: Network): void;
  allow(network: Network): void;
  block(network: Network): void;
  /** What they got from groups, oldest first; of both networks where none is named. */
  inbox(network?: Network): InboxEntry[];
}

/** Throws where nobody has this number; `GET /control/people` lists those who are there from the start. */
export function findSimulatedPerson(world: World, phone: string): SimulatedPerson {
  const person = world.people.byPhone(phone);
  if (person === null)
    throw new Error(`Nobody has the number ${phone}: take one of the people in the README, or any 7998xxxxxxx.`);
  const { firstName, lastName } = person;
  const name = [firstName, lastName].filter((part) => part !== '').join(' ');

  const act = (network: Network, what: string, perform: (group: Group) => Acted<unknown>): void => {
    const acted = perform(world.groupOf(network, person));
    if (acted.ok) return;
    const reasons = {
      no_account: `${name} has no account on ${network}`,
      no_button: `${name} sees no such button on ${network}`,
    };
    throw new Error(`${name} could not ${what}: ${reasons[acted.reason]}.`);
  };
  const payloadOf = (group: Group, labelOrPayload: string): string => {
    const dialog = world.dialogs.find(group, person);
    const shown = [...(dialog?.messages.map(({ keyboard }) => keyboard) ?? []), dialog?.keyboard].reverse();
    const labelled = shown.flatMap((keyboard) => keyboard?.buttons ?? []).find(({ label }) => label === labelOrPayload);
    return labelled?.payload ?? labelOrPayload;
  };

  return {
    phone,
    name,
    idOn: (network) => (network === 'vk' ? (person.vkId?.toString() ?? null) : person.okId),
    say: (network, text) => act(network, 'write', (group) => world.say(group, person, text)),
    press: (network, labelOrPayload) =>
      act(network, 'press a button', (group) => world.press(group, person, payloadOf(group, labelOrPayload))),
    start: (network, payload) => act(network, 'open the chat', (group) => world.start(group, person, payload)),
    read: (network) => act(network, 'read', (group) => world.read(group, person)),
    allow: (network) => act(network, 'allow messages', (group) => world.allow(group, person)),
    block: (network) => act(network, 'block the group', (group) => world.block(group, person)),
    inbox: (network) => world.inbox(person).filter((entry) => network === undefined || entry.network === network),
  };
}

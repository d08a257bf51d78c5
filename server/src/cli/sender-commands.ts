import { ROUTES } from '@soroka/api';
import type { NewSenderRoute, Sender, SenderPatch } from '../connections/connections.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Answer, type Command, type Flag, type Given, UsageError } from './command.ts';
import { integerOrNoneFlag } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const SENDER_FLAGS: Readonly<Record<string, Flag>> = {
  account: ACCOUNT_FLAG,
  route: { value: 'ROUTE', many: true, meaning: 'VK=community:CONNECTION or VK=notify:CONNECTION:GROUP; the same with OK.' },
  'budget-per-day': { value: 'N', meaning: 'Messages a day (Moscow time), or none. Beyond it: billing.error.' },
  forbid: { value: 'PATTERN', many: true, meaning: 'RE2 pattern, letter case aside. A text that holds it: is.spam.' },
};

const ROUTE_HELP = `
A route says who delivers on a network: "community" sends group messages through the group's own connection to people who
have allowed it; "notify" sends by phone number through an upstream, in the name of GROUP.`;

export const SENDER_COMMANDS: readonly Command[] = [
  {
    name: 'sender add',
    summary: 'Add a sender: the name in "service", and who delivers for it.',
    arguments: ['NAME'],
    flags: SENDER_FLAGS,
    help: `${ROUTE_HELP}

  soroka sender add Pizzeria --route VK=community:1 --route OK=community:2
  soroka sender add Alerts --route VK=notify:3:213243638 --route OK=notify:3:70000000000001 --budget-per-day 10000`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const { routes, ...more } = await patchOf(given, place);
      if (routes === undefined) throw new UsageError('--route must be given at least once.');
      const sender = await place.connections.addSender({ accountId, name: given.arguments[0] ?? '', routes, ...more });
      await place.noted(accountId, 'sender.added', `sender:${sender.id}`, ['routes', ...Object.keys(more)]);
      return shown(sender);
    },
  },
  {
    name: 'sender set',
    summary: "Change a sender's budget, forbidden patterns or routes.",
    arguments: ['NAME'],
    flags: { ...SENDER_FLAGS, 'forbid-nothing': { meaning: 'Take all forbidden patterns away.' } },
    help: `${ROUTE_HELP}
What is not given stays; patterns and routes that are given replace all the old ones. Running servers take it up within a
second.

  soroka sender set Pizzeria --budget-per-day 5000
  soroka sender set Pizzeria --forbid 'казино|ставк[аи]' --forbid 'выигра\\w+'
  soroka sender set Pizzeria --budget-per-day none --forbid-nothing`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const { id: accountId } = await place.account(given.flag('account'));
      const patch = await patchOf(given, place);
      if (Object.keys(patch).length === 0) throw new UsageError('Nothing to change was given.');
      const sender = await place.connections.setSender(accountId, given.arguments[0] ?? '', patch);
      await place.noted(accountId, 'sender.changed', `sender:${sender.id}`, Object.keys(patch));
      return shown(sender);
    },
  },
];

async function patchOf(given: Given, place: Workplace): Promise<SenderPatch> {
  const routes = await Promise.all(given.all('route').map((text) => routeOf(text, place)));
  const budgetPerDay = integerOrNoneFlag(given, 'budget-per-day');
  const forbidden = given.all('forbid');
  const forbidsNothing = given.flag('forbid-nothing') !== undefined;
  if (forbidsNothing && forbidden.length > 0) throw new UsageError('Give --forbid or --forbid-nothing, not both.');
  return {
    ...(routes.length === 0 ? {} : { routes }),
    ...(budgetPerDay === undefined ? {} : { budgetPerDay }),
    ...(forbidsNothing || forbidden.length > 0 ? { forbiddenPatterns: forbidden } : {}),
  };
}

async function routeOf(text: string, place: Workplace): Promise<NewSenderRoute> {
  const [, name, provider, connection, group] = /^([A-Z]+)=(notify|community):(\d+)(?::(\d+))?$/.exec(text) ?? [];
  const route = ROUTES.find((candidate) => candidate === name);
  if (route === undefined || (provider !== 'notify' && provider !== 'community')) {
    throw new UsageError(`--route must look like VK=community:1 or OK=notify:3:70000000000001, not "${text}".`);
  }
  const connectionId = Number(connection);
  const groupId = group ?? (await place.connections.get(connectionId))?.groupId;
  if (groupId === undefined) throw new Error(`There is no connection ${connectionId}: see "soroka connection list".`);
  if (groupId === null) throw new UsageError(`--route ${text} must name the group at its end, as ${text}:213243638 does.`);
  return { route, provider, connectionId, groupId };
}

function shown(sender: Sender): Answer {
  const { id, name, budgetPerDay, forbiddenPatterns, routes } = sender;
  const written = routes.map(({ route, provider, connectionId, groupId }) => `${route}=${provider}:${connectionId}:${groupId}`);
  return { kind: 'record', fields: { id, name, routes: written, budgetPerDay, forbiddenPatterns } };
}

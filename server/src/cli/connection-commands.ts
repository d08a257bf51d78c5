import type { Connection, NewCredentials } from '../connections/connections.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Answer, type Cell, type Command, type Flag, type Given, type Surroundings, UsageError } from './command.ts';
import {
  APPLICATION_FLAGS,
  credentialsOf,
  GROUP_SETTING_FLAGS,
  NOTIFY_SETTING_FLAGS,
  RECEIVE,
  RECEIVE_FLAG,
  SECRET_FLAGS,
  settingsOf,
  TOKEN_FLAGS,
} from './connection-flags.ts';
import { masked } from './output.ts';
import { choiceFlag, integerArgument } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const GROUP_FLAG: Flag = { value: 'ID', meaning: "The network's id of the group, digits only. Required." };
const INTAKE_FLAG: Flag = { value: 'TOKEN', meaning: 'The secret part of the hook address. Made where it is not given.' };

export const CONNECTION_COMMANDS: readonly Command[] = [
  {
    name: 'connection add vk',
    summary: 'Connect a VK community by its token.',
    flags: {
      account: ACCOUNT_FLAG,
      group: GROUP_FLAG,
      ...TOKEN_FLAGS,
      ...SECRET_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API. Default: https://api.vk.ru' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      ...GROUP_SETTING_FLAGS,
    },
    help: `
The token comes from the community's settings (API usage), with the rights to messages and, for webhook and long-poll, to
manage the community. With --receive webhook a running server tells VK the address of the hook by itself.

  soroka connection add vk --group 213243638 --token-file vk.token --receive webhook
  cat vk.token | soroka connection add vk --group 213243638 --token-file -`,
    run: (given, surroundings) =>
      add(given, surroundings, { kind: 'vk', groupId: given.required('group'), baseUrl: 'https://api.vk.ru' }),
  },
  {
    name: 'connection add ok',
    summary: 'Connect an OK group by its Graph token.',
    flags: {
      account: ACCOUNT_FLAG,
      group: GROUP_FLAG,
      ...TOKEN_FLAGS,
      ...APPLICATION_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API. Default: https://api.ok.ru' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      ...GROUP_SETTING_FLAGS,
    },
    help: `
The token (tkn…:C…) comes from the group's settings, Messages, "Access key for the API". With --receive webhook a running
server subscribes at OK by itself.

  soroka connection add ok --group 70000000000001 --token-file ok.token --receive webhook`,
    run: (given, surroundings) =>
      add(given, surroundings, { kind: 'ok', groupId: given.required('group'), baseUrl: 'https://api.ok.ru' }),
  },
  {
    name: 'connection add notify',
    summary: 'Connect an upstream that delivers by phone number.',
    flags: {
      account: ACCOUNT_FLAG,
      ...TOKEN_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of its API, before /vk/messages. Required.' },
      'intake-token': INTAKE_FLAG,
      ...RECEIVE_FLAG,
      ...NOTIFY_SETTING_FLAGS,
      'per-day': GROUP_SETTING_FLAGS['per-day'] as Flag,
      'per-day-mode': GROUP_SETTING_FLAGS['per-day-mode'] as Flag,
      'messages-per-second': GROUP_SETTING_FLAGS['messages-per-second'] as Flag,
    },
    help: `
The upstream speaks POST /vk/messages: a vendor, or another Soroka. Its status callbacks come to the hook by themselves; tell
it the hook's address with /incoming at the end as the one for incoming messages. Say --dedup yes only where it promises
that a repeated clientMessageId sends nothing twice, as another Soroka does.

  soroka connection add notify --base-url https://upstream.example --token-file upstream.key --service Pizzeria --receive webhook`,
    run: (given, surroundings) =>
      add(given, surroundings, { kind: 'notify', groupId: null, baseUrl: given.required('base-url') }),
  },
  {
    name: 'connection set',
    summary: 'Change how a connection receives, its token or its settings.',
    arguments: ['ID'],
    flags: {
      ...RECEIVE_FLAG,
      ...TOKEN_FLAGS,
      ...SECRET_FLAGS,
      ...APPLICATION_FLAGS,
      'base-url': { value: 'URL', meaning: 'Root of the API.' },
      'intake-token': { value: 'TOKEN', meaning: 'A new secret part of the hook address; the old address is closed.' },
      ...GROUP_SETTING_FLAGS,
      ...NOTIFY_SETTING_FLAGS,
      resume: { meaning: 'Go on after a pause; a new token does so by itself.' },
    },
    help: `
What is not given stays. Running servers take it up within 5 seconds. "soroka connection list" shows the ids.

  soroka connection set 1 --receive long-poll
  soroka connection set 1 --token-file vk.token
  soroka connection set 2 --per-day none --messages-per-second 30`,
    run: set,
  },
  {
    name: 'connection list',
    summary: 'Show connections, with their secrets masked.',
    flags: { account: { value: 'NAME', meaning: 'Only those of this account.' } },
    help: `
  soroka connection list
  soroka connection list --account pizzeria --json`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const name = given.flag('account');
      const connections = await place.connections.list(name === undefined ? undefined : (await place.account(name)).id);
      const accounts = new Map((await place.accounts.list()).map((account) => [account.id, account.name]));
      const rows = connections.map(async (connection) => {
        const { token } = await place.connections.credentials(connection.id);
        const { accountId, ...fields } = fieldsOf(connection);
        return {
          id: connection.id,
          account: accounts.get(connection.accountId) ?? String(accountId),
          ...fields,
          token: masked(token),
        };
      });
      const columns = ['id', 'account', 'kind', 'group', 'receive', 'baseUrl', 'token', 'settings', 'paused'];
      return { kind: 'list', columns, rows: await Promise.all(rows) };
    },
  },
];

async function add(
  given: Given,
  surroundings: Surroundings,
  what: Pick<Connection, 'kind' | 'groupId' | 'baseUrl'>,
): Promise<Answer> {
  const { token, ...credentials } = await credentialsOf(given, surroundings);
  if (token === undefined) throw new UsageError('--token-file (or --token) must be given.');
  const complete: NewCredentials = { token, ...credentials };
  const receive = choiceFlag(given, 'receive', RECEIVE) ?? 'off';
  const settings = settingsOf(given);
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const baseUrl = given.flag('base-url') ?? what.baseUrl;
  const connection = await place.connections.add({ accountId, ...what, baseUrl, credentials: complete, receive, settings });
  return await shown(place, connection, { isHookNew: true });
}

async function set(given: Given, surroundings: Surroundings): Promise<Answer> {
  const id = integerArgument(given, 0, 'ID');
  const receive = choiceFlag(given, 'receive', RECEIVE);
  const settings = settingsOf(given);
  const credentials = await credentialsOf(given, surroundings);
  const baseUrl = given.flag('base-url');
  const resume = given.flag('resume') !== undefined;
  const nothing = Object.keys({ ...settings, ...credentials }).length === 0;
  if (nothing && receive === undefined && baseUrl === undefined && !resume) throw new UsageError('Nothing to change was given.');

  await using place = await openWorkplace(surroundings);
  const { connections } = place;
  const connection = await connections.change(id, {
    settings,
    ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(receive === undefined ? {} : { receive }),
  });
  if (resume) await connections.resume(id);
  const now = { ...connection, ...(resume ? { pausedReason: null } : {}) };
  return await shown(place, now, { isHookNew: credentials.intakeToken !== undefined });
}

async function shown(place: Workplace, connection: Connection, { isHookNew }: { isHookNew: boolean }): Promise<Answer> {
  const { accountId: _, ...fields } = fieldsOf(connection);
  if (!isHookNew) return { kind: 'record', fields };
  const hook = await place.connections.webhookUrl(connection.id);
  return {
    kind: 'record',
    fields: { ...fields, hook },
    note: 'Keep the address of the hook to yourself: it is shown this once.',
  };
}

function fieldsOf(connection: Connection): Record<string, Cell> {
  const { id, accountId, kind, groupId, baseUrl, receive, settings, pausedReason } = connection;
  const set = Object.entries(settings).map(([name, value]) => `${name}=${value ?? 'none'}`);
  return { id, accountId, kind, group: groupId, receive, baseUrl, settings: set.join(' ') || null, paused: pausedReason };
}
